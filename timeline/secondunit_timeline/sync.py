"""What has to move or grow with a shot so that picture and sound stay together."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.shots import Shot, source_frames


@dataclass(frozen=True, slots=True)
class LinkedSound:
    """A sound clip from the shot's own media, in sync with it. `start` and `end`: media frames, as in `Shot.used`."""

    track: str
    item: Item
    start: int
    end: int


def linked_sound(index: Index, shot: Shot) -> tuple[LinkedSound, ...]:
    """Sound of the same file that lies in sync with the picture and overlaps it, at normal speed."""
    if not shot.info.sound or shot.speed != 1:
        return ()
    found = []
    for track in index.tracks:
        if track.kind != otio.schema.TrackKind.Audio:
            continue
        for item in track.items:
            if item.start >= shot.record.end or item.end <= shot.record.start:
                continue
            clip = item.child
            if not isinstance(clip, otio.schema.Clip) or media_path(clip.media_reference) != shot.info.path:
                continue
            if speed_of(clip) != 1:
                continue
            record = FrameRange(int(item.start), int(item.duration), index.rate)
            _, used = source_frames(clip, shot.info, record, Fraction(1))
            ratio = shot.info.rate / index.rate
            if used.start - item.start * ratio == shot.used.start - shot.record.start * ratio:
                found.append(LinkedSound(track.name, item, used.start, used.end))
    return tuple(found)


def unlinked_tracks(index: Index, shot: Shot, linked: tuple[LinkedSound, ...]) -> tuple[TrackIndex, ...]:
    """The tracks that a ripple has to move beside the shot's own and those of its sound; locked ones stay."""
    own = {shot.track, *(sound.track for sound in linked)}
    return tuple(track for track in index.tracks if track.name not in own and not track.locked)


def ripple_points(index: Index, tracks: tuple[TrackIndex, ...], at: int) -> Iterator[tuple[TrackIndex, FrameTime]]:
    """The tracks that hold something after cut frame `at`, each with the edit point where time can be put in.

    A ripple never cuts through a clip that nobody chose: such clips are refused, with the list.
    """
    in_the_way = []
    for track in tracks:
        if track.end <= at:
            continue
        item = track.at(at)
        if item is None or isinstance(item.child, otio.schema.Gap) or (item.start == at and item.before is None):
            yield track, FrameTime(at, index.rate)
        else:
            in_the_way.append(f"  {item.child.name!r} on {track.name}")
    if in_the_way:
        raise CutError(
            f"a ripple at {index.timecode(at)} would cut through:\n"
            + "\n".join(in_the_way)
            + "\nlock those tracks, cut them there, or use --into handles or --into over"
        )
