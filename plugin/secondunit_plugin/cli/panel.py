"""`secondunit panel`."""

from importlib.util import find_spec
from pathlib import Path

import click
from secondunit_bridge.errors import BadInput

_LIBRARIES = ("PyQt5", "qtawesome", "superqt")


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
def panel(cut: Path | None) -> int:
    """Open the panel: choose places of a cut, order takes, look at them and cut them in."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise BadInput(f"the panel needs {', '.join(missing)}, not installed: `pip install 'secondunit[panel]'`")
    from secondunit_plugin.panel.app import run

    return run(cut)
