"""`secondunit install`: what lets an editing program talk to the panel, put into it and taken out again."""

import subprocess
import sys
from collections.abc import Iterable

import click
from secondunit_bridge import spawn
from secondunit_bridge.errors import HostError

from secondunit_plugin.hosts import installing
from secondunit_plugin.hosts.installing import HOSTS, Command

_RUN_SECONDS = 120


@click.command()
@click.argument("host", type=click.Choice(sorted(HOSTS)))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--uninstall", is_flag=True, help="Take out what was put in; what you changed there stays.")
def install(host: str, dry_run: bool, uninstall: bool) -> None:
    """Connect an editing program on this machine with the panel."""
    found = installing.find(host)
    if not found and host == "premiere" and sys.platform not in ("darwin", "win32"):
        raise HostError("Premiere runs on macOS and Windows alone: install there, where the panel runs too")
    if not found:
        raise HostError(f"no {host} was found on this machine: install it, or put the program on the PATH")
    home = spawn.home()
    for one in found:
        click.echo(one.program)
        if one.missing:
            click.echo(f"  {one.missing}")
            continue
        if uninstall:
            if dry_run:
                for path in (path for path in one.files if path.exists()):
                    click.echo(f"  would remove {path}")
                continue
            _run(one.disable)
            removed, left = installing.remove(home, one)
            for path in removed:
                click.echo(f"  removed {path}")
            for path in left:
                click.echo(f"  left {path}: it was changed since it was written")
            continue
        if dry_run:
            for path, content in one.files.items():
                click.echo(f"  would write {path} ({len(content)} bytes)")
            for command in one.enable:
                click.echo(f"  would run {' '.join(command.arguments)}: {command.says}")
            continue
        installing.write(home, one)
        for path in one.files:
            click.echo(f"  wrote {path}")
        _run(one.enable)
        click.echo(f"  {one.then}")


def _run(commands: Iterable[Command]) -> None:
    for command in commands:
        said = " ".join(command.arguments)
        try:
            done = subprocess.run(command.arguments, capture_output=True, text=True, timeout=_RUN_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HostError(f"{said} failed ({error}): {command.says} by hand") from None
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()[-5:]
            raise HostError("\n".join([f"{said} ended with status {done.returncode}: {command.says} by hand", *lines]))
        click.echo(f"  ran {said}: {command.says}")
