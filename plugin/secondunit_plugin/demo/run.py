"""The main job, start to end: a cut goes in, three orders are made, a better cut comes out with a report."""

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge import __version__
from secondunit_bridge.errors import BadInput, CutError, OrderFailed
from secondunit_bridge.media.read import VideoReader, picture
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.playback import Player, export
from secondunit_timeline.session import Result, Unit
from secondunit_timeline.shots import video_clips
from secondunit_timeline.takes import PREFIX, key_of

from secondunit_plugin.demo import sample
from secondunit_plugin.demo.contact import Moment, contact_sheet
from secondunit_plugin.demo.report import (
    Broken,
    CutReport,
    Done,
    OrderReport,
    Outcome,
    Refused,
    Report,
    Still,
    write_report,
)
from secondunit_plugin.demo.stills import CutFrames, jpeg, thumbnail

_STILL_WIDTH = 320
_TAIL = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One order of the demo. `arguments`: the command line that does the same, without cut and output."""

    title: str
    asked: str
    arguments: tuple[str, ...]
    act: Callable[[Unit, otio.schema.Timeline], Result]


@dataclass(frozen=True, slots=True)
class Made:
    step: Step
    outcome: Outcome
    takes: tuple[Take, ...]
    notes: tuple[str, ...]


def sample_steps() -> tuple[Step, ...]:
    join_at = FrameTime(sample.JOIN_AT.frame - sample.START.frame, sample.START.rate)
    return (
        _match(sample.MATCH, sample.LIKE),
        _join(join_at, Index(sample.sample_cut()).timecode(join_at.frame)),
        _extend(sample.EXTEND, sample.GAP),
    )


def steps_for(cut: otio.schema.Timeline) -> tuple[Step, ...]:
    """Matches the second shot to the first, joins the first cut, extends the first shot."""
    index = Index(cut)
    clips = video_clips(index)
    if not clips:
        raise CutError(f"{cut.name!r} has no video clips: there is nothing to work on")
    names = [f"{track.name}@{index.timecode(int(item.start))}" for track, item in clips]
    steps = [_extend(names[0], _TAIL)]
    if len(clips) > 1:
        meet = FrameTime(int(clips[0][1].end), index.rate)
        steps = [_match(names[1], names[0]), _join(meet, index.timecode(meet.frame)), *steps]
    return tuple(steps)


def _match(shot: str, like: str) -> Step:
    return Step(
        f"Match {shot} to {like}",
        f"Give {shot} the colour, grain and sharpness of {like}.",
        ("match", "--shot", shot, "--like", like),
        lambda unit, cut: unit.match(cut, shot, [like]),
    )


def _join(at: FrameTime, timecode: str) -> Step:
    return Step(
        f"Join at {timecode}",
        f"Turn the cut at {timecode} into one continuous movement.",
        ("join", "--at", timecode),
        lambda unit, cut: unit.join(cut, at),
    )


def _extend(shot: str, tail: int) -> Step:
    return Step(
        f"Extend {shot}",
        f"Add {tail} frames at the end of {shot}: its unused camera frames first, then generated ones.",
        ("extend", "--shot", shot, "--tail", str(tail)),
        lambda unit, cut: unit.extend(cut, shot, tail=tail),
    )


def run_demo(
    path: Path, steps: Sequence[Step], folder: Path, unit: Unit, export_progress: Callable[[str, int, int], None]
) -> tuple[Made, ...]:
    """Leaves in `folder` the new cut, before.mp4, after.mp4, contact.png and report.html.

    An order that is refused or fails becomes a line of the report; the others go on.
    """
    before = read_cut(path)
    cut, made = before, []
    output = folder / f"{path.stem}_second_unit.otio"
    reports = []
    for step in steps:
        started = time.monotonic()
        takes: tuple[Take, ...] = ()
        outcome: Outcome
        notes: tuple[str, ...] = ()
        try:
            result = step.act(unit, cut)
        except BadInput as error:
            outcome = Refused(str(error))
        except OrderFailed as error:
            outcome = Broken(str(error), "")
        else:
            cut, takes, notes = result.cut, result.takes, result.notes
            changes = (*notes, *(str(change) for change in result.edit))
            outcome = Done(takes, changes, time.monotonic() - started)
        made.append(Made(step, outcome, takes, notes))
        command = shlex.join(["secondunit", step.arguments[0], str(path), *step.arguments[1:], "-o", str(output)])
        stills = tuple(still for take in takes for still in _stills(take))
        at = _place(Index(cut), takes)
        reports.append(OrderReport(step.title, step.asked, command, at, outcome, stills))
    write_cut(cut, output, source=path)
    films = {}
    for name, film in (("before", before), ("after", cut)):
        films[name] = folder / f"{name}.mp4"
        export(film, films[name], lambda done, total, name=name: export_progress(name, done, total))
    old, new = Index(before), Index(cut)
    contact = folder / "contact.png"
    with Player(before) as was, Player(cut) as shown:
        contact_sheet(
            CutFrames(was.frame, round(old.end), was.pixel_aspect),
            CutFrames(shown.frame, round(new.end), shown.pixel_aspect),
            [moment for order in made for moment in _moments(new, order)],
            contact,
            start=new.start,
            drop_frame=new.drop_frame,
        )
    write_report(
        folder / "report.html",
        Report(
            title=cut.name or path.stem,
            start=new.start,
            drop_frame=new.drop_frame,
            before=CutReport(path, round(old.end), films["before"]),
            after=CutReport(output, round(new.end), films["after"]),
            contact=contact,
            orders=tuple(reports),
            unit=f"Second Unit {__version__}",
        ),
    )
    return tuple(made)


def _items_of(index: Index, takes: Sequence[Take]) -> list[tuple[TrackIndex, Item]]:
    keys = {key_of(take) for take in takes}
    return [(track, item) for track, item in video_clips(index) if keys & set(item.child.media_references())]


def _place(index: Index, takes: Sequence[Take]) -> FrameTime | None:
    items = _items_of(index, takes)
    return FrameTime(index.start.frame + int(items[0][1].start), index.rate) if items else None


def _moments(index: Index, made: Made) -> list[Moment]:
    """The seams of clips of their own, the middle of a shot whose media was swapped. Nothing moved between the cuts."""
    moments = []
    for track, item in _items_of(index, made.takes):
        if any(not key.startswith(PREFIX) for key in item.child.media_references()):
            if item.child.active_media_reference_key.startswith(PREFIX):
                middle = FrameTime(int(item.start + item.duration // 2), index.rate)
                moments.append(Moment(made.step.title, middle, middle, step=6, seam=False))
            continue
        for frame, beside, side in ((item.start, item.start - 1, "into"), (item.end, item.end, "out of")):
            neighbour = track.at(beside)
            if neighbour is not None and not isinstance(neighbour.child, otio.schema.Gap):
                at = FrameTime(int(frame), index.rate)
                moments.append(Moment(f"{made.step.title}: {side} the take", at, at))
    return moments


def _stills(take: Take) -> list[Still]:
    """Frames of the take's file round its first seam, else spread over it."""
    record = take.record
    if record.seams:
        seam = record.seams[0].frame.frame
        numbers = [seam - 4, seam - 1, seam, seam + 1, seam + 4, seam + 8]
    else:
        numbers = [take.frames * part // 6 for part in range(6)]
    slot = record.order.slot
    with VideoReader(take.path, slot.rate) as reader:
        return [
            Still(
                f"frame {number}",
                jpeg(thumbnail(picture(reader.frame(number), reader.info.encoding), _STILL_WIDTH, slot.pixel_aspect)),
            )
            for number in numbers
            if 0 <= number < take.frames
        ]
