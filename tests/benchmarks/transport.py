"""How soon a client hears of its order: over a unix socket, from a unit and its worker in processes of their own."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import UnitUnreachable
from secondunit_bridge.messages import Delivery, Order, Parameter, Preview, Queued, Slot, Step, Task
from secondunit_bridge.spawn import Address

REPO = Path(__file__).parents[2]
ENGINE = "tests.inference.fake_engine"
SUBMISSIONS = 200
EVENTS = 200
FIRST_EVENT_MS = 50.0
FIRST_PREVIEW_S = 0.5
BUSY_TO_IDLE = 3.0


def order(order_id: str, folder: Path, frames: int, width: int, height: int, **parameters: float) -> Order:
    rate = Fraction(24)
    return Order(
        order_id,
        Task.GENERATE,
        "benchmark",
        "shot",
        Slot(frames, 0, 0, rate, rate, width, height, Fraction(1), None),
        (),
        "test",
        "test",
        tuple(Parameter(name, value) for name, value in parameters.items()),
        (1,),
        Delivery(str(folder)),
    )


def percentile_99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


async def submit_to_first_event(unit: Client, folder: Path) -> float:
    """Milliseconds, 99th percentile, from before the submission to the order's first event."""
    times = []
    for number in range(SUBMISSIONS):
        asked = order(f"submit-{number}", folder, 1, 64, 36)
        began = time.perf_counter()
        await unit.submit(asked)
        seen = [time.perf_counter() - began async for e in unit.watch(asked.id) if isinstance(e, Queued)]
        times.append(seen[0] * 1000)
    return percentile_99(times)


async def submit_to_first_preview(unit: Client, folder: Path, name: str) -> float:
    """Seconds to the first preview of a 1080p take, the longest of five."""
    times = []
    for number in range(5):
        asked = order(f"{name}-{number}", folder, 4, 1920, 1080)
        began = time.perf_counter()
        await unit.submit(asked)
        seen = [time.perf_counter() - began async for e in unit.watch(asked.id) if isinstance(e, Preview)]
        times.append(seen[0])
    return max(times)


async def event_latency(unit: Client, folder: Path, name: str, busy: bool) -> float:
    """Milliseconds, 99th percentile, from the engine's report of a step to its arrival at the client."""
    asked = order(name, folder, EVENTS, 64, 36, frame_seconds=0.055, stamp=True, busy=busy)
    await unit.submit(asked)
    times = [
        (time.monotonic_ns() - int(event.what)) / 1e6 async for event in unit.watch(asked.id) if isinstance(event, Step)
    ]
    return percentile_99(times)


async def measure(address: Address, folder: Path) -> list[tuple[str, float, float]]:
    async with Client(address) as unit:
        await submit_to_first_preview(unit, folder, "warm")  # the worker is up after it
        first = await submit_to_first_event(unit, folder)
        preview = await submit_to_first_preview(unit, folder, "preview")
        idle = await event_latency(unit, folder, "idle", busy=False)
        busy = await event_latency(unit, folder, "busy", busy=True)
    print(f"event latency p99: {idle:.2f} ms idle, {busy:.2f} ms under a busy worker")  # noqa: T201
    return [
        ("submit to first event, p99, ms", first, FIRST_EVENT_MS),
        ("submit to first preview, s", preview, FIRST_PREVIEW_S),
        ("event latency p99, busy / idle", busy / idle, BUSY_TO_IDLE),
    ]


def run() -> list[tuple[str, float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        command = [sys.executable, "-m", "secondunit_inference", "--home", str(home), f"--engine=test={ENGINE}"]
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(REPO)}, stderr=subprocess.DEVNULL)
        try:
            while (address := spawn.find(home)) is None:
                if process.poll() is not None:
                    raise UnitUnreachable("the unit did not start")
                time.sleep(0.02)
            return asyncio.run(measure(address, Path(folder) / "takes"))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    for name, measured, bar in run():
        print(f"{name}: {measured:.3f} (at most {bar})")  # noqa: T201
