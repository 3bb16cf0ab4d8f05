"""`secondunit panel`."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from secondunit_bridge.errors import BadInput

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host

_LIBRARIES = ("PyQt5", "qtawesome", "superqt")
_BUNDLES = (".otiod", ".fcpxmld")
"""Cuts that are folders."""


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
@click.option("--kdenlive", is_flag=True, help="The cut is the project that Kdenlive has open; CUT names its file.")
@click.option(
    "--resolve",
    is_flag=True,
    help="The cut is the timeline that DaVinci Resolve has open; CUT names a folder for the takes of its project.",
)
def panel(cut: Path | None, kdenlive: bool, resolve: bool) -> int:
    """Open the panel: choose places of a cut, order takes, look at them and cut them in.

    CUT is a cut, or a folder that an editing program exports its cuts into. Without one, the panel opens the last cut,
    and follows an editing program that connects.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise BadInput(f"the panel needs {', '.join(missing)}, not installed: `pip install 'secondunit[panel]'`")
    from secondunit_plugin.panel.app import run

    def in_folder() -> "Host":
        from secondunit_plugin.hosts.probing import Probing
        from secondunit_plugin.hosts.watched import Watched

        assert cut is not None
        return Watched(cut, Probing())

    def in_kdenlive() -> "Host":
        from secondunit_plugin.hosts.kdenlive.host import Kdenlive, open_project
        from secondunit_plugin.hosts.probing import Probing

        return Kdenlive(cut if cut is not None else open_project(), Probing())

    def in_resolve() -> "Host":
        from secondunit_bridge import spawn

        from secondunit_plugin.hosts.probing import Probing
        from secondunit_plugin.hosts.resolve.host import Resolve

        return Resolve(spawn.home(), cut.resolve() if cut is not None else None, Probing())

    if kdenlive and resolve:
        raise click.UsageError("--kdenlive and --resolve are two programs: give one of them")
    if resolve and cut is not None and not cut.is_dir():
        raise BadInput(f"{cut} is no folder: with --resolve, name the folder that takes are kept in, or none")
    if resolve:
        return run(cut, in_resolve)
    if kdenlive:
        return run(cut, in_kdenlive)
    is_folder = cut is not None and cut.is_dir() and cut.suffix.lower() not in _BUNDLES
    return run(cut, in_folder if is_folder else None)
