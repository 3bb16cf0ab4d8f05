"""Encoding of frames on all cores in a fixed order, and ProRes 422 HQ with a fixed quantiser."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from typing import Generic, ParamSpec, TypeVar

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

P = ParamSpec("P")
T = TypeVar("T")

FINEST = 4
COARSEST = 64
# Bits for each macroblock of 422 HQ, by the picture's number of macroblocks: libavcodec/proresenc_kostya.c (FFmpeg),
# which takes them from Apple's target data rates.
_TARGETS = ((1620, 1566), (2700, 1216), (6075, 1070))
_TARGET_ABOVE = 950


class FramePool(Generic[T]):
    """Runs a job for each frame on all cores and gives the results back in order, `window` frames later."""

    def __init__(self) -> None:
        workers = min(8, os.cpu_count() or 1)
        self.window = 2 * workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
        self._waiting: deque[Future[T]] = deque()

    def submit(self, job: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> list[T]:
        done = [self._waiting.popleft().result()] if len(self._waiting) == self.window else []
        self._waiting.append(self._pool.submit(job, *arguments, **named))
        return done

    def flush(self) -> list[T]:
        """The results still to come, all of them waited for."""
        return [self._waiting.popleft().result() for _ in range(len(self._waiting))]

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class ProResEncoder:
    """Each frame at the finest quantiser, from 4 up, that meets the format's target size.

    `prores_ks` with a fixed quantiser skips the search that makes up most of its time. The quantiser is guessed from
    that of frames whose results are already given back, never from those still in work: the same pictures make the
    same file however the threads run.
    """

    def __init__(self, width: int, height: int, rate: Fraction, configure: Callable[[VideoCodecContext], None]) -> None:
        macroblocks = -(-width // 16) * -(-height // 16)
        target = next((bits for limit, bits in _TARGETS if macroblocks <= limit), _TARGET_ABOVE)
        # A target, not a bound: what is chosen may lie an eighth above it, since steps of the quantiser are as coarse.
        self._limit = macroblocks * target * 9 // 64
        self._tick, self._configure = 1 / rate, configure
        self._pool: FramePool[tuple[Packet[VideoStream], int]] = FramePool()
        self._local = threading.local()
        self._guess = FINEST

    def encode(self, number: int, convert: Callable[[], VideoFrame]) -> list[Packet[VideoStream]]:
        """`convert` makes the frame, tagged and in the encoder's format, on the thread that encodes it."""
        done = self._pool.submit(self._one, number, convert, self._guess)
        if number == 0:
            done += self._pool.flush()
        return self._packets(done)

    def flush(self) -> list[Packet[VideoStream]]:
        return self._packets(self._pool.flush())

    def stop(self) -> None:
        self._pool.stop()

    def _packets(self, done: list[tuple[Packet[VideoStream], int]]) -> list[Packet[VideoStream]]:
        if done:
            self._guess = done[-1][1]
        return [packet for packet, _ in done]

    def _one(self, number: int, convert: Callable[[], VideoFrame], quantiser: int) -> tuple[Packet[VideoStream], int]:
        frame = convert()
        frame.pts, frame.time_base = number, self._tick
        while True:
            (packet,) = self._context(quantiser).encode(frame)
            fit = self._fitting(quantiser, packet.size)
            if packet.size <= self._limit or quantiser == COARSEST:
                break
            quantiser = max(quantiser + 1, fit)
        packet.pts = packet.dts = number
        packet.time_base, packet.duration = self._tick, 1
        return packet, min(quantiser, max(fit, FINEST))

    def _fitting(self, quantiser: int, size: int) -> int:
        """The quantiser at which a frame of `size` would just fit; sizes fall about as its power of -0.75."""
        return min(COARSEST, -int(-quantiser * (1.03 * size / self._limit) ** (1 / 0.75) // 1))

    def _context(self, quantiser: int) -> VideoCodecContext:
        contexts: dict[int, VideoCodecContext] = self._local.__dict__.setdefault("contexts", {})
        if quantiser not in contexts:
            context = av.CodecContext.create("prores_ks", "w")
            self._configure(context)
            context.options = {"profile": "hq", "vendor": "apl0"}
            context.qscale, context.global_quality, context.thread_count = True, quantiser, 1
            contexts[quantiser] = context
        return contexts[quantiser]
