"""What a host says that it can do, done once in the sequence that is open: for `secondunit doctor --host --exercise`.

Clips that are painted here go behind the end of the cut, are edited there, and are taken out again; every edit is read
back as in work, see `placement`. Two checks need a person at the program, who is asked.
"""

import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from math import ceil
from pathlib import Path

import numpy as np
import opentimelineio as otio
from secondunit_bridge import __version__
from secondunit_bridge.errors import CutMoved, HostError, SecondUnitError
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec, Order, Record, Take
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.takes import digest
from secondunit_timeline import placing
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import reference_to
from secondunit_timeline.matches import place_match, plan_replace
from secondunit_timeline.operations import (
    AddTrack,
    End,
    Fill,
    FillLength,
    Insert,
    Lift,
    Operation,
    Overwrite,
    Roll,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import key_of
from secondunit_timeline.times import time_range

from secondunit_plugin.checks import FAILED, LEFT_OUT, Check
from secondunit_plugin.hosts.frames import first_difference
from secondunit_plugin.hosts.host import Changed, CutChanged, Host, Support
from secondunit_plugin.hosts.host import Sequence as HostSequence
from secondunit_plugin.hosts.placement import Beside, Placed, needs, place, take_back
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.steps import steps
from secondunit_plugin.hosts.strips import id_of, identified, strips_from

Ask = Callable[[str], bool]
"""Asks the person at the program to do something: whether it was done."""
_Planned = tuple[otio.schema.Timeline, Edit]
_FRAMES, _USED = 48, 24
_SIZE = (320, 180)
_PICTURES = Encoding("rgb48le", 16, "bt709", "bt709", "bt709", True)
_SOUND = SoundInfo(48000, 2, "stereo")
_HOUR = 3600
_TOLD_SECONDS = 5.0
_ABOVE = "Second Unit exercise"


def exercise(host: Host, folder: Path, ask: Ask) -> Iterator[Check]:
    """`folder`: stays as long as the host may play what is painted into it. What goes wrong stands in the checks."""
    about = host.about()
    yield Check("program", f"{about.program} {about.version}, Second Unit {__version__}, {platform.platform()}")
    yield Check("supports", ", ".join(one for one in Support if one in about.supports) or "nothing")
    for limit in about.limits:
        yield Check("limit", limit, LEFT_OUT)
    run = _Exercise(host, folder, ask)
    opened = _checked("reads the cut", run.reads)
    yield opened
    if opened.mark == FAILED:
        return
    yield _checked("tells the playhead", run.tells_the_playhead)
    placed = _checked("places clips behind the cut", run.places)
    yield placed
    if placed.mark != FAILED:
        for name, operations in run.edits().items():
            yield _checked(name, partial(run.edits_and_takes_back, operations))
        yield _checked("replaces a shot by a take", run.replaces)
        yield _checked("switches the take back", run.switches)
        yield _checked("tells selected clips", run.tells_selected)
        yield _checked("tells changes", run.tells_changes)
        yield _checked("keeps what it was given, saved and opened again", run.keeps)
        yield _checked("takes everything out again", run.takes_out)
    yield _checked("takes media into the bin", run.bins)


def painted(folder: Path, name: str) -> Path:
    """What `exercise` paints there: "A", "B" and "C", of 48 frames each."""
    return folder / f"secondunit-exercise-{name}.mov"


def paint(path: Path, codec: Codec, rate: Fraction, dark: int) -> None:
    """Frames that differ, with a tone, from timecode 10:00:00:00 on; `dark`: the code of their darkest column."""
    width, height = _SIZE
    ramp = np.linspace(dark, 57344, width, dtype=np.uint16)
    ground = np.broadcast_to(ramp[None, :, None], (height, width, 3))
    times = np.arange(round(_FRAMES * _SOUND.rate / rate)) / _SOUND.rate
    tone = np.broadcast_to(0.1 * np.sin(2 * np.pi * 440 * times), (2, len(times))).astype(np.float32)
    with MediaWriter(
        *(str(path), codec, rate, width, height, Fraction(1), _PICTURES),
        *(FrameTime(10 * _HOUR * round(rate), rate), False, f"UNIT{dark}", (_SOUND,), ""),
    ) as writer:
        writer.write_sound(0, np.ascontiguousarray(tone))
        for number in range(_FRAMES):
            writer.write(np.ascontiguousarray(np.roll(ground, number * width // _FRAMES, 1)))


def _checked(name: str, does: Callable[[], tuple[str, str]]) -> Check:
    """`does`: the mark and what is to be said."""
    began = time.monotonic()
    try:
        mark, says = does()
    except SecondUnitError as error:
        mark, says = FAILED, f"{type(error).__name__}: {error}"
    return Check(name, f"{says} ({time.monotonic() - began:.1f} s)", mark)


class _Exercise:
    """`first`: the frame of the cut, counted from its first as 0, from which on everything here is placed."""

    def __init__(self, host: Host, folder: Path, ask: Ask) -> None:
        self._host, self._folder, self._ask = host, folder, ask
        self._supports, self._probed = host.about().supports, Probing()
        self._placed: HostSequence | None = None
        self._beside = False
        self._taken = ""

    def reads(self) -> tuple[str, str]:
        sequence, again = self._host.read(), self._host.read()
        if (sequence.id, sequence.revision) != (again.id, again.revision):
            return FAILED, "read twice, it is another cut, though nobody edited it"
        index = Index(sequence.cut)
        self._rate, self._first = index.rate, ceil(index.end) + _USED
        tracks = [one for one in index.tracks if not one.locked]
        video, sound = (
            [one.name for one in tracks if one.kind == kind]
            for kind in (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio)
        )
        if not video:
            return FAILED, "the cut has no video track that is not locked: add one"
        self._video, self._sound = video[0], sound[0] if sound else None
        self._clips = {name: painted(self._folder, name) for name in "ABC"}
        for name, path in self._clips.items():
            paint(path, Codec.PRORES_HQ, self._rate, 4096 * ("ABC".index(name) + 1))
        clips = [clip for clip in sequence.cut.find_clips() if isinstance(clip, otio.schema.Clip)]
        generators = sum(isinstance(clip.media_reference, otio.schema.GeneratorReference) for clip in clips)
        return "ok", (
            f"{index.rate} frames a second from {index.timecode(0)}, {ceil(index.end)} frames, {len(index.tracks)} "
            f"tracks, {len(clips)} clips, {generators} of which only the program can show, "
            f"{len(sequence.cut.tracks.markers)} markers"
        )

    def _clip(self, name: str, first: int = 12, frames: int = _USED) -> otio.schema.Clip:
        start = 10 * _HOUR * round(self._rate)
        media = reference_to(str(self._clips[name]), time_range(start, _FRAMES, self._rate), 0)
        return otio.schema.Clip(f"exercise {name}", media, time_range(start + first, frames, self._rate))

    def _at(self, frame: int) -> FrameTime:
        return FrameTime(self._first + frame, self._rate)

    def tells_the_playhead(self) -> tuple[str, str]:
        seen = self._host.attention()
        said = f"{len(seen.selected)} clips selected, playhead {seen.playhead.frame if seen.playhead else 'not told'}"
        if Support.REVEAL not in self._supports:
            return ("ok" if Support.PLAYHEAD in self._supports else LEFT_OUT), said
        wanted = FrameTime(1, self._rate)
        self._host.reveal(wanted)
        now = self._host.attention().playhead
        if Support.PLAYHEAD in self._supports and now != wanted:
            return FAILED, f"sent to frame 1, it says {now.frame if now is not None else 'nothing'}"
        return "ok", f"{said}; sent to frame 1"

    def places(self) -> tuple[str, str]:
        """A, a gap of half its length, B and C, all of the middle of their media."""
        sequence = self._host.read()
        placed = self._carried_out(sequence, edit(sequence.cut, self._scene()), "exercise")
        if isinstance(placed, str):
            return LEFT_OUT, f"refused: {placed}"
        self._placed, self._beside = placed.sequence, isinstance(placed, Beside)
        return "ok", _where(placed)

    def _scene(self) -> tuple[Operation, ...]:
        places = {"A": 0, "B": _USED + 12, "C": 2 * _USED + 12}
        return tuple(Overwrite(self._video, self._at(at), self._clip(name)) for name, at in places.items())

    def edits(self) -> dict[str, tuple[Operation, ...]]:
        b, c = _USED + 12, 2 * _USED + 12
        track, at, clip = self._video, self._at, self._clip
        found: dict[str, tuple[Operation, ...]] = {
            "a clip into a gap": (Overwrite(track, at(_USED), clip("C", 0, 12)),),
            "a clip on a track of its own": (AddTrack(_ABOVE), Overwrite(_ABOVE, at(4), clip("C", 0, 16))),
            "a clip taken out": (Lift(track, at(b), _USED),),
            "a clip trimmed": (Trim(track, at(b), End.TAIL, -5),),
            "a clip slipped": (Slip(track, at(b), 5),),
            "a cut rolled": (Roll(track, at(c), -3),),
            "a clip over parts of two others": (Overwrite(track, at(c - 6), clip("A", 0, 12)),),
            "a clip inserted": (Insert(track, at(b), clip("A", 0, 12), sync=()),),
            "a clip at half its speed": (Fill(track, at(b), clip("A", 12, 12), FillLength.FIT, _USED),),
        }
        if self._sound is not None:
            found["sound"] = (Overwrite(self._sound, at(0), clip("A")),)
        return found

    def edits_and_takes_back(self, operations: Sequence[Operation]) -> tuple[str, str]:
        before = self._host.read()
        # Where the clips went into a version beside the cut, they are placed in one step with the edit.
        scene = () if self._is_open(before) else self._scene()
        placed = self._carried_out(before, edit(before.cut, (*scene, *operations)), "exercise")
        if isinstance(placed, str):
            return LEFT_OUT, f"refused: {placed}"
        if isinstance(placed, Beside):
            self._host.undo(placed.sequence.revision)
            left = first_difference(before.cut, self._host.read().cut, self._probed)
        else:
            left = take_back(self._host, before, placed.sequence, self._probed)
        if left is not None:
            return FAILED, f"{_where(placed)}; undone, and that has left: {left}"
        return "ok", f"{_where(placed)}; undone"

    def _is_open(self, sequence: HostSequence) -> bool:
        played = {str(path) for path in self._clips.values()}
        media = (clip.media_reference for clip in sequence.cut.find_clips())
        return any(isinstance(one, otio.schema.ExternalReference) and one.target_url in played for one in media)

    def _carried_out(self, before: HostSequence, planned: _Planned, name: str) -> Beside | Placed | str:
        """Why it was refused, where the host says that it cannot. Raises what `place` raises."""
        try:
            return place(self._host, before, planned[1], f"Second Unit: {name}", self._probed)
        except HostError as error:
            old, new = (strips_from(identified(cut)[0], self._probed) for cut in (before.cut, planned[0]))
            needed = {support for step in steps(old, new) for support in needs(step)} - {Support.STATE}
            left = first_difference(before.cut, self._host.read().cut, self._probed)
            if left is not None or needed <= self._supports or type(error) is not HostError:
                raise
            return str(error)

    def replaces(self) -> tuple[str, str]:
        before = self._host.read()
        if not self._is_open(before):
            return LEFT_OUT, "the clips lie in a version beside the open sequence"
        selector = f"{self._video}@+{self._first + _USED + 12}"
        match = plan_replace(Index(before.cut), selector, None, Settings(self._folder, handles=4, prompt="exercise"))
        take = self._take(match.order)
        ordered = Ordered(before.cut, match.order, partial(place_match, match))
        placed = self._carried_out(before, placing.place(before.cut, ordered, (take,)), "take")
        if isinstance(placed, str):
            return LEFT_OUT, f"refused: {placed}"
        if isinstance(placed, Beside):
            self._host.undo(placed.sequence.revision)
            return "ok", f"{_where(placed)}; removed"
        self._taken = key_of(take)
        return "ok", _where(placed)

    def _take(self, order: Order) -> Take:
        """The file of C, as long as the take is to be, as if a unit had made it."""
        slot, path = order.slot, self._folder / "secondunit-exercise-take.mov"
        frames = slot.head + slot.frames + slot.tail
        ground = np.full((_SIZE[1], _SIZE[0], 3), 16384, np.uint16)
        with MediaWriter(
            *(str(path), Codec.PRORES_HQ, slot.rate, *_SIZE, Fraction(1), _PICTURES),
            *(slot.start, slot.drop_frame, "UNITTAKE", (), ""),
        ) as writer:
            for number in range(frames):
                ground[: _SIZE[1] * (number + 1) // frames] = 40960
                writer.write(ground)
        assert slot.start is not None  # the media of a shot here has timecode
        identity = (f"{order.id}-1", "exercise_v001", "UNITTAKE", slot.start, slot.drop_frame)
        record = Record(*identity, order, order.seeds[0], "", (), (), None, None, False, ())
        return Take(str(path), frames, digest(path), "", record)

    def switches(self) -> tuple[str, str]:
        if not self._taken:
            return LEFT_OUT, "no take was placed in the open sequence"
        if Support.STATE not in self._supports:
            return LEFT_OUT, "takes are not kept with clips here"
        before = self._host.read()
        at = self._at(_USED + 12)
        for key in ("DEFAULT_MEDIA", self._taken):
            sequence = self._host.read()
            done = edit(sequence.cut, (SwapTake(self._video, at, key),))[1]
            place(self._host, sequence, done, "Second Unit: switch", self._probed)
        left = first_difference(before.cut, self._host.read().cut, self._probed)
        return (FAILED, f"switched to the shot and to the take again: {left}") if left else ("ok", "and to it again")

    def tells_selected(self) -> tuple[str, str]:
        if Support.SELECTION not in self._supports:
            return LEFT_OUT, "the program does not tell"
        sequence = self._host.read()
        index = Index(sequence.cut)
        if not self._is_open(sequence):
            return LEFT_OUT, "the clips lie in a version beside the open sequence"
        if not self._ask(f"Select the first and the last clip behind the cut, on {self._video}, and nothing else."):
            return LEFT_OUT, "not tried"
        items = (index.track(self._video).at(self._first + at) for at in (0, 2 * _USED + 12))
        wanted = {id_of(item.child) for item in items if item is not None}
        # Sound that is linked with a clip may be selected with it.
        seen = set(self._host.attention().selected)
        return ("ok", f"{len(seen)} clips") if wanted <= seen else (FAILED, f"{len(wanted & seen)} of 2 clips are told")

    def tells_changes(self) -> tuple[str, str]:
        if Support.EVENTS not in self._supports:
            return LEFT_OUT, "the program does not tell"
        told = threading.Event()

        def hear(changed: Changed) -> None:
            if isinstance(changed, CutChanged):
                told.set()

        leave = self._host.follow(hear)
        try:
            if not self._ask("Trim the last clip behind the cut in the program, wait a second, then undo that there."):
                return LEFT_OUT, "not tried"
            return ("ok", "told") if told.wait(_TOLD_SECONDS) else (FAILED, "nothing was told")
        finally:
            leave()

    def keeps(self) -> tuple[str, str]:
        before = self._host.read()
        if not self._ask("Save the project, close it, and open it again, without ending the program."):
            return LEFT_OUT, "not tried"
        now = self._host.read()
        if now.id != before.id:
            return FAILED, "it says that another sequence is open"
        left = first_difference(before.cut, now.cut, self._probed)
        if left is not None:
            return FAILED, f"it came back with another cut: {left}"
        if _ids(now.cut) != _ids(before.cut):
            return FAILED, "clips came back with other ids"
        if self._taken and Support.STATE in self._supports and self._taken not in _keys(now.cut):
            return FAILED, "the take did not come back with its clip"
        return "ok", "cut, ids and takes"

    def takes_out(self) -> tuple[str, str]:
        if self._beside and self._placed is not None:
            try:
                self._host.undo(self._placed.revision)
            except CutMoved:
                return LEFT_OUT, f"{self._placed.name or self._placed.id.sequence} stays beside the cut: remove it"
            return "ok", "the version beside the cut"
        sequence = self._host.read()
        lifts = [
            Lift(track.name, self._at(0), ceil(track.end) - self._first)
            for track in Index(sequence.cut).tracks
            if track.end > self._first and not track.locked
        ]
        placed = self._carried_out(sequence, edit(sequence.cut, lifts), "exercise")
        if isinstance(placed, str):
            return LEFT_OUT, f"refused: {placed}; delete what lies behind the cut"
        return "ok", _where(placed)

    def bins(self) -> tuple[str, str]:
        if Support.BIN not in self._supports:
            return LEFT_OUT, "the program has none, or is not told"
        path = self._clips["C"]
        self._host.to_bin([str(path)])
        if not self._ask(f"Look for {path.name} in the bin: is it there?"):
            return LEFT_OUT, "taken without a refusal, and not looked for"
        return "ok", "it is there"


def _where(placed: Placed | Beside) -> str:
    return f"in a version beside it, as {placed.why}" if isinstance(placed, Beside) else "in the open sequence"


def _ids(cut: otio.schema.Timeline) -> list[str]:
    return [
        id_of(child)
        for track in cut.tracks
        for child in track
        if isinstance(child, otio.core.Item) and not isinstance(child, otio.schema.Gap)
    ]


def _keys(cut: otio.schema.Timeline) -> set[str]:
    return {str(key) for clip in cut.find_clips() for key in clip.media_references()}
