"""`secondunit panel`."""

from pathlib import Path

import click
from secondunit_bridge.errors import BadInput


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
def panel(cut: Path | None) -> int:
    """Open the panel: choose places of a cut, order takes, look at them and cut them in."""
    try:
        from secondunit_plugin.panel.app import run
    except ImportError as error:
        raise BadInput(f"the panel's libraries are not installed ({error}): install secondunit[panel]") from error

    return run(cut)
