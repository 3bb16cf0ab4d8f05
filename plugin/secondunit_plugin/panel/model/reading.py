"""Cuts read and written, for the work of operations: brings OpenTimelineIO."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise, zip_longest
from math import ceil, floor
from pathlib import Path
from uuid import uuid4

import opentimelineio as otio
from secondunit_bridge.errors import BadInput
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_timeline.awaited import awaited
from secondunit_timeline.changes import Edit
from secondunit_timeline.dialects import marker_text, sound_stream
from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.retimes import handles_of, speed_of
from secondunit_timeline.slugs import is_slug
from secondunit_timeline.takes import PREFIX, RECIPE
from secondunit_timeline.times import frames_of, rate_of

from secondunit_plugin.panel.frames.messages import CutScene, MediaTime
from secondunit_plugin.panel.model.cut import OpenCut, Opened, Step, Version
from secondunit_plugin.panel.model.layout import Bar, Blend, Hole, Kind, Layout, Mark, Track
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace


def read(path: Path) -> OpenCut:
    """Raises CutError, BadInput."""
    before = digest_of(path)  # what is written meanwhile counts as another state of the file
    return OpenCut(path, (version_of(read_cut(path)),), digest=before)


def digest_of(path: Path) -> str:
    """SHA-256 of the file; empty where it cannot be read, or is a folder."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def version_of(cut: otio.schema.Timeline, done: Edit | None = None, step: Step | None = None) -> Version:
    index = Index(cut)
    places = tuple(
        place for track in index.tracks if track.kind == otio.schema.TrackKind.Video for place in _places(index, track)
    )
    return Version(index, places, _layout(index, places), step or Opened(), tuple(awaited(index)), done)


def write_scene(cut: otio.schema.Timeline, folder: Path) -> CutScene:
    """For the frames process; `folder` is removed with the panel. Raises BadInput where it cannot be written."""
    path = folder / f"{uuid4().hex}.json"
    try:
        path.write_text(cut.to_json_string(-1), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): free space in {folder.parent}") from None
    return CutScene(str(path))


def where(index: Index, path: str) -> FrameRange | None:
    """The record frames where the cut plays the file, first of all tracks of pictures."""
    for track in index.tracks:
        for item in track.items if track.kind == otio.schema.TrackKind.Video else ():
            if isinstance(item.child, otio.schema.Clip) and media_path(item.child.media_reference) == path:
                return FrameRange(int(item.start), int(item.duration), index.rate)
    return None


def media_time(clip: otio.schema.Clip, frame: int, rate: Fraction) -> MediaTime | None:
    """What the clip shows `frame` frames of the cut's `rate` after its first; None where it is offline."""
    source = source_of(clip)
    if source.path is None:
        return None
    speed = speed_of(clip)
    seconds = source_start(clip) + frame * (1 if speed is None else speed) / rate
    return MediaTime(source.path, source.from_first_frame(seconds, None), source.rate, source.origin is None)


def write(opened: OpenCut) -> None:
    """The version that is shown, to `saved_as`."""
    assert opened.saved_as is not None
    write_cut(opened.version.index.cut, opened.saved_as, source=opened.path)


def free_beside(path: Path) -> Path:
    """A name for what is made of the cut at `path`; never that of another's file."""
    number = 1
    while (target := path.with_name(f"{path.stem}_edit{number:02}.otio")).exists():
        number += 1
    return target


def _places(index: Index, track: TrackIndex) -> Iterator[Place]:
    before: Item | None = None
    gap = otio.schema.Gap
    for item, following in zip_longest(track.items, track.items[1:]):
        at = FrameTime(int(item.start), index.rate)
        if isinstance(item.child, gap):
            yield GapPlace(track.name, at, int(item.duration))
            before = None
            continue
        if before is not None:
            yield JoinPlace(track.name, at, before.child.name, item.child.name)
        if isinstance(item.child, otio.schema.Clip):
            media = media_path(item.child.media_reference) or ""
            behind = int(following.duration) if following is not None and isinstance(following.child, gap) else 0
            first = media_time(item.child, 0, index.rate)
            yield ShotPlace(track.name, at, int(item.duration), item.child.name, media, behind, first)
        before = item


_Shown = Mapping[tuple[str, int, type], Place]
"""Places by their track, first frame and class."""


def _layout(index: Index, places: Iterable[Place]) -> Layout:
    shown = {(place.track, place.at.frame, type(place)): place for place in places}
    tracks = [_track(index, track, shown) for track in index.tracks]
    ordered = (*(track for track in reversed(tracks) if track.video), *(track for track in tracks if not track.video))
    marks = tuple(_marks(index.cut.tracks.markers, index.rate))
    return Layout(index.rate, index.start, index.drop_frame, ceil(index.end), ordered, marks)


def _track(index: Index, track: TrackIndex, shown: _Shown) -> Track:
    items = tuple(_item(index, track, item, shown) for item in track.items)
    blends = []
    for (place, left), (_, right) in pairwise([(None, None), *zip(track.items, items, strict=True), (None, None)]):
        transition = place.after if place is not None else track.leads[0]
        if transition is not None:
            blends.append(_blend(transition, left, right, index.rate))
    marks = [*_marks(track.track.markers, index.rate)]
    for item in track.items:
        marks += _marks(item.child.markers, index.rate, item)
    return Track(
        track.name,
        track.kind == otio.schema.TrackKind.Video,
        track.enabled,
        track.locked,
        items,
        tuple(item.at for item in items),
        tuple(blends),
        tuple(sorted(marks, key=lambda mark: mark.at)),
    )


def _item(index: Index, track: TrackIndex, item: Item, shown: _Shown) -> Bar | Hole:
    child, at = item.child, int(item.start)
    frames = int(item.end) - at
    if isinstance(child, otio.schema.Gap):
        gap = shown.get((track.name, at, GapPlace))
        return Hole(at, frames, gap if isinstance(gap, GapPlace) else None)
    speed = speed_of(child)
    shot, join = (shown.get((track.name, at, kind)) for kind in (ShotPlace, JoinPlace))
    kind, media, picture, takes, stream = Kind.NEST, "", None, 0, 0
    if isinstance(child, otio.schema.Clip):
        references = child.media_references()
        takes = sum(key.startswith(PREFIX) and not key.endswith(RECIPE) for key in references)
        stream = sound_stream(child)
        if isinstance(shot, ShotPlace):
            media, picture = shot.media, shot.picture
        else:
            media, picture = media_path(child.media_reference) or "", media_time(child, 0, index.rate)
        if isinstance(child.media_reference, otio.schema.GeneratorReference):
            kind = Kind.TITLE
        elif is_slug(child):
            kind = Kind.SLUG
        elif not media:
            kind = Kind.OFFLINE
        else:
            kind = Kind.TAKE if child.active_media_reference_key.startswith(PREFIX) else Kind.CAMERA
    head, tail = (None if held is None else floor(held) for held in handles_of(child, index.rate))
    return Bar(
        at,
        frames,
        child.name,
        kind,
        child.enabled,
        speed,
        takes,
        head,
        tail,
        media,
        source_start(child),
        picture,
        stream,
        shot if isinstance(shot, ShotPlace) else None,
        join if isinstance(join, JoinPlace) else None,
    )


def _blend(
    transition: otio.schema.Transition, left: Bar | Hole | None, right: Bar | Hole | None, rate: Fraction
) -> Blend:
    before, after = (ceil(frames_of(offset, rate)) for offset in (transition.in_offset, transition.out_offset))
    at = left.end if left is not None else right.at if right is not None else 0
    held_before = left.tail if isinstance(left, Bar) else None
    held_after = right.head if isinstance(right, Bar) else None
    return Blend(
        at,
        before,
        after,
        transition.name,
        0 if held_before is None else max(0, after - held_before),
        0 if held_after is None else max(0, before - held_after),
    )


def _marks(markers: Iterable[otio.schema.Marker], rate: Fraction, item: Item | None = None) -> Iterator[Mark]:
    """Those of an item lie in its source time."""
    for marker in markers:
        start, length = marker.marked_range.start_time, marker.marked_range.duration
        at = frames_of(start, rate)
        if item is not None:
            played = frames_of(start, rate_of(start)) / rate_of(start) - source_start(item.child)
            at = item.start + played * rate / (speed_of(item.child) or 1)
        yield Mark(floor(at), floor(frames_of(length, rate)), marker.name, marker_text(marker), str(marker.color or ""))
