"""Random edits on random cuts: every frame that an edit did not claim shows the same source frame as before."""

from fractions import Fraction
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import flatten
from secondunit_timeline.index import Index
from secondunit_timeline.operations import (
    AddTake,
    End,
    Extend,
    Insert,
    InsertGap,
    Into,
    Lift,
    Operation,
    Overwrite,
    Side,
    SwapTake,
)

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times

# A clip of another rate, with what makes its lengths whole in the cut: 25 source frames are 24 of a cut at 24.
RATES = {
    Fraction(24): [(Fraction(24), 1), (Fraction(25), 25)],
    Fraction(24000, 1001): [(Fraction(24000, 1001), 1), (Fraction(24000), 1001)],
    Fraction(30000, 1001): [(Fraction(30000, 1001), 1), (Fraction(60000, 1001), 2)],
    Fraction(60000, 1001): [(Fraction(60000, 1001), 1)],
}
Shown = tuple[tuple[str | None, Fraction, Fraction], ...]


@st.composite
def clips(draw: st.DrawFn, rate: Fraction, name: str) -> otio.schema.Clip:
    own, step = draw(st.sampled_from(RATES[rate]))
    speed = draw(st.sampled_from([None, None, None, 2.0, 0.5, -1.0, 0.0, 1 / 3]))
    start, duration = 4000, draw(st.integers(1, 30)) * step
    played = max(1, round(duration * abs(1.0 if speed is None else speed)))
    head, tail = draw(st.integers(0, 30)), draw(st.integers(0, 30))
    first = start - head - (played if speed == -1 else 0)
    media = (first, start - first + played + tail)
    return clip(name, start, duration, draw(st.sampled_from([media, media, None])), own, speed)


@st.composite
def nests(draw: st.DrawFn, rate: Fraction, name: str) -> otio.schema.Stack:
    """A nest of one track that shows a part of it, at its own speed or twice that."""
    inside = [clip(f"{name}.{number}", 100, draw(st.integers(5, 30)), (60, 200), rate) for number in range(2)]
    held = int(sum(one.source_range.duration.value for one in inside))
    track = otio.schema.Track("V1")
    track.extend(inside)
    start = draw(st.integers(0, held // 4))
    speed = draw(st.sampled_from([None, None, 2.0]))
    frames = draw(st.integers(1, (held - start) // 2 if speed else held - start))
    nest = otio.schema.Stack(name, [track], times(start, frames, rate))
    if speed:
        nest.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    return nest


@st.composite
def cuts(draw: st.DrawFn) -> otio.schema.Timeline:
    rate = draw(st.sampled_from(sorted(RATES)))
    children: list[Any] = []
    for number in range(draw(st.integers(1, 6))):
        if children and draw(st.booleans()):
            children.append(dissolve(draw(st.integers(0, 6)), draw(st.integers(1, 6)), rate))
        kind = draw(st.sampled_from(["clip", "clip", "clip", "clip", "gap", "gap", "nest"]))
        if kind == "gap":
            children.append(gap(draw(st.integers(1, 30)), rate))
        else:
            children.append(draw((clips if kind == "clip" else nests)(rate, f"shot{number}")))
    if isinstance(children[-1], otio.schema.Transition):
        children.pop()
    return cut_of(children, rate=rate, start=draw(st.sampled_from([0, 86400])))


KINDS = (Overwrite, Insert, InsertGap, Lift, *[Extend] * 5, SwapTake)


@st.composite
def operations(draw: st.DrawFn, rate: Fraction, end: int, kinds: tuple[type[Operation], ...] = KINDS) -> Operation:
    at = FrameTime(draw(st.integers(0, end + 10)), rate)
    new = clip("new", 100, draw(st.integers(1, 40)), (80, 200), rate)
    kind = draw(st.sampled_from(kinds))
    if kind is Overwrite:
        return Overwrite("V1", at, new)
    if kind is Insert:
        return Insert("V1", at, new, draw(st.sampled_from(Side)))
    if kind is SwapTake:
        return SwapTake("V1", at, "DEFAULT_MEDIA")
    if kind is Extend:
        made = draw(st.sampled_from([None, new, new]))
        return Extend(
            "V1",
            at,
            draw(st.sampled_from(End)),
            draw(st.sampled_from([0, 0, 1, 3, 12])),
            made,
            draw(st.sampled_from(Into)),
        )
    return (InsertGap if kind is InsertGap else Lift)("V1", at, draw(st.integers(1, 40)))


def shown(cut: otio.schema.Timeline) -> list[Shown]:
    return [tuple((layer.source.path, layer.seconds, layer.weight) for layer in layers) for layers in flatten(cut)]


def claims(cut: otio.schema.Timeline, operation: Operation) -> tuple[int, int, bool]:
    """(start, frames, whether the rest moves) as the operation's contract says, worked out from the index alone."""
    index = Index(cut)
    track = index.track("V1")

    def length(item: otio.schema.Clip | None) -> int:
        return int(item.source_range.duration.value) if item is not None else 0

    match operation:
        case Overwrite(at=at, clip=new):
            return at.frame, length(new), False
        case Insert(at=at, clip=new):
            return at.frame, length(new), True
        case InsertGap(at=at, frames=frames):
            return at.frame, frames, True
        case Lift(at=at, frames=frames):
            return at.frame, frames, False
        case Extend(shot_at=at, end=end, camera_frames=camera, clip=made, into=into):
            shot = track.at(at.frame)
            assert shot is not None
            own = Fraction(shot.child.source_range.duration.rate).limit_denominator(1001)
            total = Fraction(camera) * index.rate / own + length(made)
            edge = shot.end if end is End.TAIL else shot.start if into is Into.RIPPLE else shot.start - total
            assert total.denominator == 1
            return int(edge), int(total), into is Into.RIPPLE
    return 0, 0, False


def dissolved(cut: otio.schema.Timeline, low: int, high: int) -> set[int]:
    """Frames under the transitions that lie on or reach into [low, high]."""
    index, frames = Index(cut), set[int]()
    for item in index.track("V1").items:
        for transition, point in ((item.before, item.start), (item.after, item.end)):
            if transition is None:
                continue
            into, out = int(transition.in_offset.value), int(transition.out_offset.value)
            if point - into <= high and low <= point + out:
                frames |= set(range(int(point) - into, int(point) + out))
    return frames


@pytest.mark.parametrize(
    ("kind", "examples"), [(Overwrite, 25), (Insert, 25), (InsertGap, 25), (Lift, 25), (Extend, 80), (SwapTake, 15)]
)
def test_unclaimed_frames_show_what_they_showed(kind: type[Operation], examples: int) -> None:
    done: list[Operation] = []

    @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def edits_hold(data: st.DataObject) -> None:
        cut = data.draw(cuts())
        for _ in range(3):
            index = Index(cut)
            operation = data.draw(operations(index.rate, int(index.end), (kind,)))
            before_json, before = cut.to_json_string(), shown(cut)
            try:
                new, change = edit(cut, [operation])
            except CutError as refusal:
                assert str(refusal)
                continue
            finally:
                assert cut.to_json_string() == before_json
            done.append(operation)
            start, frames, ripple = claims(cut, operation)
            assert all(item.end.denominator == 1 for item in Index(new).track("V1").items)
            after = shown(new)
            moved = frames if ripple else 0
            hidden_before = dissolved(cut, start, start if ripple else start + frames)
            hidden_after = dissolved(new, start, start + frames)
            for frame, was in enumerate(before):
                if not ripple and start <= frame < start + frames:
                    continue
                now = frame + moved if frame >= start else frame
                if frame in hidden_before or now in hidden_after:
                    continue
                assert now < len(after) or was == (), (operation, frame)
                assert (after[now] if now < len(after) else ()) == was, (operation, frame, str(change))
            grown = len(after) - len(before)
            assert grown == moved or start + frames > len(before) or isinstance(operation, InsertGap), operation

    edits_hold()
    assert len(done) > 3, "refusals alone prove nothing"


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_edit_of_many_operations_equals_many_edits_of_one(data: st.DataObject) -> None:
    cut = data.draw(cuts())
    done: list[Operation] = []
    by_one = cut
    changes: list[str] = []
    for _ in range(4):
        index = Index(by_one)
        operation = data.draw(operations(index.rate, int(index.end)))
        try:
            by_one, change = edit(by_one, [operation])
        except CutError:
            continue
        done.append(operation)
        changes += map(str, change)
    at_once, change = edit(cut, done)
    assert at_once.to_json_string() == by_one.to_json_string()
    assert [str(one) for one in change] == changes


def test_switching_takes_a_hundred_times_keeps_every_source_time() -> None:
    cut = cut_of([clip("A", 50, 40, (0, 200)), clip("B", 50, 40, (0, 200), speed=2.0), gap(5)])
    keys = [f"take.{number}" for number in range(5)]
    taken, _ = edit(
        cut,
        [
            AddTake(
                "V1",
                FrameTime(at, Fraction(24)),
                key,
                otio.schema.ExternalReference(f"/takes/{key}.mov", times(20, 150)),
            )
            for at in (0, 40)
            for key in keys
        ],
    )
    before = [[seconds for _, seconds, _ in layers] for layers in shown(taken)]
    for number in range(100):
        key = [*keys, "DEFAULT_MEDIA"][number % 6]
        taken, _ = edit(taken, [SwapTake("V1", FrameTime(at, Fraction(24)), key) for at in (0, 40)])
        assert [[seconds for _, seconds, _ in layers] for layers in shown(taken)] == before
    assert shown(taken) != shown(cut)
