"""The sound device, and the clock that it is. QtMultimedia needs libraries of the system that may not be there."""

import time

from PyQt5.QtCore import QCoreApplication, QIODevice
from PyQt5.QtMultimedia import QAudioDeviceInfo, QAudioFormat, QAudioOutput

from secondunit_plugin.panel.model.clock import NoSound

_BYTES_PER_SECOND = 48_000 * 4
_BUFFER_SECONDS = 0.12
# The device tells in steps how far it is. The time between is the system's, drawn towards the device's by this share
# each time that it is asked; from so many seconds apart on, at once.
_PULL, _APART = 0.05, 0.08


class Speaker:
    """The default output. Raises NoSound."""

    why_silent = ""

    def __init__(self) -> None:
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
        self._output = QAudioOutput(device, form)
        self._output.setBufferSize(round(_BUFFER_SECONDS * _BYTES_PER_SECOND))
        self._pipe: QIODevice | None = None
        self._waiting = bytearray()
        self._written = 0
        self._began = self._ahead = 0.0

    def begin(self) -> None:
        self.end()
        self._pipe = self._output.start()
        self._began, self._ahead = time.monotonic(), 0.0

    def write(self, samples: bytes) -> None:
        self._waiting += samples
        self._pump()

    def seconds(self) -> float:
        self._pump()
        told = max(0, self._written - (self._output.bufferSize() - self._output.bytesFree())) / _BYTES_PER_SECOND
        passed = time.monotonic() - self._began
        off = told - (passed + self._ahead)
        self._ahead += off if abs(off) > _APART else off * _PULL
        return passed + self._ahead

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
