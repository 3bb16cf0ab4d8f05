"""What comes back of a cut that was written in another format, held against what the loss report says."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any, Literal

import opentimelineio as otio
from secondunit_timeline.dialects import marker_text
from secondunit_timeline.flat import source_start
from secondunit_timeline.formats.losses import Loss, losses
from secondunit_timeline.formats.media import media_of
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, exact, frames_of, rate_of

from tests.timeline.corpus import Shown, TrackMap, sampled

Fate = Literal["kept", "changed", "lost"]
Kind = Literal["clip", "transition", "marker"]

# Which fields of a row may come back otherwise where the report names a feature; all of them for one without a line.
EXCUSES: Mapping[str, set[str]] = {
    "exact rates, NTSC included": set(),
    "reel of several words": {"reel"},
    "media address": {"url", "media"},
    "length of the media": {"available"},
    "media of unknown length": {"available"},
    "media shorter than what plays": {"available", "at", "frames", "first"},
    "other name for the same media": {"name", "nest"},
    "missing media": {"url", "media", "available"},
    "image sequence": {"url", "media"},
    "image sequence that counts in steps": {"url", "media"},
    "image sequence of another rate": {"rate", "first", "available"},
    "title or generator": {"url", "media", "first", "reel", "rate", "available"},
    "constant speed": {"speed", "first"},
    "speed between tenths of a frame a second": {"speed", "first"},
    "retimed clip that begins between its own frames": {"first"},
    "speed ramp": {"speed", "first"},
    "retimed nest": {"speed", "first"},
    "dissolve": set(),
    "dissolve across its cut point": {"at", "frames", "first", "reach"},
    "dissolve unevenly across its cut point": {"at", "frames", "first", "reach"},
    "fade that reaches into a gap": {"at", "frames", "first", "reach"},
    "wipe or other transition": {"type"},
    "disabled clip": {"enabled"},
    "disabled track": {"enabled"},
    "several video tracks": set(),
    "more than four sound tracks": set(),
    "name of a track": set(),
    "nest with pictures and sound": {"nest"},
    "nest": {"nest", "first", "url", "media", "reel", "rate", "available"},
    "effect other than a speed": set(),
    "clip marker": {"name", "comment", "length", "start", "colour"},
    "marker outside the frames that play": set(),
    "marker between frames": {"start", "length"},
    "marker colour": {"colour"},
    "marker of a track": set(),
    "edit point between frames of the cut": {"at", "frames", "reach", "first"},
    "source time between frames of the media": {"first"},
    "media of another rate": {"rate", "first", "available"},
    "gap at the end of a track": set(),
    "other media references, takes among them": set(),
    "metadata": set(),
}
ALL = {"at", "frames", "first", "speed", "name", "enabled", "reel", "url", "media", "rate", "nest", "available"}

EXACT = Fraction(1, 10**6)  # what a double holds of the seconds of a day

# Where a time is only rounded, it comes back within this many frames.
ROUNDED: Mapping[str, Fraction] = {
    "at": Fraction(1),
    "frames": Fraction(1),
    "first": Fraction(1),
    "start": Fraction(1),
    "length": Fraction(1),
}
# These change pictures for good; any other feature rounds at most.
NOT_ROUNDED = (
    "image sequence of another rate",
    "media shorter than what plays",
    "title or generator",
    "nest",
    "speed ramp",
    "retimed nest",
    "constant speed",
)
MOVED = (
    "dissolve across its cut point",
    "dissolve unevenly across its cut point",
    "fade that reaches into a gap",
)
# Addresses and what lies beyond the frames that play are each format's own matter: a clip without them is as it was.
BESIDE = {"url", "media", "available", "rate"}
TRANSITIONS = ("dissolve", "wipe or other transition", *MOVED)
TRACKS_LOST = ("several video tracks", "more than four sound tracks", "disabled track")


@dataclass
class Row:
    """A clip or nest, a transition or a marker. `place`: the record frame under which the report names it."""

    kind: Kind
    place: int
    item: Item
    fields: dict[str, Any]
    seen: bool = True
    """Of a marker: whether the frame that it marks plays."""
    media_start: Fraction = Fraction(0)
    titled: bool = False
    """Of a marker: whether it lies on a title."""


@dataclass
class Return:
    """`unsaid`: what came back otherwise and is not in the report.

    `fates`: how many clips, nests, transitions and markers came back how, those in nests among them.
    """

    losses: Sequence[Loss]
    unsaid: list[str] = field(default_factory=list)
    fates: Counter[Fate] = field(default_factory=Counter)


def there_and_back(cut: otio.schema.Timeline, path: Path) -> Return:
    """Writes `cut` to `path`, reads it and compares. An EDL's rate is given, since it names none."""
    write_cut(cut, path)
    old = Index(cut)
    new = Index(read_cut(path, old.rate if path.suffix == ".edl" else None))
    return Comparison(old, new, losses(cut, path.suffix), path.suffix in (".kdenlive", ".mlt")).done


class Comparison:
    """`by_media`: in MLT a source time is that of a media frame, and markers belong to media."""

    def __init__(self, old: Index, new: Index, report: Sequence[Loss], by_media: bool) -> None:
        self.by_media = by_media
        self.names = {marker.name for clip in new.cut.find_clips() for marker in clip.markers}
        self.old = old
        self.new = new
        self.done = Return(report)
        self.said: dict[tuple[str, str], dict[str, Fate]] = {}
        for loss in report:
            self.said.setdefault((loss.track, loss.at), {})[loss.feature] = loss.fate
        self.offset = new.start.frame - old.start.frame
        features = {loss.feature for loss in report}
        self.expect(old.rate == new.rate, f"the rate {old.rate} became {new.rate}")
        if old.rate != new.rate:
            return
        if "gap at the start of the cut" not in features:
            self.expect(old.start == new.start, f"the start {old.start} became {new.start}")
        gone = [loss.track for loss in report if loss.feature in TRACKS_LOST and loss.fate == "lost"]
        tracks = [track for track in filled(old) if track.name not in gone]
        for track in filled(old):
            if track.name in gone:
                self.count(rows(track, old), "lost")
        back = filled(new)
        names = [[track.name for track in some] for some in (tracks, back)]
        self.expect(len(tracks) == len(back), f"tracks {names[0]} became {names[1]}")
        if len(tracks) == len(back):
            for was, now in zip(tracks, back, strict=True):
                self.track(was, now, lambda row, name=was.name: self.features(name, row.place))
                self.pictures(was, now)

    def expect(self, kept: bool, otherwise: str) -> None:
        if not kept:
            self.done.unsaid.append(otherwise)

    def count(self, found: Iterable[Row], fate: Fate) -> None:
        self.done.fates[fate] += sum(1 for _ in found)

    def features(self, track: str, frame: int) -> dict[str, Fate]:
        return self.said.get((track, self.old.timecode(frame)), {}) | self.said.get((track, ""), {})

    def track(self, was: TrackIndex, now: TrackIndex, features: Callable[[Row], Mapping[str, Fate]]) -> None:
        before, after = list(rows(was, self.old)), list(rows(now, self.new))
        lost = [row for row in before if left_out(row, features(row))]
        self.count(lost, "lost")
        before = [row for row in before if not left_out(row, features(row))]
        for kind in ("clip", "transition", "marker"):
            ours, theirs = ([row for row in some if row.kind == kind] for some in (before, after))
            if kind == "marker" and self.by_media:
                self.markers_of_media(ours, theirs)
                continue
            if kind == "marker":
                theirs = [row for row in theirs if not self.of_the_cut(row, ours)]
            if len(ours) != len(theirs):
                self.expect(False, f"{was.name}: {len(ours)} {kind}s became {len(theirs)}")
                continue
            for position, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                said = dict(features(one))
                if kind == "clip" and position + 1 < len(ours):  # a cut point that moves belongs to both sides
                    said |= {name: "changed" for name in features(ours[position + 1]) if name in MOVED}
                for point in (one.item.start, one.item.end):
                    beside = features(Row("clip", floor(point), one.item, {}))
                    said |= {name: "changed" for name in beside if name in MOVED}
                self.row(was.name, one, other, said)

    def markers_of_media(self, ours: list[Row], theirs: list[Row]) -> None:
        """Where markers lie on the media, each clip that shows their frame has them: more come back than went out."""
        names = {row.fields["name"] or "marker" for row in theirs} | self.names
        for row in ours:
            self.expect((row.fields["name"] or "marker") in names, f"the marker {row.fields['name']!r} is gone")
        self.done.fates["changed"] += len(ours)

    def of_the_cut(self, found: Row, ours: list[Row]) -> bool:
        """Whether a clip's marker was one of the cut, as the report says."""
        names = {loss.name for loss in self.done.losses if loss.feature == "marker of the cut"}
        return found.fields["name"] in names and all(row.fields["name"] != found.fields["name"] for row in ours)

    def row(
        self,
        track: str,
        was: Row,
        now: Row,
        said: Mapping[str, Fate],
    ) -> None:
        excused = set().union(*(EXCUSES.get(feature, ALL) for feature in said))
        different = []
        for key in was.fields.keys() & now.fields.keys():
            old, new = was.fields[key], now.fields[key]
            if key == "at":
                new += self.offset
            rate = was.fields.get("rate") or self.old.rate
            if self.by_media and key == "first" and old * rate // 1 == new * rate // 1:
                continue
            if same(key, old, new) or (key == "speed" and was.fields["frames"] == 1):
                continue
            different.append(key)
            limit = ROUNDED.get(key)
            only_rounded = limit is not None and not any(name in said for name in (*NOT_ROUNDED, *MOVED))
            if only_rounded and key in ("first", "start", "length"):
                limit = limit / min(self.old.rate, was.fields.get("rate") or self.old.rate)
                if key == "first" and "retimed clip that begins between its own frames" in said:
                    limit *= max(1, abs(was.fields.get("speed") or 1))
            near = not only_rounded or abs(old - new) <= limit
            self.expect(
                key in excused and near, f"{track} {was.place} {was.fields.get('name')!r}: {key} {old} became {new}"
            )
        if "nest" in was.fields and "nest" in now.fields and "nest with pictures and sound" not in said:
            inside = [nested(row.item.child, self.old if row is was else self.new) for row in (was, now)]
            for one, other in zip(*inside, strict=False):
                self.track(one, other, lambda _: said)
        self.done.fates["kept" if BESIDE.issuperset(different) else "changed"] += 1

    def pictures(self, was: TrackIndex, now: TrackIndex) -> None:
        """Frames of items about which the report says nothing that changes what they show."""
        unclear: list[tuple[Frames, Frames]] = []
        for item in was.items:
            said = self.features(was.name, floor(item.start))
            if any(EXCUSES.get(name, ALL) & {"first", "speed", "at"} for name in said if name not in MOVED):
                reach = max((*_reach(item.before, self.old), *_reach(item.after, self.old)), default=0)
                unclear.append((item.start - reach - 1, item.end + reach + 1))
            for transition, point in ((item.before, item.start), (item.after, item.end)):
                beside = self.features(was.name, floor(point)) | said
                if transition is not None and "lost" in (beside.get(name) for name in TRANSITIONS):
                    into, out = _reach(transition, self.old)
                    unclear.append((point - into, point + out))
        old, new = TrackMap(was, self.old.rate), TrackMap(now, self.new.rate)
        for frame in {*sampled(old), *(point + self.offset for point in sampled(new))}:
            if frame >= self.offset and not any(low <= frame < high for low, high in unclear):
                one, other = old(frame), new(frame - self.offset)
                if not alike(one, other, 1 / self.old.rate if self.by_media else EXACT):
                    self.expect(False, f"{was.name} {frame} shows {other} instead of {one}")
                    return


def alike(one: Shown, other: Shown, within: Fraction) -> bool:
    """Names may be left out; times in seconds."""
    return len(one) == len(other) and all(
        share == other_share
        and (seconds == other_seconds or (not isinstance(seconds, str) and abs(seconds - other_seconds) < within))
        for (_, seconds, share), (_, other_seconds, other_share) in zip(one, other, strict=True)
    )


def same(key: str, one: Any, other: Any) -> bool:
    """Seconds to a microsecond, and what media holds to a frame."""
    if key in ("first", "start", "length") and isinstance(one, Fraction) and isinstance(other, Fraction):
        return abs(one - other) < EXACT
    if key == "available" and one is not None and other is not None:
        return all(abs(a - b) < Fraction(1, 24) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def left_out(row: Row, said: Mapping[str, Fate]) -> bool:
    lost = {name for name, fate in said.items() if fate == "lost"}
    if row.kind == "transition" and lost & {*TRANSITIONS}:
        return True
    if row.kind != "transition" and "disabled clip" in lost and not row.item.child.enabled:
        return True
    if row.kind == "marker":
        if "marker before the media" in lost and row.fields["start"] < row.media_start:
            return True
        if "marker of a title" in lost and row.titled:
            return True
        return "clip marker" in lost or ("marker outside the frames that play" in lost and not row.seen)
    return False


def filled(index: Index) -> list[TrackIndex]:
    return _filled(index.tracks)


def _filled(tracks: Sequence[TrackIndex]) -> list[TrackIndex]:
    """The tracks that hold clips, those of pictures first."""
    return [
        track
        for track in sorted(tracks, key=lambda track: track.kind != otio.schema.TrackKind.Video)
        if any(not isinstance(item.child, otio.schema.Gap) for item in track.items)
    ]


def nested(child: otio.core.Item, index: Index) -> list[TrackIndex]:
    inner = [child] if isinstance(child, otio.schema.Track) else [*child]
    return _filled([TrackIndex(one, one.name, index.rate) for one in inner if isinstance(one, otio.schema.Track)])


def rows(track: TrackIndex, index: Index) -> Iterator[Row]:
    for item in track.items:
        place = floor(item.start)
        for transition, point in ((item.before, item.start), (item.after, item.end)):
            if transition is not None and (transition is item.before or item is track.items[-1]):
                reach = _reach(transition, index)
                if sum(reach) <= 1:  # its only frame is all of the outgoing clip
                    continue
                yield Row("transition", place, item, {"at": point, "reach": reach, "type": transition.transition_type})
        child = item.child
        if isinstance(child, otio.schema.Gap):
            continue
        row = {
            "at": item.start,
            "frames": item.duration,
            "name": child.name,
            "enabled": child.enabled and track.enabled,
            "speed": speed_of(child),
            "first": source_start(child),
        }
        if isinstance(child, otio.schema.Clip):
            row |= _media(child, index)
        else:
            row["nest"] = [inner.name for inner in child.find_clips()]
        yield Row("clip", place, item, row)
        for marker in child.markers:
            start, length = _seconds(marker.marked_range.start_time), _seconds(marker.marked_range.duration)
            fields = {
                "name": marker.name,
                "comment": marker_text(marker),
                "start": start,
                "length": length,
                "colour": marker.color,
                "rate": row.get("rate"),
            }
            media = isinstance(child, otio.schema.Clip) and row["media"] != "GeneratorReference"
            begin = media_of(child, index.rate).start if media else Fraction(0)
            yield Row(
                "marker",
                place,
                item,
                fields,
                shows(item, index, start),
                begin,
                row.get("media") == "GeneratorReference",
            )


def shows(item: Item, index: Index, seconds: Fraction) -> bool:
    speed = speed_of(item.child)
    if not speed:
        return bool(seconds == source_start(item.child))
    return 0 <= (seconds - source_start(item.child)) / speed * index.rate < item.duration


def _media(clip: otio.schema.Clip, index: Index) -> dict[str, Any]:
    media = media_of(clip, index.rate)
    offline = isinstance(clip.media_reference, otio.schema.ExternalReference) and not media.url
    kind = otio.schema.MissingReference if offline else type(clip.media_reference)
    return {
        "rate": media.rate,
        "reel": media.reel,
        "url": media.url.replace("localhost", ""),
        "media": kind.__name__,
        "available": None if media.length is None else (media.start, media.start + media.length),
    }


def _reach(transition: otio.schema.Transition | None, index: Index) -> tuple[Frames, ...]:
    if transition is None:
        return ()
    return tuple(frames_of(side, index.rate) for side in (transition.in_offset, transition.out_offset))


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(exact(time.value)) / rate_of(time)
