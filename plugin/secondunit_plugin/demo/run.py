"""The main job, start to end: a cut goes in, three orders are made, a better cut comes out with a report."""

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge import __version__
from secondunit_bridge.errors import BadInput, CutError, OrderFailed
from secondunit_bridge.media.read import VideoReader, picture
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.index import Index, Item
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.playback import Player, export
from secondunit_timeline.session import Result, Unit
from secondunit_timeline.shots import video_clips
from secondunit_timeline.takes import PREFIX, key_of
from secondunit_timeline.times import frames_of

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
_POSTER_WIDTH = 960
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
        _match(sample.MATCH, sample.LIKE, sample.MATCH, sample.LIKE),
        _join(join_at, Index(sample.sample_cut()).timecode(join_at.frame)),
        _extend(sample.EXTEND, sample.GAP, sample.EXTEND),
    )


def steps_for(cut: otio.schema.Timeline) -> tuple[Step, ...]:
    """Matches the second shot to the first, joins the first cut, extends the first shot."""
    index = Index(cut)
    clips = video_clips(index)
    if not clips:
        raise CutError(f"{cut.name!r} has no video clips: there is nothing to work on")
    places = [f"{track.name}@{index.timecode(int(item.start))}" for track, item in clips[:2]]
    names = [item.child.name or place for place, (_, item) in zip(places, clips, strict=False)]
    steps = [_extend(places[0], _TAIL, names[0])]
    if len(clips) > 1:
        meet = FrameTime(int(clips[0][1].end), index.rate)
        match = _match(places[1], places[0], names[1], names[0])
        steps = [match, _join(meet, index.timecode(meet.frame)), *steps]
    return tuple(steps)


def _match(shot: str, like: str, shot_name: str, like_name: str) -> Step:
    return Step(
        f"Match {shot_name} to {like_name}",
        f"Give {shot_name} the colour, grain and sharpness of {like_name}.",
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


def _extend(shot: str, tail: int, name: str) -> Step:
    return Step(
        f"Extend {name}",
        f"Add {tail} frames at the end of {name}: its unused camera frames first, then generated ones.",
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
    films = {"before": folder / "before.mp4", "after": folder / "after.mp4"}
    shown_otherwise: dict[str, None] = {}
    for name, film in (("before", before), ("after", cut)):
        shown_otherwise |= dict.fromkeys(export(film, films[name], partial(export_progress, name)))
    old, new = Index(before), Index(cut)
    contact = folder / "contact.png"
    with Player(before) as was, Player(cut) as shown:
        frames = [
            CutFrames(player.frame, round(index.end), player.pixel_aspect)
            for player, index in ((was, old), (shown, new))
        ]
        moments = sorted((moment for order in made for moment in _moments(new, order)), key=lambda at: at.after.frame)
        contact_sheet(frames[0], frames[1], moments, contact, start=new.start, drop_frame=new.drop_frame)
        posters = [jpeg(thumbnail(film.frame(film.frames // 2), _POSTER_WIDTH, film.pixel_aspect)) for film in frames]
    write_report(
        folder / "report.html",
        Report(
            title=cut.name or path.stem,
            start=new.start,
            drop_frame=new.drop_frame,
            before=CutReport(path, round(old.end), films["before"], posters[0]),
            after=CutReport(output, round(new.end), films["after"], posters[1]),
            contact=contact,
            orders=tuple(reports),
            unit=f"Second Unit {__version__}",
            notes=tuple(shown_otherwise),
        ),
    )
    return tuple(made)


def _items_of(index: Index, takes: Sequence[Take]) -> list[Item]:
    keys = {key_of(take) for take in takes}
    return [item for _, item in video_clips(index) if keys & set(item.child.media_references())]


def _place(index: Index, takes: Sequence[Take]) -> FrameTime | None:
    items = _items_of(index, takes)
    return FrameTime(index.start.frame + int(items[0].start), index.rate) if items else None


def _moments(index: Index, made: Made) -> list[Moment]:
    """The seams that were measured, where the cut shows them; the middle of a shot whose media was swapped.

    Nothing has moved between the old cut and the new one, so both show a moment at the same time.
    """
    moments = []
    for item in _items_of(index, made.takes):
        clip = item.child
        if any(not key.startswith(PREFIX) for key in clip.media_references()):
            if clip.active_media_reference_key.startswith(PREFIX):
                middle = FrameTime(int(item.start + item.duration // 2), index.rate)
                moments.append(Moment(made.step.title, middle, middle, step=6, seam=False))
            continue
        record = made.takes[0].record
        first = frames_of(clip.source_range.start_time, record.start.rate) - record.start.frame
        for number, seam in enumerate(record.seams, 1):
            shown = item.start + (seam.frame.frame - first) * index.rate / record.start.rate
            at = FrameTime(round(shown), index.rate)
            moments.append(Moment(f"{made.step.title}: seam {number} of {len(record.seams)}", at, at))
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
