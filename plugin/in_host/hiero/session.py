"""What the panel asks and is told: the handlers of the link, and the look for changes."""

import nuke

import hiero.core
import hiero.ui

from .change import SequenceChange
from .link import MOVED, Refused
from .media import Clips, file_of
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
    "put media into the bin",
    "tell markers",
    "tell the timecode that the cut starts at",
    "tell the playhead",
    "tell selected clips",
    "tell when something changes",
    "show a frame",
]
LIMITS = [
    "Hiero's Python adds tracks above the others only.",
    "A media file of another rate than the sequence's plays a frame in each frame of the sequence, as Hiero does it; a "
    "take whose rate differs gets a playback speed.",
    "Sound at another speed, or of a file whose rate is not the sequence's, is not placed: Hiero mutes it.",
    "An audio item of Hiero plays one channel of its file, and its Python does not tell which: those of one place get "
    "the channels in the order of their tracks.",
    "Nests, comps, multi-view clips and items with a time warp can be moved and removed; what is in them is not known "
    "here.",
    "A dissolve lies on both sides of its cut; that of a shot that changes is made anew, without the curve it had.",
    "Items whose media is replaced or placed are no longer linked to the version in the bin, so that a version that is "
    "chosen elsewhere changes none of them.",
]


class Session:
    """One for a running Hiero. `tell` sends a notification."""

    def __init__(self, tell):
        self._tell = tell
        self._stale, self._seen, self._ids = True, None, {}
        self._told_revision = self._told_attention = self._left = None
        self.handlers = {
            "read": lambda _: self._sequence(self._reading()),
            "attention": lambda _: self._attention(self._reading()),
            "apply": self._apply,
            "version": self._version,
            "undo": self._undo,
            "bin": self._bin,
            "reveal": self._reveal,
        }

    @staticmethod
    def about():
        program = "Nuke Studio" if nuke.env["studio"] else "Hiero"
        version = nuke.NUKE_VERSION_STRING
        return {"program": program, "version": version, "supports": SUPPORTS, "limits": LIMITS, "codec": "exr"}

    def notice(self, _event):
        """Hiero's events come amid an edit: what changed is read at the next look."""
        self._stale = True

    def look(self):
        """Tells what changed since the last look. Without an event of Hiero only the playhead and the selection can."""
        sequence, viewer = _open_sequence(), hiero.ui.currentViewer()
        if sequence is None or (viewer is not None and viewer.playbackSpeed()):
            return
        selected = [item.guid() for item in _selected(sequence)]
        seen = [sequence.guid(), sequence.project().path(), _playhead(sequence), selected]
        if not self._stale and seen == self._seen:
            return
        if self._stale or self._seen is None or seen[:2] != self._seen[:2]:
            self._stale = False
            reading = Reading(sequence)
            self._ids, number = reading.guids, self._revision(reading)
            if number != self._told_revision:
                self._told_revision = number
                self._tell("changed")
        self._seen = seen
        attention = {"selected": _known(selected, self._ids), "playhead": seen[2]}
        if attention != self._told_attention:
            self._told_attention = attention
            self._tell("attention", **attention)

    @staticmethod
    def _reading():
        sequence = _open_sequence()
        if sequence is None:
            raise Refused("no sequence is open in Hiero: open one in a timeline")
        return Reading(sequence)

    @staticmethod
    def _revision(reading):
        return revision([reading.sequence.project().path(), reading.told])

    def _sequence(self, reading):
        project = reading.sequence.project()
        name = reading.sequence.name()
        if len([one for one in project.sequences() if one.name() == name]) > 1:
            name = f"{name} ({reading.sequence.guid()})"
        told = {"project": project.path(), "sequence": name, "revision": self._revision(reading)}
        return {**told, "strips": reading.told}

    @staticmethod
    def _attention(reading):
        selected = [item.guid() for item in _selected(reading.sequence)]
        return {"selected": _known(selected, reading.guids), "playhead": _playhead(reading.sequence)}

    def _apply(self, params):
        reading = self._of(params["revision"])
        change = SequenceChange(reading, *carried_out(reading.told, params["steps"]))
        project = reading.sequence.project()
        _one_step(project, params["name"], change.make)
        left = self._sequence(self._reading())
        self._left = left["revision"], params["name"], reading.sequence.guid()
        return left

    def _version(self, params):
        """A copy of the sequence in its bin, in which the cut is made; the open one stays open."""
        reading = self._of(params["revision"])
        sequence, project = reading.sequence, reading.sequence.project()
        known = {(strip["track"], strip["start"]): strip["id"] for strip in reading.told["strips"]}
        names, number = {one.name() for one in project.sequences()}, 2
        while f"{sequence.name()} {number}" in names:
            number += 1
        name = f"{sequence.name()} {number}"

        def make():
            made = sequence.copy()
            made.setName(name)
            sequence.binItem().parentBin().addItem(hiero.core.BinItem(made))
            SequenceChange(Reading(made, known), params["strips"], {}).make()
            return made

        made = _one_step(project, f"Second Unit: {name}", make)
        left = self._sequence(Reading(made))
        self._left = left["revision"], f"Second Unit: {name}", made.guid()
        return left

    def _undo(self, params):
        """What was done last in the project has to be ours: Hiero undoes nothing else."""
        number, name, guid = self._left if self._left is not None else ("", "", "")
        project = self._reading().sequence.project()
        made = next((one for one in project.sequences() if one.guid() == guid), None)
        if made is None or number != params["revision"] or self._revision(Reading(made)) != number:
            raise Refused("the sequence is not the one that was left: it was edited since", MOVED)
        if project.undoItemText() != name:
            raise Refused(f"Hiero would undo {project.undoItemText()!r} first: undo it there", MOVED)
        project.undo()
        self._left = None

    def _bin(self, params):
        project = self._reading().sequence.project()
        clips = Clips(project)
        _one_step(
            project, "Second Unit: bin", lambda: [clips.of(file_of(path, "picture", 0)) for path in params["files"]]
        )

    def _of(self, number):
        reading = self._reading()
        if self._revision(reading) != number:
            raise Refused("the sequence is not the one that was read: it was edited since", MOVED)
        return reading

    @staticmethod
    def _reveal(params):
        viewer = hiero.ui.currentViewer()
        if viewer is None:
            raise Refused("no viewer is open in Hiero: open one")
        viewer.setTime(params["frame"])


def _open_sequence():
    sequence = hiero.ui.activeSequence()
    return sequence if isinstance(sequence, hiero.core.Sequence) and sequence.project() is not None else None


def _selected(sequence):
    """Effects and transitions may be selected, too."""
    editor = hiero.ui.getTimelineEditor(sequence)
    found = editor.selection() if editor is not None else ()
    return [one for one in found if isinstance(one, hiero.core.TrackItem)]


def _known(guids, ids):
    return sorted(ids[guid] for guid in guids if guid in ids)


def _playhead(sequence):
    """None where the viewer shows another sequence or a clip."""
    viewer = hiero.ui.currentViewer()
    shown = viewer.player().sequence() if viewer is not None else None
    return int(viewer.time()) if shown is not None and shown == sequence else None


def _one_step(project, name, do):
    """One entry of the project's history, or nothing of it."""
    project.beginUndo(name)
    try:
        done = do()
    except BaseException:
        project.cancelUndo()
        raise
    project.endUndo()
    return done
