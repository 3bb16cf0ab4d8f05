"""What travels between the editing side and the unit: orders, their conditions, events, takes and records.

Every class here has a protobuf message of the same name and fields in `_pb/unit.proto`; `wire` converts.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from secondunit_bridge.rates import FrameRange, FrameTime

PROTOCOL_VERSION = 1

Value = str | int | float | bool


def value_of(text: str) -> Value:
    """True, false or a number where `text` reads as one, else the text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


class Task(StrEnum):
    GENERATE = "generate"
    EXTEND = "extend"
    JOIN = "join"
    REPLACE = "replace"
    MATCH = "match"


class Codec(StrEnum):
    PRORES_HQ = "prores_hq"
    H264 = "h264"
    PNG = "png"
    DNXHR_HQX = "dnxhr_hqx"
    FFV1 = "ffv1"
    EXR = "exr"


class SoundKind(StrEnum):
    HOLD = "hold"
    ROOM_TONE = "room-tone"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of one media file, counted from the file's first frame as 0, at the file's rate.

    `reel` and `timecode` say which camera frames they are, in whatever file they lie: the reel, and the source timecode
    of the range's first frame. Engines read `path` and `range` alone.
    """

    path: str
    range: FrameRange
    reel: str = ""
    timecode: FrameTime | None = None


# Conditions: what steers an order.


@dataclass(frozen=True, slots=True)
class FramesBefore:
    """Camera frames up to the slot. The last `into` of them lie inside the slot, under what will be generated."""

    span: Span
    into: int = 0


@dataclass(frozen=True, slots=True)
class FramesAfter:
    """Camera frames from the slot's end on. The first `into` of them lie inside the slot."""

    span: Span
    into: int = 0


@dataclass(frozen=True, slots=True)
class SourceShot:
    """The shot to match or replace: its used frames, with the slot's handles on both sides."""

    span: Span


@dataclass(frozen=True, slots=True)
class ReferenceImage:
    """`at`: the frame of the take's file that shows it, from the first as 0; None: it says what, not when."""

    path: str
    at: FrameTime | None = None


@dataclass(frozen=True, slots=True)
class ReferenceShot:
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """`negative`: what is not to be seen."""

    prompt: str
    negative: str = ""


@dataclass(frozen=True, slots=True)
class Mask:
    """White is made again, black stays the source's. As long as the take's file; one frame holds for all."""

    span: Span


@dataclass(frozen=True, slots=True)
class Point:
    """Shares of the upright picture's width and height, 0 to 1 from its top left corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Stroke:
    """What lies in the polygon `region` moves towards `direction`.

    `direction`: degrees clockwise from the right; `speed`: picture widths a second.
    """

    region: tuple[Point, ...]
    direction: float
    speed: float


@dataclass(frozen=True, slots=True)
class Strokes:
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A LoRA in a .safetensors file, on whatever the card names as its targets. `weight` 0 is none, 1 all of it."""

    path: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CameraMove:
    """A move over a still, named in the engine's card. `amount` is the share of the frame that it travels, 0 to 1."""

    move: str
    amount: float = 0.15


@dataclass(frozen=True, slots=True)
class IgnoreRegion:
    """Pixels of the upright picture that no measurement may read: burnt-in text, mattes."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound for the take, made from `span`'s own sound; its layout is kept, stream by stream."""

    kind: SoundKind
    span: Span


Condition = (
    FramesBefore
    | FramesAfter
    | SourceShot
    | ReferenceImage
    | ReferenceShot
    | Text
    | CameraMove
    | IgnoreRegion
    | Sound
    | Mask
    | Strokes
    | Look
)


# Orders.


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a take goes. Its file holds `head` + `frames` + `tail` frames at `rate`."""

    frames: int
    head: int
    tail: int
    rate: Fraction
    cut_rate: Fraction
    width: int
    height: int
    pixel_aspect: Fraction
    start: FrameTime | None
    """Timecode of the file's first frame, head handle included. None: the unit assigns it from the show's block."""
    drop_frame: bool = False
    encoding: str = ""
    """A colour space of OpenColorIO's built-in studio configuration, for conditions and take; empty: as files say."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`folder` is made when missing; takes never replace a file there."""

    folder: str
    codec: Codec = Codec.PRORES_HQ


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Order:
    """`id` is chosen by the client: sending the same order twice makes it once. One take for each seed."""

    id: str
    task: Task
    show: str
    shot: str
    slot: Slot
    conditions: tuple[Condition, ...]
    engine: str
    model: str
    parameters: tuple[Parameter, ...]
    seeds: tuple[int, ...]
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine would do for an order, said before it starts.

    `seconds` is 0 where nothing alike was measured on the machine; `warnings` says so.
    """

    frames: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    warnings: tuple[str, ...]


# Takes and records.


@dataclass(frozen=True, slots=True)
class Measure:
    """Differences between the pictures on both sides of a seam, or between a shot and its reference.

    `luma`: mean L* difference; `colour`: mean CIE76 Delta E, both over the picture's area averages in CIELAB;
    `grain`: ratio of grain deviations; `sharpness`: ratio of edge energies (1 is equal).
    """

    luma: float
    colour: float
    grain: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Seam:
    """The join between take frames `frame` - 1 and `frame`, counted from the file's first frame as 0."""

    frame: FrameTime
    before: Measure
    after: Measure


@dataclass(frozen=True, slots=True)
class LookChange:
    """A shot against its reference, before and after matching."""

    before: Measure
    after: Measure


@dataclass(frozen=True, slots=True)
class Version:
    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How the frames of a take became frames of a model.

    `frames` at `rate` in pictures of `width` × `height`, in `windows` passes. `recipe`: how the weights were held in
    memory. `approximate`: what made it faster and changed its pixels. `seams`: where a pass, or a chunk within one,
    goes on from the one before, so that the model's own frames lie on both sides; measured in the model's frames.
    """

    frames: int
    rate: Fraction
    width: int
    height: int
    windows: int
    recipe: str
    approximate: tuple[str, ...]
    seams: tuple[Seam, ...] = ()


@dataclass(frozen=True, slots=True)
class FurtherWeights:
    """Weights beside the model's own that made a take: a look, a published adapter, the upsampler.

    `name`: as the card has it, or the look's file without folders.
    """

    name: str
    sha256: str
    weight: float


@dataclass(frozen=True, slots=True)
class Record:
    """All that is needed to make a take again, and what was measured on it."""

    take_id: str
    name: str
    reel: str
    start: FrameTime
    drop_frame: bool
    order: Order
    seed: int
    weights_sha256: str
    versions: tuple[Version, ...]
    seams: tuple[Seam, ...]
    look: LookChange | None
    trusted: int | None
    """How many generated frames can be trusted, counted from the camera's side; None: all of them."""
    placeholder: bool
    notes: tuple[str, ...]
    fit: Fit | None = None
    further_weights: tuple[FurtherWeights, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """One finished answer. `lut` is the path of a .cube file that lies beside the media, or empty."""

    path: str
    frames: int
    sha256: str
    lut: str
    record: Record


# Events of one order, numbered from 1. A take for each seed, a failure or a cancellation ends the stream.


@dataclass(frozen=True, slots=True)
class Queued:
    order_id: str
    number: int
    position: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Loading:
    order_id: str
    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    order_id: str
    number: int
    take: int
    done: int
    total: int
    what: str
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG, at most 480 pixels wide, of one frame of a take in the making."""

    order_id: str
    number: int
    take: int
    frame: FrameTime
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class TakeReady:
    order_id: str
    number: int
    index: int
    take: Take


@dataclass(frozen=True, slots=True)
class Failed:
    """`error` is a class name of `errors`; `log` is the path of the worker's log, or empty."""

    order_id: str
    number: int
    error: str
    message: str
    log: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    order_id: str
    number: int


Event = Queued | Loading | Step | Preview | TakeReady | Failed | Cancelled


# The unit itself.


@dataclass(frozen=True, slots=True)
class TaskLimit:
    """The longest slot, in take frames with handles, that an engine makes for a task; 0: no limit of its own."""

    task: Task
    frames: int


@dataclass(frozen=True, slots=True)
class Licence:
    """`id`: SPDX where there is one. `commercial`: whether it allows commercial use, in words."""

    id: str
    commercial: str
    url: str


@dataclass(frozen=True, slots=True)
class Native:
    """What a model is published for: `frames` at `rate`."""

    frames: int
    rate: Fraction
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Card:
    """One model described as data.

    `missing`: what has to be done before it can be ordered from, empty when it is ready. `hdr`, `variable_rate`,
    `interlaced`: whether camera files may be so. `context`: how many camera frames it is shown beside a slot, at a rate
    of its own; None: it has no use for more than are usual. `stills_at_ends`: a still with a time can only be a take's
    first or last frame, so that nothing lies beyond it.
    """

    engine: str
    model: str
    description: str
    limits: tuple[TaskLimit, ...]
    camera_moves: tuple[str, ...]
    title: str = ""
    licence: Licence | None = None
    repository: str = ""
    tiers: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    missing: str = ""
    native: Native | None = None
    hdr: bool = False
    variable_rate: bool = False
    interlaced: bool = False
    context: FrameTime | None = None
    stills_at_ends: bool = False


class WeightsState(StrEnum):
    READY = "ready"
    MISSING = "missing"
    INCOMPLETE = "incomplete"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class AdapterWeights:
    """A published LoRA or upsampler that the model's card lists, and what of it is on the unit's disk.

    `kind`: as the card names it. `sha256`: the recorded hash, empty for a file that was laid there by hand.
    """

    name: str
    kind: str
    repository: str
    state: WeightsState
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights on the unit's disk. `todo`: what makes them ready, empty when they are.

    `accepted`: when the licence was, as an ISO 8601 time, or empty. `sha256`: over the recorded hashes of all files
    but the adapters'. `total_bytes`: of those files when they are complete, 0 where that is not known yet.
    """

    model: str
    state: WeightsState
    todo: str
    accepted: str
    folder: str
    revision: str
    sha256: str
    bytes: int
    total_bytes: int
    adapters: tuple[AdapterWeights, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightsProgress:
    """`done` of `total` bytes; a `total` of 0 is not known yet."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class UnitInfo:
    protocol: int
    version: str
    pid: int
    home: str
    devices: tuple[str, ...]
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes of the machine's main memory, whose `name` is empty, or of a device's own memory."""

    name: str
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class UnitUse:
    """What the unit is using at the moment.

    `started`: an ISO 8601 time in UTC. `process_bytes`: main memory of the unit and its workers. `loaded`: models that
    are kept in memory between orders, by name.
    """

    started: str
    memory: tuple[MemoryUse, ...]
    process_bytes: int
    loaded: tuple[str, ...]
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """`queued`: when it was accepted, as an ISO 8601 time in UTC; empty where the unit did not note it."""

    order: Order
    last: Event
    takes: tuple[Take, ...]
    attempts: int
    queued: str = ""
