"""What has to move or grow with a shot so that picture and sound stay together."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import opentimelineio as otio
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.messages import Span
from secondunit_bridge.rates import FrameRange, FrameTime

from secondunit_timeline.flat import source_of
from secondunit_timeline.formats.media import reel_of
from secondunit_timeline.index import Index, Item
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.shots import Shot, source_extent

if TYPE_CHECKING:  # it brings PyAV, which only commands that open media should wait for
    from secondunit_bridge.media.probe import MediaInfo


@dataclass(frozen=True, slots=True)
class LinkedSound:
    """A sound clip from the shot's own media, in sync with it.

    `start` and `end`: what it plays, in frames of the shot's media, between frames at unlike rates.

    `path` is what it plays, `lag` the frame there that lies under the first frame of the shot's media.
    """

    track: str
    item: Item
    start: Fraction
    end: Fraction
    path: str
    reel: str
    lag: int

    def under(self, frames: Span) -> Span:
        """The part of `path` that belongs to frames of the shot's media."""
        start = max(0, frames.range.start + self.lag)
        timecode = frames.timecode
        if timecode is not None:
            timecode = FrameTime(timecode.frame + start - self.lag - frames.range.start, timecode.rate)
        shown = FrameRange(start, frames.range.end + self.lag - start, frames.range.rate)
        return Span(self.path, shown, self.reel, timecode)


def linked_sound(index: Index, shot: Shot) -> tuple[LinkedSound, ...]:
    """Sound that lies in sync with the picture and overlaps it, at normal speed, from the file that the shot plays.

    Behind a take that is the shot's active media, the files of its other references count as well.
    """
    if shot.speed != 1:
        return ()
    found = []
    keys = {media_path(reference): key for key, reference in shot.clip.media_references().items()}
    begin = source_extent(shot.clip, shot.info, shot.record, shot.speed)[0]
    played = {shot.info.path: (shot.info, begin)}
    for track in index.tracks:
        if track.kind != otio.schema.TrackKind.Audio:
            continue
        for item in track.items:
            if item.start >= shot.record.end or item.end <= shot.record.start:
                continue
            clip = item.child
            if not isinstance(clip, otio.schema.Clip) or speed_of(clip) != 1:
                continue
            path = media_path(clip.media_reference)
            if path is None or path not in keys:
                continue
            if path not in played:
                played[path] = _played(shot, keys[path], path)
            info, shown = played[path]
            if not info.sound or info.rate != shot.info.rate:
                continue
            record = FrameRange(int(item.start), int(item.duration), index.rate)
            start, end = source_extent(clip, info, record, Fraction(1))
            ratio = info.rate / index.rate
            if start - item.start * ratio == shown - shot.record.start * ratio:
                lag = round(shown - begin)
                reel = info.reel or reel_of(clip)
                found.append(LinkedSound(track.name, item, start - lag, end - lag, path, reel, lag))
    return tuple(found)


def _played(shot: Shot, key: str, path: str) -> "tuple[MediaInfo, Fraction]":
    """Another reference of the shot's clip, and the frame at which the shot would begin in it."""
    clip = shot.clip.clone()
    clip.active_media_reference_key = key
    info = DECODING.get().probe(path, source_of(clip).rate or shot.record.rate)
    return info, source_extent(clip, info, shot.record, shot.speed)[0]


def unlinked_tracks(index: Index, shot: Shot, linked: tuple[LinkedSound, ...]) -> tuple[str, ...]:
    """The tracks that a ripple has to move beside the shot's own and those of its sound; locked ones stay."""
    own = {shot.track, *(sound.track for sound in linked)}
    return tuple(track.name for track in index.tracks if track.name not in own and not track.locked)
