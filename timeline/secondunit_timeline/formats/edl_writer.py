"""Writing CMX3600 edit decision lists: the lowest video track that shows anything, and the sound tracks A1 to A4."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime, format_timecode

from secondunit_timeline.dialects import marker_text
from secondunit_timeline.formats.cdl import cdl_of
from secondunit_timeline.formats.features import NotKept
from secondunit_timeline.formats.media import playing
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.times import Frames, exact, frames_of, rate_of

NOT_KEPT: NotKept = {
    "exact rates, NTSC included": ("changed", "counted in timecode; the list names no rate"),
    "reel of several words": ("changed", "spaces become underscores"),
    "media address": ("changed", "only the file's name is written"),
    "length of the media": ("lost", "only what plays is listed: handles are not known"),
    "image sequence": ("changed", "only its name and numbers are written"),
    "image sequence that counts in steps": ("changed", "its first picture is written as a still"),
    "title or generator": ("changed", "a clip with its name is written"),
    "speed between tenths of a frame a second": ("changed", "rounded to a tenth of a frame a second"),
    "retimed nest": ("lost", "it is written at its normal speed"),
    "speed ramp": ("lost", "the clip is written at its normal speed"),
    "dissolve across its cut point": (
        "changed",
        "the cut point moves to the dissolve's first frame; the pictures are the same",
    ),
    "wipe or other transition": ("changed", "a wipe or a dissolve of the same length is written"),
    "disabled clip": ("lost", "it is left out"),
    "several video tracks": ("lost", "only the lowest that shows anything is written"),
    "more than four sound tracks": ("lost", "only the first four are written"),
    "name of a track": ("lost", "tracks are numbered"),
    "disabled track": ("lost", "it is left out"),
    "nest": ("changed", "one event with its name is written"),
    "effect other than a speed": ("lost", "it is left out"),
    "clip marker": ("changed", "a locator in the record's timecode; its length is left out"),
    "marker outside the frames that play": ("lost", "it is left out"),
    "marker between frames": ("changed", "moved to the nearest frame"),
    "marker of the cut": ("lost", "it is left out"),
    "marker of a track": ("lost", "it is left out"),
    "edit point between frames of the cut": ("changed", "moved to the nearest frame"),
    "source time between frames of the media": ("changed", "moved to the nearest frame"),
    "media of another rate": ("changed", "its timecode is counted at the cut's rate"),
    "gap at the start of the cut": ("changed", "the cut starts with its first event; record timecodes are the same"),
    "gap at the end of a track": ("lost", "it is left out"),
    "other media references, takes among them": (
        "lost",
        "only the active reference is written; its reel and timecode are kept",
    ),
    "metadata": ("lost", "metadata of clips, tracks and the cut is left out"),
}

SOUND_TRACKS = 4
_WRITTEN = ("FROM CLIP", "TO CLIP", "SOURCE FILE", "FROM FILE", "TO FILE", "LOC:", "M2 ", "ASC_", "* FREEZE FRAME")


@dataclass(frozen=True, slots=True)
class _Event:
    """One numbered entry: its edit lines without the number, and the lines below them."""

    record: int
    order: int
    edits: tuple[str, ...]
    comments: tuple[str, ...]


def encode(cut: otio.schema.Timeline) -> bytes:
    index = Index(cut)
    picture, sounds = edl_tracks(index)
    events: list[_Event] = []
    for order, (track, channel) in enumerate([*((track, "V") for track in picture), *sounds]):
        events += _Lister(index, channel, order).events(track)
    events.sort(key=lambda event: (event.record, event.order))
    if len(events) > 999:
        raise CutError(f"the cut makes {len(events)} events, an EDL numbers 999: write it in parts, or as FCPXML")
    if not events:
        raise CutError(f"the cut {cut.name!r} shows nothing that an EDL lists: it holds clips on tracks that are on")
    lines = [f"TITLE: {' '.join((cut.name or 'CUT').split())[:70]}"]
    lines.append(f"FCM: {'' if index.drop_frame else 'NON-'}DROP FRAME")
    for number, event in enumerate(events, 1):
        lines += [f"{number:03}  {edit}" for edit in event.edits]
        lines += event.comments
    return ("\r\n".join(lines) + "\r\n").encode()


def edl_tracks(index: Index) -> tuple[list[TrackIndex], list[tuple[TrackIndex, str]]]:
    """The tracks that an EDL holds: at most one of pictures, and sound tracks with their channels."""
    pictures = [track for track in index.tracks if track.kind == otio.schema.TrackKind.Video and track.enabled]
    picture = next((track for track in pictures if any(_shown(item) for item in track.items)), None)
    sounds = [track for track in index.tracks if track.kind == otio.schema.TrackKind.Audio and track.enabled]
    named = [(track, f"A{number}" if number > 1 else "A") for number, track in enumerate(sounds[:SOUND_TRACKS], 1)]
    return [picture] if picture is not None else [], named


def reel_name(reel: str) -> str:
    """A reel as one word; AX where there is none, as editing systems write it."""
    return "_".join(reel.split()) or "AX"


def _shown(item: Item) -> bool:
    return not isinstance(item.child, otio.schema.Gap) and item.child.enabled


@dataclass(frozen=True, slots=True)
class _Lister:
    index: Index
    channel: str
    order: int

    def events(self, track: TrackIndex) -> Iterator[_Event]:
        items = track.items
        for number, item in enumerate(items):
            into = self.frames(item.before.in_offset) if item.before is not None else 0
            begin = round(item.start) - into
            end = round(item.end) - (self.frames(item.after.in_offset) if item.after is not None else 0)
            if not _shown(item) and item.before is None:
                continue
            if item.before is None:
                yield self.event(item, begin, end)
            else:
                yield self.event(item, begin, end, items[number - 1] if number else None)
        last = items[-1] if items else None
        if last is not None and (fade := last.after) is not None:
            begin = round(last.end) - self.frames(fade.in_offset)
            end = round(last.end) + self.frames(fade.out_offset)
            if end > begin:
                black = otio.schema.Gap()
                yield self.event(Item(black, last.end, 0, fade, None), begin, end, last)

    def frames(self, time: otio.opentime.RationalTime) -> int:
        return round(frames_of(time, self.index.rate))

    def event(self, item: Item, begin: int, end: int, out: Item | None = None) -> _Event:
        """`begin` and `end`: record frames from the cut's first; `out`: what a dissolve into the item comes from."""
        reel, source, comments = self.source(item, begin, end)
        record = f"{self.record(begin)} {self.record(end)}"
        if item.before is None:
            edits = (f"{reel:<8} {self.channel:<5} C        {source} {record}",)
            return _Event(begin, self.order, edits, comments)
        length = min(self.frames(item.before.in_offset) + self.frames(item.before.out_offset), end - begin)
        kind = "W001" if "wipe" in item.before.transition_type.lower() else "D"
        if out is not None and _shown(out):
            from_reel, from_source, _ = self.source(out, begin, begin)
        else:
            from_reel, from_source = "BL", f"{self.code(Fraction(0))} {self.code(Fraction(0))}"
        dissolve = (
            f"{from_reel:<8} {self.channel:<5} C        {from_source} {self.record(begin)} {self.record(begin)}",
            f"{reel:<8} {self.channel:<5} {kind:<4} {length:03} {source} {record}",
        )
        names = tuple(comment.replace("* FROM CLIP NAME:", "* TO CLIP NAME:", 1) for comment in comments)
        if out is not None and _shown(out):
            names = (f"* FROM CLIP NAME: {_line(out.child.name)}", *names)
        return _Event(begin, self.order, dissolve, names)

    def source(self, item: Item, begin: int, end: int) -> tuple[str, str, tuple[str, ...]]:
        """Reel, source in and out, and comments of what the item shows in the record frames [begin, end)."""
        child, rate = item.child, self.index.rate
        length = Fraction(end - begin) / rate
        if not _shown(item):
            return "BL", f"{self.code(Fraction(0))} {self.code(length)}", ()
        if not isinstance(child, otio.schema.Clip):
            start = child.source_range.start_time if child.source_range is not None else None
            first = Fraction(exact(start.value)) / rate_of(start) if start is not None else Fraction(0)
            names = (f"* FROM CLIP NAME: {_line(child.name)}", *self.locators(item, first, begin, end))
            return "AX", f"{self.code(first)} {self.code(first + length)}", names
        played = playing(child, rate)
        moved = Fraction(begin - item.start) / rate * played.speed
        low, high = played.low(length) + moved, played.high(length) + moved
        if played.speed > 0:  # as many frames as play, so that a rate between frames makes no odd lengths
            high = low + length * played.speed
        reel = reel_name(played.media.reel)
        source = f"{self.code(low)} {self.code(high)}"
        comments = []
        if played.speed != 1 and end > begin:
            speed = float(played.speed * round(rate))
            comments.append(
                f"M2   {reel:<8} {'-' if speed < 0 else ' '}{abs(speed):05.1f}                {self.code(low)}"
            )
        freeze = " FF" if played.speed == 0 else ""
        comments.append(f"* FROM CLIP NAME: {_line(child.name)}{freeze}")
        if played.speed == 0:
            comments.append("* * FREEZE FRAME")
        if played.media.url:
            comments.append(f"* SOURCE FILE: {_line(played.media.name)}")
        if (cdl := cdl_of(child)) is not None:
            comments += [f"* ASC_SOP {cdl.sop}", f"* ASC_SAT {cdl.sat}"]
        comments += [f"* {_line(comment)}" for comment in _comments(child)]
        comments += self.locators(item, played.first, begin, end)
        return reel, source, tuple(comments)

    def locators(self, item: Item, first: Fraction, begin: int, end: int) -> Iterator[str]:
        for marker in item.child.markers:
            place = marker.marked_range.start_time
            into = (Fraction(exact(place.value)) / rate_of(place) - first) * self.index.rate
            frame = round(item.start + into)
            if begin <= frame < end:
                text = f"{marker.color or 'RED':<7} {_line(' '.join(filter(None, (marker.name, marker_text(marker)))))}"
                yield f"* LOC: {self.record(frame)} {text}".rstrip()

    def record(self, frame: int) -> str:
        return self.index.timecode(frame)

    def code(self, seconds: Fraction) -> str:
        frames: Frames = seconds * self.index.rate
        return format_timecode(FrameTime(max(0, round(frames)), self.index.rate), self.index.drop_frame)


def _comments(clip: otio.schema.Clip) -> Iterator[str]:
    """What an EDL said about the clip beside what is written from the clip itself."""
    own = clip.metadata.get("cmx_3600")
    given = own.get("comments", ()) if hasattr(own, "get") else ()
    for comment in given if not isinstance(given, str) else ():
        if isinstance(comment, str) and not comment.startswith(_WRITTEN):
            yield comment


def _line(text: str) -> str:
    return " ".join(text.split())
