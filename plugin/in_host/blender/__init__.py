"""Second Unit in Blender's sequencer: the link to the panel, a tab in the sidebar, a menu."""

import json
import subprocess
import traceback
from pathlib import Path

import bpy

from .link import Link
from .session import Session

bl_info = {
    "name": "Second Unit",
    "author": "The Second Unit authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Sequencer > Sidebar > Second Unit",
    "description": "Generated shots, extensions and joins in the sequencer",
    "category": "Sequencer",
}
_TICK_SECONDS = 0.05
_LOOK_TICKS = 4


class Running:
    """The link and the session of this Blender, from `register` to `unregister`.

    `tick` has to be called on the main thread again and again: by a timer, which Blender has only with a window.
    """

    def __init__(self):
        self.installed = json.loads((Path(__file__).parent / "installed.json").read_bytes())
        self.session = Session(lambda method, **params: self.link.tell(method, **params))
        self.link = Link(self.installed["home"], Session.about(), self.session.handlers)
        self._ticks, self._shown = 0, None

    def tick(self):
        self.link.pump()
        self._ticks += 1
        if self.link.connected and self._ticks % _LOOK_TICKS == 0:
            self.session.look()
        if self.link.problem != self._shown:
            self._shown = self.link.problem
            for window in bpy.context.window_manager.windows:
                for area in window.screen.areas:
                    if area.type == "SEQUENCE_EDITOR":
                        area.tag_redraw()
        return _TICK_SECONDS


_running = None


def running():
    """None before `register`, and after `unregister`."""
    return _running


def _tick():
    try:
        return _running.tick() if _running is not None else None
    except Exception:  # noqa: BLE001 - Blender calls a timer that raises no more: the link would be dead
        traceback.print_exc()
        return 1.0


class SECONDUNIT_OT_open(bpy.types.Operator):
    """Open the panel, where takes are ordered and looked at"""

    bl_idname = "secondunit.open"
    bl_label = "Open the panel"

    def execute(self, _context):
        if _running.link.connected:
            _running.link.tell("command", name="open")
            return {"FINISHED"}
        try:
            subprocess.Popen(_running.installed["panel"], stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            self.report({"ERROR"}, f"the panel cannot be started ({error}): run `secondunit install blender` again")
            return {"CANCELLED"}
        return {"FINISHED"}


def _command(name, label, description):
    """An operator that asks the panel for something. What comes of it is a step of its own in Blender's history."""

    def execute(self, _context):
        if name == "extend" and (held := _running.session.only_metas()):
            self.report({"ERROR"}, f"{held} is a meta: open it (Tab), and select a shot in it")
            return {"CANCELLED"}
        _running.session.look()  # what is selected is told before
        _running.link.tell("command", name=name)
        return {"FINISHED"}

    def poll(cls, context):
        if _running is None or not _running.link.connected:
            cls.poll_message_set("No panel is connected")
            return False
        return context.scene is not None

    identifier = name.replace(" ", "_")
    members = {
        "bl_idname": f"secondunit.{identifier}",
        "bl_label": label,
        "bl_description": description,
        "execute": execute,
        "poll": classmethod(poll),
    }
    return type(f"SECONDUNIT_OT_{identifier}", (bpy.types.Operator,), members)


_COMMANDS = (
    _command("extend", "Extend shot", "More frames of the selected strip: unused ones first, then generated ones"),
    _command("generate", "Generate into gap", "A shot for the gap at the playhead"),
    _command("join", "Join shots", "Frames that lead from a strip to the one after it, over their cut or the gap"),
    _command("cut in", "Cut in take", "The take that is shown in the panel, put into the sequence"),
    _command("undo", "Take back", "The last take that was cut in, taken out again"),
)


def _buttons(layout):
    layout.operator(SECONDUNIT_OT_open.bl_idname, icon="WINDOW")
    layout.separator()
    for one in _COMMANDS:
        layout.operator(one.bl_idname)


class SECONDUNIT_PT_sequencer(bpy.types.Panel):
    bl_label = "Second Unit"
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Second Unit"

    def draw(self, _context):
        layout = self.layout
        problem = _running.link.problem if _running is not None else "not started"
        if problem:
            layout.label(text=f"Not connected: {problem}", icon="UNLINKED")
        else:
            layout.label(text="Connected with the panel", icon="LINKED")
        _buttons(layout.column(align=True))
        if not bpy.data.filepath:
            layout.label(text="Save the file: takes are found again by it", icon="INFO")


class SECONDUNIT_MT_sequencer(bpy.types.Menu):
    bl_label = "Second Unit"

    def draw(self, _context):
        _buttons(self.layout)


def _menu(self, _context):
    self.layout.menu(SECONDUNIT_MT_sequencer.__name__)


_CLASSES = (SECONDUNIT_OT_open, *_COMMANDS, SECONDUNIT_PT_sequencer, SECONDUNIT_MT_sequencer)


def register():
    global _running
    for one in _CLASSES:
        bpy.utils.register_class(one)
    bpy.types.SEQUENCER_MT_editor_menus.append(_menu)
    _running = Running()
    _running.link.start()
    if not bpy.app.background:
        # It stays when another file is opened.
        bpy.app.timers.register(_tick, first_interval=_TICK_SECONDS, persistent=True)


def unregister():
    global _running
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _running.link.close()
    _running = None
    bpy.types.SEQUENCER_MT_editor_menus.remove(_menu)
    for one in reversed(_CLASSES):
        bpy.utils.unregister_class(one)
