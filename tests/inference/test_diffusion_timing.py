"""Any slot at any rate gets exactly its frames from a model with a rate and a rule of its own."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from secondunit_bridge.messages import Condition, Delivery, FramesAfter, FramesBefore, Order, Slot, Span, Task, Text
from secondunit_bridge.rates import FrameRange
from secondunit_inference.engines.diffusion.canvas import canvas
from secondunit_inference.engines.diffusion.timing import Context, FrameRule, Timing, timing

RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)] + [Fraction(10)]
RULES = [FrameRule(4, 1, 5, 81), FrameRule(8, 1, 9, 161), FrameRule(33, 0, 33, 264), FrameRule(1, 0, 1, 49)]
ONE = FrameRule(1, 0, 1, 1)
CONTEXTS = [
    Context(ONE, ONE),
    Context(FrameRule(8, 1, 1, 25), FrameRule(8, 1, 1, 25)),
    Context(FrameRule(1, 0, 1, 24), FrameRule(1, 0, 1, 24)),
]


def span(frames: int, rate: Fraction) -> Span:
    return Span("/a.mov", FrameRange(100, frames, rate))


def order(
    task: Task, frames: int, conditions: tuple[Condition, ...], rate: Fraction, head: int = 0, tail: int = 0
) -> Order:
    slot = Slot(frames, head, tail, rate, rate, 64, 64, Fraction(1), None)
    return Order("a", task, "show", "shot", slot, conditions, "diffusion", "m", (), (0,), Delivery("/takes"))


def ordered(task: Task, frames: int, head: int, tail: int, rate: Fraction, context: int) -> Order:
    before, after = FramesBefore(span(head + context, rate)), FramesAfter(span(tail + context, rate))
    match task:
        case Task.EXTEND:
            return order(task, frames, (before,), rate, head, tail)
        case Task.JOIN:
            return order(task, frames, (before, after), rate, head, tail)
        case _:
            return order(task, frames, (Text("a lake"),), rate, head, tail)


def check(made: Timing, rule: FrameRule) -> None:
    assert made.frames == max(one.end for one in made.passes)
    done: set[int] = set()
    for one in made.passes:
        assert one.frames == rule.up(one.frames) and one.frames <= rule.most
        assert one.first >= 0 and one.head + one.tail < one.frames
        known = set(range(one.first, one.first + one.head)) | set(range(one.end - one.tail, one.end))
        camera = set(range(made.head)) | set(range(made.frames - made.tail, made.frames))
        assert known <= done | camera, "a pass is given only what is there before it"
        done |= set(range(one.first, one.end))
    assert done == set(range(made.frames))


@settings(max_examples=400, deadline=None)
@given(
    task=st.sampled_from([Task.GENERATE, Task.EXTEND, Task.JOIN]),
    frames=st.integers(1, 500),
    head=st.integers(0, 24),
    tail=st.integers(0, 24),
    slot_rate=st.sampled_from(RATES),
    model_rate=st.sampled_from([Fraction(8), Fraction(16), Fraction(24), Fraction(25), Fraction(30)]),
    rule=st.sampled_from(RULES),
    context=st.sampled_from(CONTEXTS),
    seen=st.integers(1, 48),
)
def test_every_frame_that_is_made_lies_between_frames_of_the_model(
    task: Task,
    frames: int,
    head: int,
    tail: int,
    slot_rate: Fraction,
    model_rate: Fraction,
    rule: FrameRule,
    context: Context,
    seen: int,
) -> None:
    scene = canvas(ordered(task, frames, head, tail, slot_rate, seen))
    made = timing(scene, slot_rate, model_rate, rule, context)
    check(made, rule)
    for frame in range(scene.first, scene.end):
        assert 0 <= made.model_frame(frame) <= made.frames - 1
    if scene.before is not None:
        assert made.position(made.head - 1) == scene.first - 1
        assert made.position(0) >= scene.before.at
    if scene.after is not None:
        assert made.position(made.frames - made.tail) == scene.end
        assert made.position(made.frames - 1) <= scene.after.end - 1


@settings(max_examples=200, deadline=None)
@given(frames=st.integers(1, 500), rate=st.sampled_from(RATES), rule=st.sampled_from(RULES), seen=st.integers(1, 48))
def test_a_head_is_a_tail_in_reversed_time(frames: int, rate: Fraction, rule: FrameRule, seen: int) -> None:
    context = CONTEXTS[2]
    tail = canvas(order(Task.EXTEND, frames, (FramesBefore(span(seen, rate)),), rate))
    head = canvas(order(Task.EXTEND, frames, (FramesAfter(span(seen, rate)),), rate))
    one, other = (timing(scene, rate, Fraction(16), rule, context) for scene in (tail, head))
    check(other, rule)
    assert (one.frames, one.head, one.tail) == (other.frames, other.tail, other.head)
    for frame in range(frames):
        assert one.model_frame(frame) == other.frames - 1 - other.model_frame(frames - 1 - frame)
