"""Whether placed takes still stand on the camera frames that the cut shows beside them.

Camera frames are a reel and source timecode. Other frames before or after a take make it stale. Another file of the
same frames does not; but where it has another size or codec, the take is of offline grade.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import assert_never

import opentimelineio as otio
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.header import Header
from secondunit_bridge.messages import FramesAfter, FramesBefore, Record, SourceShot, Span
from secondunit_bridge.rates import FrameTime, frames_per_day

from secondunit_timeline.formats.media import playing, reel_in
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.library import read_headers
from secondunit_timeline.reels import offset_in, reel_key, same_reel, shift_of, stem, timecode
from secondunit_timeline.slugs import is_slug_reference
from secondunit_timeline.takes import PREFIX, RECIPE, PlacedTake, grown_from, placed_takes, record_of
from secondunit_timeline.times import frames_of, rate_of

__all__ = ["Fresh", "OfflineGrade", "Stale", "State", "Unknown", "Where", "states", "to_redo"]


class Where(StrEnum):
    BEFORE = "before it"
    AFTER = "after it"
    SHOT = "under it"


@dataclass(frozen=True, slots=True)
class Fresh:
    pass


@dataclass(frozen=True, slots=True)
class Stale:
    """`made` and `now`: the reel and timecode of the camera frame that meets the take, or of all that it stands for."""

    where: Where
    made: str
    now: str


@dataclass(frozen=True, slots=True)
class OfflineGrade:
    """The media is `file` now. `now` and `made`: its size and codec, and those of what the take was made from."""

    file: str
    now: str
    made: str


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str


State = Fresh | Stale | OfflineGrade | Unknown


def state_name(state: State) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(state).__name__).lower()


def reason(state: State) -> str:
    match state:
        case Fresh():
            return ""
        case Stale(where, made, now):
            return f"made with {made} {where}, the cut has {now}"
        case OfflineGrade(file, now, made):
            return f"made from {made}, {Path(file).name} is {now}"
        case Unknown(why):
            return why
        case _:
            assert_never(state)


def said(state: State) -> str:
    return ": ".join(filter(None, (state_name(state), reason(state))))


def states(index: Index, keys: Collection[str] | None = None) -> list[tuple[PlacedTake, State]]:
    """The takes of the cut and their states, in the order of `placed_takes`; opens the media beside them.

    `keys`: of these takes alone.
    """
    placed = [take for take in placed_takes(index) if keys is None or take.key in keys]
    paths: dict[str, None] = {}
    for take in placed:
        track, item = _item(index, take)
        for near in (item, *_neighbours(track, item)):
            if near is not None and isinstance(near.child, otio.schema.Clip):
                paths |= dict.fromkeys(path for media in _media(near.child).values() if (path := media_path(media)))
        record = _record(item.child, take.key)
        if record is not None:
            paths |= dict.fromkeys(span.path for _, span, _ in _spans(record))
    headers = read_headers(paths)
    return [(take, state_of(index, take, headers)) for take in placed]


def to_redo(index: Index) -> Iterator[tuple[PlacedTake, OfflineGrade]]:
    """Of each clip whose take is of offline grade, the version to make again: the approved one, else the active one.

    Left out are clips that hold a version of the same seed made from the media of today.
    """
    clips: dict[tuple[str, int], list[tuple[PlacedTake, State]]] = {}
    for take, state in states(index):
        clips.setdefault((take.track, take.at.frame), []).append((take, state))
    for versions in clips.values():
        chosen, state = max(versions, key=lambda version: (version[0].approved, version[0].active, version[0].name))
        seeds = {
            record.seed
            for take, other in versions
            if isinstance(other, Fresh) and (record := _record(_item(index, take)[1].child, take.key)) is not None
        }
        record = _record(_item(index, chosen)[1].child, chosen.key)
        if isinstance(state, OfflineGrade) and record is not None and record.seed not in seeds:
            yield chosen, state


def state_of(index: Index, take: PlacedTake, headers: Mapping[str, Header | BadInput]) -> State:
    """`headers`: of the media beside the take and of the files that it was made from, as far as they can be read."""
    track, item = _item(index, take)
    record = _record(item.child, take.key)
    if record is None:
        return Unknown("its record is not in the cut")
    found = list(_Take(index, track, item, take.key, record, headers).states())
    for kind in (Stale, OfflineGrade, Unknown):
        for state in found:
            if isinstance(state, kind):
                return state
    return Fresh()


def _item(index: Index, take: PlacedTake) -> tuple[TrackIndex, Item]:
    track = index.track(take.track)
    frame = take.at.frame
    # A clip may begin between two frames of the cut.
    here = (item for item in track.items if int(item.start) == frame and isinstance(item.child, otio.schema.Clip))
    return track, next(item for item in here if take.key in item.child.media_references())


def _record(clip: otio.schema.Clip, key: str) -> Record | None:
    try:
        return record_of(clip, key)
    except BadInput:
        return None


def _neighbours(track: TrackIndex, item: Item) -> tuple[Item | None, Item | None]:
    position = track.position(item.start)
    assert position is not None
    before = track.items[position - 1] if position else None
    return before, track.items[position + 1] if position + 1 < len(track.items) else None


def _media(clip: otio.schema.Clip) -> dict[str, otio.core.MediaReference]:
    """Without recipes, and slugs of takes that are being made."""
    references = clip.media_references().items()
    return {key: media for key, media in references if not key.endswith(RECIPE) and not is_slug_reference(media)}


def _spans(record: Record) -> Iterator[tuple[Where, Span, int]]:
    for condition in record.order.conditions:
        match condition:
            case FramesBefore(span, into):
                yield Where.BEFORE, span, into
            case FramesAfter(span, into):
                yield Where.AFTER, span, into
            case SourceShot(span):
                yield Where.SHOT, span, 0
            case _:
                pass


def closes_loop(record: Record) -> bool:
    """Whether a take may lead from the end of a shot back to its start: what follows it lies before it in one file."""
    before = [one.span for one in record.order.conditions if isinstance(one, FramesBefore)]
    after = [one.span for one in record.order.conditions if isinstance(one, FramesAfter)]
    return any(one.path == other.path and other.range.start < one.range.end for one in before for other in after)


def _same_work(one: Record, other: Record) -> bool:
    """Whether two takes were asked for in the same way of the same camera frames, files and sizes aside."""

    def asked(record: Record) -> tuple[object, ...]:
        order, slot = record.order, record.order.slot
        frames = tuple(
            (where, reel_key(span.reel), span.timecode, span.range.duration, into)
            for where, span, into in _spans(record)
        )
        plain = (order.task, order.engine, order.model, order.parameters, record.seed)
        return (*plain, slot.frames, slot.head, slot.tail, slot.rate, frames)

    return asked(one) == asked(other)


@dataclass(frozen=True, slots=True)
class _Take:
    index: Index
    track: TrackIndex
    item: Item
    key: str
    record: Record
    headers: Mapping[str, Header | BadInput]

    @property
    def rate(self) -> Fraction:
        return self.record.order.slot.rate

    def states(self) -> Iterator[State]:
        key, record = grown_from(self.item.child, self.key, self.record)
        if key != self.key:
            yield from replace(self, key=key, record=record).states()
            return
        waits = any(not key.startswith(PREFIX) for key in _media(self.item.child))
        for where, span, into in _spans(self.record):
            if span.timecode is None:
                yield Unknown("its record does not say which camera frames it stands on")
            elif where is Where.SHOT or waits:
                yield from self.on_shot(where, span, span.timecode)
            else:
                yield from self.beside(where, span, span.timecode, into)

    def on_shot(self, where: Where, span: Span, first: FrameTime) -> Iterator[State]:
        """The take is one of several references of the shot, which all count the same source time."""
        clip = self.item.child
        others = [media for key, media in _media(clip).items() if key != self.key]
        known = [self.is_camera(span, clip, media) for media in others]
        same = [media for media, camera in zip(others, known, strict=True) if camera]
        if not same and (None in known or not others):
            yield Unknown(f"neither reel nor name tells which media of the shot is {span.path}")
            return
        if not same:
            yield Stale(where, span.reel, " and ".join(self.called(clip, media) for media in others))
            return
        yield self.grade(span, same[0])
        if where is not Where.SHOT:
            return
        available = clip.media_references()[self.key].available_range
        slot = self.record.order.slot
        frames = slot.head + slot.frames + slot.tail
        if available is None:
            return
        starts = round(frames_of(available.start_time, self.rate))
        shift = shift_of(same[0], self.header(same[0]), self.rate, starts)
        if abs(offset_in(first, self.record.drop_frame, starts + shift)) > 0:
            yield Stale(where, self.named(span, first.frame), self.named(span, starts + shift))
        low, high = self.plays(self.item)
        if low < starts or high > starts + frames:
            made = f"{self.named(span, first.frame)} to {self.timecode(first.frame + frames - 1)}"
            plays = f"{self.timecode(round(low) + shift)} to {self.timecode(round(high) + shift - 1)}"
            yield Stale(where, made, plays)

    def beside(self, where: Where, span: Span, first: FrameTime, into: int) -> Iterator[State]:
        """The take is a clip of its own: the frame that meets it has to be the one that it was made to meet."""
        clip = self.item.child
        backwards = playing(clip, self.index.rate).speed < 0
        before, after = _neighbours(self.track, self.item)
        if closes_loop(self.record) and not self.shows(after, span) and self.shows(before, span):
            after = before
        near = before if (where is Where.BEFORE) != backwards else after
        if near is None or not isinstance(near.child, otio.schema.Clip):
            yield Unknown(f"no shot lies {where}")
            return
        media = near.child.media_reference
        path = media_path(media)
        slot, available = self.record.order.slot, clip.media_references()[self.key].available_range
        starts = frames_of(available.start_time, self.rate) if available is not None else 0
        low, high = self.plays(self.item)
        shown = self.plays(near)
        shift = shift_of(media, self.header(media), self.rate, round(shown[0]))
        # Frames of the slot that the clip leaves out are the shot's to show, and the other way round.
        if where is Where.BEFORE:
            meets = first.frame + span.range.duration - into + low - starts - slot.head
            now = shown[1] + shift
        else:
            meets = first.frame + into + high - starts - slot.head - slot.frames
            now = shown[0] + shift
        day = frames_per_day(self.rate, self.record.drop_frame)
        apart = (now - meets + day // 2) % day - day // 2
        last = 1 if where is Where.BEFORE else 0
        same = True if self.redone(span, near.child) else self.is_camera(span, near.child, media)
        if same is None:
            yield Unknown(f"neither reel nor name tells whether {path or near.child.name!r} is {span.path}")
        elif not same or abs(apart) >= 1:  # at unlike rates both may lie between frames
            called = self.called(near.child, media) or near.child.name
            yield Stale(where, self.named(span, round(meets) - last), f"{called} {self.timecode(round(now) - last)}")
        else:
            yield self.grade(span, media)

    def shows(self, near: Item | None, span: Span) -> bool:
        """Whether a neighbour plays the media of `span`, as far as path, reel or name tell."""
        if near is None or not isinstance(near.child, otio.schema.Clip):
            return False
        return bool(self.is_camera(span, near.child, near.child.media_reference))

    def plays(self, item: Item) -> tuple[Fraction, Fraction]:
        """Source frames [low, high) in the cut's time, transitions left out."""
        played = playing(item.child, self.index.rate)
        length = Fraction(item.duration) / self.index.rate
        source = item.child.source_range or item.child.trimmed_range()
        own = rate_of(source.start_time)
        rate = own if round(own) == round(self.rate) else self.rate
        return played.low(length) * rate, played.high(length) * rate

    def header(self, media: otio.core.MediaReference) -> Header | None:
        header = self.headers.get(media_path(media) or "")
        return header if isinstance(header, Header) else None

    def reels(self, clip: otio.schema.Clip, media: otio.core.MediaReference) -> list[str]:
        header = self.header(media)
        named = (header.reel if header is not None else "", reel_in(media) or reel_in(clip))
        return [reel for reel in named if reel]

    def called(self, clip: otio.schema.Clip, media: otio.core.MediaReference) -> str:
        return next(iter(self.reels(clip, media)), "") or Path(media_path(media) or "").name

    def is_camera(self, span: Span, clip: otio.schema.Clip, media: otio.core.MediaReference) -> bool | None:
        """Whether the media is of the reel that the take was made with; None where nobody says."""
        path, reels = media_path(media) or "", self.reels(clip, media)
        if path and path == span.path:
            return True
        if span.reel and reels:
            return any(same_reel(reel_key(span.reel), reel_key(reel)) for reel in reels)
        return True if path and stem(path) == stem(span.path) else None

    def redone(self, span: Span, clip: otio.schema.Clip) -> bool:
        """Whether the clip plays a take that is the one in `span`, made again from other files of its frames."""
        now = _record(clip, clip.active_media_reference_key)
        if now is None:
            return False
        keys = (key for key in _media(clip) if key.startswith(PREFIX))
        records = (record for key in keys if (record := _record(clip, key)) is not None)
        return any(reel_key(old.reel) == reel_key(span.reel) and _same_work(old, now) for old in records)

    def grade(self, span: Span, media: otio.core.MediaReference) -> State:
        path = media_path(media) or ""
        if path == span.path:
            return Fresh()
        now, before = self.header(media), self.headers.get(span.path)
        if now is None:
            return Unknown(f"its camera media is {f'{path}, which cannot be read' if path else 'not linked to a file'}")
        slot = self.record.order.slot
        made = f"{slot.width}×{slot.height}"
        # A header's size is that before a rotation.
        unlike = sorted((now.width, now.height)) != sorted((slot.width, slot.height))
        if isinstance(before, Header):
            made = f"{made} {before.codec}"
            unlike = unlike or before.codec != now.codec
        else:
            unlike = unlike or Path(path).suffix.lower() != Path(span.path).suffix.lower()
        return OfflineGrade(path, f"{now.width}×{now.height} {now.codec}", made) if unlike else Fresh()

    def named(self, span: Span, frame: int) -> str:
        return f"{span.reel or Path(span.path).name} {self.timecode(frame)}"

    def timecode(self, frame: int) -> str:
        return timecode(frame, self.rate, self.record.drop_frame)
