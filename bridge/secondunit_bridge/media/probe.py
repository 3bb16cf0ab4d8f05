"""What a media file holds, read once before anything is decoded."""

from dataclasses import dataclass
from fractions import Fraction

from secondunit_bridge.rates import FrameTime


@dataclass(frozen=True, slots=True)
class Encoding:
    """How codes mean light, in ffmpeg's names (`bt709`, `smpte170m`, ...); untagged ones are filled by size."""

    pixel_format: str
    depth: int
    matrix: str
    primaries: str
    transfer: str
    full_range: bool


@dataclass(frozen=True, slots=True)
class SoundInfo:
    rate: int
    channels: int
    layout: str


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """`width`, `height` and frames as a viewer sees them: after rotation and edit list, before pixel aspect."""

    path: str
    container: str
    codec: str
    rate: Fraction
    frames: int
    width: int
    height: int
    pixel_aspect: Fraction
    rotation: int
    encoding: Encoding
    field_order: str
    variable_rate: bool
    start: FrameTime | None
    drop_frame: bool
    reel: str
    sound: tuple[SoundInfo, ...]
