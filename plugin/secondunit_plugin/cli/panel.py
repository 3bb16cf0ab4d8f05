"""`secondunit panel`."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
from secondunit_bridge.errors import BadInput

if TYPE_CHECKING:
    from secondunit_plugin.panel.app import Opening

_LIBRARIES = ("PyQt5", "qtawesome", "superqt")
_BUNDLES = (".otiod", ".fcpxmld")
"""Cuts that are folders."""


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
@click.option(
    "--host",
    type=click.Choice(("blender", "kdenlive")),
    help="The editing program whose open cut is followed; for kdenlive, CUT is the project that it has open.",
)
def panel(cut: Path | None, host: str | None) -> int:
    """Open the panel: choose places of a cut, order takes, look at them and cut them in.

    CUT is a cut, or a folder that an editing program exports its cuts into. Without one, the panel opens the last cut,
    and follows an editing program that connects.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise BadInput(f"the panel needs {', '.join(missing)}, not installed: `pip install 'secondunit[panel]'`")
    from secondunit_plugin.panel import app

    opening: Opening
    match host, cut:
        case "kdenlive", Path():
            opening = app.KdenliveProject(cut)
        case "kdenlive", _:
            raise BadInput("which project has Kdenlive open? Name its file: secondunit panel --host kdenlive PROJECT")
        case str(), None:
            opening = app.Connecting()
        case str(), _:
            raise BadInput(f"{host} tells the panel which cut is open: leave {cut} out")
        case None, Path() if cut.is_dir() and cut.suffix.lower() not in _BUNDLES:
            opening = app.WatchedFolder(cut)
        case None, Path():
            opening = app.CutFile(cut)
        case _:
            opening = app.LastCut()
    return app.run(opening)
