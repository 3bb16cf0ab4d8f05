"""A match of 48 grained 1080p frames: the engine against decoding and encoding alone, the unit against the engine."""

import asyncio
import tempfile
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from secondunit_bridge.client import Client
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import (
    Codec,
    Delivery,
    Event,
    Failed,
    Order,
    ReferenceShot,
    Slot,
    SourceShot,
    Span,
    TakeReady,
    Task,
)
from secondunit_bridge.rates import FrameRange
from secondunit_bridge.spawn import ensure_running, stop
from secondunit_inference.engines.draft.engine import make
from secondunit_inference.job import Job, Progress

WIDTH, HEIGHT, FRAMES, RATE = 1920, 1080, 48, Fraction(24)
BT709 = Encoding("yuv422p10le", 10, "bt709", "bt709", "bt709", False)
REPEATS = 3


def write_shot(path: Path, frames: int, gains: tuple[float, float, float], grain: float, seed: int) -> Span:
    """Shapes and texture that pan by two pixels a frame, under grain; R'G'B' in, ProRes out."""
    random = np.random.default_rng(seed)
    wide = np.zeros((HEIGHT, WIDTH + 2 * frames, 3), np.float32)
    for cells in (5, 20, 90, 400):
        small = random.standard_normal((cells * HEIGHT // WIDTH + 2, cells, 3)).astype(np.float32)
        large = cv2.resize(small, (wide.shape[1], HEIGHT), interpolation=cv2.INTER_CUBIC)
        wide += large * np.float32(0.12 / cells**0.3)
    wide = np.clip(0.42 + wide, 0.02, 0.98) * np.array(gains, np.float32)
    tile = cv2.GaussianBlur(random.standard_normal((HEIGHT + 64, WIDTH + 64, 1)).astype(np.float32), (0, 0), 0.7)
    with MediaWriter(str(path), Codec.PRORES_HQ, RATE, WIDTH, HEIGHT, Fraction(1), BT709) as writer:
        for number in range(frames):
            top, left = random.integers(0, 64, 2)
            noise = tile[top : top + HEIGHT, left : left + WIDTH, None] * np.float32(grain / tile.std())
            rgb = wide[:, 2 * number : 2 * number + WIDTH] + noise
            writer.write((np.clip(rgb, 0, 1) * 65535 + 0.5).astype(np.uint16))
    return Span(str(path), FrameRange(0, frames, RATE))


def recode(span: Span, path: Path) -> None:
    with (
        VideoReader(span.path) as reader,
        MediaWriter(str(path), Codec.PRORES_HQ, RATE, WIDTH, HEIGHT, Fraction(1), reader.info.encoding) as writer,
    ):
        for frame in reader.frames(0, FRAMES):
            writer.write(frame)


def in_process(order: Order, path: Path) -> None:
    progress = Progress(lambda _what: None, lambda _done, _total, _what: None, lambda _frame, _picture: None)
    made = make(order, 0, order.seeds[0], Job(progress, threading.Event()))
    with MediaWriter(str(path), Codec.PRORES_HQ, RATE, WIDTH, HEIGHT, Fraction(1), made.encoding) as writer:
        for frame in made.frames:
            writer.write(frame)


async def through_unit(client: Client, order: Order) -> None:
    await client.submit(order)
    last: Event | None = None
    async for event in client.watch(order.id):
        last = event
        if isinstance(event, TakeReady | Failed):
            break
    if not isinstance(last, TakeReady):
        raise AssertionError(f"the unit made no take: {last}")


def run() -> list[tuple[str, float, float]]:
    """(what, measured ratio, bar)"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_shot(folder / "source.mov", FRAMES, (1.0, 0.97, 0.9), 0.012, 1)
        reference = write_shot(folder / "reference.mov", 12, (0.75, 0.85, 0.95), 0.012, 2)
        slot = Slot(FRAMES, 0, 0, RATE, RATE, WIDTH, HEIGHT, Fraction(1), None)
        order = Order(
            "0",
            Task.MATCH,
            "benchmark",
            "A001",
            slot,
            (SourceShot(source), ReferenceShot(reference)),
            "draft",
            "draft",
            (),
            (1,),
            Delivery(str(folder / "takes")),
        )
        alone, direct, served = [], [], []
        home = folder / "home"
        address = ensure_running(home)
        try:
            asyncio.run(_warmed(address, order))
            for turn in range(REPEATS):
                alone.append(_seconds(lambda turn=turn: recode(source, folder / f"alone{turn}.mov")))
                direct.append(_seconds(lambda turn=turn: in_process(order, folder / f"direct{turn}.mov")))
                served.append(asyncio.run(_served(address, replace(order, id=str(turn + 1)))))
        finally:
            stop(home)
    return [
        ("match: whole order / decode + ProRes encode alone", min(direct) / min(alone), 1.5),
        ("match: through the unit / engine in process", min(served) / min(direct), 1.1),
    ]


async def _served(address: object, order: Order) -> float:
    async with Client(address) as client:
        began = time.perf_counter()
        await through_unit(client, order)
        return time.perf_counter() - began


async def _warmed(address: object, order: Order) -> None:
    """A first, short order: a warm unit has its engine loaded."""
    source = order.conditions[0]
    assert isinstance(source, SourceShot)
    few = SourceShot(Span(source.span.path, FrameRange(0, 2, RATE)))
    async with Client(address) as client:
        await through_unit(
            client, replace(order, id="warm", slot=replace(order.slot, frames=2), conditions=(few, order.conditions[1]))
        )


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for what, ratio, bar in run():
        print(f"{what}: {ratio:.2f} (at most {bar})")  # noqa: T201
