"""What the panel asks of the frames process, and what that answers: length, JSON, and bytes that go with it."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from secondunit_plugin.panel.compare.modes import Mode

if TYPE_CHECKING:  # they bring PyAV
    from secondunit_bridge.media.header import Header
    from secondunit_bridge.media.probe import MediaInfo

_LENGTHS = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class MediaTime:
    """A time in a media file, in seconds from its first frame.

    `rate`: of an image sequence, which names none. `timecoded`: `seconds` count in the file's timecode where they are
    not before it, as in a cut that does not say which source time the first frame has.
    """

    path: str
    seconds: Fraction
    rate: Fraction | None = None
    timecoded: bool = False


@dataclass(frozen=True, slots=True)
class CutScene:
    """`path`: a file with the cut as OTIO JSON, which nobody changes."""

    path: str


@dataclass(frozen=True, slots=True)
class MediaScene:
    """A media file by itself. `rate`: of an image sequence."""

    path: str
    rate: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """`count` frames of a file from `first` on, or, where it is `held`, that one as often; counted from 0."""

    path: str
    first: int
    count: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class PairScene:
    """A file, and beside each of its frames the one of `other` in step, read at the file's rate.

    The last `Composition` says how the two become one picture. The sound is the file's.
    """

    take: MediaScene
    other: tuple[Run, ...]


Scene = CutScene | MediaScene | PairScene


@dataclass(frozen=True, slots=True)
class Show:
    """One frame of a scene, from its first as 0, fitted into `width` by `height` pixels of the screen.

    Of `Show` and `Play`, the last one that was asked for is done and those before it are left.
    """

    number: int
    scene: Scene
    frame: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Composition:
    """From here on. `at`: where the handle of a wipe is, as a share of the width. `flipped`: the other picture alone.

    `gain`: how many times a difference is enlarged.
    """

    mode: Mode
    at: float
    gain: int
    flipped: bool


@dataclass(frozen=True, slots=True)
class Play:
    """Frames from `frame` on in steps of `step`, within [first, end), and their sound; again and again if `loop`."""

    number: int
    scene: Scene
    frame: int
    step: int
    first: int
    end: int
    loop: bool
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class WantThumbnail:
    number: int
    of: MediaTime
    width: int


@dataclass(frozen=True, slots=True)
class WantPeaks:
    number: int
    path: str
    stream: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What `Decoding.probe` tells of a media file."""

    number: int
    path: str
    rate: Fraction | None


@dataclass(frozen=True, slots=True)
class WantHeader:
    """What `Decoding.header` tells of a media file."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Compare:
    """What `Decoding.steps` tells of its frames [start, stop)."""

    number: int
    path: str
    rate: Fraction
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class WantPicture:
    """What `Decoding.picture` gives."""

    number: int
    path: str
    frame: int | None
    rate: Fraction | None
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Leave:
    """The thumbnail or waveform of that number is not wanted any more."""

    number: int


Question = Probe | WantHeader | Compare | WantPicture
"""What somebody waits for."""
Request = Show | Play | Composition | WantThumbnail | WantPeaks | Leave | Question


@dataclass(frozen=True, slots=True)
class Ready:
    """The process is there, and has mapped the ring."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The scene of request `number`. `start`: the timecode of its first frame, in frames at `rate`."""

    number: int
    rate: Fraction
    frames: int
    start: int
    drop_frame: bool
    sound: bool


@dataclass(frozen=True, slots=True)
class Light:
    """`transfer`, in ffmpeg's name, is none of an SDR display. `converted`: whether the picture is made for one."""

    transfer: str
    converted: bool


@dataclass(frozen=True, slots=True)
class Apart:
    """How far two pictures lie from each other: the mean and the largest difference of the channels, in 8-bit codes."""

    mean: float
    largest: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Frame `frame` lies in the ring. `position`: how many of the request's frames were before it.

    `light`: None for SDR. `apart`: of a pair whose difference is shown.
    """

    number: int
    frame: int
    position: int
    slot: int
    sequence: int
    light: Light | None = None
    apart: Apart | None = None


@dataclass(frozen=True, slots=True)
class Sounded:
    """What is heard from frame `position` of the request on: bytes, 16 bits, stereo, 48 kHz; already at its speed."""

    number: int
    position: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A `Play` has no frames after its first `positions`."""

    number: int
    positions: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """Bytes: a JPEG. Unless `exact`, of the key frame before, and the exact one follows."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Peaks:
    """Bytes: lowest and highest sample of each 1/100 s from the picture's first frame on, as signed 8 bits."""

    number: int


@dataclass(frozen=True, slots=True)
class Probed:
    number: int
    info: "MediaInfo"


@dataclass(frozen=True, slots=True)
class HeaderRead:
    number: int
    header: "Header"


@dataclass(frozen=True, slots=True)
class Compared:
    number: int
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PictureRead:
    """Bytes: R'G'B', 8 bits, row by row."""

    number: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A `Question` that raised an error of the class `error` of `bridge.errors`."""

    number: int
    error: str
    why: str


@dataclass(frozen=True, slots=True)
class Unshown:
    """`number` cannot be done; `why` is an error's message."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What of the scene of request `number` cannot be shown or heard as it is meant."""

    number: int
    note: str


Reply = Probed | HeaderRead | Compared | PictureRead | Refused
"""To a `Question` of the same number."""
Answer = Ready | Opened | Shown | Sounded | Ended | Thumbnail | Peaks | Unshown | Noted | Reply
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(MediaTime, CutScene, MediaScene, PairScene, Run, Composition, Light, Apart),
        *(Show, Play, WantThumbnail, WantPeaks, Leave, Probe, WantHeader, Compare, WantPicture),
        *(Ready, Opened, Shown, Sounded, Ended, Thumbnail, Peaks, Unshown, Noted),
        *(Probed, HeaderRead, Compared, PictureRead, Refused),
    )
}


def packed(message: Request | Answer, data: bytes = b"") -> bytes:
    text = json.dumps(message, default=_plain).encode()
    return b"".join((_LENGTHS.pack(len(text), len(data)), text, data))


def received(stream: IO[bytes]) -> Iterator[tuple[Any, bytes]]:
    """Messages with their bytes, until the other side closes the pipe."""
    while len(head := stream.read(_LENGTHS.size)) == _LENGTHS.size:
        length, size = _LENGTHS.unpack(head)
        text, data = stream.read(length), stream.read(size)
        if len(text) < length or len(data) < size:
            return
        yield json.loads(text, object_hook=_built), data


def _plain(value: Any) -> dict[str, Any]:
    if isinstance(value, Fraction):
        return {"over": value.numerator, "under": value.denominator}
    assert is_dataclass(value)
    return {"kind": type(value).__name__} | {field.name: getattr(value, field.name) for field in fields(value)}


def _built(given: dict[str, Any]) -> Any:
    if "over" in given:
        return Fraction(given["over"], given["under"])
    name = given.pop("kind")
    kind = _KINDS[name] if name in _KINDS else _media_kinds()[name]
    return kind(**{field: tuple(value) if isinstance(value, list) else value for field, value in given.items()})


@cache
def _media_kinds() -> dict[str, Any]:
    from secondunit_bridge.media.header import Header
    from secondunit_bridge.media.mastering import Mastering
    from secondunit_bridge.media.probe import Encoding, MediaInfo, SoundInfo
    from secondunit_bridge.rates import FrameTime

    return {kind.__name__: kind for kind in (Header, MediaInfo, Encoding, Mastering, SoundInfo, FrameTime)}
