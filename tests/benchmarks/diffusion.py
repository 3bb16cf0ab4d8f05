"""What the unit adds to a diffusers call: a tiny model whose steps wait as for a device, in processes of their own.

The same call is made by diffusers alone and ordered from a unit, in turns, with few and with many steps. What a step
takes is read from the times at which steps begin, in both alike, on a clock that other programs' work does not move.
"""

import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import UnitUnreachable
from secondunit_bridge.messages import Delivery, Failed, Order, Parameter, Preview, Slot, TakeReady, Task, Text
from secondunit_bridge.spawn import Address

from tests.benchmarks.paced.pace import BEGINNINGS, SECONDS

REPO = Path(__file__).parents[2]
PACED = "tests.benchmarks.paced"
STOCK, UNIT = "stock-steps", "unit-steps"
MODEL = "ltx-0.9.5-2b"
WIDTH, HEIGHT, FRAMES, RATE = 480, 256, 9, Fraction(25)
FEW, MANY = 2, 16
SHORT_ROUNDS, ROUNDS = 10, 3
_LOOK_SECONDS = 0.05
"""Seldom: on few cores, who looks takes time from whom it looks at."""
STEP_MS = 5.0
ORDER_MS = 200.0
WATCHED = 1.03
NICENESS = 5
"""A worker's: the call of diffusers alone waits for other programs as a worker does."""


def order(number: int, folder: Path, steps: int) -> Order:
    """Each with a text of its own, which nobody has encoded before."""
    slot = Slot(FRAMES, 0, 0, RATE, RATE, WIDTH, HEIGHT, Fraction(1), None)
    given = (Parameter("steps", steps),)
    return Order(
        f"{folder.name}-{number}",
        Task.GENERATE,
        "benchmark",
        "shot",
        slot,
        (Text(f"a lake, {number}"),),
        "diffusion",
        MODEL,
        given,
        (1,),
        Delivery(str(folder / str(number))),
    )


def alone(models: Path) -> None:
    """A process that makes the orders whose numbers of steps it reads, and prints the seconds of each."""
    from tests.benchmarks.paced.engine import pace
    from tests.gpu import stock

    os.nice(NICENESS)
    pace()
    pipeline = stock.load(order(0, Path(), FEW), models, "cpu")
    for number, line in enumerate(sys.stdin):
        call = stock.call(pipeline, order(number, Path(), int(line)))
        began = time.perf_counter()
        call()
        print(time.perf_counter() - began, flush=True)  # noqa: T201


class Alone:
    """The same of diffusers, in a process of its own."""

    def __init__(self, models: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.diffusion", str(models)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    def seconds(self, steps: int) -> float:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def unit(home: Path, environment: dict[str, str]) -> Iterator[Address]:
    command = [sys.executable, "-m", "secondunit_inference", "--home", str(home), f"--engine=diffusion={PACED}"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while (address := spawn.find(home)) is None:
            if process.poll() is not None:
                raise UnitUnreachable("the unit did not start")
            time.sleep(0.02)
        yield address
    finally:
        process.terminate()
        process.wait()


async def ordered(client: Client, asked: Order, watched: bool) -> float:
    """Seconds from before the submission until the take lies in its folder; `watched`: as a panel does meanwhile."""
    folder = Path(asked.delivery.folder)
    began = time.time()
    await client.submit(asked)
    panel = asyncio.create_task(watch(client, asked.id)) if watched else None
    while not (found := list(folder.glob("[!.]*.mov"))):
        if panel is not None and panel.done():
            panel.result()
        await asyncio.sleep(_LOOK_SECONDS)
    seconds = found[0].stat().st_ctime - began  # when it got its name
    if panel is not None and await panel < 1:
        raise AssertionError("the panel was shown nothing")
    return seconds


async def watch(client: Client, order_id: str) -> int:
    """Number of previews, each of which is decoded."""
    shown = 0
    async for event in client.watch(order_id):
        if isinstance(event, Failed):
            raise AssertionError(f"the unit made no take: {event}")
        if isinstance(event, Preview):
            picture = cv2.imdecode(np.frombuffer(event.jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None and picture.shape == (HEIGHT, WIDTH, 3)
            shown += 1
        if isinstance(event, TakeReady):
            break
    return shown


def step_seconds(beginnings: Path) -> float:
    """Gaps between orders are left out."""
    times = [float(line) for line in beginnings.read_text().split()]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    return statistics.median(gap for gap in gaps if gap < 2 * SECONDS)


async def measure(address: Address, stock: Alone, folder: Path) -> list[tuple[str, float, float]]:
    numbers = itertools.count()

    async def made(steps: int, watched: bool) -> float:
        return await ordered(client, order(next(numbers), folder, steps), watched)

    async with Client(address) as client:
        await made(FEW, watched=True)  # both are warm after it
        stock.seconds(FEW)
        few = [(stock.seconds(FEW), await made(FEW, watched=True)) for _ in range(SHORT_ROUNDS)]
        for name in STOCK, UNIT:
            (folder / name).unlink()
        many = []
        for _ in range(ROUNDS):
            many.append((await made(MANY, watched=True), await made(MANY, watched=False)))
            stock.seconds(MANY)
    each = step_seconds(folder / UNIT) - step_seconds(folder / STOCK)
    short, ordered_short = (min(times) for times in zip(*few, strict=True))
    watched, unwatched = (min(times) for times in zip(*many, strict=True))
    return [
        ("diffusion order, ms that the unit adds to each step of diffusers alone", each * 1000, STEP_MS),
        (
            f"diffusion order, ms that it adds to the rest, {FRAMES} frames written",
            (ordered_short - short - FEW * each) * 1000,
            ORDER_MS,
        ),
        ("diffusion order, time with a panel watching / unwatched", watched / unwatched, WATCHED),
    ]


def run() -> list[tuple[str, float, float]]:
    from secondunit_inference import cards
    from secondunit_inference.engines.diffusion import tiny

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = folder / "models"
        tiny.build(cards.card(MODEL), models / MODEL)
        environment = os.environ | {"PYTHONPATH": str(REPO), "SECONDUNIT_MODELS": str(models), "OMP_NUM_THREADS": "1"}
        stock = Alone(models, environment | {BEGINNINGS: str(folder / STOCK)})
        try:
            with unit(folder / "home", environment | {BEGINNINGS: str(folder / UNIT)}) as address:
                return asyncio.run(measure(address, stock, folder))
        finally:
            stock.process.kill()
            stock.process.wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        alone(Path(sys.argv[1]))
    else:
        for what, measured, bar in run():
            print(f"{what}: {measured:.3g} (at most {bar:.3g})")  # noqa: T201
