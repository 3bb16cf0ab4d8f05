"""Pictures between two processes: slots of a mapped file, filled by the one and shown in place by the other.

The file begins with the reader's clock: the number of a request and the position in it that is to be on the screen,
so that a writer who is late leaves out what nobody would see.

A slot belongs to the writer until it is filled and then to the reader until it is freed, so that no picture changes
while it is shown. Each filling has a sequence number of its own, odd while it is under way: a picture is only given to
who names the number that it was filled under.
"""

import mmap
import os
import struct
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SLOTS = 6
SLOT_BYTES = 1920 * 1080 * 4
_HEAD = struct.Struct("=QIII")  # sequence, whose, width, height
_HEAD_BYTES = 64
_WRITERS, _READERS = 0, 1
_STRIDE = -(-(SLOT_BYTES + _HEAD_BYTES) // mmap.PAGESIZE) * mmap.PAGESIZE
_BYTES = mmap.PAGESIZE + SLOTS * _STRIDE


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot with the sequence number of what it was filled with."""

    slot: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """BGRA, 8 bits each, A 255; `data` is the slot itself: rows of `width` pixels without padding."""

    data: memoryview
    width: int
    height: int


def create(generation: int = 0) -> Path:
    """A ring file of this user's alone, in memory where the system has a folder for that. Raises OSError.

    No sequence number is that of a ring of another `generation`.
    """
    folders: list[str | None] = [None]
    if sys.platform == "linux":
        folders.insert(0, "/dev/shm")
    for folder in folders:
        with suppress(OSError):
            number, name = tempfile.mkstemp(prefix="secondunit-frames-", dir=folder)
            with os.fdopen(number, "r+b") as file:
                try:
                    if sys.platform == "linux":  # a full disk is met here, not as a signal while a picture is written
                        os.posix_fallocate(file.fileno(), 0, _BYTES)
                    else:
                        file.truncate(_BYTES)
                except OSError:
                    Path(name).unlink()
                    raise
                for slot in range(SLOTS):
                    file.seek(_at(slot))
                    file.write(_HEAD.pack(generation << 32, _WRITERS, 0, 0))
            return Path(name)
    raise OSError(f"there is no room for {_BYTES} bytes of frames in {tempfile.gettempdir()}")


def _at(slot: int) -> int:
    return mmap.PAGESIZE + slot * _STRIDE


class _Ring:
    """Each word of a head is stored at once: what the other process reads is the value before or the one after.

    `struct.pack_into` would clear them first, and a slot whose owner reads as 0 is the writer's.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = memoryview(mmap.mmap(file.fileno(), _BYTES))
        self._words, self._longs = self._map.cast("I"), self._map.cast("Q")

    def _sequence(self, slot: int) -> int:
        return self._longs[_at(slot) // 8]

    def _set_sequence(self, slot: int, sequence: int) -> None:
        self._longs[_at(slot) // 8] = sequence

    def _whose(self, slot: int) -> int:
        return self._words[_at(slot) // 4 + 2]

    def _give(self, slot: int, whom: int) -> None:
        self._words[_at(slot) // 4 + 2] = whom

    def _size(self, slot: int) -> tuple[int, int]:
        word = _at(slot) // 4
        return self._words[word + 3], self._words[word + 4]

    def _data(self, slot: int, size: int) -> memoryview:
        begin = _at(slot) + _HEAD_BYTES
        return self._map[begin : begin + size]


class RingWriter(_Ring):
    """`begin`, write into `data`, `end`: one slot at a time."""

    def begin(self) -> int | None:
        """A slot to fill; None while the reader has all of them."""
        for slot in range(SLOTS):
            if self._whose(slot) == _WRITERS:
                self._set_sequence(slot, self._sequence(slot) | 1)
                return slot
        return None

    def data(self, slot: int, width: int, height: int) -> memoryview:
        """To be written: `height` rows of `width` BGRA pixels, at most SLOT_BYTES in all."""
        return self._data(slot, width * height * 4)

    def due(self, number: int) -> int:
        """The position of request `number` that is to be on the screen; 0 while another one is shown."""
        return self._longs[1] if self._longs[0] == number else 0  # the number first: `tell` stores it before

    def drop(self, slot: int) -> None:
        """What was begun comes to nothing."""
        self._set_sequence(slot, self._sequence(slot) + 1)

    def end(self, slot: int, width: int, height: int) -> Filled:
        word, sequence = _at(slot) // 4, self._sequence(slot) + 1
        self._words[word + 3], self._words[word + 4] = width, height
        self._set_sequence(slot, sequence)
        self._give(slot, _READERS)
        return Filled(slot, sequence)


class RingReader(_Ring):
    def tell(self, number: int, position: int) -> None:
        """What is to be on the screen."""
        if self._longs[0] != number:
            self._longs[1] = 0
            self._longs[0] = number
        self._longs[1] = position

    def pixels(self, filled: Filled) -> Pixels | None:
        """None where the slot holds another picture by now, or is being written."""
        sequence, (width, height) = self._sequence(filled.slot), self._size(filled.slot)
        size = width * height * 4
        if sequence != filled.sequence or sequence % 2 or self._whose(filled.slot) != _READERS or size > SLOT_BYTES:
            return None
        return Pixels(self._data(filled.slot, size), width, height)

    def free(self, filled: Filled) -> None:
        """Gives the slot back. What is shown of it must not be used from here on."""
        if self._sequence(filled.slot) == filled.sequence and self._whose(filled.slot) == _READERS:
            self._give(filled.slot, _WRITERS)
