"""`secondunit panel`."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from secondunit_bridge.errors import BadInput

if TYPE_CHECKING:
    from secondunit_plugin.hosts.host import Host

_LIBRARIES = ("PyQt5", "qtawesome", "superqt")


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
@click.option("--kdenlive", is_flag=True, help="The cut is the project that Kdenlive has open; CUT names its file.")
def panel(cut: Path | None, kdenlive: bool) -> int:
    """Open the panel: choose places of a cut, order takes, look at them and cut them in."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise BadInput(f"the panel needs {', '.join(missing)}, not installed: `pip install 'secondunit[panel]'`")
    from secondunit_plugin.panel.app import run

    def reach() -> "Host":
        from secondunit_plugin.hosts.kdenlive.host import Kdenlive, open_project
        from secondunit_plugin.hosts.probing import Probing

        return Kdenlive(cut if cut is not None else open_project(), Probing())

    return run(cut, reach if kdenlive else None)
