from secondunit_bridge._pb import unit_pb2 as _unit_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TakeToMake(_message.Message):
    __slots__ = ("index", "take_id", "name", "reel", "start")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TAKE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REEL_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    index: int
    take_id: str
    name: str
    reel: str
    start: _unit_pb2.FrameTime
    def __init__(self, index: _Optional[int] = ..., take_id: _Optional[str] = ..., name: _Optional[str] = ..., reel: _Optional[str] = ..., start: _Optional[_Union[_unit_pb2.FrameTime, _Mapping]] = ...) -> None: ...

class Begin(_message.Message):
    __slots__ = ("order", "fence", "takes", "log")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    TAKES_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    order: _unit_pb2.Order
    fence: int
    takes: _containers.RepeatedCompositeFieldContainer[TakeToMake]
    log: str
    def __init__(self, order: _Optional[_Union[_unit_pb2.Order, _Mapping]] = ..., fence: _Optional[int] = ..., takes: _Optional[_Iterable[_Union[TakeToMake, _Mapping]]] = ..., log: _Optional[str] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("fence",)
    FENCE_FIELD_NUMBER: _ClassVar[int]
    fence: int
    def __init__(self, fence: _Optional[int] = ...) -> None: ...

class Inspect(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class ToWorker(_message.Message):
    __slots__ = ("begin", "cancel", "inspect")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    INSPECT_FIELD_NUMBER: _ClassVar[int]
    begin: Begin
    cancel: Cancel
    inspect: Inspect
    def __init__(self, begin: _Optional[_Union[Begin, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., inspect: _Optional[_Union[Inspect, _Mapping]] = ...) -> None: ...

class Ready(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("loaded",)
    LOADED_FIELD_NUMBER: _ClassVar[int]
    loaded: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, loaded: _Optional[_Iterable[str]] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("fence", "event")
    FENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    fence: int
    event: _unit_pb2.Event
    def __init__(self, fence: _Optional[int] = ..., event: _Optional[_Union[_unit_pb2.Event, _Mapping]] = ...) -> None: ...

class Written(_message.Message):
    __slots__ = ("fence", "index", "take")
    FENCE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TAKE_FIELD_NUMBER: _ClassVar[int]
    fence: int
    index: int
    take: _unit_pb2.Take
    def __init__(self, fence: _Optional[int] = ..., index: _Optional[int] = ..., take: _Optional[_Union[_unit_pb2.Take, _Mapping]] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("fence",)
    FENCE_FIELD_NUMBER: _ClassVar[int]
    fence: int
    def __init__(self, fence: _Optional[int] = ...) -> None: ...

class Stopped(_message.Message):
    __slots__ = ("fence",)
    FENCE_FIELD_NUMBER: _ClassVar[int]
    fence: int
    def __init__(self, fence: _Optional[int] = ...) -> None: ...

class Refused(_message.Message):
    __slots__ = ("fence", "error", "message")
    FENCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    fence: int
    error: str
    message: str
    def __init__(self, fence: _Optional[int] = ..., error: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Broken(_message.Message):
    __slots__ = ("fence", "error")
    FENCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    fence: int
    error: str
    def __init__(self, fence: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class Inspected(_message.Message):
    __slots__ = ("sha256", "record")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    sha256: str
    record: _unit_pb2.Record
    def __init__(self, sha256: _Optional[str] = ..., record: _Optional[_Union[_unit_pb2.Record, _Mapping]] = ...) -> None: ...

class FromWorker(_message.Message):
    __slots__ = ("ready", "heartbeat", "progress", "written", "finished", "stopped", "refused", "inspected", "broken")
    READY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    INSPECTED_FIELD_NUMBER: _ClassVar[int]
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    ready: Ready
    heartbeat: Heartbeat
    progress: Progress
    written: Written
    finished: Finished
    stopped: Stopped
    refused: Refused
    inspected: Inspected
    broken: Broken
    def __init__(self, ready: _Optional[_Union[Ready, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., written: _Optional[_Union[Written, _Mapping]] = ..., finished: _Optional[_Union[Finished, _Mapping]] = ..., stopped: _Optional[_Union[Stopped, _Mapping]] = ..., refused: _Optional[_Union[Refused, _Mapping]] = ..., inspected: _Optional[_Union[Inspected, _Mapping]] = ..., broken: _Optional[_Union[Broken, _Mapping]] = ...) -> None: ...
