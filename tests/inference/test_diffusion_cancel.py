"""A worker with tiny models is cancelled at each report of an engine: while it loads, steps, decodes and writes."""

import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from secondunit_bridge._pb import worker_pb2
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.messages import Codec, Delivery, Order, Task, Text
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.takes import MARKER
from secondunit_bridge.wire import to_proto
from secondunit_inference import cards
from secondunit_inference.engines.diffusion import tiny
from secondunit_inference.framing import read_frames
from secondunit_inference.store import TakeFiles, sweep
from secondunit_inference.worker import Pipe, Worker, _Run

from tests.inference.diffusion_orders import order, small
from tests.inference.test_diffusion_engine import FAMILIES

EVERY = "wan2.1-t2v-1.3b"
"""The model that is cancelled at every report; the others at those of each kind."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Unit:
    """What the unit does for a worker in this process: it begins orders, cancels them and sweeps what is left."""

    def __init__(self, folder: Path, model: str) -> None:
        self.models, self.takes = folder / "models", folder / "takes"
        self.takes.mkdir()
        (self.takes / MARKER).touch()  # nothing is swept beside other files
        tiny.build(cards.card(model), self.models / model)
        self._told = io.BytesIO()
        self._pipe = Pipe(self._told)
        engines = {"diffusion": "secondunit_inference.engines.diffusion"}
        self._worker, self._fence = Worker(engines, self._pipe, self.models), 0

    def made(self, asked: Order, cancel_at: int = 0) -> tuple[list[str], str, Any]:
        """The kinds of the engine's reports, the worker's answer, and the take's pictures where there is one."""
        self._fence += 1
        asked = dataclasses.replace(asked, delivery=Delivery(str(self.takes), Codec.FFV1))
        begin = worker_pb2.Begin(order=to_proto(asked), fence=self._fence)
        begin.takes.add(index=0, take_id="a", name="A", reel="R", start=to_proto(FrameTime(0, asked.slot.rate)))
        run = _Run(begin, self._pipe, self.models, self._worker._holds("diffusion"))
        kinds: list[str] = []

        def told(kind: str, tell: Callable[..., None]) -> Callable[..., None]:
            def reported(*values: Any) -> None:
                kinds.append(kind)
                if len(kinds) == cancel_at:
                    run.cancelled.set()
                tell(*values)

            return reported

        one = run.job.progress
        run.job.progress = dataclasses.replace(
            one,
            loading=told("loading", one.loading),
            step=told("step", one.step),
            preview=told("preview", one.preview),
        )
        self._told.seek(0)
        self._told.truncate()
        answer = self._worker._carry_out(run)
        run.end()
        files = TakeFiles(asked.delivery, "a", "A", "R", self._fence)
        pictures = None
        sent = [worker_pb2.FromWorker.FromString(body) for body in read_frames(io.BytesIO(self._told.getvalue()))]
        if any(message.WhichOneof("message") == "written" for message in sent):
            with VideoReader(str(files.temporary)) as take:
                pictures = np.stack([frame.to_ndarray() for frame in take.frames(0, take.info.frames)])
        sweep(files)
        assert [path.name for path in self.takes.iterdir()] == [MARKER]
        return kinds, str(answer.WhichOneof("message")), pictures


@pytest.mark.parametrize("name", FAMILIES)
def test_an_order_is_cancelled_at_each_report(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = small(name)
    monkeypatch.setattr(cards, "card", lambda _: card)
    frames = 33 if card.frames.multiple == 33 else 9
    asked = order(card, Task.GENERATE, (Text("a lake"),), frames, card.rate)
    unit = Unit(tmp_path, name)

    assert unit.made(asked, 1) == (["loading"], "stopped", None)  # the engine is loaded, the weights are not
    kinds, answer, _ = unit.made(asked, 1)
    assert (kinds[0], answer) == ("loading", "stopped")
    kinds, answer, fresh = unit.made(asked)
    assert answer == "finished" and len(fresh) == frames
    assert kinds.count("step") == 2 and kinds.count("preview") >= 2 + frames
    for at in range(1, len(kinds) + 1):
        seen = kinds[:at]
        often = seen.count(seen[-1])
        if name != EVERY and often > 2 and at not in (len(kinds) - frames, len(kinds)):
            continue
        reported, answer, pictures = unit.made(asked, at)
        assert (reported[:at], answer, pictures) == (seen, "stopped", None), f"cancelled at {seen[-1]} {often}"
    _, answer, again = unit.made(asked)
    assert answer == "finished" and np.array_equal(again, fresh)
