import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import apsw
import av
import psutil
import pytest
from secondunit_bridge._pb import worker_pb2
from secondunit_bridge.client import Client
from secondunit_bridge.media.record import extract
from secondunit_bridge.messages import (
    Cancelled,
    Codec,
    Event,
    Failed,
    Loading,
    Order,
    Plan,
    Preview,
    Queued,
    Slot,
    Step,
    TakeReady,
)
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.spawn import Address
from secondunit_bridge.takes import digest
from secondunit_bridge.wire import record_from_json, to_proto
from secondunit_inference import workers
from secondunit_inference.framing import frame
from secondunit_inference.orders import Orders

from tests.inference.running_unit import (
    ENGINES,
    REPO,
    delivered,
    order,
    submit_and_watch,
    takes_in,
    unit_in_process,
    wait_until,
)


def run(home: Path, asked: Order) -> list[Event]:
    with unit_in_process(home) as address:
        return asyncio.run(submit_and_watch(address, asked))


@pytest.mark.parametrize("codec", Codec)
def test_an_order_becomes_takes(tmp_path: Path, codec: Codec) -> None:
    folder = tmp_path / "takes"
    if codec is Codec.EXR:
        pytest.importorskip("OpenImageIO")
    slot = Slot(8, 0, 0, Fraction(24), Fraction(24), 256, 144, Fraction(1), None)
    asked = order("a", folder, takes=2, codec=codec, cube=True, sound=True, slot=slot)
    events = run(tmp_path / "home", asked)
    assert isinstance(events[0], Queued)
    assert {type(event) for event in events[1:-1]} >= {Loading, Preview, Step, TakeReady}
    takes = [event.take for event in takes_in(events)]
    assert events[-1] == takes_in(events)[-1]
    for seed, take in enumerate(takes, start=1):
        place = Path(take.path).parent if codec in (Codec.PNG, Codec.EXR) else Path(take.path)
        assert digest(place) == take.sha256
        assert place.parent == folder
        assert place.name.startswith(f"{take.record.name}_{take.record.reel}_1")
        stored = extract(str(place))
        assert stored is not None
        assert record_from_json(stored) == take.record
        assert (take.record.order, take.record.seed, take.frames) == (asked, seed, 8)
        assert Path(take.lut).read_text() == 'TITLE "test"\n'
    assert [take.record.name for take in takes] == ["shot_v001", "shot_v002"]
    assert len(delivered(folder)) == 4


def test_previews_are_small_pictures(tmp_path: Path) -> None:
    slot = Slot(4, 0, 0, Fraction(24), Fraction(24), 1280, 720, Fraction(1), None)
    events = run(tmp_path / "home", order("a", tmp_path / "takes", slot=slot))
    (preview, *_) = [event for event in events if isinstance(event, Preview)]
    (tmp_path / "preview.jpg").write_bytes(preview.jpeg)
    with av.open(str(tmp_path / "preview.jpg")) as picture:
        stream = picture.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("mjpeg", 480, 270)


def test_steps_and_previews_are_thinned_out(tmp_path: Path) -> None:
    events = run(tmp_path / "home", order("a", tmp_path / "takes", frames=200, frame_seconds=0.005))
    steps = [event for event in events if isinstance(event, Step)]
    assert 5 < len(steps) < 60
    assert (steps[-1].done, steps[-1].total) == (200, 200)
    assert steps[len(steps) // 2].seconds_left is not None


@pytest.mark.parametrize("at", ["make", "frame"])
@pytest.mark.parametrize("what", ["crash", "exit"])
def test_a_lost_worker_costs_nothing_but_time(tmp_path: Path, at: str, what: str) -> None:
    folder, notes = tmp_path / "takes", tmp_path / "notes"
    asked = order("a", folder, takes=2, at=at, what=what, once=str(tmp_path / "once"), notes=str(notes))
    events = run(tmp_path / "home", asked)
    assert [event.index for event in takes_in(events)] == [0, 1]
    assert delivered(folder) == sorted(Path(event.take.path).name for event in takes_in(events))
    made = [line.split() for line in notes.read_text().splitlines()]
    assert [line[2] for line in made] == ["0", "0", "1"]
    assert made[0][3] != made[1][3] == made[2][3]  # a new process made the rest


@pytest.mark.parametrize(
    ("what", "attempts", "said"), [("exit", 2, "RuntimeError: an engine's mistake"), ("crash", 3, "signal 9")]
)
def test_a_poison_order_is_set_aside_and_others_go_on(tmp_path: Path, what: str, attempts: int, said: str) -> None:
    notes = tmp_path / "notes"
    with unit_in_process(tmp_path / "home") as address:
        broken = order("a", tmp_path / "takes", at="frame", what=what, notes=str(notes))
        events = asyncio.run(submit_and_watch(address, broken))
        failure = events[-1]
        assert isinstance(failure, Failed)
        assert failure.error == "OrderFailed"
        assert said in failure.message and f"tried {attempts} times" in failure.message
        assert Path(failure.log).read_text().count("RuntimeError: an engine's mistake") == (2 if what == "exit" else 0)
        assert len({line.split()[3] for line in notes.read_text().splitlines()}) == attempts  # a process for each
        after = asyncio.run(submit_and_watch(address, order("b", tmp_path / "takes")))
    assert len(takes_in(after)) == 1
    assert len(delivered(tmp_path / "takes")) == 1


@pytest.mark.parametrize(("what", "error"), [("missing", "MediaMissing"), ("full", "OrderFailed")])
def test_what_an_engine_refuses_fails_at_once(tmp_path: Path, what: str, error: str) -> None:
    notes = tmp_path / "notes"
    events = run(tmp_path / "home", order("a", tmp_path / "takes", at="frame", what=what, notes=str(notes)))
    assert isinstance(events[-1], Failed)
    assert events[-1].error == error
    assert len(notes.read_text().splitlines()) == 1
    assert delivered(tmp_path / "takes") == []


def test_a_hung_worker_is_ended_and_its_order_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEASE_SECONDS", 3.0)
    asked = order("a", tmp_path / "takes", at="frame", what="stop", once=str(tmp_path / "once"))
    events = run(tmp_path / "home", asked)
    assert len(takes_in(events)) == 1
    assert any(isinstance(event, Loading) and "no sign of life" in event.what for event in events)
    assert len(delivered(tmp_path / "takes")) == 1


def test_heartbeats_keep_a_slow_engine_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEASE_SECONDS", 3.0)
    events = run(tmp_path / "home", order("a", tmp_path / "takes", frames=1, frame_seconds=5.0))
    assert len(takes_in(events)) == 1
    assert not [event for event in events if isinstance(event, Loading) and "again" in event.what]


async def cancel_when(
    address: Address, asked: Order, ready: type[Event], after: float = 0.0
) -> tuple[list[Event], float]:
    """Cancels at the first event of a kind; returns the events and the seconds from there to the end."""
    events: list[Event] = []
    asked_at = 0.0
    async with Client(address) as unit:
        await unit.submit(asked)
        async for event in unit.watch(asked.id):
            events.append(event)
            if isinstance(event, ready) and not asked_at:
                await asyncio.sleep(after)
                asked_at = time.monotonic()
                await unit.cancel(asked.id)
    return events, time.monotonic() - asked_at


@pytest.mark.parametrize(
    ("ready", "given"),
    [
        (Loading, {"at": "make", "what": "sleep"}),
        (Loading, {"at": "make", "what": "hang"}),
        (Step, {"at": "frame", "what": "sleep"}),
        (Step, {"at": "frame", "what": "hang"}),
        (Step, {"at": "frame", "what": "stop"}),
        (Step, {"frames": 2000}),
        (TakeReady, {"takes": 2, "frame_seconds": 0.2}),
    ],
)
def test_cancelling_takes_two_seconds_at_most(tmp_path: Path, ready: type[Event], given: dict[str, object]) -> None:
    folder = tmp_path / "takes"
    with unit_in_process(tmp_path / "home") as address:
        asked = order("a", folder, **given)  # type: ignore[arg-type]
        events, seconds = asyncio.run(cancel_when(address, asked, ready))
        assert seconds <= 2.0
        assert isinstance(events[-1], Cancelled)
        assert delivered(folder) == [Path(event.take.path).name for event in takes_in(events)]
        after = asyncio.run(submit_and_watch(address, order("b", folder)))
    assert len(takes_in(after)) == 1


def test_a_waiting_order_is_cancelled_at_once(tmp_path: Path) -> None:
    with unit_in_process(tmp_path / "home") as address:

        async def ask() -> tuple[list[Event], float]:
            async with Client(address) as unit:
                await unit.submit(order("busy", tmp_path / "takes", at="make", what="sleep"))
                result = await cancel_when(address, order("a", tmp_path / "takes"), Queued)
                await unit.cancel("busy")
                assert [type(event) async for event in unit.watch("busy")][-1] is Cancelled
                return result

        events, seconds = asyncio.run(ask())
    assert seconds < 0.5
    assert events == [Queued("a", 1, 1, Plan(8, 1.0, 1, 1, ())), Cancelled("a", 2)]


def worker_pid(home: Path) -> int:
    orders = Orders(home / "orders.sqlite")
    worker = orders.worker_of("cpu")
    orders.close()
    assert worker is not None
    return worker[0]


def test_an_idle_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with unit_in_process(tmp_path / "home") as address:
        asyncio.run(submit_and_watch(address, order("a", tmp_path / "takes")))
        pid = worker_pid(tmp_path / "home")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: worker_pid(tmp_path / "home") != pid)
        events = asyncio.run(submit_and_watch(address, order("b", tmp_path / "takes")))
        assert not [event for event in events if isinstance(event, Loading) and "again" in event.what]
    assert len(takes_in(events)) == 1


@pytest.mark.parametrize("what", ["hang", "sleep"])
def test_a_worker_ends_with_its_pipe_even_at_work(tmp_path: Path, what: str) -> None:
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "secondunit_inference.worker", str(tmp_path)),
            *(f"{name}={package}" for name, package in ENGINES.items()),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPO)},
    )
    assert worker.stdin is not None
    notes = tmp_path / "notes"
    asked = order("a", tmp_path, at="make", what=what, notes=str(notes))
    begin = worker_pb2.Begin(order=to_proto(asked), fence=1, log=str(tmp_path / "log"))
    begin.takes.add(index=0, take_id="t", name="n", reel="r", start=to_proto(FrameTime(0, Fraction(24))))
    worker.stdin.write(frame(worker_pb2.ToWorker(begin=begin)))
    worker.stdin.flush()
    wait_until(notes.exists)
    worker.stdin.close()
    assert worker.wait(1.0) == 0


def test_a_worker_left_by_a_killed_unit_is_ended_before_work_begins(tmp_path: Path) -> None:
    leftover = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    orders = Orders(home / "orders.sqlite")
    orders.set_worker("cpu", leftover.pid, psutil.Process(leftover.pid).create_time())
    orders.close()
    events = run(home, order("a", tmp_path / "takes"))
    leftover.wait(5)  # instead of its 1000 s
    assert len(takes_in(events)) == 1


def test_another_process_of_a_leftovers_number_is_let_be(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    orders = Orders(home / "orders.sqlite")
    orders.set_worker("cpu", stranger.pid, psutil.Process(stranger.pid).create_time() - 100)
    orders.close()
    run(home, order("a", tmp_path / "takes"))
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_workers_that_cannot_start_fail_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setitem(ENGINES, "broken", "broken")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "card.py").write_text("from tests.inference.fake_engine.card import cards, controls, plan")
    monkeypatch.syspath_prepend(str(tmp_path))
    events = run(home, order("a", tmp_path / "takes"))
    assert isinstance(events[-1], Failed)
    assert "no worker process could be started" in events[-1].message
    assert "No module named 'broken'" in Path(events[-1].log).read_text()


def test_an_engine_that_lacks_a_library_fails_its_own_orders_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "lacking", "tests.inference.lacking_engine")
    asked = dataclasses.replace(order("a", tmp_path / "takes"), engine="lacking")
    with unit_in_process(tmp_path / "home") as address:
        failed = asyncio.run(submit_and_watch(address, asked))[-1]
        made = asyncio.run(submit_and_watch(address, order("b", tmp_path / "takes")))
    assert isinstance(failed, Failed)
    assert "the engine lacking cannot be loaded (No module named 'no_such_library')" in failed.message
    assert len(takes_in(made)) == 1


def test_a_failing_database_does_not_end_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_START_OVER_SECONDS", 0.1)
    published, failures = Orders.published, [apsw.FullError("database or disk is full")]

    def failing(self: Orders, *args: Any) -> bool:
        if failures:
            raise failures.pop()
        return published(self, *args)

    monkeypatch.setattr(Orders, "published", failing)
    events = run(tmp_path / "home", order("a", tmp_path / "takes", takes=2, cube=True))
    assert [event.index for event in takes_in(events)] == [0, 1]
    assert len(delivered(tmp_path / "takes")) == 4
