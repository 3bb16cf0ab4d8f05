"""The contract between a worker and an engine: what an engine is given beside the order, and what it gives back."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.errors import OrderCancelled
from secondunit_bridge.media.colour import Floats
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.messages import Fit, FurtherWeights, LookChange, Order, Seam
from secondunit_bridge.rates import FrameTime

Picture = NDArray[np.uint16]
"""Upright R'G'B', shape (height, width, 3), 0..65535 full range, in the transfer and primaries of the source."""


@dataclass(frozen=True, slots=True)
class SoundStream:
    """`samples`: float32, shape (channels, samples), as long as the take's frames. `layout`: ffmpeg's name."""

    samples: NDArray[np.float32]
    rate: int
    layout: str


@dataclass(frozen=True, slots=True)
class Made:
    """One take before it is written. Camera frames come as decoded frames, so that their codes stay as they are.

    Floats are pictures with 1 as full scale, whose values may lie beyond it.
    """

    frames: Iterator[av.VideoFrame | Picture | Floats]
    encoding: Encoding
    sound: tuple[SoundStream, ...]
    seams: tuple[Seam, ...]
    look: LookChange | None
    trusted: int | None
    placeholder: bool
    notes: tuple[str, ...]
    cube: str
    """The text of a .cube file to be written beside the take, or empty."""
    weights_sha256: str = ""
    fit: Fit | None = None
    further_weights: tuple[FurtherWeights, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Reported by an engine, for every frame if it likes: the worker thins them out and makes events of them."""

    loading: Callable[[str], None]
    step: Callable[[int, int, str], None]
    """done, total, what"""
    preview: Callable[[FrameTime, Picture | Callable[[], Picture]], None]
    """A frame of the take's file, counted from 0. What makes a picture is called in another thread, or never."""


class Job:
    """`models`: the folder that holds weights. `further`: the takes that are asked for after this one, by index.

    `aside`: what an engine made of those with this one, by index; it goes with the order. `singly`: set by an engine
    that has found that the machine does not hold several takes at once. `holds`: told the model that an engine keeps in
    memory, also after the order; empty once it keeps none.
    """

    def __init__(
        self,
        progress: Progress,
        cancelled: threading.Event,
        models: Path = Path(),
        holds: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.progress = progress
        self.models = models
        self.holds = holds
        self.further: tuple[int, ...] = ()
        self.aside: dict[int, Any] = {}
        self.singly = False
        self._cancelled = cancelled
        self.last_check = time.monotonic()

    def check(self) -> None:
        """Raises OrderCancelled once the order is cancelled; engines call it at least every 0.5 s."""
        self.last_check = time.monotonic()
        if self._cancelled.is_set():
            raise OrderCancelled("the order was cancelled")


Make = Callable[[Order, int, int, Job], Made]
"""Order, index of the take, its seed. What an engine keeps between orders is behind it."""
