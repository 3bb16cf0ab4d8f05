"""Every task of a model, made once on this machine, and a report of it that can be sent: no paths, no names, no media.

The orders are ordinary ones over clips that are painted here, at the size and length that the model is published for,
with two steps of its draft tier: what is measured is whether the task runs, what it needs and how long a step takes.
"""

import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import assert_never
from uuid import uuid4

import anyio
import numpy as np
import psutil
from numpy.typing import NDArray
from secondunit_bridge.client import Client
from secondunit_bridge.controls import Control, KeyframesControl, NumberControl
from secondunit_bridge.errors import OrderRefused, SecondUnitError
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import (
    Cancelled,
    Card,
    Codec,
    Condition,
    Delivery,
    Event,
    Failed,
    Fit,
    FramesAfter,
    FramesBefore,
    Loading,
    Mask,
    Native,
    Order,
    Parameter,
    Preview,
    Queued,
    ReferenceImage,
    Slot,
    SourceShot,
    Span,
    Step,
    TakeReady,
    Task,
    Text,
    Value,
    Version,
    Weights,
)
from secondunit_bridge.rates import FrameRange, FrameTime

STEPS = 2
_SEEN = 24
"""Frames that a model is shown on each side, at most; the slot is shorter by them, so that one pass holds it all."""
_PICTURES = Encoding("rgb48le", 16, "bt709", "bt709", "bt709", True)
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Exercised:
    """`error` is empty where the take was made. `step_seconds`: None where fewer than two steps were seen.

    `memory_bytes`: what the unit plans for such an order once it has made one. `process_bytes`: the most that the
    unit's workers held in the machine's memory.
    """

    task: Task
    error: str
    seconds: float
    step_seconds: float | None
    memory_bytes: int
    process_bytes: int
    fit: Fit | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    model: str
    weights_sha256: str
    revision: str
    native: Native
    parameters: tuple[Parameter, ...]
    """What was set beside the tier and the steps."""
    secondunit: str
    python: str
    system: str
    devices: tuple[str, ...]
    versions: tuple[Version, ...]
    tasks: tuple[Exercised, ...]


async def exercise(
    unit: Client, card: Card, weights: Weights, told: Callable[[Event], None], given: tuple[Parameter, ...] = ()
) -> Report:
    """`given`: parameters of every order, over the draft tier and two steps.

    Raises OrderRefused for a model whose card names no size. What goes wrong with a task stands in the report."""
    if card.native is None:
        raise OrderRefused(f"{card.model} has no size that it is published for: there is nothing to exercise")
    info = await unit.hello()
    done, versions = [], dict[str, Version]()
    with tempfile.TemporaryDirectory(prefix="secondunit-exercise-") as name:
        folder = Path(name)
        await anyio.to_thread.run_sync(_paint, folder, card.native)
        for limit in card.limits:
            order = _order(card, limit.task, folder, card.native, given)
            one, used = await _make(unit, order, info.pid, folder, told)
            done.append(one)
            versions |= {version.package: version for version in used}
    return Report(
        model=card.model,
        weights_sha256=weights.sha256,
        revision=weights.revision,
        native=card.native,
        parameters=given,
        secondunit=info.version,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        devices=info.devices,
        versions=tuple(versions.values()),
        tasks=tuple(done),
    )


def _paint(folder: Path, native: Native) -> None:
    """A clip of a ramp with texture that moves, its first frame as a still, and a mask of the middle."""
    texture = np.random.default_rng(1).integers(0, 8192, (native.height, native.width, 3), np.uint16)
    ramp = np.linspace(8192, 49152, native.width, dtype=np.uint16)[None, :, None]
    ground = texture + ramp
    _write(folder / "clip.mov", Codec.PRORES_HQ, [np.roll(ground, 2 * n, 1) for n in range(native.frames)], native)
    _write(folder / "still", Codec.PNG, [ground], native)
    mask = np.zeros_like(ground)
    mask[native.height // 4 : -native.height // 4, native.width // 4 : -native.width // 4] = 65535
    _write(folder / "mask", Codec.PNG, [mask], native)


def _write(path: Path, codec: Codec, pictures: list[NDArray[np.uint16]], native: Native) -> None:
    start = FrameTime(0, native.rate)
    size = (native.width, native.height)
    with MediaWriter(
        str(path), codec, native.rate, *size, Fraction(1), _PICTURES, start, False, "EXERCISE", (), ""
    ) as writer:
        for picture in pictures:
            writer.write(picture)


def _order(card: Card, task: Task, folder: Path, native: Native, given: tuple[Parameter, ...]) -> Order:
    clip, still = str(folder / "clip.mov"), str(next((folder / "still").glob("*.png")))
    rate = native.rate
    asked = round(card.context.frame * rate / card.context.rate) if card.context is not None else 0
    seen = min(max(asked, min(_SEEN, native.frames // 4), 1), (native.frames - 1) // 2)
    before = FramesBefore(Span(clip, FrameRange(native.frames - seen, seen, rate)))
    after = FramesAfter(Span(clip, FrameRange(0, seen, rate)))
    text = Text("a lake between hills")
    conditions: tuple[Condition, ...]
    match task:
        case Task.GENERATE:
            frames, conditions = native.frames, (text,)
        case Task.EXTEND:
            frames, conditions = native.frames - seen, (text, before)
        case Task.JOIN:
            frames, conditions = native.frames - 2 * seen, (text, before, after)
        case Task.REPLACE:
            mask = Mask(Span(str(next((folder / "mask").glob("*.png"))), FrameRange(0, 1, rate)))
            source = SourceShot(Span(clip, FrameRange(0, native.frames, rate)))
            frames, conditions = native.frames, (text, source, mask)
        case Task.MATCH:
            source = SourceShot(Span(clip, FrameRange(0, native.frames, rate)))
            frames, conditions = native.frames, (text, source, ReferenceImage(still))
        case _:
            assert_never(task)
    return Order(
        id=uuid4().hex,
        task=task,
        show="exercise",
        shot=task.value,
        slot=Slot(frames, 0, 0, rate, rate, native.width, native.height, Fraction(1), None),
        conditions=conditions,
        engine=card.engine,
        model=card.model,
        parameters=_parameters(given),
        seeds=(1,),
        delivery=Delivery(str(folder / "takes"), Codec.PNG),
    )


def _fuller(order: Order, offered: tuple[Control, ...], folder: Path) -> Order:
    """With the stills that the model begins with and ends at, and with all of a strength, so that every step is run."""
    still = str(next((folder / "still").glob("*.png")))
    for control in offered:
        match control.kind:
            case KeyframesControl(most, ends_only) if order.task is Task.GENERATE:
                places = (0, order.slot.frames - 1) if ends_only and most > 1 else (0,)
                stills = (ReferenceImage(still, FrameTime(place, order.slot.rate)) for place in places)
                order = replace(order, conditions=(*order.conditions, *stills))
            case NumberControl() if control.name == "strength":
                order = replace(order, parameters=(*order.parameters, Parameter("strength", 1.0)))
            case _:
                pass
    return order


def _parameters(given: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Another tier runs with its own steps: those of a distilled one are part of it."""
    named = {one.name: one.value for one in given}
    steps: dict[str, Value] = {} if "tier" in named else {"tier": "draft", "steps": STEPS}
    return tuple(Parameter(name, value) for name, value in (steps | named).items())


async def _make(
    unit: Client, order: Order, pid: int, folder: Path, told: Callable[[Event], None]
) -> tuple[Exercised, tuple[Version, ...]]:
    """Cancelled from outside, it cancels the order at the unit."""
    began = time.monotonic()
    steps: list[float] = []
    last: Event | None = None
    error, memory, held = "", 0, [0]
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_watch_memory, pid, held)
            try:
                order = _fuller(order, (await unit.controls(order)).controls, folder)
                await unit.submit(order)
                async for event in unit.watch(order.id):
                    told(event)
                    last = event
                    match event:
                        case Step(what="steps"):
                            steps.append(time.monotonic())
                        case Failed():
                            error = f"{event.error}: {event.message}"
                        case Cancelled():
                            error = "cancelled"
                        case Queued() | Loading() | Step() | Preview() | TakeReady():
                            pass
                        case _:
                            assert_never(event)
                memory = (await unit.plan(order)).memory_bytes
            except SecondUnitError as refused:
                error = f"{type(refused).__name__}: {refused}"
            except anyio.get_cancelled_exc_class():
                with anyio.move_on_after(5, shield=True):
                    await unit.cancel(order.id)
                raise
            group.cancel_scope.cancel()
    finally:
        seconds = time.monotonic() - began
    record = last.take.record if isinstance(last, TakeReady) else None
    between = [after - before for before, after in pairwise(steps)]
    return Exercised(
        task=order.task,
        error=_without_paths(error, folder),
        seconds=round(seconds, 2),
        step_seconds=round(median(between), 3) if between else None,
        memory_bytes=memory,
        process_bytes=held[0],
        fit=record.fit if record else None,
        notes=record.notes if record else (),
    ), record.versions if record else ()


async def _watch_memory(pid: int, held: list[int]) -> None:
    while True:
        held[0] = max(held[0], await anyio.to_thread.run_sync(_worker_bytes, pid))
        await anyio.sleep(_LOOK_SECONDS)


def _worker_bytes(pid: int) -> int:
    try:
        return sum(child.memory_info().rss for child in psutil.Process(pid).children(recursive=True))
    except psutil.Error:  # one that ended meanwhile
        return 0


def _without_paths(text: str, folder: Path) -> str:
    """The user's folders are nobody else's business."""
    return text.replace(str(folder), "FOLDER").replace(str(Path.home()), "~")
