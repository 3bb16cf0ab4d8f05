import dataclasses
import importlib.util
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secondunit_bridge import controls, messages, rates
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import Event, Order, Record
from secondunit_bridge.wire import event_from_proto, from_proto, record_from_json, record_to_json, to_proto

REPO = Path(__file__).parents[2]
CLASSES = [
    thing
    for module in (rates, messages, controls)
    for thing in vars(module).values()
    if dataclasses.is_dataclass(thing) and thing.__module__ == module.__name__
]
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: INTEGERS,
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    str: st.text(max_size=8),
    bytes: st.binary(max_size=8),
    Fraction: st.builds(Fraction, INTEGERS, st.integers(1, 2**63 - 1)).filter(lambda f: abs(f.numerator) < 2**63),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Every value that a field of that type can have."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, UnionType):
        return st.one_of(st.none() if part is NoneType else values(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return st.builds(hint, **{name: values(part) for name, part in get_type_hints(hint).items()})


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_field_round_trips(cls: Any, data: st.DataObject) -> None:
    message = data.draw(values(cls))
    sent = to_proto(message).SerializeToString()
    received = from_proto(cls, getattr(unit_pb2, cls.__name__).FromString(sent))
    assert received == message
    assert repr(received) == repr(message)  # 1, 1.0 and True are equal


@settings(max_examples=60, deadline=None)
@given(event=values(Event))
def test_every_event_round_trips(event: Event) -> None:
    assert event_from_proto(unit_pb2.Event.FromString(to_proto(event, unit_pb2.Event()).SerializeToString())) == event


@settings(max_examples=25, deadline=None)
@given(record=values(Record))
def test_records_round_trip_as_json(record: Record) -> None:
    assert record_from_json(record_to_json(record)) == record


def test_protobuf_has_no_other_messages_or_fields() -> None:
    own = {"Rational", "Value", "Condition", "Event", "HelloRequest", "WatchRequest", "CancelRequest", "CancelReply"}
    own |= {"MoveRequest", "MoveReply", "ForgetRequest", "ForgetReply", "UseRequest"}
    own |= {
        "OrdersRequest",
        "StopRequest",
        "StopReply",
        "ControlsRequest",
        "ControlKind",
        "ModelsRequest",
        "FetchModelRequest",
    }
    own |= {"ImportModelRequest", "CheckModelRequest", "RemoveModelRequest", "RemoveModelReply"}
    classes = {cls.__name__: cls for cls in CLASSES}
    for name, descriptor in unit_pb2.DESCRIPTOR.message_types_by_name.items():
        if name not in own:
            fields = [field.name for field in dataclasses.fields(classes[name])]
            assert [field.name for field in descriptor.fields] == fields
    assert set(classes) == set(unit_pb2.DESCRIPTOR.message_types_by_name) - own


def test_a_missing_part_is_refused() -> None:
    with pytest.raises(BadInput, match=r"Order\.slot is missing"):
        from_proto(Order, unit_pb2.Order(id="a", task=unit_pb2.TASK_JOIN))


def test_a_stored_span_that_names_no_camera_frames_is_read() -> None:
    stored = unit_pb2.Span(
        path="/a.mov",
        range=unit_pb2.FrameRange(start=3, duration=9, rate=unit_pb2.Rational(numerator=24, denominator=1)),
    )
    assert from_proto(messages.Span, stored) == messages.Span("/a.mov", rates.FrameRange(3, 9, Fraction(24)), "", None)


def test_an_unknown_value_is_refused() -> None:
    proto = unit_pb2.TaskLimit.FromString(b"\x08\x63")
    with pytest.raises(BadInput, match="99 is not known"):
        from_proto(messages.TaskLimit, proto)


def test_what_protobuf_cannot_hold_is_refused() -> None:
    with pytest.raises(BadInput, match="TaskLimit cannot be sent"):
        to_proto(messages.TaskLimit(messages.Task.JOIN, 2**63))
    with pytest.raises(BadInput, match="ReferenceImage cannot be sent"):
        to_proto(messages.ReferenceImage("\udcff.png"))


def test_text_that_is_no_record_is_refused() -> None:
    with pytest.raises(BadInput, match="not a take's record"):
        record_from_json("{]")


def test_generated_code_is_up_to_date(tmp_path: Path) -> None:
    path = REPO / "bridge" / "proto" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    fresh = tmp_path / "secondunit_bridge" / "_pb"
    fresh.mkdir(parents=True)
    module.generate(tmp_path)
    stored = REPO / "bridge" / "secondunit_bridge" / "_pb"
    names = {path.name for path in stored.glob("*_pb2*.py*")}
    assert names == {path.name for path in fresh.iterdir()}
    for name in names:
        assert (stored / name).read_text() == (fresh / name).read_text(), f"{name}: run python bridge/proto/generate.py"
