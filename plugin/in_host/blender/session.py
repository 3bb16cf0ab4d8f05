"""What the panel asks and is told: the handlers of the link, and the look for changes."""

import bpy

from . import api
from .change import SceneChange
from .link import MOVED, Refused
from .reading import Reading, revision
from .steps import carried_out

SUPPORTS = [
    "add tracks",
    "place clips",
    "remove clips",
    "move and trim clips",
    "replace a clip's media",
    "change a clip's speed",
    "place transitions",
    "keep takes with a clip",
    "put a version of the sequence beside it",
    "undo a placement as one step",
    "have a placement as one step of its own history",
    "tell markers",
    "tell the playhead",
    "tell selected clips",
    "tell when something changes",
    "show a frame",
]
LIMITS = [
    "Sound at another speed cannot be placed: Blender holds the length of retimed sound in whole frames only.",
    "Strips with several retiming keys, strobes and speed effects other than a constant factor are shown as what only "
    "Blender can show. Of constant retiming keys Blender 5.0 shows some frames one earlier or later than counted.",
    "What is in a meta is shown, without the sound beside its pictures, and changed while the meta is open (Tab). "
    "Scenes, titles and adjustments can be moved and removed; what is in them is not known here.",
    "Keyframes of a shot are not continued on what extends it: it holds the values that the shot has where they meet.",
    "Dissolves, gamma crosses and wipes are transitions where their strips overlap with them; other effects stay where "
    "their strips are.",
    "Blender does not tell which strips are connected: a movie and a sound of one file that lie together are linked.",
    "There is no bin: media without a place in the cut is told with its path.",
]


class Session:
    """One for a running Blender. `tell` sends a notification."""

    def __init__(self, tell):
        self._tell = tell
        self._frame_counts = {}
        self._seen = self._told_revision = self._told_attention = None
        self._version_made = (None, "", [])
        self.handlers = {
            "read": self._read,
            "attention": lambda _: self._attention(self._reading()),
            "apply": self._apply,
            "version": self._version,
            "undo": self._undo,
            "reveal": self._reveal,
        }

    @staticmethod
    def about():
        version = ".".join(str(number) for number in bpy.app.version)
        return {"program": "Blender", "version": version, "supports": SUPPORTS, "limits": LIMITS}

    def look(self):
        """Tells what changed since the last look. Most looks see that nothing did, and read no further."""
        scene = api.open_scene()
        metas = [meta.name for meta in api.open_metas(scene)]
        seen = [scene.name, metas, scene.frame_current, scene.frame_start, bpy.data.filepath]
        for strip in api.all_strips(scene):
            places = (api.get(strip, name) for name in ("content_start", "left_handle", "right_handle"))
            seen += [strip.name, strip.channel, strip.select, strip.mute, *places]
        if seen == self._seen:
            return
        self._seen = seen
        reading = self._reading()
        number = self._revision(reading)
        if number != self._told_revision:
            self._told_revision = number
            self._tell("changed")
        attention = self._attention(reading)
        if attention != self._told_attention:
            self._told_attention = attention
            self._tell("attention", **attention)

    def only_metas(self):
        """The name of a selected strip that holds others, where no other strip is selected; else empty."""
        reading = self._reading()
        told = {strip["id"]: strip for strip in reading.told["strips"]}
        selected = [told[number] for number in self._attention(reading)["selected"]]
        return selected[0]["name"] if selected and all("nest" in strip for strip in selected) else ""

    def _reading(self):
        scene = api.open_scene()
        return self._read_in(scene, api.open_metas(scene))

    def _read_in(self, scene, metas):
        return Reading(scene, self._frames, metas[-1] if metas else None)

    def _frames(self, path):
        """How many frames a movie has. A sequencer strip does not tell; a movie clip does, and goes right away."""
        if path not in self._frame_counts:
            try:
                clip = bpy.data.movieclips.load(path)
            except RuntimeError:
                return None
            self._frame_counts[path] = clip.frame_duration
            bpy.data.movieclips.remove(clip)
        return self._frame_counts[path]

    def _revision(self, reading):
        return revision([bpy.data.filepath, reading.told])

    def _read(self, _):
        return self._sequence(self._reading())

    def _sequence(self, reading):
        named = {"project": bpy.data.filepath, "sequence": reading.name}
        return {**named, "revision": self._revision(reading), "strips": reading.told}

    def _attention(self, reading):
        selected = sorted(number for number, strip in reading.strips.items() if strip.select)
        return {"selected": selected, "playhead": reading.scene.frame_current - reading.base}

    def _apply(self, params):
        reading = self._of(params["revision"])
        change = SceneChange(reading, *carried_out(reading.told, params["steps"]))
        _one_step(change, params["name"])
        return {**self._read({}), "notes": change.notes}

    def _version(self, params):
        """A copy of the scene, in which the cut is made. It is read like an open one."""
        reading = self._of(params["revision"])
        name, metas = reading.scene.name, [meta.name for meta in api.open_metas(reading.scene)]
        made = reading.scene.copy()
        try:
            other = params["strips"]["name"]
            made.name = f"{name} {other}" if other != reading.name else name
            change = SceneChange(self._copied(made, metas), params["strips"], {})
            change.make()
        except BaseException:
            bpy.data.scenes.remove(made)
            raise
        name = made.name
        api.push_undo(f"Second Unit: {name}")
        told = self._sequence(self._copied(bpy.data.scenes[name], metas))
        self._version_made = (told["revision"], name, metas)
        return {**told, "notes": change.notes}

    def _copied(self, scene, metas):
        """What was open in the scene that it is a copy of: strips keep their names."""
        return self._read_in(scene, [api.all_strips(scene)[name] for name in metas])

    def _undo(self, params):
        number, name, metas = self._version_made
        scene = bpy.data.scenes.get(name) if number == params["revision"] else None
        if scene is None:
            self._of(params["revision"])
            api.undo()
        elif self._revision(self._copied(scene, metas)) == number:
            bpy.data.scenes.remove(scene)
            api.push_undo(f"Second Unit: without {name}")
        else:
            raise Refused(f"{name} was edited since", MOVED)

    def _of(self, number):
        reading = self._reading()
        if self._revision(reading) != number:
            raise Refused("the sequence is not the one that was read: it was edited since", MOVED)
        return reading

    def _reveal(self, params):
        reading = self._reading()
        reading.scene.frame_current = reading.base + params["frame"]


def _one_step(change, name):
    """Makes it one entry of the history, or nothing of it."""
    if not bpy.ops.ed.undo.poll():
        api.push_undo("Original")
    try:
        change.make()
    except BaseException:
        api.push_undo(name)
        api.undo()
        raise
    api.push_undo(name)
