"""What an edit is to work on, named as editors name it: a shot, a place, a range, a marker, a gap or a colour."""

import re
from collections.abc import Iterator, Sequence

import opentimelineio as otio
from secondunit_bridge.errors import ShotNotFound

from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.shots import find_clip, parse_time, video_clips
from secondunit_timeline.times import frames_of

FORMS = (
    "NAME, NAME#2 among equals, NAME#* for all of them, TRACK@TIME, TRACK@TIME..TIME, marker:NAME, gap:N, TRACK:gap:N, "
    "color:NAME"
)
_GAP = re.compile(r"(?:(.+):)?gap:(\d+)")
_RANGE = re.compile(r"(.+)@(.+)\.\.(.+)")


def select(index: Index, selectors: Sequence[str]) -> list[tuple[TrackIndex, Item]]:
    """The items that all of `selectors` mean together, each once, by track and time. Each has to mean something.

    A range means every clip that it touches; a marker, the clips that carry it or lie under it in the cut; a colour,
    the clips that have it and those that carry a marker of it.
    """
    found = {(track.name, item.start): (track, item) for text in selectors for track, item in _select(index, text)}
    order = {track.name: number for number, track in enumerate(index.tracks)}
    return [found[place] for place in sorted(found, key=lambda place: (order[place[0]], place[1]))]


def _select(index: Index, text: str) -> list[tuple[TrackIndex, Item]]:
    names = {track.name for track in index.tracks}
    kind, _, value = text.partition(":")
    if any(item.child.name == text for _, item in video_clips(index)):
        return [find_clip(index, text)]
    if (match := _RANGE.fullmatch(text)) is not None and match[1] in names:
        low, high = (parse_time(index, time).frame for time in match.groups()[1:])
        found = [
            (track, item)
            for track, item in _clips(index, match[1])
            if item.start < max(high, low + 1) and item.end > low
        ]
    elif (match := _GAP.fullmatch(text)) is not None and (match[1] is None or match[1] in names):
        found = [_gap(index, match[1], int(match[2]))]
    elif kind == "marker":
        found = list(_marked(index, value))
    elif kind == "color":
        found = [(track, item) for track, item in _clips(index) if value.upper() in _colours(item.child)]
    elif text.endswith("#*"):
        found = [(track, item) for track, item in video_clips(index) if item.child.name == text[:-2]]
    elif "@" in text and text.partition("@")[0] in names:
        name, _, time = text.partition("@")
        track, frame = index.track(name), parse_time(index, time).frame
        item = track.at(frame)
        found = [(track, item)] if item is not None else []
    else:
        return [find_clip(index, text)]
    if not found:
        raise ShotNotFound(f"{text} means nothing in this cut: give {FORMS}, and see `secondunit show`")
    return found


def _clips(index: Index, track: str | None = None) -> Iterator[tuple[TrackIndex, Item]]:
    for one in index.tracks:
        if track is None or one.name == track:
            yield from ((one, item) for item in one.items if isinstance(item.child, otio.schema.Clip))


def _gap(index: Index, track: str | None, number: int) -> tuple[TrackIndex, Item]:
    """Without a track, on the lowest video track that has gaps."""
    for one in index.tracks:
        gaps = [item for item in one.items if isinstance(item.child, otio.schema.Gap)]
        if one.name == track or (track is None and gaps and one.kind == otio.schema.TrackKind.Video):
            if not 1 <= number <= len(gaps):
                raise ShotNotFound(f"there is no gap {number}: {one.name} has {len(gaps)}")
            return one, gaps[number - 1]
    raise ShotNotFound("the cut has no gap on its video tracks")


def _marked(index: Index, name: str) -> Iterator[tuple[TrackIndex, Item]]:
    for track, item in _clips(index):
        if any(marker.name == name for marker in item.child.markers):
            yield track, item
    for marker in index.cut.tracks.markers:
        if marker.name == name:
            frame = frames_of(marker.marked_range.start_time, index.rate)
            for track in index.tracks:
                under = track.at(frame)
                if under is not None and isinstance(under.child, otio.schema.Clip):
                    yield track, under


def _colours(clip: otio.schema.Clip) -> set[str]:
    own = {clip.color.name.upper(), clip.color.to_hex().upper()} if clip.color is not None else set()
    return own | {str(marker.color).upper() for marker in clip.markers}
