"""The frames process as tests drive it, and what the ffmpeg program says of the same media."""

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt5.QtGui import QImage
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import Shown
from secondunit_plugin.panel.frames.ring import Filled

SECONDS = 30_000


@pytest.fixture
def frames(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Frames"]:
    monkeypatch.setenv("SECONDUNIT_CACHE", str(tmp_path / "cache"))
    made = Frames(qtbot)
    yield made
    made.link.close()


class Frames:
    """A process that runs, and all that it answered; pictures are copied and their slots freed, unless `hold`."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot, self.link, self.hold = qtbot, FramesLink(), False
        self.answers: list[object] = []
        self.data: list[bytes] = []
        self.pictures: dict[int, NDArray[np.uint8]] = {}
        """R'G'B' by the frames' numbers."""
        self.link.answered.connect(self._take)
        self.link.start()
        qtbot.waitUntil(lambda: self.link.running is not None, timeout=SECONDS)

    def wait(self, kind: type, count: int = 1) -> None:
        self.qtbot.waitUntil(lambda: len(self.of(kind)) >= count, timeout=SECONDS)

    def of(self, kind: type) -> list[tuple[object, bytes]]:
        return [(one, data) for one, data in zip(self.answers, self.data, strict=True) if isinstance(one, kind)]

    def _take(self, answer: object, data: bytes) -> None:
        self.answers.append(answer)
        self.data.append(data)
        if isinstance(answer, Shown) and not self.hold:
            filled = Filled(answer.slot, answer.sequence)
            pixels = self.link.pixels(filled)
            assert pixels is not None
            bgra = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width, 4)
            self.pictures[answer.frame] = bgra[..., 2::-1].copy()
            self.link.free(filled)


def rgb(jpeg: bytes) -> NDArray[np.uint8]:
    image = QImage.fromData(jpeg).convertToFormat(QImage.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asarray(image.sizeInBytes()), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def frame_of(path: Path, number: int, width: int, height: int) -> NDArray[np.uint8]:
    """R'G'B' as the ffmpeg program decodes and scales it."""
    chosen = f"select=eq(n\\,{number}),scale={width}:{height}:flags=bilinear"
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", chosen, "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def sound_of(path: Path) -> NDArray[np.int16]:
    """Shape (samples, 2), at 48 kHz."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "2", "-ar", "48000", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<i2").reshape(-1, 2)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The mean difference in codes of 255."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


RATE = Fraction(24)
