"""Messages on a pipe: each one behind its length, 4 bytes, big end first."""

import struct
from collections.abc import Iterator
from typing import IO

from google.protobuf.message import Message

_LENGTH = struct.Struct(">I")


def frame(message: Message) -> bytes:
    body = message.SerializeToString()
    return _LENGTH.pack(len(body)) + body


def read_frames(stream: IO[bytes]) -> Iterator[bytes]:
    """Up to the end of the stream; a last, torn message is dropped."""
    while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        body = stream.read(length)
        if len(body) < length:
            return
        yield body
