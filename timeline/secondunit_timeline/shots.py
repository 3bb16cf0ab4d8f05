"""One clip of a cut with the camera frames that its media still holds, found the way an editor names it."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import opentimelineio as otio
from secondunit_bridge.errors import BadInput, CutError, ShotNotFound
from secondunit_bridge.media.decoding import DECODING
from secondunit_bridge.rates import FrameRange, FrameTime, parse_timecode

from secondunit_timeline.flat import source_of, source_start
from secondunit_timeline.formats.media import reel_of
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import media_path
from secondunit_timeline.retimes import speed_of

if TYPE_CHECKING:  # it brings PyAV, which only commands that open media should wait for
    from secondunit_bridge.media.probe import MediaInfo

__all__ = ["Shot", "find_clip", "open_shot", "parse_time", "video_clips"]


@dataclass(frozen=True, slots=True)
class Shot:
    """`record`: its place, in cut frames from the cut's first frame.

    `used`: the media frames it plays, from the file's first frame as 0, at the media's rate. `first`: the source
    time that the cut gives that first frame, in the media's rate.
    """

    track: str
    clip: otio.schema.Clip
    record: FrameRange
    info: "MediaInfo"
    used: FrameRange
    first: FrameTime
    speed: Fraction

    @property
    def name(self) -> str:
        return str(self.clip.name)

    @property
    def reel(self) -> str:
        """The file's own, else the cut's."""
        return self.info.reel or reel_of(self.clip)

    @property
    def unused_before(self) -> int:
        return self.used.start

    @property
    def unused_after(self) -> int:
        return self.info.frames - self.used.end

    def source_frames(self, cut_frames: int) -> int:
        """Media frames that play during `cut_frames` of the cut, rounded up to whole frames."""
        return ceil(cut_frames * self.info.rate / self.record.rate * abs(self.speed))

    def cut_frames(self, media_frames: int | Fraction) -> int:
        """Whole cut frames that `media_frames` can fill."""
        return floor(media_frames * self.record.rate / (self.info.rate * abs(self.speed)))


def parse_time(index: Index, text: str) -> FrameTime:
    """Record timecode, or `+N` frames from the cut's start; counted from the cut's first frame."""
    if re.fullmatch(r"\+\d+", text):
        return FrameTime(int(text[1:]), index.rate)
    frame = parse_timecode(text, index.rate).frame - index.start.frame
    if frame < 0:
        raise BadInput(
            f"{text} lies before the cut, which starts at {index.timecode(0)}: write record timecode, or +FRAMES"
        )
    return FrameTime(frame, index.rate)


def video_clips(index: Index) -> list[tuple[TrackIndex, Item]]:
    return [
        (track, item)
        for track in index.tracks
        if track.kind == otio.schema.TrackKind.Video
        for item in track.items
        if isinstance(item.child, otio.schema.Clip)
    ]


def find_clip(index: Index, selector: str) -> tuple[TrackIndex, Item]:
    """The video clip that `NAME`, `NAME#2` or `TRACK@TIME` means; anything but one answer is refused with the list."""
    clips = video_clips(index)
    found = [(track, item) for track, item in clips if item.child.name == selector]
    name, _, ordinal = selector.rpartition("#")
    track_name, _, time = selector.partition("@")
    if not found and name and ordinal.isdigit():
        equals = [(track, item) for track, item in clips if item.child.name == name]
        if not 1 <= int(ordinal) <= len(equals):
            raise ShotNotFound(f"there is no {selector}: {len(equals)} shots are named {name!r}")
        found = [equals[int(ordinal) - 1]]
    elif not found and time and any(track.name == track_name for track in index.tracks):
        frame = parse_time(index, time).frame
        found = [
            (track, item)
            for track, item in clips
            if track.name == track_name and item.start <= frame < item.start + item.duration
        ]
        if not found:
            raise ShotNotFound(f"{track_name} shows no shot at {index.timecode(frame)}: give a time at which one plays")
    if len(found) == 1:
        return found[0]
    listed = "\n".join(
        f"  {item.child.name}{f'#{number}' if found else ''}  {track.name}@{index.timecode(floor(item.start))}"
        for number, (track, item) in enumerate(found or clips, 1)
    )
    if found:
        raise ShotNotFound(f"{len(found)} shots are named {selector!r}; say which one:\n{listed}")
    raise ShotNotFound(f"no shot is named {selector!r}; the cut holds:\n{listed or '  no video clips'}")


def clip_media(clip: otio.schema.Clip) -> str:
    """The media file that a clip plays; clips that no camera made are refused."""
    reference = clip.media_reference
    if isinstance(reference, otio.schema.GeneratorReference):
        raise CutError(f"{clip.name!r} is a generator or title ({reference.generator_kind}), not camera media")
    path = media_path(reference)
    if path is None:
        raise CutError(f"{clip.name!r} has no media: relink it in your editing software and export the cut again")
    return path


def source_frames(
    clip: otio.schema.Clip, info: "MediaInfo", record: FrameRange, speed: Fraction
) -> tuple[FrameTime, FrameRange]:
    """The source time of the file's first frame, and the file's frames that the clip plays, as playback shows them."""
    begin = source_start(clip)
    first = round((begin - source_of(clip).from_first_frame(begin, info.start, info.first_number)) * info.rate)
    start, end = source_extent(clip, info, record, speed)
    return FrameTime(first, info.rate), FrameRange(floor(start), ceil(end) - floor(start), info.rate)


def source_extent(
    clip: otio.schema.Clip, info: "MediaInfo", record: FrameRange, speed: Fraction
) -> tuple[Fraction, Fraction]:
    """Where in the file the clip begins and ends, in frames from the file's first; between frames at unlike rates."""
    start = source_of(clip).from_first_frame(source_start(clip), info.start, info.first_number) * info.rate
    length = max(Fraction(1), record.duration * info.rate / record.rate * abs(speed))
    if speed < 0:  # the frame at the start plays first, those before it follow
        start += 1 - length
    return start, start + length


def open_shot(index: Index, track: TrackIndex, item: Item) -> Shot:
    """Probes the media of a clip and lays the clip's range over the file's frames."""
    clip = item.child
    where = f"the item on {track.name} at {index.timecode(floor(item.start))}"
    if not isinstance(clip, otio.schema.Clip):
        raise CutError(f"{where} is a {type(clip).__name__.lower()}, not a clip: choose a shot inside it")
    speed = speed_of(clip)
    if speed is None:
        raise CutError(f"{clip.name!r} has a speed ramp: render it, or use a constant speed")
    info = DECODING.get().probe(clip_media(clip), source_of(clip).rate or index.rate)
    if item.start != floor(item.start) or item.duration != floor(item.duration):
        raise CutError(f"{clip.name!r} does not begin and end on whole frames of the cut at {float(index.rate):g}")
    record = FrameRange(int(item.start), int(item.duration), index.rate)
    first, used = source_frames(clip, info, record, speed)
    if used.start < 0 or used.end > info.frames:
        raise CutError(
            f"{clip.name!r} plays frames {used.start} to {used.end - 1} of {info.path}, which holds {info.frames}: "
            "the media is shorter than the cut says; relink it"
        )
    return Shot(track.name, clip, record, info, used, first, speed)
