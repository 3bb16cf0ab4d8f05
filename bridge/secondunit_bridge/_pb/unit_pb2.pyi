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
    CODEC_DNXHR_HQX: _ClassVar[Codec]
    CODEC_FFV1: _ClassVar[Codec]
    CODEC_EXR: _ClassVar[Codec]

class SoundKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOUND_KIND_UNSPECIFIED: _ClassVar[SoundKind]
    SOUND_KIND_HOLD: _ClassVar[SoundKind]
    SOUND_KIND_ROOM_TONE: _ClassVar[SoundKind]
    SOUND_KIND_SILENCE: _ClassVar[SoundKind]

class WeightsState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WEIGHTS_STATE_UNSPECIFIED: _ClassVar[WeightsState]
    WEIGHTS_STATE_READY: _ClassVar[WeightsState]
    WEIGHTS_STATE_MISSING: _ClassVar[WeightsState]
    WEIGHTS_STATE_INCOMPLETE: _ClassVar[WeightsState]
    WEIGHTS_STATE_DAMAGED: _ClassVar[WeightsState]
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
CODEC_DNXHR_HQX: Codec
CODEC_FFV1: Codec
CODEC_EXR: Codec
SOUND_KIND_UNSPECIFIED: SoundKind
SOUND_KIND_HOLD: SoundKind
SOUND_KIND_ROOM_TONE: SoundKind
SOUND_KIND_SILENCE: SoundKind
WEIGHTS_STATE_UNSPECIFIED: WeightsState
WEIGHTS_STATE_READY: WeightsState
WEIGHTS_STATE_MISSING: WeightsState
WEIGHTS_STATE_INCOMPLETE: WeightsState
WEIGHTS_STATE_DAMAGED: WeightsState

class HelloRequest(_message.Message):
    __slots__ = ("protocol", "version")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    version: str
    def __init__(self, protocol: _Optional[int] = ..., version: _Optional[str] = ...) -> None: ...

class ControlsRequest(_message.Message):
    __slots__ = ("order", "intent")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    INTENT_FIELD_NUMBER: _ClassVar[int]
    order: Order
    intent: str
    def __init__(self, order: _Optional[_Union[Order, _Mapping]] = ..., intent: _Optional[str] = ...) -> None: ...

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

class MoveRequest(_message.Message):
    __slots__ = ("order_id", "after")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    after: str
    def __init__(self, order_id: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class MoveReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ForgetRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class ForgetReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrdersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FetchModelRequest(_message.Message):
    __slots__ = ("model", "accept_licence", "adapters")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_LICENCE_FIELD_NUMBER: _ClassVar[int]
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    model: str
    accept_licence: bool
    adapters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., accept_licence: _Optional[bool] = ..., adapters: _Optional[_Iterable[str]] = ...) -> None: ...

class ImportModelRequest(_message.Message):
    __slots__ = ("model", "path", "accept_licence", "adapter")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_LICENCE_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_FIELD_NUMBER: _ClassVar[int]
    model: str
    path: str
    accept_licence: bool
    adapter: str
    def __init__(self, model: _Optional[str] = ..., path: _Optional[str] = ..., accept_licence: _Optional[bool] = ..., adapter: _Optional[str] = ...) -> None: ...

class CheckModelRequest(_message.Message):
    __slots__ = ("model", "hashes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    model: str
    hashes: bool
    def __init__(self, model: _Optional[str] = ..., hashes: _Optional[bool] = ...) -> None: ...

class RemoveModelRequest(_message.Message):
    __slots__ = ("model", "adapters")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    model: str
    adapters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[str] = ..., adapters: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveModelReply(_message.Message):
    __slots__ = ("left",)
    LEFT_FIELD_NUMBER: _ClassVar[int]
    left: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, left: _Optional[_Iterable[str]] = ...) -> None: ...

class UseRequest(_message.Message):
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
    __slots__ = ("path", "at")
    PATH_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    path: str
    at: FrameTime
    def __init__(self, path: _Optional[str] = ..., at: _Optional[_Union[FrameTime, _Mapping]] = ...) -> None: ...

class ReferenceShot(_message.Message):
    __slots__ = ("span",)
    SPAN_FIELD_NUMBER: _ClassVar[int]
    span: Span
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ("prompt", "negative")
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    prompt: str
    negative: str
    def __init__(self, prompt: _Optional[str] = ..., negative: _Optional[str] = ...) -> None: ...

class Mask(_message.Message):
    __slots__ = ("span",)
    SPAN_FIELD_NUMBER: _ClassVar[int]
    span: Span
    def __init__(self, span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class Stroke(_message.Message):
    __slots__ = ("region", "direction", "speed")
    REGION_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    region: _containers.RepeatedCompositeFieldContainer[Point]
    direction: float
    speed: float
    def __init__(self, region: _Optional[_Iterable[_Union[Point, _Mapping]]] = ..., direction: _Optional[float] = ..., speed: _Optional[float] = ...) -> None: ...

class Strokes(_message.Message):
    __slots__ = ("strokes",)
    STROKES_FIELD_NUMBER: _ClassVar[int]
    strokes: _containers.RepeatedCompositeFieldContainer[Stroke]
    def __init__(self, strokes: _Optional[_Iterable[_Union[Stroke, _Mapping]]] = ...) -> None: ...

class Look(_message.Message):
    __slots__ = ("path", "weight")
    PATH_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    path: str
    weight: float
    def __init__(self, path: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

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
    __slots__ = ("frames_before", "frames_after", "source_shot", "reference_image", "reference_shot", "text", "camera_move", "ignore_region", "sound", "mask", "strokes", "look")
    FRAMES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_AFTER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SHOT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IMAGE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_SHOT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CAMERA_MOVE_FIELD_NUMBER: _ClassVar[int]
    IGNORE_REGION_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    STROKES_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    frames_before: FramesBefore
    frames_after: FramesAfter
    source_shot: SourceShot
    reference_image: ReferenceImage
    reference_shot: ReferenceShot
    text: Text
    camera_move: CameraMove
    ignore_region: IgnoreRegion
    sound: Sound
    mask: Mask
    strokes: Strokes
    look: Look
    def __init__(self, frames_before: _Optional[_Union[FramesBefore, _Mapping]] = ..., frames_after: _Optional[_Union[FramesAfter, _Mapping]] = ..., source_shot: _Optional[_Union[SourceShot, _Mapping]] = ..., reference_image: _Optional[_Union[ReferenceImage, _Mapping]] = ..., reference_shot: _Optional[_Union[ReferenceShot, _Mapping]] = ..., text: _Optional[_Union[Text, _Mapping]] = ..., camera_move: _Optional[_Union[CameraMove, _Mapping]] = ..., ignore_region: _Optional[_Union[IgnoreRegion, _Mapping]] = ..., sound: _Optional[_Union[Sound, _Mapping]] = ..., mask: _Optional[_Union[Mask, _Mapping]] = ..., strokes: _Optional[_Union[Strokes, _Mapping]] = ..., look: _Optional[_Union[Look, _Mapping]] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ("frames", "head", "tail", "rate", "cut_rate", "width", "height", "pixel_aspect", "start", "drop_frame", "encoding")
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
    ENCODING_FIELD_NUMBER: _ClassVar[int]
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
    encoding: str
    def __init__(self, frames: _Optional[int] = ..., head: _Optional[int] = ..., tail: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ..., cut_rate: _Optional[_Union[Rational, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., pixel_aspect: _Optional[_Union[Rational, _Mapping]] = ..., start: _Optional[_Union[FrameTime, _Mapping]] = ..., drop_frame: _Optional[bool] = ..., encoding: _Optional[str] = ...) -> None: ...

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

class Fit(_message.Message):
    __slots__ = ("frames", "rate", "width", "height", "windows", "recipe", "approximate", "seams")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    RECIPE_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_FIELD_NUMBER: _ClassVar[int]
    SEAMS_FIELD_NUMBER: _ClassVar[int]
    frames: int
    rate: Rational
    width: int
    height: int
    windows: int
    recipe: str
    approximate: _containers.RepeatedScalarFieldContainer[str]
    seams: _containers.RepeatedCompositeFieldContainer[Seam]
    def __init__(self, frames: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., windows: _Optional[int] = ..., recipe: _Optional[str] = ..., approximate: _Optional[_Iterable[str]] = ..., seams: _Optional[_Iterable[_Union[Seam, _Mapping]]] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("take_id", "name", "reel", "start", "drop_frame", "order", "seed", "weights_sha256", "versions", "seams", "look", "trusted", "placeholder", "notes", "fit", "further_weights")
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
    FIT_FIELD_NUMBER: _ClassVar[int]
    FURTHER_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
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
    fit: Fit
    further_weights: _containers.RepeatedCompositeFieldContainer[FurtherWeights]
    def __init__(self, take_id: _Optional[str] = ..., name: _Optional[str] = ..., reel: _Optional[str] = ..., start: _Optional[_Union[FrameTime, _Mapping]] = ..., drop_frame: _Optional[bool] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., seed: _Optional[int] = ..., weights_sha256: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[Version, _Mapping]]] = ..., seams: _Optional[_Iterable[_Union[Seam, _Mapping]]] = ..., look: _Optional[_Union[LookChange, _Mapping]] = ..., trusted: _Optional[int] = ..., placeholder: _Optional[bool] = ..., notes: _Optional[_Iterable[str]] = ..., fit: _Optional[_Union[Fit, _Mapping]] = ..., further_weights: _Optional[_Iterable[_Union[FurtherWeights, _Mapping]]] = ...) -> None: ...

class FurtherWeights(_message.Message):
    __slots__ = ("name", "sha256", "weight")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    name: str
    sha256: str
    weight: float
    def __init__(self, name: _Optional[str] = ..., sha256: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

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

class Licence(_message.Message):
    __slots__ = ("id", "commercial", "url")
    ID_FIELD_NUMBER: _ClassVar[int]
    COMMERCIAL_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    id: str
    commercial: str
    url: str
    def __init__(self, id: _Optional[str] = ..., commercial: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class Card(_message.Message):
    __slots__ = ("engine", "model", "description", "limits", "camera_moves", "title", "licence", "repository", "tiers", "intents", "missing", "native", "hdr", "variable_rate", "interlaced", "context", "stills_at_ends")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CAMERA_MOVES_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    TIERS_FIELD_NUMBER: _ClassVar[int]
    INTENTS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FIELD_NUMBER: _ClassVar[int]
    HDR_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_RATE_FIELD_NUMBER: _ClassVar[int]
    INTERLACED_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    STILLS_AT_ENDS_FIELD_NUMBER: _ClassVar[int]
    engine: str
    model: str
    description: str
    limits: _containers.RepeatedCompositeFieldContainer[TaskLimit]
    camera_moves: _containers.RepeatedScalarFieldContainer[str]
    title: str
    licence: Licence
    repository: str
    tiers: _containers.RepeatedScalarFieldContainer[str]
    intents: _containers.RepeatedScalarFieldContainer[str]
    missing: str
    native: Native
    hdr: bool
    variable_rate: bool
    interlaced: bool
    context: FrameTime
    stills_at_ends: bool
    def __init__(self, engine: _Optional[str] = ..., model: _Optional[str] = ..., description: _Optional[str] = ..., limits: _Optional[_Iterable[_Union[TaskLimit, _Mapping]]] = ..., camera_moves: _Optional[_Iterable[str]] = ..., title: _Optional[str] = ..., licence: _Optional[_Union[Licence, _Mapping]] = ..., repository: _Optional[str] = ..., tiers: _Optional[_Iterable[str]] = ..., intents: _Optional[_Iterable[str]] = ..., missing: _Optional[str] = ..., native: _Optional[_Union[Native, _Mapping]] = ..., hdr: _Optional[bool] = ..., variable_rate: _Optional[bool] = ..., interlaced: _Optional[bool] = ..., context: _Optional[_Union[FrameTime, _Mapping]] = ..., stills_at_ends: _Optional[bool] = ...) -> None: ...

class Native(_message.Message):
    __slots__ = ("frames", "rate", "width", "height")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    frames: int
    rate: Rational
    width: int
    height: int
    def __init__(self, frames: _Optional[int] = ..., rate: _Optional[_Union[Rational, _Mapping]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class Weights(_message.Message):
    __slots__ = ("model", "state", "todo", "accepted", "folder", "revision", "sha256", "bytes", "total_bytes", "adapters")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TODO_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    model: str
    state: WeightsState
    todo: str
    accepted: str
    folder: str
    revision: str
    sha256: str
    bytes: int
    total_bytes: int
    adapters: _containers.RepeatedCompositeFieldContainer[AdapterWeights]
    def __init__(self, model: _Optional[str] = ..., state: _Optional[_Union[WeightsState, str]] = ..., todo: _Optional[str] = ..., accepted: _Optional[str] = ..., folder: _Optional[str] = ..., revision: _Optional[str] = ..., sha256: _Optional[str] = ..., bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ..., adapters: _Optional[_Iterable[_Union[AdapterWeights, _Mapping]]] = ...) -> None: ...

class AdapterWeights(_message.Message):
    __slots__ = ("name", "kind", "repository", "state", "sha256", "bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    repository: str
    state: WeightsState
    sha256: str
    bytes: int
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., repository: _Optional[str] = ..., state: _Optional[_Union[WeightsState, str]] = ..., sha256: _Optional[str] = ..., bytes: _Optional[int] = ...) -> None: ...

class WeightsProgress(_message.Message):
    __slots__ = ("what", "done", "total")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    what: str
    done: int
    total: int
    def __init__(self, what: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

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

class MemoryUse(_message.Message):
    __slots__ = ("name", "used", "total")
    NAME_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    used: int
    total: int
    def __init__(self, name: _Optional[str] = ..., used: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class UnitUse(_message.Message):
    __slots__ = ("started", "memory", "process_bytes", "loaded", "versions")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_BYTES_FIELD_NUMBER: _ClassVar[int]
    LOADED_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    started: str
    memory: _containers.RepeatedCompositeFieldContainer[MemoryUse]
    process_bytes: int
    loaded: _containers.RepeatedScalarFieldContainer[str]
    versions: _containers.RepeatedCompositeFieldContainer[Version]
    def __init__(self, started: _Optional[str] = ..., memory: _Optional[_Iterable[_Union[MemoryUse, _Mapping]]] = ..., process_bytes: _Optional[int] = ..., loaded: _Optional[_Iterable[str]] = ..., versions: _Optional[_Iterable[_Union[Version, _Mapping]]] = ...) -> None: ...

class OrderStatus(_message.Message):
    __slots__ = ("order", "last", "takes", "attempts", "queued")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    order: Order
    last: Event
    takes: _containers.RepeatedCompositeFieldContainer[Take]
    attempts: int
    queued: str
    def __init__(self, order: _Optional[_Union[Order, _Mapping]] = ..., last: _Optional[_Union[Event, _Mapping]] = ..., takes: _Optional[_Iterable[_Union[Take, _Mapping]]] = ..., attempts: _Optional[int] = ..., queued: _Optional[str] = ...) -> None: ...

class NumberControl(_message.Message):
    __slots__ = ("default", "minimum", "maximum")
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    default: float
    minimum: float
    maximum: float
    def __init__(self, default: _Optional[float] = ..., minimum: _Optional[float] = ..., maximum: _Optional[float] = ...) -> None: ...

class IntegerControl(_message.Message):
    __slots__ = ("default", "minimum", "maximum")
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    default: int
    minimum: int
    maximum: int
    def __init__(self, default: _Optional[int] = ..., minimum: _Optional[int] = ..., maximum: _Optional[int] = ...) -> None: ...

class ChoiceControl(_message.Message):
    __slots__ = ("default", "choices")
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    default: str
    choices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, default: _Optional[str] = ..., choices: _Optional[_Iterable[str]] = ...) -> None: ...

class ToggleControl(_message.Message):
    __slots__ = ("default",)
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    default: bool
    def __init__(self, default: _Optional[bool] = ...) -> None: ...

class SeedControl(_message.Message):
    __slots__ = ("most",)
    MOST_FIELD_NUMBER: _ClassVar[int]
    most: int
    def __init__(self, most: _Optional[int] = ...) -> None: ...

class TextControl(_message.Message):
    __slots__ = ("negative",)
    NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    negative: bool
    def __init__(self, negative: _Optional[bool] = ...) -> None: ...

class ImageControl(_message.Message):
    __slots__ = ("most",)
    MOST_FIELD_NUMBER: _ClassVar[int]
    most: int
    def __init__(self, most: _Optional[int] = ...) -> None: ...

class KeyframesControl(_message.Message):
    __slots__ = ("most", "ends_only")
    MOST_FIELD_NUMBER: _ClassVar[int]
    ENDS_ONLY_FIELD_NUMBER: _ClassVar[int]
    most: int
    ends_only: bool
    def __init__(self, most: _Optional[int] = ..., ends_only: _Optional[bool] = ...) -> None: ...

class ShotControl(_message.Message):
    __slots__ = ("most",)
    MOST_FIELD_NUMBER: _ClassVar[int]
    most: int
    def __init__(self, most: _Optional[int] = ...) -> None: ...

class FrameRangeControl(_message.Message):
    __slots__ = ("most",)
    MOST_FIELD_NUMBER: _ClassVar[int]
    most: int
    def __init__(self, most: _Optional[int] = ...) -> None: ...

class MaskControl(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StrokesControl(_message.Message):
    __slots__ = ("most", "native")
    MOST_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FIELD_NUMBER: _ClassVar[int]
    most: int
    native: bool
    def __init__(self, most: _Optional[int] = ..., native: _Optional[bool] = ...) -> None: ...

class CameraMoveControl(_message.Message):
    __slots__ = ("moves", "native")
    MOVES_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FIELD_NUMBER: _ClassVar[int]
    moves: _containers.RepeatedScalarFieldContainer[str]
    native: bool
    def __init__(self, moves: _Optional[_Iterable[str]] = ..., native: _Optional[bool] = ...) -> None: ...

class SoundControl(_message.Message):
    __slots__ = ("made",)
    MADE_FIELD_NUMBER: _ClassVar[int]
    made: bool
    def __init__(self, made: _Optional[bool] = ...) -> None: ...

class LookControl(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ControlKind(_message.Message):
    __slots__ = ("number", "integer", "choice", "toggle", "seed", "text", "image", "keyframes", "shot", "frame_range", "mask", "strokes", "camera_move", "sound", "look")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    TOGGLE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    KEYFRAMES_FIELD_NUMBER: _ClassVar[int]
    SHOT_FIELD_NUMBER: _ClassVar[int]
    FRAME_RANGE_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    STROKES_FIELD_NUMBER: _ClassVar[int]
    CAMERA_MOVE_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    number: NumberControl
    integer: IntegerControl
    choice: ChoiceControl
    toggle: ToggleControl
    seed: SeedControl
    text: TextControl
    image: ImageControl
    keyframes: KeyframesControl
    shot: ShotControl
    frame_range: FrameRangeControl
    mask: MaskControl
    strokes: StrokesControl
    camera_move: CameraMoveControl
    sound: SoundControl
    look: LookControl
    def __init__(self, number: _Optional[_Union[NumberControl, _Mapping]] = ..., integer: _Optional[_Union[IntegerControl, _Mapping]] = ..., choice: _Optional[_Union[ChoiceControl, _Mapping]] = ..., toggle: _Optional[_Union[ToggleControl, _Mapping]] = ..., seed: _Optional[_Union[SeedControl, _Mapping]] = ..., text: _Optional[_Union[TextControl, _Mapping]] = ..., image: _Optional[_Union[ImageControl, _Mapping]] = ..., keyframes: _Optional[_Union[KeyframesControl, _Mapping]] = ..., shot: _Optional[_Union[ShotControl, _Mapping]] = ..., frame_range: _Optional[_Union[FrameRangeControl, _Mapping]] = ..., mask: _Optional[_Union[MaskControl, _Mapping]] = ..., strokes: _Optional[_Union[StrokesControl, _Mapping]] = ..., camera_move: _Optional[_Union[CameraMoveControl, _Mapping]] = ..., sound: _Optional[_Union[SoundControl, _Mapping]] = ..., look: _Optional[_Union[LookControl, _Mapping]] = ...) -> None: ...

class ShownWhen(_message.Message):
    __slots__ = ("control", "values")
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    control: str
    values: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, control: _Optional[str] = ..., values: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class Control(_message.Message):
    __slots__ = ("name", "label", "description", "group", "kind", "shown_when")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SHOWN_WHEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    label: str
    description: str
    group: str
    kind: ControlKind
    shown_when: _containers.RepeatedCompositeFieldContainer[ShownWhen]
    def __init__(self, name: _Optional[str] = ..., label: _Optional[str] = ..., description: _Optional[str] = ..., group: _Optional[str] = ..., kind: _Optional[_Union[ControlKind, _Mapping]] = ..., shown_when: _Optional[_Iterable[_Union[ShownWhen, _Mapping]]] = ...) -> None: ...

class Controls(_message.Message):
    __slots__ = ("controls",)
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    controls: _containers.RepeatedCompositeFieldContainer[Control]
    def __init__(self, controls: _Optional[_Iterable[_Union[Control, _Mapping]]] = ...) -> None: ...
