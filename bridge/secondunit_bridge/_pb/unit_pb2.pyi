from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_UNSPECIFIED: _ClassVar[Task]
    TASK_GENERATE: _ClassVar[Task]
    TASK_EXTEND: _ClassVar[Task]
    TASK_JOIN: _ClassVar[Task]
    TASK_REPLACE: _ClassVar[Task]
    TASK_MATCH: _ClassVar[Task]

class Codec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CODEC_UNSPECIFIED: _ClassVar[Codec]
    CODEC_PRORES_HQ: _ClassVar[Codec]
    CODEC_H264: _ClassVar[Codec]
    CODEC_PNG: _ClassVar[Codec]

class SoundKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOUND_KIND_UNSPECIFIED: _ClassVar[SoundKind]
    SOUND_KIND_HOLD: _ClassVar[SoundKind]
    SOUND_KIND_ROOM_TONE: _ClassVar[SoundKind]
    SOUND_KIND_SILENCE: _ClassVar[SoundKind]
TASK_UNSPECIFIED: Task
TASK_GENERATE: Task
TASK_EXTEND: Task
TASK_JOIN: Task
TASK_REPLACE: Task
TASK_MATCH: Task
CODEC_UNSPECIFIED: Codec
CODEC_PRORES_HQ: Codec
CODEC_H264: Codec
CODEC_PNG: Codec
SOUND_KIND_UNSPECIFIED: SoundKind
SOUND_KIND_HOLD: SoundKind
SOUND_KIND_ROOM_TONE: SoundKind
SOUND_KIND_SILENCE: SoundKind

class HelloRequest(_message.Message):
    __slots__ = ("protocol", "version")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    version: str
    def __init__(self, protocol: _Optional[int] = ..., version: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("order_id", "after")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    after: int
    def __init__(self, order_id: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class CancelReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StopRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StopReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Rational(_message.Message):
    __slots__ = ("numerator", "denominator")
    NUMERATOR_FIELD_NUMBER: _ClassVar[int]
    DENOMINATOR_FIELD_NUMBER: _ClassVar[int]
    numerator: int
    denominator: int
    def __init__(self, numerator: _Optional[int] = ..., denominator: _Optional[int] = ...) -> None: ...

class FrameTime(_message.Message):
    __slots__ = ("frame", "rate")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    frame: int
    rate: Rational
    def __init__(self, frame: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ...) -> None: ...

class FrameRange(_message.Message):
    __slots__ = ("start", "duration", "rate")
    START_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    start: int
    duration: int
    rate: Rational
    def __init__(self, start: _Optional[int] = ..., duration: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ("text", "integer", "number", "flag")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    text: str
    integer: int
    number: float
    flag: bool
    def __init__(self, text: _Optional[str] = ..., integer: _Optional[int] = ..., number: _Optional[float] = ..., flag: _Optional[bool] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("path", "range", "reel", "timecode")
    PATH_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    TIMECODE_FIELD_NUMBER: _ClassVar[int]
    path: str
    range: FrameRange
    reel: str
    timecode: FrameTime
    def __init__(self, path: _Optional[str] = ..., range: _Optional[_Union[FrameRange, _Mapping]] = ..., reel: _Optional[str] = ..., timecode: _Optional[_Union[FrameTime, _Mapping]] = ...) -> None: ...

class FramesBefore(_message.Message):
    __slots__ = ("span", "into")
    SPAN_FIELD_NUMBER: _ClassVar[int]
    INTO_FIELD_NUMBER: _ClassVar[int]
    span: Span
    into: int
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ..., into: _Optional[int] = ...) -> None: ...

class FramesAfter(_message.Message):
    __slots__ = ("span", "into")
    SPAN_FIELD_NUMBER: _ClassVar[int]
    INTO_FIELD_NUMBER: _ClassVar[int]
    span: Span
    into: int
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ..., into: _Optional[int] = ...) -> None: ...

class SourceShot(_message.Message):
    __slots__ = ("span",)
    SPAN_FIELD_NUMBER: _ClassVar[int]
    span: Span
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class ReferenceImage(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class ReferenceShot(_message.Message):
    __slots__ = ("span",)
    SPAN_FIELD_NUMBER: _ClassVar[int]
    span: Span
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ("prompt",)
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    def __init__(self, prompt: _Optional[str] = ...) -> None: ...

class CameraMove(_message.Message):
    __slots__ = ("move", "amount")
    MOVE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    move: str
    amount: float
    def __init__(self, move: _Optional[str] = ..., amount: _Optional[float] = ...) -> None: ...

class IgnoreRegion(_message.Message):
    __slots__ = ("left", "top", "width", "height")
    LEFT_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    left: int
    top: int
    width: int
    height: int
    def __init__(self, left: _Optional[int] = ..., top: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class Sound(_message.Message):
    __slots__ = ("kind", "span")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    kind: SoundKind
    span: Span
    def __init__(self, kind: _Optional[_Union[SoundKind, str]] = ..., span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("frames_before", "frames_after", "source_shot", "reference_image", "reference_shot", "text", "camera_move", "ignore_region", "sound")
    FRAMES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_AFTER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SHOT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IMAGE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_SHOT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CAMERA_MOVE_FIELD_NUMBER: _ClassVar[int]
    IGNORE_REGION_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    frames_before: FramesBefore
    frames_after: FramesAfter
    source_shot: SourceShot
    reference_image: ReferenceImage
    reference_shot: ReferenceShot
    text: Text
    camera_move: CameraMove
    ignore_region: IgnoreRegion
    sound: Sound
    def __init__(self, frames_before: _Optional[_Union[FramesBefore, _Mapping]] = ..., frames_after: _Optional[_Union[FramesAfter, _Mapping]] = ..., source_shot: _Optional[_Union[SourceShot, _Mapping]] = ..., reference_image: _Optional[_Union[ReferenceImage, _Mapping]] = ..., reference_shot: _Optional[_Union[ReferenceShot, _Mapping]] = ..., text: _Optional[_Union[Text, _Mapping]] = ..., camera_move: _Optional[_Union[CameraMove, _Mapping]] = ..., ignore_region: _Optional[_Union[IgnoreRegion, _Mapping]] = ..., sound: _Optional[_Union[Sound, _Mapping]] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ("frames", "head", "tail", "rate", "cut_rate", "width", "height", "pixel_aspect", "start", "drop_frame")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    CUT_RATE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PIXEL_ASPECT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    DROP_FRAME_FIELD_NUMBER: _ClassVar[int]
    frames: int
    head: int
    tail: int
    rate: Rational
    cut_rate: Rational
    width: int
    height: int
    pixel_aspect: Rational
    start: FrameTime
    drop_frame: bool
    def __init__(self, frames: _Optional[int] = ..., head: _Optional[int] = ..., tail: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ..., cut_rate: _Optional[_Union[Rational, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., pixel_aspect: _Optional[_Union[Rational, _Mapping]] = ..., start: _Optional[_Union[FrameTime, _Mapping]] = ..., drop_frame: _Optional[bool] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("folder", "codec")
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    folder: str
    codec: Codec
    def __init__(self, folder: _Optional[str] = ..., codec: _Optional[_Union[Codec, str]] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: Value
    def __init__(self, name: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("id", "task", "show", "shot", "slot", "conditions", "engine", "model", "parameters", "seeds", "delivery")
    ID_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    SHOW_FIELD_NUMBER: _ClassVar[int]
    SHOT_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    id: str
    task: Task
    show: str
    shot: str
    slot: Slot
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    engine: str
    model: str
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    seeds: _containers.RepeatedScalarFieldContainer[int]
    delivery: Delivery
    def __init__(self, id: _Optional[str] = ..., task: _Optional[_Union[Task, str]] = ..., show: _Optional[str] = ..., shot: _Optional[str] = ..., slot: _Optional[_Union[Slot, _Mapping]] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ..., engine: _Optional[str] = ..., model: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., seeds: _Optional[_Iterable[int]] = ..., delivery: _Optional[_Union[Delivery, _Mapping]] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("frames", "seconds", "memory_bytes", "disk_bytes", "warnings")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISK_BYTES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    frames: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, frames: _Optional[int] = ..., seconds: _Optional[float] = ..., memory_bytes: _Optional[int] = ..., disk_bytes: _Optional[int] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class Measure(_message.Message):
    __slots__ = ("luma", "colour", "grain", "sharpness")
    LUMA_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    GRAIN_FIELD_NUMBER: _ClassVar[int]
    SHARPNESS_FIELD_NUMBER: _ClassVar[int]
    luma: float
    colour: float
    grain: float
    sharpness: float
    def __init__(self, luma: _Optional[float] = ..., colour: _Optional[float] = ..., grain: _Optional[float] = ..., sharpness: _Optional[float] = ...) -> None: ...

class Seam(_message.Message):
    __slots__ = ("frame", "before", "after")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    frame: FrameTime
    before: Measure
    after: Measure
    def __init__(self, frame: _Optional[_Union[FrameTime, _Mapping]] = ..., before: _Optional[_Union[Measure, _Mapping]] = ..., after: _Optional[_Union[Measure, _Mapping]] = ...) -> None: ...

class LookChange(_message.Message):
    __slots__ = ("before", "after")
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    before: Measure
    after: Measure
    def __init__(self, before: _Optional[_Union[Measure, _Mapping]] = ..., after: _Optional[_Union[Measure, _Mapping]] = ...) -> None: ...

class Version(_message.Message):
    __slots__ = ("package", "version")
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    package: str
    version: str
    def __init__(self, package: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("take_id", "name", "reel", "start", "drop_frame", "order", "seed", "weights_sha256", "versions", "seams", "look", "trusted", "placeholder", "notes")
    TAKE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    DROP_FRAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    SEAMS_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    TRUSTED_FIELD_NUMBER: _ClassVar[int]
    PLACEHOLDER_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    take_id: str
    name: str
    reel: str
    start: FrameTime
    drop_frame: bool
    order: Order
    seed: int
    weights_sha256: str
    versions: _containers.RepeatedCompositeFieldContainer[Version]
    seams: _containers.RepeatedCompositeFieldContainer[Seam]
    look: LookChange
    trusted: int
    placeholder: bool
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, take_id: _Optional[str] = ..., name: _Optional[str] = ..., reel: _Optional[str] = ..., start: _Optional[_Union[FrameTime, _Mapping]] = ..., drop_frame: _Optional[bool] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., seed: _Optional[int] = ..., weights_sha256: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[Version, _Mapping]]] = ..., seams: _Optional[_Iterable[_Union[Seam, _Mapping]]] = ..., look: _Optional[_Union[LookChange, _Mapping]] = ..., trusted: _Optional[int] = ..., placeholder: _Optional[bool] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class Take(_message.Message):
    __slots__ = ("path", "frames", "sha256", "lut", "record")
    PATH_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LUT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    path: str
    frames: int
    sha256: str
    lut: str
    record: Record
    def __init__(self, path: _Optional[str] = ..., frames: _Optional[int] = ..., sha256: _Optional[str] = ..., lut: _Optional[str] = ..., record: _Optional[_Union[Record, _Mapping]] = ...) -> None: ...

class Queued(_message.Message):
    __slots__ = ("order_id", "number", "position", "plan")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    position: int
    plan: Plan
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., position: _Optional[int] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...

class Loading(_message.Message):
    __slots__ = ("order_id", "number", "what")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    what: str
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., what: _Optional[str] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("order_id", "number", "take", "done", "total", "what", "seconds_left")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    take: int
    done: int
    total: int
    what: str
    seconds_left: float
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., take: _Optional[int] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., what: _Optional[str] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class Preview(_message.Message):
    __slots__ = ("order_id", "number", "take", "frame", "jpeg")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    take: int
    frame: FrameTime
    jpeg: bytes
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., take: _Optional[int] = ..., frame: _Optional[_Union[FrameTime, _Mapping]] = ..., jpeg: _Optional[bytes] = ...) -> None: ...

class TakeReady(_message.Message):
    __slots__ = ("order_id", "number", "index", "take")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    index: int
    take: Take
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., index: _Optional[int] = ..., take: _Optional[_Union[Take, _Mapping]] = ...) -> None: ...

class Failed(_message.Message):
    __slots__ = ("order_id", "number", "error", "message", "log")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    error: str
    message: str
    log: str
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ..., error: _Optional[str] = ..., message: _Optional[str] = ..., log: _Optional[str] = ...) -> None: ...

class Cancelled(_message.Message):
    __slots__ = ("order_id", "number")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    number: int
    def __init__(self, order_id: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("queued", "loading", "step", "preview", "take_ready", "failed", "cancelled")
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    LOADING_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    TAKE_READY_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    queued: Queued
    loading: Loading
    step: Step
    preview: Preview
    take_ready: TakeReady
    failed: Failed
    cancelled: Cancelled
    def __init__(self, queued: _Optional[_Union[Queued, _Mapping]] = ..., loading: _Optional[_Union[Loading, _Mapping]] = ..., step: _Optional[_Union[Step, _Mapping]] = ..., preview: _Optional[_Union[Preview, _Mapping]] = ..., take_ready: _Optional[_Union[TakeReady, _Mapping]] = ..., failed: _Optional[_Union[Failed, _Mapping]] = ..., cancelled: _Optional[_Union[Cancelled, _Mapping]] = ...) -> None: ...

class TaskLimit(_message.Message):
    __slots__ = ("task", "frames")
    TASK_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    task: Task
    frames: int
    def __init__(self, task: _Optional[_Union[Task, str]] = ..., frames: _Optional[int] = ...) -> None: ...

class Card(_message.Message):
    __slots__ = ("engine", "model", "description", "limits", "camera_moves")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CAMERA_MOVES_FIELD_NUMBER: _ClassVar[int]
    engine: str
    model: str
    description: str
    limits: _containers.RepeatedCompositeFieldContainer[TaskLimit]
    camera_moves: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, engine: _Optional[str] = ..., model: _Optional[str] = ..., description: _Optional[str] = ..., limits: _Optional[_Iterable[_Union[TaskLimit, _Mapping]]] = ..., camera_moves: _Optional[_Iterable[str]] = ...) -> None: ...

class UnitInfo(_message.Message):
    __slots__ = ("protocol", "version", "pid", "home", "devices", "cards")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    HOME_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    CARDS_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    version: str
    pid: int
    home: str
    devices: _containers.RepeatedScalarFieldContainer[str]
    cards: _containers.RepeatedCompositeFieldContainer[Card]
    def __init__(self, protocol: _Optional[int] = ..., version: _Optional[str] = ..., pid: _Optional[int] = ..., home: _Optional[str] = ..., devices: _Optional[_Iterable[str]] = ..., cards: _Optional[_Iterable[_Union[Card, _Mapping]]] = ...) -> None: ...

class OrderStatus(_message.Message):
    __slots__ = ("order", "last", "takes", "attempts")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    order: Order
    last: Event
    takes: _containers.RepeatedCompositeFieldContainer[Take]
    attempts: int
    def __init__(self, order: _Optional[_Union[Order, _Mapping]] = ..., last: _Optional[_Union[Event, _Mapping]] = ..., takes: _Optional[_Iterable[_Union[Take, _Mapping]]] = ..., attempts: _Optional[int] = ...) -> None: ...
