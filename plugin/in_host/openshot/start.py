"""Starts OpenShot with the panel in its window: `python3 start.py SITE_PACKAGES [OpenShot's arguments]`.

Runs in the Python that OpenShot is installed for. SITE_PACKAGES: of the environment that holds the panel; where that is
for another version of Python, the panel has a window of its own, and `installed.json` beside this says how to open it.
"""

import json
import site
import sys
from pathlib import Path

from PyQt5.QtCore import QTimer  # the distribution's: once it is imported, no other PyQt5 is

_LOOK_MS = 100


def start(arguments, then):
    """Runs OpenShot until it is closed; `then(app)` once its window is there, and shows its timeline.

    What else is done before holds the timeline up, which is a web page and told late what was done meanwhile.
    """
    import openshot_qt

    sys.path.append(openshot_qt.OPENSHOT_PATH)
    from classes.app import OpenShotApp
    from openshot_qt import launch

    def gui(app, show=OpenShotApp.gui):
        shown = show(app)
        if shown is not False:  # from 3.0 on: whether there is a window; before, nothing
            go_on(app)
        return shown

    def go_on(app):
        if app.window.timeline.document_is_ready:
            then(app)
        else:
            QTimer.singleShot(_LOOK_MS, lambda: go_on(app))

    OpenShotApp.gui = gui
    sys.argv = ["openshot-qt", *arguments]
    launch.main()


def fits(packages):
    """Whether the panel can run in this Python."""
    return packages.parent.name == "python{}.{}".format(*sys.version_info)


def use(packages):
    """Makes the environment's packages importable, before those of the distribution."""
    before = list(sys.path)
    site.addsitedir(str(packages))
    added = [path for path in sys.path if path not in before]
    sys.path[:] = [*added, *before]
    sys.executable = str(packages.parents[2] / "bin" / "python")  # what the panel starts other processes with


def connect(app, installed):
    """For a panel with a window of its own. What is returned has to be kept."""
    from connected import Connected, Panel
    from editor import Editor

    connected = Connected(Editor(app), installed["home"])
    return connected, Panel(app, connected, installed["panel"])


def dock(app, packages):
    """The dock, which holds the `editor` of the project."""
    from editor import Editor

    editor, window = Editor(app), app.window
    use(packages)
    from secondunit_plugin.panel import docked

    def reach():
        from secondunit_plugin.hosts.openshot.host import OpenShot

        return OpenShot(editor)

    docks = window.getDocks
    window.getDocks = lambda: [one for one in docks() if one.parent() is window]  # none of those within the panel
    panel = docked.dock(window, reach)
    panel.editor = editor
    window.docks_menu.addAction(panel.toggleViewAction())
    return panel


def then(app, packages):
    """The panel is docked where it can run, else connected."""
    if fits(packages):
        dock(app, packages)
    else:
        app.secondunit = connect(app, json.loads(Path(__file__).with_name("installed.json").read_bytes()))


if __name__ == "__main__":
    packages = Path(sys.argv[1])
    start(sys.argv[2:], lambda app: then(app, packages))
