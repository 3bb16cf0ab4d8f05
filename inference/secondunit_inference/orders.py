"""The durable queue: orders, their takes and the events of their lives, in one SQLite database.

An order is `queued`, then `running` under a claim, and ends as `done`, `failed` or `cancelled`. Every claim raises the
order's fence; what is reported under an older fence is dropped. Queued, take, failed and cancelled events are stored;
loading, steps, previews and later places in the queue live in memory and are lost with the process, but numbers are
never given twice: a claim reserves a range of them.
"""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import apsw
from secondunit_bridge._pb import unit_pb2
from secondunit_bridge.errors import OrderFailed, OrderNotFound, OrderRefused
from secondunit_bridge.messages import (
    Cancelled,
    Event,
    Failed,
    Loading,
    Order,
    OrderStatus,
    Plan,
    Preview,
    Queued,
    Step,
    Take,
    TakeReady,
)
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.wire import event_from_proto, from_proto, to_proto

from secondunit_inference.database import first_row, open_database, write_ballast
from secondunit_inference.names import new_reel, next_version, starts_of

MOST_ATTEMPTS = 3
_NUMBERS_A_CLAIM = 100_000
_PASSING_EVENTS = 256
_REMEMBERED_ORDERS = 32


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class TakeSlot:
    """What a take is given when its order is accepted, before it is made."""

    take_id: str
    index: int
    name: str
    reel: str
    start: FrameTime


@dataclass(frozen=True, slots=True)
class Claim:
    order: Order
    fence: int
    attempt: int
    unpublished: tuple[TakeSlot, ...]


@dataclass
class _Live:
    """An order's events as its watchers see them. Guarded by `changed`. `waits`: no claim holds the order."""

    changed: threading.Condition
    next_number: int
    last_number: int
    last_reserved: int
    ended: bool
    waits: bool
    stored: list[Event] = field(default_factory=list)
    passing: deque[Queued | Loading | Step | Preview] = field(default_factory=lambda: deque(maxlen=_PASSING_EVENTS))


class Orders:
    def __init__(self, database: Path) -> None:
        self._database = threading.Lock()
        self._connection = open_database(database)
        self._ballast = database.with_name("ballast")
        with suppress(OSError):
            write_ballast(self._ballast)
        self._memory = threading.Lock()
        self._telling = threading.Lock()  # so that the last place that is told is the last one
        self._live: dict[str, _Live] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called after an order was queued, or its cancellation asked for."""

    def close(self) -> None:
        with self._database:
            self._connection.close()

    # Accepting and asking

    def submit(self, order: Order, plan: Plan) -> Queued:
        body = to_proto(order).SerializeToString(deterministic=True)
        with self._transaction() as db:
            known = self.accepted(order, db)
            if known is not None:
                return known
            ahead = first_row(db, "SELECT count(*) FROM orders WHERE state IN ('queued', 'running')")[0]
            queued = Queued(order.id, 1, ahead, plan)
            db.execute(
                "INSERT INTO orders (id, body, state, numbers, rank, queued)"
                " VALUES (?, ?, ?, 1, (SELECT coalesce(max(rank), 0) + 1 FROM orders), ?)",
                (order.id, body, State.QUEUED, datetime.now(UTC).isoformat(timespec="seconds")),
            )
            name, first = next_version(db, order)
            starts = starts_of(db, order)
            for index, start in enumerate(starts):
                db.execute(
                    "INSERT INTO takes (id, order_id, position, name, reel, start) VALUES (?, ?, ?, ?, ?, ?)",
                    (uuid.uuid4().hex, order.id, index, f"{name}_v{first + index:03}", new_reel(db), start.frame),
                )
            _store_event(db, queued)
        self._live_of(order.id)  # numbers go on from 1 unless the unit ends before the order does
        self.on_change()
        return queued

    def accepted(self, order: Order, db: apsw.Connection | None = None) -> Queued | None:
        """The answer that this order was given before; OrderRefused if its id stands for another order."""
        if db is None:
            with self._reading() as db:
                return self.accepted(order, db)
        row = db.execute("SELECT body FROM orders WHERE id = ?", (order.id,)).fetchone()
        if row is None:
            return None
        if _read_order(row[0]) != order:
            raise OrderRefused(f"the order id {order.id} stands for another order already: give this one its own")
        stored = first_row(db, "SELECT body FROM events WHERE order_id = ? AND number = 1", order.id)[0]
        event = _read_event(stored)
        assert isinstance(event, Queued)
        return event

    def statuses(self) -> Iterator[OrderStatus]:
        """Oldest first."""
        with self._reading() as db:
            ids = [row[0] for row in db.execute("SELECT id FROM orders ORDER BY number")]
        for order_id in ids:
            with self._reading() as db:
                row = db.execute("SELECT body, attempts, queued FROM orders WHERE id = ?", (order_id,)).fetchone()
                if row is None:
                    continue  # forgotten meanwhile
                body, attempts, at = row
                takes = tuple(
                    _read_take(row[0])
                    for row in db.execute(
                        "SELECT body FROM takes WHERE order_id = ? AND body NOT NULL ORDER BY position", (order_id,)
                    )
                )
            try:
                live = self._live_of(order_id)
            except OrderNotFound:
                continue
            with live.changed:
                last = max((*live.stored[-1:], *list(live.passing)[-1:]), key=lambda event: event.number)
            yield OrderStatus(_read_order(body), last, takes, attempts, at)

    def cancel(self, order_id: str) -> None:
        """Ends a queued order, marks a running one for its worker, leaves an ended one. Raises OrderNotFound."""
        live = self._live_of(order_id)
        event = None
        with self._transaction() as db:
            state, number = first_row(db, "SELECT state, numbers FROM orders WHERE id = ?", order_id)
            if state == State.QUEUED:
                # no claim holds it, so no event in memory can have a higher number than the range that was reserved
                event = Cancelled(order_id, max(number + 1, live.next_number))
                db.execute(
                    "UPDATE orders SET state = ?, cancel = 1, numbers = ? WHERE id = ?",
                    (State.CANCELLED, event.number, order_id),
                )
                _store_event(db, event)
            elif state == State.RUNNING:
                db.execute("UPDATE orders SET cancel = 1 WHERE id = ?", (order_id,))
        if event is not None:
            self._show(live, event, ended=True)
            self._tell_places()
        self.on_change()

    def move(self, order_id: str, after: str) -> None:
        """A queued order starts right after the queued order `after`; first where that is empty or queued no more.

        Raises OrderNotFound, OrderRefused for an order that is not queued.
        """
        with self._transaction() as db:
            row = db.execute("SELECT state FROM orders WHERE id = ?", (order_id,)).fetchone()
            if row is None:
                raise OrderNotFound(f"the unit knows no order {order_id}")
            if row[0] != State.QUEUED:
                raise OrderRefused(f"the order {order_id} is {row[0]}: only orders that wait can be moved")
            queued = db.execute("SELECT id, rank FROM orders WHERE state = ? ORDER BY rank", (State.QUEUED,)).fetchall()
            others = [one for one, _ in queued if one != order_id]
            place = others.index(after) + 1 if after in others else 0
            for one, (_, rank) in zip((*others[:place], order_id, *others[place:]), queued, strict=True):
                db.execute("UPDATE orders SET rank = ? WHERE id = ?", (rank, one))
        self._tell_places()

    def forget(self, order_id: str) -> None:
        """Nothing is left of an order that has ended but its takes' files. Raises OrderNotFound, OrderRefused."""
        with self._transaction() as db:
            row = db.execute("SELECT state FROM orders WHERE id = ?", (order_id,)).fetchone()
            if row is None:
                raise OrderNotFound(f"the unit knows no order {order_id}")
            if row[0] not in ENDED:
                raise OrderRefused(f"the order {order_id} is {row[0]}: cancel it first")
            for table, column in (("events", "order_id"), ("takes", "order_id"), ("orders", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (order_id,))
        with self._memory:
            self._live.pop(order_id, None)

    # Watching

    def events(
        self, order_id: str, after: int, timeout: float, waits: Callable[[], bool] = lambda: True
    ) -> tuple[list[Event], bool]:
        """Events with numbers above `after`, waited for up to `timeout` seconds, and whether there will be no more.

        `waits`: whether who asked still does, which `wake_watchers` has looked at again.
        """
        live = self._live_of(order_id)
        with live.changed:
            live.changed.wait_for(lambda: live.ended or live.last_number > after or not waits(), timeout)
            found = [event for event in (*live.stored, *live.passing) if event.number > after]
            return sorted(found, key=lambda event: event.number), live.ended

    def wake_watchers(self, order_id: str) -> None:
        live = self._live_of(order_id)
        with live.changed:
            live.changed.notify_all()

    # What workers do

    def claim(self) -> Claim | None:
        """The first queued order, running from here on under a higher fence."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT id, body, fence, attempts, numbers FROM orders WHERE state = ? ORDER BY rank LIMIT 1",
                (State.QUEUED,),
            ).fetchone()
            if row is None:
                return None
            order_id, body, fence, attempts, numbers = row
            db.execute(
                "UPDATE orders SET state = ?, fence = ?, attempts = ?, numbers = ? WHERE id = ?",
                (State.RUNNING, fence + 1, attempts + 1, numbers + _NUMBERS_A_CLAIM, order_id),
            )
            order = _read_order(body)
            unpublished = _unpublished(db, order)
        live = self._live_of(order_id)
        with live.changed:
            live.waits = False
            live.last_reserved = numbers + _NUMBERS_A_CLAIM
        self._tell_places()
        return Claim(order, fence + 1, attempts + 1, unpublished)

    def interrupted(self) -> list[Claim]:
        """Orders that were running when the unit ended, with the claims that they ran under."""
        with self._reading() as db:
            rows: list[Any] = db.execute(
                "SELECT body, fence, attempts FROM orders WHERE state = ? ORDER BY rank", (State.RUNNING,)
            ).fetchall()
            orders = [(_read_order(body), fence, attempts) for body, fence, attempts in rows]
            return [Claim(order, fence, attempts, _unpublished(db, order)) for order, fence, attempts in orders]

    def cancel_asked(self, claim: Claim) -> bool:
        with self._reading() as db:
            return bool(first_row(db, "SELECT cancel FROM orders WHERE id = ?", claim.order.id)[0])

    def passed(self, claim: Claim, event: Loading | Step | Preview) -> None:
        """Shows an event that is not stored; its number is given here."""
        self._pass(claim.order.id, event)

    def published(self, claim: Claim, index: int, take: Take) -> bool:
        """Stores a take whose file has its final name. False, and nothing is changed, under a stale fence."""
        live = self._live_of(claim.order.id)
        with live.changed:
            event = TakeReady(claim.order.id, live.next_number, index, take)
        with self._transaction() as db:
            if not _holds(db, claim):
                return False
            db.execute(
                "UPDATE takes SET body = ? WHERE order_id = ? AND position = ? AND body IS NULL",
                (to_proto(take).SerializeToString(), claim.order.id, index),
            )
            if db.changes() != 1:
                return False
            done = not first_row(db, "SELECT count(*) FROM takes WHERE order_id = ? AND body IS NULL", claim.order.id)[
                0
            ]
            if done:
                db.execute("UPDATE orders SET state = ? WHERE id = ?", (State.DONE, claim.order.id))
            _store_event(db, event)
        self._show(live, event, ended=done)
        return True

    def failed(self, claim: Claim, error: str, message: str, log: str) -> bool:
        live = self._live_of(claim.order.id)
        with live.changed:
            event = Failed(claim.order.id, live.next_number, error, message, log)
        return self._end(claim, live, State.FAILED, event)

    def cancelled(self, claim: Claim) -> bool:
        live = self._live_of(claim.order.id)
        with live.changed:
            event = Cancelled(claim.order.id, live.next_number)
        return self._end(claim, live, State.CANCELLED, event)

    def requeue(self, claim: Claim, reason: str, log: str, attempts: int = MOST_ATTEMPTS) -> None:
        """After a worker was lost and its end confirmed; the last of `attempts` sets the order aside as failed."""
        if claim.attempt >= attempts:
            message = f"{reason}; it was tried {claim.attempt} times and is set aside: the worker's log tells more"
            self.failed(claim, OrderFailed.__name__, message, log)
            return
        self.passed(claim, Loading(claim.order.id, 0, f"{reason}; trying again"))
        with self._transaction() as db:
            if _holds(db, claim):
                db.execute("UPDATE orders SET state = ? WHERE id = ?", (State.QUEUED, claim.order.id))
        self._waits_again(claim)

    def resume(self, claim: Claim) -> None:
        """Puts an interrupted order back; the unit's own end is no attempt of the order's."""
        with self._transaction() as db:
            if _holds(db, claim):
                db.execute(
                    "UPDATE orders SET state = ?, attempts = ? WHERE id = ?",
                    (State.QUEUED, claim.attempt - 1, claim.order.id),
                )
        self._waits_again(claim)

    def worker_of(self, device: str) -> tuple[int, float] | None:
        """Number and start time of the process that last worked for a device."""
        with self._reading() as db:
            row = db.execute("SELECT pid, created FROM workers WHERE device = ?", (device,)).fetchone()
        return None if row is None else (int(row[0]), float(row[1]))

    def set_worker(self, device: str, pid: int, created: float) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO workers VALUES (?, ?, ?)", (device, pid, created))

    # Inside

    def _end(self, claim: Claim, live: _Live, state: State, event: Event) -> bool:
        with self._transaction() as db:
            if not _holds(db, claim):
                return False
            db.execute("UPDATE orders SET state = ? WHERE id = ?", (state, claim.order.id))
            _store_event(db, event)
        self._show(live, event, ended=True)
        return True

    def _pass(self, order_id: str, event: Queued | Loading | Step | Preview) -> None:
        live = self._live_of(order_id)
        with live.changed:
            reserve = live.next_number >= live.last_reserved
        if reserve:
            with self._transaction() as db:
                db.execute("UPDATE orders SET numbers = numbers + ? WHERE id = ?", (_NUMBERS_A_CLAIM, order_id))
            with live.changed:
                live.last_reserved += _NUMBERS_A_CLAIM
        with live.changed:
            if isinstance(event, Queued) and not live.waits:
                return  # it was claimed meanwhile
            live.passing.append(replace(event, number=live.next_number))
            live.last_number = live.next_number
            live.next_number += 1
            live.changed.notify_all()

    def _waits_again(self, claim: Claim) -> None:
        live = self._live_of(claim.order.id)
        with live.changed:
            live.waits = True

    def _tell_places(self) -> None:
        """Shows each queued order how many are before it, where that is not what it was told last."""
        with self._telling:
            with self._reading() as db:
                running = first_row(db, "SELECT count(*) FROM orders WHERE state = ?", State.RUNNING)[0]
                queued: list[Any] = db.execute(
                    "SELECT id FROM orders WHERE state = ? ORDER BY rank", (State.QUEUED,)
                ).fetchall()
            for place, (order_id,) in enumerate(queued, running):
                live = self._live_of(order_id)
                with live.changed:
                    told = [event for event in (*live.stored, *live.passing) if isinstance(event, Queued)][-1]
                if told.position != place:
                    self._pass(order_id, replace(told, position=place))

    def _show(self, live: _Live, event: Event, ended: bool) -> None:
        with live.changed:
            live.stored.append(event)
            live.last_number = event.number
            live.next_number = event.number + 1
            live.ended = ended
            live.changed.notify_all()

    def _live_of(self, order_id: str) -> _Live:
        with self._memory:
            if live := self._live.get(order_id):
                return live
        with self._reading() as db:
            row = db.execute("SELECT state, numbers FROM orders WHERE id = ?", (order_id,)).fetchone()
            if row is None:
                raise OrderNotFound(f"the unit knows no order {order_id}")
            bodies: list[Any] = db.execute(
                "SELECT body FROM events WHERE order_id = ? ORDER BY number", (order_id,)
            ).fetchall()
        state, numbers = row
        stored = [_read_event(body) for (body,) in bodies]
        with self._memory:
            ended = [key for key, live in self._live.items() if live.ended]
            for key in ended[: max(0, len(ended) - _REMEMBERED_ORDERS)]:
                del self._live[key]
            last = stored[-1].number
            fresh = _Live(
                threading.Condition(),
                max(numbers, last) + 1,
                last,
                numbers,
                state in ENDED,
                state == State.QUEUED,
                stored,
            )
            return self._live.setdefault(order_id, fresh)

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        with self._database:
            yield self._connection

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        with self._database:
            db = self._connection
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if not db.get_autocommit():
                    db.execute("ROLLBACK")
                if isinstance(error, apsw.FullError):
                    self._ballast.unlink(missing_ok=True)
                raise


def _holds(db: apsw.Connection, claim: Claim) -> bool:
    state, fence = first_row(db, "SELECT state, fence FROM orders WHERE id = ?", claim.order.id)
    return bool(state == State.RUNNING and fence == claim.fence)


def _store_event(db: apsw.Connection, event: Event) -> None:
    body = to_proto(event, unit_pb2.Event()).SerializeToString()
    db.execute("INSERT INTO events VALUES (?, ?, ?)", (event.order_id, event.number, body))


def _unpublished(db: apsw.Connection, order: Order) -> tuple[TakeSlot, ...]:
    rows = db.execute(
        "SELECT id, position, name, reel, start FROM takes WHERE order_id = ? AND body IS NULL ORDER BY position",
        (order.id,),
    )
    return tuple(
        TakeSlot(take_id, position, name, reel, FrameTime(start, order.slot.rate))
        for take_id, position, name, reel, start in rows
    )


def _read_order(body: bytes) -> Order:
    return from_proto(Order, unit_pb2.Order.FromString(body))


def _read_take(body: bytes) -> Take:
    return from_proto(Take, unit_pb2.Take.FromString(body))


def _read_event(body: bytes) -> Event:
    return event_from_proto(unit_pb2.Event.FromString(body))
