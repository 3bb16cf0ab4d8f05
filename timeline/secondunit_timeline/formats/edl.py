"""Reading CMX3600 edit decision lists.

The record timecodes decide where an event lies, as in an online suite; drop-frame is counted as the FCM lines and the
separators say. The published reader (otio-cmx3600-adapter) moves events to fit their source length, reads no
drop-frame speed effects and loses the first line of a dissolve, so it serves the tests as a witness only.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.rates import can_drop_frames, parse_timecode

from secondunit_timeline.formats.cdl import cdl_in
from secondunit_timeline.times import Frames, rational_time, time_range

_TC = r"(\d\d[:;.,]\d\d[:;.,]\d\d[:;.,]\d\d)"
_EVENT = re.compile(
    rf"(\d+)\s+(\S+)\s+([VABN][A-Z0-9/]*)\s+(C|D|W\d{{1,3}}|KB|KO|K)(?:\s+(\d+))?\s+{_TC}\s+{_TC}\s+{_TC}\s+{_TC}(?:\s.*)?"
)
_SPEED = re.compile(rf"M2\s+(.*?)\s+([+-]?\d*\.?\d+)\s+{_TC}\s*")
_CHANNELS = {"B": ("V", "A1"), "AA": ("A1", "A2"), "A": ("A1",), "NONE": ()}
_BLACK = ("BL", "BLK", "BLACK")
_COLOURS = {name: getattr(otio.schema.MarkerColor, name) for name in dir(otio.schema.MarkerColor) if name.isupper()}


@dataclass(slots=True)
class _Event:
    """Frames at the list's rate; `line` is the file's."""

    number: str
    line: int
    reel: str
    channels: tuple[str, ...]
    kind: str
    length: int
    source: tuple[int, int]
    record: tuple[int, int]
    speed: Fraction | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def duration(self) -> int:
        return self.record[1] - self.record[0]


def read(path: Path, rate: Fraction | None = None) -> otio.schema.Timeline:
    """The cut of an EDL. Without `rate` it is taken from what the file shows, and a note says so."""
    text = path.read_bytes()
    if b"\0" in text:
        raise CutError("it is not an edit decision list: export the cut again")
    lines = text.decode("utf-8-sig", errors="replace").splitlines()
    notes: list[str] = []
    if rate is None:
        rate, reason = _guess(lines)
        notes.append(f"the rate is guessed as {float(rate):g} frames a second: {reason}")
    title, events = _events(lines, rate)
    if not events:
        raise CutError("it holds no events: export the cut again")
    lasting = [event for event in events if event.duration and event.channels]
    start = min((event.record[0] for event in lasting), default=0)
    cut = otio.schema.Timeline(title, global_start_time=rational_time(start, rate))
    names = {channel for event in lasting for channel in event.channels}
    for name in sorted(names, key=lambda name: (name[0] != "V", len(name), name)):
        kind = otio.schema.TrackKind.Video if name[0] == "V" else otio.schema.TrackKind.Audio
        track = otio.schema.Track("V1" if name == "V" else name, kind=kind)
        track.extend(_children([event for event in events if name in event.channels], start, rate))
        cut.tracks.append(track)
    odd = [event.number for event in lasting if event.speed is None and _source_length(event) != event.duration]
    if odd:
        notes.append(
            f"in {len(odd)} events source and record lengths differ and no M2 line says why; the record's counts: "
            + ", ".join(odd[:20])
        )
    cut.metadata["secondunit"] = {"notes": notes}
    return cut


def _guess(lines: Iterable[str]) -> tuple[Fraction, str]:
    """By drop-frame signs and the highest frame number; among the rates left, the one at which most lengths agree."""
    highest, drops = 0, False
    events: list[tuple[list[str], Fraction]] = []
    for line in lines:
        stripped = line.strip()
        drops |= stripped.startswith("FCM") and "NON" not in stripped and "DROP" in stripped
        if match := _EVENT.fullmatch(stripped):
            times = list(match.groups()[5:])
            highest = max(highest, *(int(time[-2:]) for time in times))
            drops |= any(";" in time for time in times)
            events.append((times, Fraction(0)))
        elif (match := _SPEED.fullmatch(stripped)) and events:
            events[-1] = (events[-1][0], abs(Fraction(match[2])))
    if drops:
        whole = 60 if highest >= 30 else 30
        return Fraction(whole * 1000, 1001), "its timecode is drop-frame"
    reason = f"the highest frame number in its timecodes is {highest}"
    agreeing = {whole: _agreeing(events, whole) for whole in (24, 25, 30, 50, 60) if highest < whole}
    if not agreeing:
        return Fraction(highest + 1), reason
    lowest, best = min(agreeing), max(agreeing, key=lambda whole: (agreeing[whole], -whole))
    if best != lowest:
        reason = f"source and record lengths agree at it in {agreeing[best]} of {len(events)} events"
    return Fraction(best), reason


def _agreeing(events: Iterable[tuple[list[str], Fraction]], whole: int) -> int:
    """In how many events the source is as long as the record, or as the speed of an M2 line makes it."""

    def frames(text: str) -> int:
        hours, minutes, seconds, frame = (int(part) for part in re.split(r"[:;.,]", text))
        return ((hours * 60 + minutes) * 60 + seconds) * whole + frame

    count = 0
    for times, speed in events:
        begin, end, record_in, record_out = map(frames, times)
        played = Fraction(record_out - record_in) * (speed / whole if speed else 1)
        count += record_out > record_in and abs(abs(end - begin) - played) <= (1 if speed else 0)
    return count


def _events(lines: Iterable[str], rate: Fraction) -> tuple[str, list[_Event]]:
    title, events, drops = "", [], False

    def frames(text: str, number: int) -> int:
        text = text.replace(".", ":").replace(",", ";")
        if drops or ";" in text:
            text = f"{text[:8].replace(';', ':')}{';' if can_drop_frames(rate) else ':'}{text[9:]}"
        try:
            return parse_timecode(text, rate).frame
        except BadInput as error:
            raise CutError(f"line {number}: {error}") from None

    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("TITLE:"):
            title = line[6:].strip()
        elif line.startswith("FCM"):
            drops = "NON" not in line and "DROP" in line
        elif match := _EVENT.fullmatch(line):
            event, reel, channels, kind, length, *times = match.groups()
            source_in, source_out, record_in, record_out = (frames(time, number) for time in times)
            if record_out < record_in:
                raise CutError(f"line {number}: event {event} ends before it begins")
            if kind[0] == "K":
                raise CutError(f"line {number}: event {event} is a key, which is not read: export a flat cut")
            events.append(
                _Event(
                    *(event, number, reel, _channels(channels, number), kind, int(length or 0)),
                    *((source_in, source_out), (record_in, record_out)),
                )
            )
        elif events and line.startswith("AUD"):
            more = tuple(f"A{word}" for word in line.split()[1:] if word.isdigit())
            events[-1].channels += tuple(name for name in more if name not in events[-1].channels)
        elif match := _SPEED.fullmatch(line):
            if events:
                _retime(events, match, rate)
        elif re.match(r"\d+\s+\S+\s+\S+.*\d\d[:;.,]\d\d[:;.,]\d\d", line):
            raise CutError(f"line {number} is no event that can be read: {line[:100]!r}")
        elif events and line:
            events[-1].comments.append(line.lstrip("* ").strip())
    return title, events


def _channels(text: str, number: int) -> tuple[str, ...]:
    found: list[str] = []
    for part in text.split("/"):
        if part in _CHANNELS:
            found += _CHANNELS[part]
        elif re.fullmatch(r"(V\d*|A\d+)+", part):
            found += re.findall(r"V\d*|A\d+", part)
        else:
            raise CutError(f"line {number}: {text!r} names no channel that can be read")
    return tuple(dict.fromkeys("V" if name == "V1" else name for name in found))


def _retime(events: list[_Event], match: re.Match[str], rate: Fraction) -> None:
    """The speed in an M2 line is a rate with one decimal, of the list's rate or of its whole number."""
    reel, number = match[1], events[-1].number
    same = [event for event in events[-2:] if event.number == number]
    event = next((event for event in reversed(same) if event.reel == reel), same[-1])
    whole, own = (Fraction(match[2]) / base for base in (Fraction(round(rate)), rate))
    duration = event.duration or 1
    played = Fraction(_source_length(event), duration)
    far = [abs(abs(speed) - played) for speed in (whole, own)]
    # Timecode is whole frames: both may fit, and most programs count in the whole number.
    event.speed = whole if far[0] <= far[1] or far[0] * duration <= 1 else own


def _source_length(event: _Event) -> int:
    return abs(event.source[1] - event.source[0])


def _children(events: list[_Event], start: int, rate: Fraction) -> list[otio.core.Composable]:
    """A track's items. A dissolve begins where its second line does, and the outgoing shot runs on under it."""
    children: list[otio.core.Composable] = []
    ordered = sorted(events, key=lambda event: (event.record[0], event.line))
    at = start
    for position, event in enumerate(ordered):
        if not event.duration:
            continue
        if event.record[0] < at:
            raise CutError(
                f"line {event.line}: event {event.number} begins {at - event.record[0]} frames before the event "
                "before it ends: export a cut with one event at a time on a track"
            )
        if event.record[0] > at:
            children.append(otio.schema.Gap(source_range=time_range(0, event.record[0] - at, rate)))
        if event.kind != "C":
            children.append(_transition(event, rate))
        before = ordered[position - 1] if position and ordered[position - 1].number == event.number else None
        children.append(_child(event, before, rate))
        at = event.record[1]
    return children


def _transition(event: _Event, rate: Fraction) -> otio.schema.Transition:
    wipe = event.kind[0] == "W"
    return otio.schema.Transition(
        f"wipe {event.kind[1:]}" if wipe else "dissolve",
        "SMPTE_Wipe" if wipe else otio.schema.TransitionTypes.SMPTE_Dissolve,
        rational_time(0, rate),
        rational_time(min(event.length, event.duration), rate),
        metadata={"cmx_3600": {"transition": event.kind}},
    )


def _child(event: _Event, before: _Event | None, rate: Fraction) -> otio.core.Item:
    if event.reel in _BLACK:
        return otio.schema.Gap(source_range=time_range(0, event.duration, rate))
    speed = Fraction(1) if event.speed is None else event.speed
    first = event.source[1] - 1 if speed < 0 and event.source[1] > event.source[0] else event.source[0]
    names: dict[str, str] = {}
    rest: list[str] = []
    markers: list[str] = []
    # The comments of a dissolve stand after its second line and name both shots.
    for comment in event.comments:
        key, colon, value = (part.strip() for part in comment.partition(":"))
        if key == "LOC" and colon:
            markers.append(value)
        elif colon and key in ("FROM CLIP NAME", "TO CLIP NAME", "SOURCE FILE", "FROM FILE", "FROM CLIP", "TO FILE"):
            names.setdefault(key, value)
        elif comment:
            rest.append(comment)
    incoming = event.kind != "C" and "TO CLIP NAME" in names
    name = names.get("TO CLIP NAME" if incoming else "FROM CLIP NAME", "")
    file = names.get("TO FILE") if incoming and "TO FILE" in names else names.get("FROM FILE", names.get("FROM CLIP"))
    if event.speed == 0:
        rest = [comment for comment in rest if comment != "FREEZE FRAME"]
        name = name.removesuffix(" FF")
    cdl, rest = cdl_in(rest)
    own: dict[str, object] = {"reel": event.reel, "event": event.number}
    if "SOURCE FILE" in names:
        own["source_file"] = names["SOURCE FILE"]
    if rest or (before is not None and before.comments):
        own["comments"] = [*(before.comments if before is not None else ()), *rest]
    reference = otio.schema.ExternalReference(file) if file else otio.schema.MissingReference()
    if event.reel == "AX":  # stands for a source without a reel
        del own["reel"]
    else:
        reference.metadata["cmx_3600"] = {"reel": event.reel}
    clip = otio.schema.Clip(
        name or event.reel, reference, time_range(first, event.duration, rate), metadata={"cmx_3600": own}
    )
    if cdl is not None:
        clip.metadata["cdl"] = cdl.metadata
    if speed == 0:
        clip.effects.append(otio.schema.FreezeFrame())
    elif speed != 1:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    for marker in markers:
        if made := _marker(marker, event, first, rate):
            clip.markers.append(made)
    return clip


def _marker(text: str, event: _Event, first: Frames, rate: Fraction) -> otio.schema.Marker | None:
    """A locator's timecode is the record's, or the source's where it lies outside the record's."""
    match = re.fullmatch(rf"{_TC}\s+(\w+)\s*(.*)", text)
    if match is None:
        return None
    at = parse_timecode(match[1].replace(";", ":") if not can_drop_frames(rate) else match[1], rate).frame
    inside = event.record[0] <= at < event.record[1]
    return otio.schema.Marker(
        match[3],
        time_range(first + at - event.record[0] if inside else at, 0, rate),
        _COLOURS.get(match[2].upper(), otio.schema.MarkerColor.RED),
        {"cmx_3600": {"color": match[2]}},
    )
