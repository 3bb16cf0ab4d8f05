"""Opening media files: read-only, local files only, known formats only, every failure named."""

import re
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from secondunit_bridge.errors import MediaMissing, MediaUnreadable, MediaUnsupported

MAX_PIXELS = 16384 * 8192
_FORMATS = (
    "mov,mp4,matroska,webm,mpeg,mpegts,mpegvideo,h264,hevc,m4v,avi,mxf,dv,flv,asf,ogg,gxf,image2,"
    "png_pipe,jpeg_pipe,tiff_pipe,dpx_pipe,exr_pipe,bmp_pipe,webp_pipe,wav,w64,aiff,flac,mp3,aac,ac3,caf"
)
_PATTERN = re.compile(r"%0?(\d*)d")


# Sensor data of cameras: what it looks like is decided by settings that the editing software holds.
CAMERA_RAW = {
    ".ari",
    ".arx",
    ".braw",
    ".cine",
    ".cr2",
    ".cr3",
    ".crm",
    ".crw",
    ".dng",
    ".nef",
    ".nev",
    ".r3d",
    ".raf",
    ".rmf",
}


def is_pattern(path: str) -> bool:
    """Whether `path` names an image sequence, as `folder/name_%04d.png`."""
    return _PATTERN.search(Path(path).name) is not None


def sequence_numbers(path: str) -> range:
    """The frame numbers of an image sequence; a hole in it is an error."""
    folder, name = Path(path).parent, Path(path).name
    match = _PATTERN.search(name)
    if match is None:
        raise MediaUnreadable(f"{path} is not an image sequence: write it as name_%04d.png")
    digits = int(match[1] or 0)
    pattern = re.compile(re.escape(name[: match.start()]) + r"(\d+)" + re.escape(name[match.end() :]))
    if not folder.is_dir():
        raise MediaMissing(f"the folder of {path} does not exist: relink the image sequence")
    found = (pattern.fullmatch(entry.name) for entry in folder.iterdir())
    numbers = sorted(int(hit[1]) for hit in found if hit and len(hit[1]) == max(digits, len(str(int(hit[1])))))
    if not numbers:
        raise MediaMissing(f"no file answers to {path}: relink the image sequence")
    holes = sorted(set(range(numbers[0], numbers[-1] + 1)).difference(numbers))
    if holes:
        raise MediaUnreadable(f"{path} has no frame {holes[0]} ({len(holes)} missing): restore the missing files")
    return range(numbers[0], numbers[-1] + 1)


def first_file(path: str) -> str:
    """Of an image sequence; of anything else, itself."""
    return path % sequence_numbers(path).start if is_pattern(path) else path


def open_media(path: str, rate: Fraction | None = None) -> InputContainer:
    """`rate` is for image sequences and stills, which have none of their own."""
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS, "max_pixels": str(MAX_PIXELS)}
    container_format = None
    if Path(path).suffix.lower() in CAMERA_RAW:
        raise camera_raw(path)
    if is_pattern(path):
        options |= {"start_number": str(sequence_numbers(path).start), "framerate": str(rate or 25)}
        container_format = "image2"
    else:
        check_file(path)
        options["fflags"] = "+genpts"
    try:
        return av.open(f"file:{path}", "r", format=container_format, options=options, metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise unreadable(path, error) from error


def check_file(path: str) -> None:
    file = Path(path)
    if not file.exists():
        raise MediaMissing(f"{path} does not exist: relink it or restore the file")
    if file.is_dir():
        raise MediaUnreadable(f"{path} is a folder: name a media file, or an image sequence as name_%04d.png")
    if file.stat().st_size == 0:
        raise MediaUnreadable(f"{path} is empty: copy it again from its source")


def camera_raw(path: str) -> MediaUnsupported:
    return MediaUnsupported(
        f"{path} is camera raw, whose pictures depend on the settings of your editing software: let it render the"
        " frames, for example as OpenEXR with the source's timecode and reel, and relink the shot to them"
    )


def unreadable(path: str, error: Exception) -> MediaUnreadable:
    reason = getattr(error, "strerror", None) or str(error)
    return MediaUnreadable(f"{path} cannot be read as media ({reason}): it is damaged, cut short or not a media file")


def picture_stream(container: InputContainer, path: str) -> VideoStream:
    streams = [stream for stream in container.streams.video if not stream.disposition & 0x400]  # attached_pic
    if not streams:
        raise MediaUnsupported(f"{path} holds no picture: only its sound can be used")
    stream = streams[0]
    if stream.codec_context is None:
        raise MediaUnsupported(f"{path}: no decoder for its picture: transcode it, for example to ProRes")
    if stream.width * stream.height > MAX_PIXELS:
        raise MediaUnsupported(
            f"{path} is {stream.width}×{stream.height}, more than {MAX_PIXELS} pixels: scale it down"
        )
    if stream.width == 0 or stream.height == 0:
        raise MediaUnreadable(f"{path}: the size of its picture cannot be found: it is damaged or cut short")
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream
