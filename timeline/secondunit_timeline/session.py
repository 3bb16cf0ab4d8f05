"""A unit at work on cuts: what a TD scripts, and what the command line and the panel call."""

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar, Unpack, assert_never

import anyio
import anyio.from_thread
import anyio.to_thread
import opentimelineio as otio
from secondunit_bridge import errors, spawn
from secondunit_bridge.client import Client
from secondunit_bridge.controls import Controls
from secondunit_bridge.errors import BadInput, CutError, OrderCancelled, OrderFailed, SecondUnitError
from secondunit_bridge.messages import (
    Cancelled,
    Card,
    Event,
    Failed,
    Loading,
    Order,
    OrderStatus,
    Parameter,
    Preview,
    Queued,
    Step,
    Take,
    TakeReady,
    Task,
)
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation, slot_of
from secondunit_timeline.growth import place_growth, plan_growth, record_to_grow, settings_of
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_blend, plan_join
from secondunit_timeline.loops import place_loop, plan_loop
from secondunit_timeline.make import plan_making, refused_by
from secondunit_timeline.making import Job, Made, Making, carry_out
from secondunit_timeline.markers import from_markers
from secondunit_timeline.matches import look_of, place_match, plan_match, plan_replace
from secondunit_timeline.operations import End, Into, Operation
from secondunit_timeline.options import Options, settings_from
from secondunit_timeline.orders import Settings, make_order, slot_for
from secondunit_timeline.placing import Ordered, place
from secondunit_timeline.shots import find_clip, open_shot
from secondunit_timeline.takes import stand_ins

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Result:
    """`cut` holds the takes in place; the cut that was given is unchanged. `order` is None where none was needed.

    `ordered`: for `placing.place`, where the host's cut has moved on while the takes were made.
    """

    cut: otio.schema.Timeline
    edit: Edit
    order: Order | None
    takes: tuple[Take, ...]
    notes: tuple[str, ...]
    ordered: Ordered


class AsyncUnit:
    """Used as `async with AsyncUnit(takes) as unit`: finds the unit of this machine, or starts it.

    `takes`: the folder that media files are written to. `on_event` is called for every event of every order.
    """

    def __init__(self, takes: Path | str, on_event: Callable[[Event], None] | None = None) -> None:
        self._folder = Path(takes)
        self._on_event = on_event
        self._stack = AsyncExitStack()
        self._cards: tuple[Card, ...] = ()

    async def __aenter__(self) -> Self:
        address = await anyio.to_thread.run_sync(spawn.ensure_running, spawn.home())
        self._client = await self._stack.enter_async_context(Client(address))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def extend(
        self,
        cut: otio.schema.Timeline,
        shot: str,
        *,
        tail: int = 0,
        head: int = 0,
        into: Into | None = None,
        handles_only: bool = False,
        grow: bool = False,
        **options: Unpack[Options],
    ) -> Result:
        """`into` None: the gap beside the shot if there is one, else handles only. Frames are counted in the cut.

        `grow`: the shot plays a take, which becomes one longer take with all its frames as they are; what is not in
        `options` is as it was ordered with.
        """
        if bool(tail) == bool(head):
            raise BadInput("an extension needs either tail or head: the frames to add at one end")
        end = End.TAIL if tail else End.HEAD
        if grow:
            index = Index(cut)
            record = await anyio.to_thread.run_sync(record_to_grow, index, shot)
            settings = await self._settings(options, settings_of(record, Settings(self._folder)))
            grown = await anyio.to_thread.run_sync(
                plan_growth, index, shot, end, tail or head, into, handles_only, settings
            )
            return await self._carry_out(cut, grown.order, partial(place_growth, grown), grown.extension.notes)
        plan = await anyio.to_thread.run_sync(
            plan_extension, Index(cut), shot, end, tail or head, into, handles_only, await self._settings(options)
        )
        return await self._carry_out(cut, plan.order, partial(place_extension, plan), plan.notes)

    async def join(
        self, cut: otio.schema.Timeline, at: FrameTime, *, frames: int | None = None, **options: Unpack[Options]
    ) -> Result:
        """Over the cut at `at`, or across the gap there, in frames from the cut's first frame."""
        plan = await anyio.to_thread.run_sync(plan_join, Index(cut), at, frames, await self._settings(options))
        return await self._carry_out(cut, plan.order, partial(place_join, plan))

    async def blend(self, cut: otio.schema.Timeline, first: str, second: str, **options: Unpack[Options]) -> Result:
        """Two shots become one another over the frames in which both play, one on each of two tracks."""
        plan = await anyio.to_thread.run_sync(plan_blend, Index(cut), first, second, await self._settings(options))
        return await self._carry_out(cut, plan.order, partial(place_join, plan))

    async def loop(
        self,
        cut: otio.schema.Timeline,
        shot: str,
        frames: int,
        *,
        into: Into | None = None,
        **options: Unpack[Options],
    ) -> Result:
        """`frames` of the cut behind the shot lead from its last frame back to its first, so that it plays in a circle.

        `into` None: the gap behind it.
        """
        plan = await anyio.to_thread.run_sync(plan_loop, Index(cut), shot, frames, into, await self._settings(options))
        return await self._carry_out(cut, plan.order, partial(place_loop, plan), plan.notes)

    async def match(
        self, cut: otio.schema.Timeline, shot: str, like: Sequence[str] = (), **options: Unpack[Options]
    ) -> Result:
        """`like`: shots of the cut, video files or still images; models that go by words or a LoRA need none.

        The take becomes the shot's active media.
        """
        index = Index(cut)
        looks = [await anyio.to_thread.run_sync(look_of, index, name) for name in like]
        plan = await anyio.to_thread.run_sync(plan_match, index, shot, looks, await self._settings(options))
        return await self._carry_out(cut, plan.order, partial(place_match, plan))

    async def replace(
        self,
        cut: otio.schema.Timeline,
        shot: str,
        *,
        mask: str | None = None,
        strength: float | None = None,
        scale: float = 1,
        **options: Unpack[Options],
    ) -> Result:
        """Makes the shot again as the prompt says; the take becomes its active media.

        `mask`: a still or a video file, white where pictures are made again; None: everywhere. `strength`: how far the
        take may leave the shot, 0 to 1; None: as the model's card says. `scale`: how many times the shot's size the
        take has; see the parameter `upscale` for detail in it.
        """
        settings = await self._settings(options)
        if strength is not None:
            settings = replace(settings, parameters=(*settings.parameters, Parameter("strength", strength)))
        plan = await anyio.to_thread.run_sync(plan_replace, Index(cut), shot, mask, settings, scale)
        return await self._carry_out(cut, plan.order, partial(place_match, plan))

    async def generate(
        self,
        cut: otio.schema.Timeline,
        at: FrameTime,
        frames: int,
        *,
        where: Where = Where.ABOVE,
        image: str | None = None,
        keyframes: Mapping[int, str] | None = None,
        like: Sequence[str] = (),
        **options: Unpack[Options],
    ) -> Result:
        """A clip of `frames` of the cut at `at`, counted from the cut's first frame; from a still, a prompt or both.

        `keyframes`: stills by the frame of the clip that shows them, from its first as 0. `like`: shots of the cut,
        video files or stills that say what is to be seen.
        """
        index = Index(cut)
        looks = [await anyio.to_thread.run_sync(look_of, index, name) for name in like]
        settings = await self._settings(options)
        plan = await anyio.to_thread.run_sync(
            plan_generation, index, at, frames, where, image, settings, keyframes, looks
        )
        return await self._carry_out(cut, plan.order, partial(place_generation, plan), plan.notes)

    async def controls(
        self,
        cut: otio.schema.Timeline,
        shot: str | None,
        task: Task,
        *,
        intent: str = "",
        **options: Unpack[Options],
    ) -> Controls:
        """What can be set on an order of `task` for `shot`, for the engine and model of `options`; nothing is made.

        `shot` None: for a clip of its own, in the cut's format. `intent`: one of the card's, which brings defaults.
        """
        order = await anyio.to_thread.run_sync(_outline, Index(cut), shot, task, await self._settings(options))
        return await self._client.controls(order, intent)

    async def make(
        self,
        cut: otio.schema.Timeline,
        *,
        remake: bool = False,
        offline_grade: bool = False,
        markers: bool = False,
        shots: Sequence[str] = (),
        keep: Callable[[otio.schema.Timeline], None] | None = None,
        on_order: Callable[[Order], None] | None = None,
    ) -> Made:
        """Makes what is missing of the cut's recipes; see docs/recipes.md.

        `remake`: further versions of what is there, too. `offline_grade`: of what was made from proxies, on the media
        that the cut has now, with the same seeds and parameters. `markers`: what markers ask for, too. `shots`: these
        only. `keep` is called with the cut after each shot that was placed, from a thread of its own; `on_order` with
        each order before it is sent.
        """
        marked = Edit(())
        if markers:
            cut, marked = await anyio.to_thread.run_sync(from_markers, cut)
        steps = await anyio.to_thread.run_sync(plan_making, cut, self._folder, remake, shots, offline_grade)
        wanted = [step for step in steps if step.wanted]
        if not wanted:
            return Made(cut, marked, (), (), ())
        problems = refused_by(await self._offered(), wanted)
        known = {status.order.id: status async for status in self._client.orders()}
        making = Making(cut, steps, self._folder, await self._offered())
        jobs: dict[int, Job] = {}
        for step in () if problems else wanted:
            if not step.after:
                try:
                    job = jobs[step.number] = await anyio.to_thread.run_sync(making.planned, step)
                    if job.order is not None and _attempt(job.order.id, 0) not in known:
                        await self._client.plan(job.order)
                except BadInput as error:
                    problems.append(f"{step.shot!r}: {error}")
        if problems:
            raise CutError("\n  ".join(("recipes that cannot be made, so that nothing was ordered:", *problems)))

        async def order(asked: Order) -> tuple[Take, ...]:
            return await self._take_up(asked, known, on_order)

        made = await carry_out(making, jobs, order, keep)
        return replace(made, edit=Edit((*marked, *made.edit)))

    async def _take_up(
        self, asked: Order, known: dict[str, OrderStatus], on_order: Callable[[Order], None] | None
    ) -> tuple[Take, ...]:
        """The order's takes: those that the unit has made for it before, and whose files are there, are not made again.

        An order that failed, was cancelled or has lost a file is followed by another attempt at what is missing.
        """
        takes: dict[int, Take] = {}
        attempt = 0
        order = replace(asked, id=_attempt(asked.id, attempt))
        while (status := known.get(order.id)) is not None:
            there = [take for take in status.takes if Path(take.path).exists()]
            takes |= {take.record.seed: take for take in there}
            lost = len(there) < len(status.takes)
            if not lost and not isinstance(status.last, Failed | Cancelled):
                order = status.order
                break
            attempt += 1
            order = replace(asked, id=_attempt(asked.id, attempt))
        left = tuple(seed for seed in asked.seeds if seed not in takes)
        if left:
            if order.id not in known:
                order = replace(order, seeds=left)
            if on_order is not None:
                on_order(order)
            takes |= {take.record.seed: take for take in await self._make(order)}
        return tuple(takes[seed] for seed in asked.seeds)

    async def _offered(self) -> tuple[Card, ...]:
        self._cards = self._cards or (await self._client.hello()).cards
        return self._cards

    async def _settings(self, options: Options, defaults: Settings | None = None) -> Settings:
        return settings_from(options, defaults or Settings(self._folder), await self._offered())

    async def _carry_out(
        self,
        cut: otio.schema.Timeline,
        order: Order | None,
        operations: Callable[[Sequence[Take]], tuple[Operation, ...]],
        notes: tuple[str, ...] = (),
    ) -> Result:
        """Tries the edit with stand-ins first, so that what it refuses is refused before anything is made."""
        ordered = Ordered(cut, order, operations, notes)
        if order is not None:
            await anyio.to_thread.run_sync(edit, cut, operations(stand_ins(order)))
        takes = await self._make(order)
        placed, done = await anyio.to_thread.run_sync(place, cut, ordered, takes)
        said = dict.fromkeys(note for take in takes for note in take.record.notes)
        return Result(placed, done, order, takes, (*notes, *said), ordered)

    async def _make(self, order: Order | None) -> tuple[Take, ...]:
        """The order's takes in the order of their seeds. Cancelled from outside, it cancels the order at the unit."""
        if order is None:
            return ()
        takes: dict[int, Take] = {}
        try:
            await self._client.submit(order)
            async for event in self._client.watch(order.id):
                if self._on_event is not None:
                    self._on_event(event)
                match event:
                    case Queued() | Loading() | Step() | Preview():
                        pass
                    case TakeReady():
                        takes[event.index] = event.take
                    case Failed():
                        raise _error(event)
                    case Cancelled():
                        raise OrderCancelled(f"the order for {order.shot!r} was cancelled; nothing was placed")
                    case _:
                        assert_never(event)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(5, shield=True):
                await self._client.cancel(order.id)
            raise
        return tuple(takes[index] for index in sorted(takes))


def _outline(index: Index, shot: str | None, task: Task, settings: Settings) -> Order:
    """An order in the shot's length and format that nothing but `settings` steers yet."""
    handles = settings.handles
    if shot is None:
        name, slot = index.cut.name, slot_of(index, 1, handles, handles)
    else:
        opened = open_shot(index, *find_clip(index, shot))
        name, slot = opened.name, slot_for(opened, opened.used.duration, handles, handles, None)
    return make_order(task, index.cut.name, name, slot, (), settings)


def _attempt(order_id: str, number: int) -> str:
    return f"{order_id}-{number}"


def _error(event: Failed) -> SecondUnitError:
    kind = getattr(errors, event.error, OrderFailed)
    log = f"; the worker's log: {event.log}" if event.log else ""
    return kind(event.message + log) if issubclass(kind, SecondUnitError) else OrderFailed(event.message + log)


def _blocking(method: Callable[Concatenate[AsyncUnit, P], Awaitable[R]]) -> "Callable[Concatenate[Unit, P], R]":
    def call(self: "Unit", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(partial(method, self._unit, *args, **kwargs))

    update_wrapper(call, method)
    return call


class Unit:
    """`AsyncUnit` for programs without an event loop: `with Unit("takes") as unit`, with the same methods.

    An interrupt cancels the order.
    """

    def __init__(self, takes: Path | str, on_event: Callable[[Event], None] | None = None) -> None:
        self._unit = AsyncUnit(takes, on_event)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
            stack.enter_context(self._portal.wrap_async_context_manager(self._unit))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _run(self, call: Callable[[], Awaitable[R]]) -> R:
        ended = threading.Event()

        async def run() -> R:
            try:
                return await call()
            finally:
                ended.set()

        future = self._portal.start_task_soon(run)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            ended.wait()
            raise

    extend = _blocking(AsyncUnit.extend)
    join = _blocking(AsyncUnit.join)
    blend = _blocking(AsyncUnit.blend)
    loop = _blocking(AsyncUnit.loop)
    match = _blocking(AsyncUnit.match)
    replace = _blocking(AsyncUnit.replace)
    generate = _blocking(AsyncUnit.generate)
    controls = _blocking(AsyncUnit.controls)
    make = _blocking(AsyncUnit.make)
