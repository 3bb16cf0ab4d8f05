"""What pictures are clocked by: the sound as it is heard, or the time where nothing is."""

import time
from typing import Protocol

from secondunit_bridge.errors import SecondUnitError


class NoSound(SecondUnitError):
    """The message says why nothing can be heard here."""


class Clock(Protocol):
    """Sound: 16 bits, stereo, 48 kHz."""

    @property
    def why_silent(self) -> str:
        """Why nothing is heard, for a person; empty where it is."""

    def begin(self) -> None:
        """From 0 on, without what was written before."""

    def write(self, samples: bytes) -> None:
        """Further sound, behind what is there."""

    def seconds(self) -> float:
        """What has been heard since the beginning."""

    def end(self) -> None: ...


class SilentClock:
    def __init__(self, why_silent: str) -> None:
        self.why_silent = why_silent
        self._began = time.monotonic()

    def begin(self) -> None:
        self._began = time.monotonic()

    def write(self, samples: bytes) -> None:
        pass

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def end(self) -> None:
        pass
