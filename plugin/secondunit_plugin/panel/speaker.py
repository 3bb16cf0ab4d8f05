"""The sound device, and the clock that it is. QtMultimedia needs libraries of the system that may not be there."""

import time
from dataclasses import dataclass

from PyQt5.QtCore import QCoreApplication, QIODevice
from PyQt5.QtMultimedia import QAudioDeviceInfo, QAudioFormat, QAudioOutput

from secondunit_plugin.panel.model.clock import NoSound

_BYTES_PER_SECOND = 48_000 * 4
_BUFFER_SECONDS = 0.12
# The device tells in steps how far it is. The time between is the system's, drawn towards the device's by this share at
# each step, or wholly when they are so many seconds apart; it goes no further than so much beyond what was told.
_PULL, _APART, _BEYOND = 0.1, 0.2, 0.25


@dataclass(frozen=True)
class Output:
    """A sound device of the system, and the form in which it takes sound."""

    device: QAudioDeviceInfo
    form: QAudioFormat

    @classmethod
    def find(cls) -> "Output":
        """The default one. Waits for the system's sound server, so for the work of operations. Raises NoSound."""
        device = QAudioDeviceInfo.defaultOutputDevice()
        form = QAudioFormat()
        form.setSampleRate(48_000)
        form.setChannelCount(2)
        form.setSampleSize(16)
        form.setSampleType(QAudioFormat.SignedInt)
        form.setByteOrder(QAudioFormat.LittleEndian)
        form.setCodec("audio/pcm")
        if device.isNull() or not device.isFormatSupported(form):
            raise NoSound(QCoreApplication.translate("Speaker", "this machine has no sound output"))
        return cls(device, form)


class Speaker:
    why_silent = ""

    def __init__(self, output: Output) -> None:
        self._output = QAudioOutput(output.device, output.form)
        self._output.setBufferSize(round(_BUFFER_SECONDS * _BYTES_PER_SECOND))
        self._pipe: QIODevice | None = None
        self._waiting = bytearray()
        self._written = 0
        self._told = self._zero = self._last = 0.0

    def begin(self) -> None:
        self.end()
        self._pipe = self._output.start()
        self._told = self._last = 0.0

    def write(self, samples: bytes) -> None:
        self._waiting += samples
        self._pump()

    def seconds(self) -> float:
        self._pump()
        told = max(0, self._written - (self._output.bufferSize() - self._output.bytesFree())) / _BYTES_PER_SECOND
        now = time.monotonic()
        if told != self._told:
            off = told - (now - self._zero)
            self._zero -= off if self._told == 0 or abs(off) > _APART else off * _PULL
            self._told = told
        if told > 0:
            self._last = max(self._last, min(now - self._zero, told + _BEYOND))
        return self._last

    def end(self) -> None:
        self._output.reset()
        self._output.stop()
        self._pipe = None
        self._waiting.clear()
        self._written = 0

    def _pump(self) -> None:
        room = min(self._output.bytesFree(), len(self._waiting)) // 4 * 4
        if self._pipe is not None and room:
            done = max(0, self._pipe.write(bytes(self._waiting[:room])))
            del self._waiting[:done]
            self._written += done
