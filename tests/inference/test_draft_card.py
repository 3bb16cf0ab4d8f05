import subprocess
import sys
from fractions import Fraction

import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    Condition,
    Delivery,
    FramesBefore,
    Order,
    Slot,
    Span,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameRange
from secondunit_inference.engines.draft.card import CARD, plan

RATE = Fraction(24000, 1001)


def order(task: Task, frames: int, *conditions: Condition, head: int = 12, tail: int = 12) -> Order:
    slot = Slot(frames, head, tail, RATE, RATE, 1920, 1080, Fraction(1), None)
    return Order("o", task, "show", "A001", slot, conditions, "draft", "draft", (), (1, 2), Delivery("unused"))


def before(frames: int) -> FramesBefore:
    return FramesBefore(Span("a.mov", FrameRange(0, frames, RATE)))


def test_planning_loads_neither_opencv_nor_av() -> None:
    code = (
        "import sys, secondunit_inference.engines.draft.card; sys.exit(bool({'cv2', 'av', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_slot_that_is_too_long_is_refused_with_both_numbers() -> None:
    limit = next(limit.frames for limit in CARD.limits if limit.task is Task.EXTEND)
    with pytest.raises(OrderRefused, match=rf"{limit + 24 + 1}.*{limit}"):
        plan(order(Task.EXTEND, limit + 1, before(24)))
    assert plan(order(Task.EXTEND, limit - 24, before(24))).frames == limit


def test_longer_orders_and_more_takes_cost_more() -> None:
    short, long = (plan(order(Task.EXTEND, frames, before(24))) for frames in (4, 40))
    assert long.seconds > short.seconds
    assert long.disk_bytes > short.disk_bytes
    assert not plan(order(Task.EXTEND, 4, before(24), tail=0)).warnings
    assert "8" in long.warnings[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (order(Task.EXTEND, 4), "needs either frames before"),
        (order(Task.EXTEND, 4, before(3)), "3 camera frames"),
        (order(Task.EXTEND, 0, before(24)), "at least one frame"),
        (order(Task.GENERATE, 4), "reference image"),
        (order(Task.REPLACE, 4, Text("a hat")), "does not do"),
    ],
)
def test_what_is_missing_is_named(asked: Order, said: str) -> None:
    with pytest.raises(OrderRefused, match=said):
        plan(asked)
