"""Cuts read and written, for the work of operations: brings OpenTimelineIO."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from uuid import uuid4

import opentimelineio as otio
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.retimes import speed_of

from secondunit_plugin.panel.frames.messages import CutScene, MediaTime
from secondunit_plugin.panel.model.cut import OpenCut, Version
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace


def read(path: Path) -> OpenCut:
    """Raises CutError, BadInput."""
    return OpenCut(path, (version_of(read_cut(path)),))


def version_of(cut: otio.schema.Timeline, done: str = "") -> Version:
    index = Index(cut)
    places = tuple(
        place for track in index.tracks if track.kind == otio.schema.TrackKind.Video for place in _places(index, track)
    )
    return Version(index, places, done)


def write_scene(cut: otio.schema.Timeline, folder: Path) -> CutScene:
    """For the frames process; `folder` is removed with the panel."""
    path = folder / f"{uuid4().hex}.json"
    path.write_text(cut.to_json_string(-1), encoding="utf-8")
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


def write(opened: OpenCut, version: Version) -> Path:
    """Beside the cut that was read, under the same name all the while that it is open; never over another's file."""
    target = opened.saved_as or _free(opened.path)
    write_cut(version.index.cut, target, source=opened.path)
    return target


def _free(path: Path) -> Path:
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
