"""Long sessions of random edits on one cut: every step is checked, and all of them are undone at the end."""

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.diff import diff
from secondunit_timeline.edits import Policies, edit, plan
from secondunit_timeline.index import Index
from secondunit_timeline.operations import Extract, Fill, FillLength, Insert, ReplaceShot, Transitions

from tests.timeline.cuts import clip, cut_of, gap
from tests.timeline.test_edits_frames import cuts, operations, shown
from tests.timeline.test_edits_trims import random_move

LONGEST = 600
"""Frames: a cut that has grown beyond this is only trimmed, so that a step stays short."""


class Session(RuleBasedStateMachine):
    @initialize(cut=cuts(), data=st.data())
    def begin(self, cut: otio.schema.Timeline, data: st.DataObject) -> None:
        """On V2 lies sound linked with the clips of V1, some of it with L- and J-cuts, the rest with nothing."""
        index = Index(cut)
        sounds: list[otio.core.Item] = []
        end = 0
        for number, item in enumerate(index.track("V1").items):
            head, tail = (data.draw(st.sampled_from([0, 0, 3, -3])) for _ in range(2))
            start, frames = int(item.start) + head, int(item.duration) + tail - head
            if item.start.denominator != 1 or start < end or frames < 1 or data.draw(st.integers(0, 3)) == 0:
                continue
            if start > end:
                sounds.append(gap(start - end, index.rate))
            sound = clip(f"sound{number}", 400, frames, (0, 900), index.rate)
            if isinstance(item.child, otio.schema.Clip) and data.draw(st.integers(0, 3)):
                for one in (sound, item.child):
                    one.metadata["Resolve_OTIO"] = {"Link Group ID": number}
            sounds.append(sound)
            end = start + frames
        cut.tracks.append(cut_of([], sounds, rate=index.rate).tracks[1].deepcopy())
        self.cut = cut
        self.done: list[tuple[str, Edit]] = []

    def keep(self, new: otio.schema.Timeline, change: Edit) -> None:
        if change:
            self.done.append((self.cut.to_json_string(), change))
            self.cut = new

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        if Index(self.cut).track("V1").items:
            self.keep(*random_move(self.cut, data.draw))

    @precondition(lambda self: Index(self.cut).end < LONGEST)
    @rule(data=st.data(), transitions=st.sampled_from(Transitions))
    def place(self, data: st.DataObject, transitions: Transitions) -> None:
        index = Index(self.cut)
        operation = data.draw(operations(index.rate, int(index.end)))
        self.try_out([operation], transitions)

    @precondition(lambda self: Index(self.cut).end < LONGEST)
    @rule(at=st.integers(0, 300), frames=st.integers(1, 30), kind=st.integers(0, 3), length=st.sampled_from(FillLength))
    def fill(self, at: int, frames: int, kind: int, length: FillLength) -> None:
        """With the other track in sync: both move by the same frames, or nothing moves."""
        rate = Index(self.cut).rate
        time, new = FrameTime(at, rate), clip("new", 100, frames, (60, 200), rate)
        before = Index(self.cut).track("V2").end
        picture = Index(self.cut).track("V1").end
        operation = [
            Insert("V1", time, new, sync=("V2",)),
            Extract("V1", time, frames, ("V2",)),
            Fill("V1", time, new, length, frames + 3),
            ReplaceShot("V1", time, new),
        ][kind]
        if not self.try_out([operation], Transitions.REFUSE):
            return
        after = Index(self.cut).track("V2").end
        if kind == 0:
            assert after == (before + frames if at < before else before)
        elif kind == 1:
            taken = min(frames, picture - at)
            assert after == (max(at, before - taken) if at < before else before)
        else:
            assert after == before

    def try_out(self, wanted: list[object], transitions: Transitions) -> bool:
        frozen = self.cut.to_json_string()
        try:
            new, change = edit(self.cut, wanted, Policies(transitions))  # type: ignore[arg-type]
            assert plan(Index(self.cut), wanted, Policies(transitions)) == change  # type: ignore[arg-type]
        except CutError as refusal:
            assert str(refusal)
            return False
        finally:
            assert self.cut.to_json_string() == frozen
        self.keep(new, change)
        return True

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        before, change = self.done.pop()
        self.cut = apply(Edit.from_json(change.inverse().to_json()), self.cut)
        assert self.cut.to_json_string() == before

    @precondition(lambda self: self.done)
    @rule()
    def compare(self) -> None:
        before = otio.schema.Timeline.from_json_string(self.done[0][0])
        now = apply(diff(before, self.cut), before)
        assert shown(now) == shown(self.cut)

    @invariant()
    def items_follow_each_other(self) -> None:
        for track in Index(self.cut).tracks if hasattr(self, "cut") else ():
            assert all(item.duration > 0 for item in track.items)
            assert all(Fraction(item.start).denominator == 1 for item in track.items)

    def teardown(self) -> None:
        while getattr(self, "done", None):
            self.undo()


QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def test_a_session_of_edits_is_undone_to_the_byte() -> None:
    short = settings(
        max_examples=25, stateful_step_count=14, derandomize=True, deadline=None, suppress_health_check=QUIET
    )
    run_state_machine_as_test(Session, settings=short)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_steps() -> None:
    long = settings(max_examples=2_000, stateful_step_count=50, deadline=None, suppress_health_check=QUIET)
    run_state_machine_as_test(Session, settings=long)
