import re
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge.errors import OrderNotFound, OrderRefused, SecondUnitError
from secondunit_bridge.messages import Cancelled, Failed, Loading, Plan, Queued, Record, Slot, Step, Take, TakeReady
from secondunit_bridge.rates import FrameTime, format_timecode
from secondunit_bridge.wire import to_proto
from secondunit_inference import database as database_module
from secondunit_inference.names import safe_name
from secondunit_inference.orders import MOST_ATTEMPTS, Claim, Orders, TakeSlot

from tests.inference.running_unit import order

PLAN = Plan(8, 1.0, 1, 1, ())


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[Orders]:
    opened = Orders(tmp_path / "orders.sqlite")
    yield opened
    opened.close()


def claimed(orders: Orders) -> Claim:
    claim = orders.claim()
    assert claim is not None
    return claim


def take_of(claim: Claim, slot: TakeSlot) -> Take:
    record = Record(
        slot.take_id, slot.name, slot.reel, slot.start, False, claim.order, 1, "", (), (), None, None, False, ()
    )
    return Take("/x.mov", 8, "0" * 64, "", record)


def step(order_id: str, done: int) -> Step:
    return Step(order_id, 0, 0, done, 1000, "frames", None)


def test_orders_run_oldest_first_and_know_their_place(orders: Orders, tmp_path: Path) -> None:
    assert [orders.submit(order(name, tmp_path), PLAN).position for name in "bca"] == [0, 1, 2]
    assert [claimed(orders).order.id for _ in range(3)] == ["b", "c", "a"]
    assert orders.claim() is None


def places(orders: Orders, name: str) -> list[int]:
    return [event.position for event in orders.events(name, 0, 0)[0] if isinstance(event, Queued)]


def test_waiting_orders_are_moved_and_told_their_places(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "orders.sqlite")
    for name in "abcde":
        orders.submit(order(name, tmp_path), PLAN)
    running = claimed(orders)
    orders.move("d", "")
    orders.move("b", "c")
    orders.move("e", "a")  # which runs: first
    for name, why in (("a", "running"), ("x", "no order")):
        with pytest.raises(SecondUnitError, match=why):
            orders.move(name, "b")
    assert [places(orders, name) for name in "abcde"] == [[0], [1, 2, 3, 4], [2, 3, 2, 3], [3, 1, 2], [4, 1]]
    orders.close()
    orders = Orders(tmp_path / "orders.sqlite")
    (interrupted,) = orders.interrupted()
    assert interrupted.order == running.order
    orders.resume(interrupted)
    orders.submit(order("f", tmp_path), PLAN)
    orders.cancel("d")
    assert [claimed(orders).order.id for _ in range(5)] == ["a", "e", "c", "b", "f"]
    orders.close()


def test_an_order_that_has_ended_is_forgotten(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    claim = claimed(orders)
    with pytest.raises(OrderRefused, match="cancel it first"):
        orders.forget("a")
    assert orders.published(claim, 0, take_of(claim, claim.unpublished[0]))
    orders.forget("a")
    assert not list(orders.statuses())
    with pytest.raises(OrderNotFound):
        orders.forget("a")
    assert orders.submit(order("a", tmp_path), PLAN).number == 1
    assert claimed(orders).unpublished[0].name == "shot_v002", "the name of the take that was made stays taken"


def test_orders_of_a_database_that_knew_no_places_start_in_their_order(tmp_path: Path) -> None:
    database = apsw.Connection(str(tmp_path / "orders.sqlite"))
    schema = database_module._SCHEMA.replace("state, rank", "state, number")
    for column in ("rank INTEGER NOT NULL DEFAULT 0", "queued TEXT NOT NULL DEFAULT ''"):
        assert column in schema
        schema = schema.replace(f",\n    {column}", "")
    database.execute(schema + "PRAGMA user_version = 1;")
    for name in "bac":
        asked = order(name, tmp_path)
        database.execute(
            "INSERT INTO orders (id, body, state, numbers) VALUES (?, ?, 'queued', 1)",
            (name, to_proto(asked).SerializeToString()),
        )
        queued = to_proto(Queued(name, 1, 0, PLAN), unit_pb2.Event()).SerializeToString()
        database.execute("INSERT INTO events VALUES (?, 1, ?)", (name, queued))
    database.close()
    orders = Orders(tmp_path / "orders.sqlite")
    orders.submit(order("d", tmp_path), PLAN)
    orders.move("c", "b")
    assert [bool(status.queued) for status in orders.statuses()] == [False, False, False, True]
    assert [claimed(orders).order.id for _ in range(4)] == ["b", "c", "a", "d"]
    orders.close()


def test_takes_get_reels_and_versions_that_are_never_used_twice(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path, takes=2, shot="INT/1"), PLAN)
    first = claimed(orders)
    assert [slot.name for slot in first.unpublished] == ["INT_1_v001", "INT_1_v002"]
    orders.failed(first, "OrderFailed", "broken", "")
    orders.submit(order("b", tmp_path, takes=1, shot="int:1"), PLAN)  # the same file name to some file systems
    orders.cancel("b")
    orders.submit(order("c", tmp_path, takes=1, shot="INT/1"), PLAN)
    orders.submit(order("d", tmp_path, takes=1, shot="INT/1", show="other"), PLAN)
    later = [claimed(orders), claimed(orders)]
    assert [claim.unpublished[0].name for claim in later] == ["INT_1_v004", "INT_1_v001"]
    reels = [slot.reel for claim in (first, *later) for slot in claim.unpublished]
    assert len(set(reels)) == len(reels)
    assert all(re.fullmatch("U[A-Z2-7]{7}", reel) for reel in reels)


@pytest.mark.parametrize(
    ("shot", "name"),
    [
        ("SH 010", "SH_010"),
        ("../../etc", "_.._etc"),
        ("", "SHOT"),
        ("Straße", "Straße"),
        ("é" * 90, "é" * 50),
        ("..", "SHOT"),
    ],
)
def test_names_are_safe_in_file_names(shot: str, name: str) -> None:
    assert safe_name(shot) == name


RATES = [
    (Fraction(24000, 1001), False),
    (Fraction(24), False),
    (Fraction(25), False),
    (Fraction(30000, 1001), True),
    (Fraction(30000, 1001), False),
    (Fraction(60000, 1001), True),
    (Fraction(50), False),
]


@settings(max_examples=40, deadline=None)
@given(asked=st.lists(st.tuples(st.sampled_from(RATES), st.integers(1, 20_000)), min_size=1, max_size=12))
def test_a_shows_timecode_is_never_given_twice(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[tuple[Fraction, bool], int]]
) -> None:
    orders = Orders(tmp_path_factory.mktemp("db") / "orders.sqlite")
    seconds: list[str] = []
    for number, ((rate, drop), frames) in enumerate(asked):
        slot = Slot(frames, 0, 0, rate, rate, 64, 36, Fraction(1), None, drop)
        orders.submit(order(f"o{number}", Path("/x"), slot=slot), PLAN)
        start = claimed(orders).unpublished[0].start
        assert start.rate == rate
        codes = [format_timecode(FrameTime(start.frame + n, rate), drop) for n in range(0, frames, round(rate) // 2)]
        codes.append(format_timecode(FrameTime(start.frame + frames - 1, rate), drop))
        seconds += sorted({code[:8] for code in codes})
    orders.close()
    assert seconds[0] == "20:00:00"
    assert len(seconds) == len(set(seconds))


def test_the_takes_of_an_order_share_its_timecode(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path, frames=30, takes=3), PLAN)
    starts = [one.start for one in claimed(orders).unpublished]
    assert [format_timecode(start) for start in starts] == ["20:00:00:00"] * 3
    orders.submit(order("b", tmp_path, takes=1), PLAN)
    assert format_timecode(claimed(orders).unpublished[0].start) == "20:00:02:00"


def test_timecode_goes_on_after_midnight_and_ends_where_it_began(orders: Orders, tmp_path: Path) -> None:
    rate = Fraction(24)

    def ask(name: str, hours: float) -> str:
        slot = Slot(round(24 * 3600 * hours), 0, 0, rate, rate, 64, 36, Fraction(1), None)
        orders.submit(order(name, tmp_path, slot=slot), PLAN)
        return format_timecode(claimed(orders).unpublished[0].start)

    assert ask("a", 3.5) == "20:00:00:00"
    assert ask("b", 1) == "23:30:00:00"
    assert ask("c", 19) == "00:30:00:00"
    with pytest.raises(OrderRefused, match="used up 24 hours"):
        ask("d", 0.51)
    assert ask("e", 0.5) == "19:30:00:00"
    with pytest.raises(OrderRefused, match="used up 24 hours"):
        ask("f", 0.001)


def test_the_slots_own_timecode_is_kept(orders: Orders, tmp_path: Path) -> None:
    rate, start = Fraction(24), FrameTime(86400, Fraction(24))
    slot = Slot(8, 0, 0, rate, rate, 64, 36, Fraction(1), start)
    orders.submit(order("a", tmp_path, slot=slot, takes=2), PLAN)
    assert [take.start for take in claimed(orders).unpublished] == [start, start]


def test_what_comes_under_a_stale_fence_is_refused(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    stale = claimed(orders)
    orders.requeue(stale, "lost", "")
    current = claimed(orders)
    slot = current.unpublished[0]
    assert current.fence > stale.fence
    assert not orders.published(stale, 0, take_of(stale, slot))
    assert not orders.failed(stale, "OrderFailed", "late", "")
    assert not orders.cancelled(stale)
    assert orders.published(current, 0, take_of(current, slot))
    assert not orders.published(current, 0, take_of(current, slot))
    events, ended = orders.events("a", 0, 0)
    assert ended
    assert len([event for event in events if isinstance(event, TakeReady)]) == 1


def test_an_order_is_set_aside_after_its_last_attempt(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    for _ in range(MOST_ATTEMPTS):
        orders.requeue(claimed(orders), "the worker ended", "/logs/a.log")
    assert orders.claim() is None
    events, ended = orders.events("a", 0, 0)
    assert ended
    assert isinstance(events[-1], Failed)
    assert (events[-1].error, events[-1].log) == ("OrderFailed", "/logs/a.log")
    assert "tried 3 times" in events[-1].message


def test_an_interrupted_order_loses_no_attempt(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    for _ in range(2 * MOST_ATTEMPTS):
        claimed(orders)
        (interrupted,) = orders.interrupted()
        orders.resume(interrupted)
    assert claimed(orders).attempt == 1


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    seen: list[int] = []
    for run in range(3):
        orders = Orders(tmp_path / "orders.sqlite")
        if run == 0:
            orders.submit(order("a", tmp_path, takes=3), PLAN)
        for interrupted in orders.interrupted():
            orders.resume(interrupted)
        claim = claimed(orders)
        after = seen[-1] if seen else 0
        orders.passed(claim, step("a", 1))
        orders.published(claim, run, take_of(claim, claim.unpublished[0]))
        orders.passed(claim, step("a", 2))
        seen += [event.number for event in orders.events("a", after, 0)[0]]
        orders.close()
    assert seen == sorted(set(seen))
    orders = Orders(tmp_path / "orders.sqlite")
    stored, ended = orders.events("a", 0, 0)
    orders.close()
    assert ended
    assert [type(event) for event in stored] == [Queued, TakeReady, TakeReady, TakeReady]
    assert {event.number for event in stored} <= set(seen)


def test_many_steps_push_out_older_steps_but_no_stored_event(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    claim = claimed(orders)
    for done in range(1000):
        orders.passed(claim, step("a", done))
    events, ended = orders.events("a", 0, 0)
    assert not ended
    assert isinstance(events[0], Queued)
    assert isinstance(events[-1], Step)
    assert events[-1].done == 999
    assert len(events) < 500


def test_watchers_are_woken(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path), PLAN)
    claim = claimed(orders)
    threading.Timer(0.05, orders.passed, (claim, Loading("a", 0, "model"))).start()
    events, _ = orders.events("a", 1, 10)
    assert events == [Loading("a", 2, "model")]
    assert orders.events("a", 2, 0.01) == ([], False)


def test_who_waits_no_more_holds_no_thread(orders: Orders, tmp_path: Path) -> None:
    """A unit that is told to stop would wait for it."""
    orders.submit(order("a", tmp_path), PLAN)
    gone = threading.Event()
    watcher = threading.Thread(target=orders.events, args=("a", 1, 60, lambda: not gone.is_set()))
    watcher.start()
    gone.set()
    orders.wake_watchers("a")
    watcher.join(10)
    assert not watcher.is_alive()


def test_cancelling(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("queued", tmp_path), PLAN)
    orders.cancel("queued")
    orders.cancel("queued")
    assert orders.events("queued", 1, 0) == ([Cancelled("queued", 2)], True)
    orders.submit(order("running", tmp_path), PLAN)
    claim = claimed(orders)
    assert not orders.cancel_asked(claim)
    orders.cancel("running")
    assert orders.cancel_asked(claim)
    assert not orders.events("running", 1, 0)[1]
    assert orders.cancelled(claim)
    assert orders.events("running", 1, 0) == ([Cancelled("running", 2)], True)
    with pytest.raises(OrderNotFound):
        orders.cancel("none")


def test_statuses_tell_takes_and_the_last_event(orders: Orders, tmp_path: Path) -> None:
    orders.submit(order("a", tmp_path, takes=2), PLAN)
    orders.submit(order("b", tmp_path), PLAN)
    claim = claimed(orders)
    take = take_of(claim, claim.unpublished[0])
    orders.published(claim, 0, take)
    orders.passed(claim, step("a", 3))
    first, second = orders.statuses()
    assert (first.order, first.takes, first.attempts) == (claim.order, (take,), 1)
    assert isinstance(first.last, Step)
    assert (second.takes, second.attempts, type(second.last)) == ((), 0, Queued)


def test_the_database_is_as_safe_as_promised(orders: Orders) -> None:
    with orders._reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) >= (3, 51, 3)


def test_a_database_of_another_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    Orders(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SecondUnitError, match="layout 99"):
        Orders(path)


def test_a_full_disk_leaves_room_for_cancelling(orders: Orders, tmp_path: Path) -> None:
    """The limit on pages stands in for the disk: SQLite answers both with SQLITE_FULL."""
    orders.submit(order("a", tmp_path), PLAN)
    with orders._reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()
        assert pages is not None
        db.execute(f"PRAGMA max_page_count = {pages[0]}")
    assert (tmp_path / "ballast").stat().st_size > 1_000_000
    with pytest.raises(apsw.FullError):
        for number in range(100):
            orders.submit(order(f"more-{number}", tmp_path), PLAN)
    assert not (tmp_path / "ballast").exists()
    with orders._reading() as db:
        db.execute("PRAGMA max_page_count = 100000")
    orders.cancel("a")
    assert orders.events("a", 1, 0)[1]
