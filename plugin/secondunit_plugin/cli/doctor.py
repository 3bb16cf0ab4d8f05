"""`secondunit doctor`: whether everything that orders need is there, and whether an editing program does as it says."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

import click
from secondunit_bridge import spawn
from secondunit_bridge.errors import HostUnreachable

from secondunit_plugin.checks import FAILED, Check, checks, installed
from secondunit_plugin.hosts.installing import HOSTS

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host

_CONNECT_SECONDS = 120
_LACKING, _WRONG = 3, 5
_INSIDE = ("openshot",)
"""Programs whose panel runs in their own process, where no command reaches them."""


@click.command()
@click.option("--host", type=click.Choice(sorted(HOSTS)), help="Check one editing program instead of the machine.")
@click.option(
    "--exercise",
    "exercised",
    is_flag=True,
    help="Try everything that the program can do in the project that is open there, a copy, and print a report.",
)
def doctor(host: str | None, exercised: bool) -> int:
    """Check this machine: packages, codecs, folders, disk space, the unit, its models.

    Exit code 3 if something is missing that every order needs. With --host, what is put into that program; with
    --exercise too, clips are painted, placed behind the cut that is open, edited and taken out again: exit code 5 if
    something went another way than planned. The report names nothing of the project.
    """
    if host is None:
        if exercised:
            raise click.UsageError("--exercise needs --host")
        return _LACKING if _told(checks(lambda: spawn.ensure_running(spawn.home()))) else 0
    if exercised and host in _INSIDE:
        raise click.UsageError(f"{host} is not reached from here: its panel runs inside it")
    if _told(installed(host)):
        return _LACKING
    if not exercised:
        return 0
    with tempfile.TemporaryDirectory(prefix="secondunit-exercise-") as name:
        found = _resolve(Path(name)) if host == "resolve" else _confirmed(host, Path(name))
        return _WRONG if _told(found) else 0


def _told(found: Iterator[Check]) -> bool:
    """Whether one failed. A person's folders are nobody else's business: a report can be sent."""
    failed = False
    for check in found:
        failed = failed or check.mark == FAILED
        says = check.says.replace(tempfile.gettempdir(), "TEMP").replace(str(Path.home()), "~")
        click.echo(f"{check.mark:4}  {check.name}: {says}")
    return failed


def _ask(text: str) -> bool:
    return click.confirm(f"\n{text}\nDone? (n: leave this check out)", default=True, err=True)


def _confirmed(host: str, folder: Path) -> Iterator[Check]:
    from secondunit_plugin.hosts.exercise import exercise

    with _reached(host) as reached:
        sequence, program = reached.read(), reached.about().program
        opened = f"{sequence.name or sequence.id.sequence!r} of {sequence.id.project}"
        click.echo(f"{program} has {opened} open. It will be edited, and what was placed is taken out again.", err=True)
        if click.confirm("Is it a copy of your project, which may be changed?", default=False, err=True):
            yield from exercise(reached, folder, _ask)
        else:
            click.echo("Nothing was changed.", err=True)


def _resolve(folder: Path) -> Iterator[Check]:
    """Resolve copies its project itself."""
    from fractions import Fraction

    from secondunit_bridge.media.probe import probe
    from secondunit_bridge.messages import Codec

    from secondunit_plugin.hosts.exercise import exercise, paint, painted
    from secondunit_plugin.hosts.probing import Probing
    from secondunit_plugin.hosts.resolve.connecting import connect
    from secondunit_plugin.hosts.resolve.copying import copied
    from secondunit_plugin.hosts.resolve.host import Resolve
    from secondunit_plugin.hosts.resolve.trying import Files, tried

    app = connect()
    click.echo(
        "The project that DaVinci Resolve has open is saved, and a copy of it is opened, edited and deleted again.",
        err=True,
    )
    if not click.confirm("Go on?", default=False, err=True):
        click.echo("Nothing was changed.", err=True)
        return
    with copied(app) as copy:
        click.echo(f"{copy!r} is open.", err=True)
        yield from exercise(Resolve(spawn.home(), folder, Probing(), lambda: app), folder, _ask)
        if painted(folder, "B").exists():
            rate = probe(str(painted(folder, "A"))).rate
            files = Files(painted(folder, "A"), painted(folder, "B"), folder / "rate.mov", folder / "pictures")
            paint(files.rate, Codec.PRORES_HQ, Fraction(25 if rate != 25 else 24), 8192)
            paint(files.pictures, Codec.PNG, rate, 8192)
            yield from tried(app, files)


@contextmanager
def _reached(host: str) -> "Iterator[Host]":
    """Programs of the host link are waited for. Raises HostUnreachable."""
    if host == "kdenlive":
        from secondunit_plugin.hosts.kdenlive.host import Kdenlive, open_project
        from secondunit_plugin.hosts.probing import Probing

        yield Kdenlive(open_project(), Probing())
        return
    from secondunit_plugin.hosts.link import Connection, Links
    from secondunit_plugin.hosts.linked import host_of

    came: Queue[Connection] = Queue()
    with Links(spawn.home(), came.put):
        click.echo(f"Waiting for {host} to connect: open a copy of a project there.", err=True)
        try:
            connection = came.get(timeout=_CONNECT_SECONDS)
        except Empty:
            raise HostUnreachable(
                f"{host} has not connected within {_CONNECT_SECONDS} seconds: `secondunit install {host}`, start it "
                "again, and open a project there"
            ) from None
        yield host_of(connection)
