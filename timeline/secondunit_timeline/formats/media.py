"""What the media that a clip plays is called, and where its frames lie."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote, urlsplit

import opentimelineio as otio

from secondunit_timeline.flat import source_start
from secondunit_timeline.formats.sequences import first_picture, range_name
from secondunit_timeline.interchange import local_path, media_path
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import exact, frames_of, rate_of


@dataclass(frozen=True, slots=True)
class Media:
    """Times in seconds of source time. `url` is empty for offline media; `length` None where the cut does not say."""

    name: str
    url: str
    reel: str
    rate: Fraction
    start: Fraction
    length: Fraction | None


@dataclass(frozen=True, slots=True)
class Playing:
    """What a clip plays of its media: the source time of the frame that plays first, and source seconds a second.

    `speed` is 1 for a ramp, which `ramp` says.
    """

    media: Media
    first: Fraction
    speed: Fraction
    ramp: bool

    def low(self, seconds: Fraction) -> Fraction:
        """The earliest source time that shows in the first `seconds` of the clip."""
        if self.speed >= 0:
            return self.first
        return self.first + 1 / self.media.rate - seconds * -self.speed

    def high(self, seconds: Fraction) -> Fraction:
        """The end of the latest source frame that shows in the first `seconds` of the clip."""
        if self.speed > 0:
            return self.first + seconds * self.speed
        return self.first + 1 / self.media.rate


def playing(clip: otio.schema.Clip, cut_rate: Fraction) -> Playing:
    speed = speed_of(clip)
    media = media_of(clip, cut_rate)
    ranged = clip.source_range is not None or clip.media_reference.available_range is not None
    first = source_start(clip) if ranged else media.start
    return Playing(media, first, Fraction(1) if speed is None else Fraction(speed), speed is None)


def media_of(clip: otio.schema.Clip, cut_rate: Fraction) -> Media:
    """The active reference's. An image sequence has the address of its first picture."""
    reference = clip.media_reference
    available = reference.available_range
    time = available if available is not None else clip.source_range
    rate = rate_of(time.start_time) if time is not None else cut_rate
    url = ""
    if isinstance(reference, otio.schema.ExternalReference):
        url = file_url(reference.target_url or "")
    elif isinstance(reference, otio.schema.ImageSequenceReference):
        base = reference.target_url_base
        slash = "" if not base or base.endswith(("/", "\\")) else "/"
        url = file_url(f"{base}{slash}{first_picture(reference)}")
    start = Fraction(frames_of(available.start_time, rate)) / rate if available is not None else source_start(clip)
    length = Fraction(exact(available.duration.value)) / rate_of(available.duration) if available is not None else None
    name = media_name(reference, url)
    if isinstance(reference, otio.schema.ImageSequenceReference) and reference.frame_step == 1:
        name = range_name(reference, clip)
    return Media(name or clip.name, url, reel_of(clip), rate, start, length)


def media_name(reference: otio.core.MediaReference, url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name if url else reference.name or ""


def reel_of(clip: otio.schema.Clip) -> str:
    """The active reference's reel, else the clip's, else none."""
    return reel_in(clip.media_reference) or reel_in(clip)


def reel_in(holder: otio.core.SerializableObjectWithMetadata) -> str:
    """What a clip or media reference itself says."""
    for key in ("cmx_3600", "secondunit"):
        own = holder.metadata.get(key)
        reel = own.get("reel") if hasattr(own, "get") else None
        if isinstance(reel, str) and reel:
            return reel
    return ""


def source_file(clip: otio.schema.Clip) -> str:
    """The file's name as an EDL gives it, or empty."""
    own = clip.metadata.get("cmx_3600")
    name = own.get("source_file") if hasattr(own, "get") else None
    return name if isinstance(name, str) else ""


def file_url(url: str) -> str:
    """A `file:` address for a path of any system; other addresses as they are."""
    path = local_path(url) if url else None
    if path is None:
        return url
    windows = PureWindowsPath(path)
    if windows.drive and not path.startswith("/"):
        return "file:///" + quote(windows.as_posix().lstrip("/"), safe="/:")
    return ("file://" if path.startswith("/") else "") + quote(path)


def frame_size(cut: otio.schema.Timeline) -> tuple[int, int] | None:
    """Width and height of the first picture whose media can be opened: a cut does not say its own."""
    from secondunit_bridge.errors import MediaError
    from secondunit_bridge.media.container import open_media, picture_stream

    for track in cut.video_tracks():
        for clip in track.find_clips():
            path = media_path(clip.media_reference)
            if path is None:
                continue
            try:
                with open_media(path, Fraction(24)) as container:
                    stream = picture_stream(container, path)
                    return stream.width, stream.height
            except MediaError:
                continue
    return None
