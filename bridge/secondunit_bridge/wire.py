"""Dataclasses of `messages`, `controls` and `rates` to and from the protobuf messages of the same names and fields."""

import dataclasses
import re
from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_type_hints, overload

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from secondunit_bridge import controls, messages, rates
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import Event, Record

M = TypeVar("M")
P = TypeVar("P", bound=Message)

_VALUE_FIELDS: dict[type, str] = {bool: "flag", int: "integer", float: "number", str: "text"}


@overload
def to_proto(message: Any) -> Any: ...
@overload
def to_proto(message: Any, into: P) -> P: ...
def to_proto(message: Any, into: Message | None = None) -> Message:
    """`into` is filled; without it, a protobuf message of the same name is made. Raises BadInput for what protobuf
    cannot hold: integers beyond 64 bits, text that is not Unicode."""
    target = getattr(unit_pb2, type(message).__name__)() if into is None else into
    try:
        _fill(target, message)
    except (ValueError, UnicodeEncodeError) as error:
        raise BadInput(f"{type(message).__name__} cannot be sent: {error}") from error
    return cast(Message, target)


def from_proto(cls: type[M], proto: Message) -> M:
    """Raises BadInput when a required field is missing or an enumeration's value is not known here."""
    return cast(M, _read_dataclass(cls, proto))


def event_from_proto(proto: unit_pb2.Event) -> Event:
    return cast(Event, _read_union(proto))


def record_to_json(record: Record) -> str:
    return json_format.MessageToJson(to_proto(record), preserving_proto_field_name=True, ensure_ascii=False)


def record_from_json(text: str) -> Record:
    """Unknown fields, as another version may write, are ignored. Raises BadInput for anything but a record."""
    try:
        proto = json_format.Parse(text, unit_pb2.Record(), ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise BadInput(f"this is not a take's record: {error}") from error
    return from_proto(Record, proto)


def _fill(target: Message, value: Any) -> None:
    name = target.DESCRIPTOR.name
    if name == "Rational":
        target.numerator, target.denominator = value.numerator, value.denominator  # type: ignore[attr-defined]
    elif name == "Value":
        setattr(target, _VALUE_FIELDS[type(value)], value)
    elif name != type(value).__name__:  # a union
        field = _member(target, type(value).__name__)
        chosen = getattr(target, field)
        chosen.SetInParent()
        _fill(chosen, value)
    else:
        target.SetInParent()
        kind: Any = type(value)
        for field, write in _writers(kind):
            content = getattr(value, field)
            if content is not None:
                write(target, content)


def _member(union: Message, name: str) -> str:
    for field in union.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.name == name:
            return field.name
    raise BadInput(f"{name} is no member of {union.DESCRIPTOR.name}")


@cache
def _writers(cls: Any) -> tuple[tuple[str, Callable[[Message, Any], None]], ...]:
    fields = getattr(unit_pb2, cls.__name__).DESCRIPTOR.fields_by_name
    return tuple((field.name, _writer(fields[field.name])) for field in dataclasses.fields(cls))


def _writer(field: FieldDescriptor) -> Callable[[Message, Any], None]:
    name = field.name
    if field.message_type is not None and field.is_repeated:

        def write_messages(target: Message, content: Any) -> None:
            repeated = getattr(target, name)
            for item in content:
                _fill(repeated.add(), item)

        return write_messages
    if field.message_type is not None:
        return lambda target, content: _fill(getattr(target, name), content)
    if field.enum_type is not None:
        return lambda target, content: setattr(target, name, _enum_number(field, content))
    if field.is_repeated:
        return lambda target, content: getattr(target, name).extend(content)
    return lambda target, content: setattr(target, name, content)


def _enum_prefix(field: FieldDescriptor) -> str:
    assert field.enum_type is not None
    return re.sub(r"(?<!^)(?=[A-Z])", "_", field.enum_type.name).upper() + "_"


def _enum_number(field: FieldDescriptor, member: Enum) -> int:
    assert field.enum_type is not None
    return field.enum_type.values_by_name[_enum_prefix(field) + member.name].number


def _read_dataclass(cls: Any, proto: Message) -> Any:
    return cls(**{name: read(proto) for name, read in _readers(cls)})


def _read_union(proto: Message) -> Any:
    chosen = proto.WhichOneof(proto.DESCRIPTOR.oneofs[0].name)
    if chosen is None:
        raise BadInput(f"an empty {proto.DESCRIPTOR.name}: the other side may be of another version")
    content = getattr(proto, chosen)
    return _read_dataclass(_class_named(content.DESCRIPTOR.name), content) if isinstance(content, Message) else content


def _class_named(name: str) -> Any:
    return getattr(messages, name, None) or getattr(controls, name, None) or getattr(rates, name)


@cache
def _readers(cls: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    fields = getattr(unit_pb2, cls.__name__).DESCRIPTOR.fields_by_name
    hints = get_type_hints(cls)
    return tuple((name, _reader(cls, fields[name], hints[name])) for name in hints)


def _reader(cls: type, field: FieldDescriptor, hint: Any) -> Callable[[Any], Any]:
    name = field.name
    convert = _converter(field, get_args(hint)[0] if field.is_repeated else hint)
    if field.is_repeated:
        return lambda proto: tuple(convert(item) for item in getattr(proto, name))
    if isinstance(hint, UnionType) and NoneType in get_args(hint):
        return lambda proto: convert(getattr(proto, name)) if proto.HasField(name) else None
    if field.message_type is not None:

        def read_required(proto: Any) -> Any:
            if not proto.HasField(name):
                raise BadInput(f"{cls.__name__}.{name} is missing: the other side may be of another version")
            return convert(getattr(proto, name))

        return read_required
    return lambda proto: convert(getattr(proto, name))


def _converter(field: FieldDescriptor, hint: Any) -> Callable[[Any], Any]:
    if field.message_type is not None:
        if field.message_type.name == "Rational":
            return _read_rational
        if field.message_type.oneofs and not hasattr(_class_named(field.message_type.name), "__dataclass_fields__"):
            return _read_union
        return lambda proto: _read_dataclass(_class_named(proto.DESCRIPTOR.name), proto)
    if field.enum_type is not None:
        by_number = {
            value.number: hint[value.name.removeprefix(_enum_prefix(field))]
            for value in field.enum_type.values
            if value.number
        }

        def read_enum(number: int) -> Any:
            if number not in by_number:
                raise BadInput(f"{field.full_name} {number} is not known: the other side may be of another version")
            return by_number[number]

        return read_enum
    return lambda content: content


def _read_rational(proto: Any) -> Fraction:
    if proto.denominator == 0:
        raise BadInput("a rate or ratio has the denominator 0")
    return Fraction(proto.numerator, proto.denominator)
