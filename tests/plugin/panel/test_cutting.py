"""What becomes of an open cut: slugs, takes, undo. Everything that no edit claimed shows what it showed."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

from hypothesis import settings
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
from secondunit_bridge.messages import Order
from secondunit_plugin.panel import words
from secondunit_plugin.panel.model import cutting
from secondunit_plugin.panel.model.cut import CutIn, OpenCut, Reloaded, Slugged
from secondunit_plugin.panel.model.layout import Bar, Kind
from secondunit_plugin.panel.model.reading import digest_of, read, version_of
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import write_cut
from secondunit_timeline.operations import End, Insert, Operation, Overwrite, Roll, Slip, Trim
from secondunit_timeline.placing import Ordered
from secondunit_timeline.slugs import is_slug

from tests.timeline.cuts import at, clip, cut_of, gap
from tests.timeline.test_awaited import asked, names, on_shot, ordered, take
from tests.timeline.test_edits_frames import Shown, shown

HANDLES = 6


def opened_of(cut: otio.schema.Timeline) -> OpenCut:
    return OpenCut(Path("/cut.otio"), (version_of(cut),))


@pytest.fixture
def cut() -> otio.schema.Timeline:
    return cut_of([clip("A", 10, 40), gap(12), clip("B", 20, 40)])


def in_gap(opened: OpenCut, order_id: str = "o1") -> Ordered:
    made = asked(order_id, 12)
    return ordered(opened.version.index.cut, made, lambda new: Overwrite("V1", at(40), new))


def order_of(planned: Ordered) -> Order:
    assert planned.order is not None
    return planned.order


def steps(opened: OpenCut) -> list[str]:
    return [words.of_step(version.step) for version in opened.versions]


def kind_of(opened: OpenCut, number: int) -> Kind | None:
    bar = opened.version.layout.tracks[0].items[number]
    return bar.kind if isinstance(bar, Bar) else None


def test_a_slug_and_its_take_are_one_step(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    planned = in_gap(opened)
    slugged = cutting.with_slug(opened, planned)
    assert steps(slugged) == ["Cut as it was read", "Slug for A003"]
    assert [kind_of(one, 1) for one in (opened, slugged)] == [None, Kind.SLUG]
    filled = cutting.with_take(slugged, take(order_of(planned)))
    assert steps(filled) == ["Cut as it was read", "Cut in A003_v001"]
    assert names(filled.version.index.cut)[1] == ("A003_v001", 12) and kind_of(filled, 1) is Kind.TAKE
    back = cutting.shown(filled, 0)
    assert back.version.index.cut.to_json_string() == cut.to_json_string()
    again = cutting.shown(back, 1)
    assert again.version.index.cut.to_json_string() == filled.version.index.cut.to_json_string()


def test_a_take_that_arrives_while_its_slug_is_undone_fills_it_when_it_is_redone(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    planned = in_gap(opened)
    back = cutting.shown(cutting.with_slug(opened, planned), 0)
    arrived = cutting.with_take(back, take(order_of(planned)))
    assert arrived.version.index.cut.to_json_string() == cut.to_json_string()
    assert names(cutting.shown(arrived, 1).version.index.cut)[1] == ("A003_v001", 12)


def test_another_take_is_a_step_of_its_own_and_a_take_without_a_slug_changes_nothing(
    cut: otio.schema.Timeline,
) -> None:
    opened = opened_of(cut)
    planned = in_gap(opened)
    order = order_of(planned)
    assert cutting.with_take(opened, take(order)) is opened
    filled = cutting.with_take(cutting.with_slug(opened, planned), take(order))
    other = cutting.cut_in(filled, order, take(order, 2), planned)
    assert steps(other)[1:] == ["Cut in A003_v001", "Cut in A003_v002"]
    assert cutting.cut_in(other, order, take(order, 2), planned) is other


def test_an_order_that_came_to_nothing_leaves_nothing(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    planned = in_gap(opened)
    order = order_of(planned)
    slugged = cutting.with_slug(opened, planned)
    out = cutting.without_slug(slugged, order)
    assert out.version is opened.version and len(out.versions) == 1
    inserted = asked("o2", 8)
    later = cutting.with_slug(
        slugged, ordered(slugged.version.index.cut, inserted, lambda new: Overwrite("V1", at(100), new))
    )
    out = cutting.without_slug(later, order)
    assert steps(out)[-1] == "Slug for A003 taken out"
    assert [length for _, length in names(out.version.index.cut)][:3] == [40, 12, 40]
    assert [slug.order_id for slug in out.version.slugs] == ["o2"]
    assert cutting.without_slug(out, order) is out


def test_a_cut_that_was_written_anew_keeps_what_waits_and_what_was_cut_in(
    cut: otio.schema.Timeline, tmp_path: Path
) -> None:
    path = tmp_path / "cut.otio"
    write_cut(cut, path)
    opened = read(path)
    planned = in_gap(opened)
    order = order_of(planned)
    slugged = cutting.with_slug(opened, planned)
    write_cut(edit(cut, [Insert("V1", at(0), clip("title", 0, 7))])[0], tmp_path / "other.otio")
    (tmp_path / "other.otio").replace(path)
    reloaded, lost = cutting.reloaded(slugged, [(order, planned)])
    assert lost == () and reloaded.digest == digest_of(path)
    assert [slug.at for slug in reloaded.version.slugs] == [at(47)]
    assert reloaded.version.step == Reloaded("cut.otio")
    filled = cutting.with_take(reloaded, take(order))
    again, lost = cutting.reloaded(filled, [(order, planned)])
    assert lost == () and names(again.version.index.cut)[2] == ("A003_v001", 12)
    write_cut(edit(cut, [Insert("V1", at(45), clip("title", 0, 7))])[0], path)
    apart, lost = cutting.reloaded(filled, [(order, planned)])
    assert [(one.order.id, one.take is not None) for one in lost] == [("o1", True)]
    assert "moved apart" in lost[0].why and not apart.version.slugs


def test_a_host_that_trimmed_the_slug_finds_its_trim_in_the_take(cut: otio.schema.Timeline, tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    write_cut(cut, path)
    opened = read(path)
    planned = in_gap(opened)
    slugged = cutting.with_slug(opened, planned)
    write_cut(edit(slugged.version.index.cut, [Roll("V1", at(40), -3)])[0], tmp_path / "trimmed.otio")
    (tmp_path / "trimmed.otio").replace(path)
    reloaded, _ = cutting.reloaded(slugged, [(order_of(planned), planned)])
    filled = cutting.with_take(reloaded, take(order_of(planned)))
    assert names(filled.version.index.cut)[:2] == [("A", 37), ("A003_v001", 15)]


def played(opened: OpenCut) -> tuple[str, int, set[str]]:
    """Of the clip after the first: its name, its frames, and the file names of all takes that it holds."""
    item = opened.version.index.track("V1").items[1]
    media = item.child.media_references()
    takes = {Path(one.target_url).name for one in media.values() if isinstance(one, otio.schema.ExternalReference)}
    return item.child.name, int(item.duration), takes


def test_takes_of_a_second_order_for_the_same_place_are_further_takes_of_the_clip(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    first, second = in_gap(opened), in_gap(opened, "o2")
    slugged = cutting.with_slug(opened, first)
    both = cutting.with_slug(slugged, second)
    assert steps(both) == steps(slugged) and names(both.version.index.cut) == names(slugged.version.index.cut)
    early, late = take(order_of(second), 2), take(order_of(first), 1)
    filled = cutting.with_take(both, early)
    assert steps(filled)[1:] == ["Cut in A003_v002"] and played(filled) == ("A003_v002", 12, {"A003_v002.mov"})
    offered = cutting.with_take(filled, late)
    assert cutting.is_played(offered, late) is False
    assert played(offered) == ("A003_v002", 12, {"A003_v001.mov", "A003_v002.mov"})
    chosen = cutting.cut_in(offered, order_of(first), late, first)
    assert steps(chosen)[1:] == ["Cut in A003_v002", "Cut in A003_v001"]
    assert played(chosen) == ("A003_v001", 12, {"A003_v001.mov", "A003_v002.mov"})
    for version in (filled, chosen):
        (layer,) = shown(version.version.index.cut)[40]
        assert layer[1] == Fraction(version.version.index.track("V1").items[1].child.source_range.start_time.value) / 24
    out = cutting.shown(cutting.shown(chosen, 1), 0)
    assert out.version.index.cut.to_json_string() == cut.to_json_string()
    assert played(cutting.shown(out, 1)) == played(offered)


def test_what_is_ordered_where_a_take_plays_is_a_further_take_there(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    first, second = in_gap(opened), in_gap(opened, "o2")
    filled = cutting.with_take(cutting.with_slug(opened, first), take(order_of(first)))
    place = opened.version.places[1]
    assert filled.version_with(place) is opened.version
    ordered_again = cutting.with_slug(filled, second)
    assert names(ordered_again.version.index.cut) == names(filled.version.index.cut)
    later = take(order_of(second), 2)
    cut_in = cutting.cut_in(ordered_again, order_of(second), later, second)
    assert played(cut_in) == ("A003_v002", 12, {"A003_v001.mov", "A003_v002.mov"})
    assert steps(cut_in)[1:] == ["Cut in A003_v001", "Cut in A003_v002"]


def test_a_slug_stays_while_one_of_its_orders_is_made(cut: otio.schema.Timeline) -> None:
    opened = opened_of(cut)
    first, second = in_gap(opened), in_gap(opened, "o2")
    both = cutting.with_slug(cutting.with_slug(opened, first), second)
    left = cutting.without_slug(both, order_of(first))
    assert names(left.version.index.cut) == names(both.version.index.cut) and steps(left) == steps(both)
    assert [slug.order_id for slug in left.version.slugs] == ["o2"]
    filled = cutting.with_take(left, take(order_of(second), 2))
    assert steps(filled)[1:] == ["Cut in A003_v002"] and played(filled)[2] == {"A003_v002.mov"}
    out = cutting.without_slug(left, order_of(second))
    assert len(out.versions) == 1 and out.version.index.cut.to_json_string() == cut.to_json_string()
    alone = cutting.without_slug(both, order_of(second))
    assert [slug.order_id for slug in alone.version.slugs] == ["o1"] and steps(alone) == steps(both)
    waiting = cutting.with_take(both, take(order_of(second), 2))
    ended = cutting.without_slug(waiting, order_of(first))
    assert not ended.version.slugs and steps(ended) == steps(waiting) and played(ended) == played(waiting)


def test_an_order_for_other_frames_of_the_same_place_covers_neither_the_slug_nor_the_take_there(
    cut: otio.schema.Timeline,
) -> None:
    opened = opened_of(cut)
    first, made = in_gap(opened), asked("o2", 8)
    shorter = ordered(opened.version.index.cut, made, lambda new: Insert("V1", at(40), new))
    slugged = cutting.with_slug(opened, first)
    assert cutting.with_slug(slugged, shorter) is slugged
    filled = cutting.with_take(slugged, take(order_of(first)))
    assert cutting.with_slug(filled, shorter) is filled


class Session(RuleBasedStateMachine):
    """Orders, arrivals, trims, undo and redo in any order; `model` is what each frame has to show."""

    @initialize()
    def begin(self) -> None:
        children = [clip("A", 30, 30, (0, 200)), gap(20), clip("B", 30, 40, (0, 200)), clip("C", 30, 25, (0, 200))]
        self.opened = opened_of(cut_of(children))
        self.orders: dict[str, tuple[Order, Ordered]] = {}
        self.arrived: set[str] = set()
        self.frames = [self.frames_now()]
        self.place = 0

    def frames_now(self) -> list[Shown]:
        return shown(self.opened.version.index.cut)

    def claimed(self, frames: list[Shown]) -> set[int]:
        """Frames that a slug or a take shows."""
        return {
            number
            for number, layers in enumerate(frames)
            if any(path is None or path.startswith("/takes/") for path, _, _ in layers)
        }

    def keep(self, frames: list[Shown]) -> None:
        self.frames = [*self.frames[: self.place + 1], frames]
        self.place += 1

    @precondition(lambda self: len(self.orders) < 6)
    @rule(where=st.integers(0, 110), frames=st.integers(1, 20), kind=st.sampled_from(["over", "insert", "shot"]))
    def order(self, where: int, frames: int, kind: str) -> None:
        cut, number = self.opened.version.index.cut, len(self.orders) + 1
        made = asked(f"o{number}", frames)
        track = self.opened.version.index.track("V1")
        item = track.at(where)
        if kind == "over":
            planned = ordered(cut, made, lambda new: Overwrite("V1", at(where), new))
        elif kind == "insert":
            planned = ordered(cut, made, lambda new: Insert("V1", at(where), new))
        elif item is not None and isinstance(item.child, otio.schema.Clip) and not is_slug(item.child):
            start = int(item.child.source_range.start_time.value)
            made = replace(made, slot=replace(made.slot, frames=int(item.duration)))
            planned = on_shot(cut, made, at(where), at(start - HANDLES), True)
        else:
            return
        before = self.frames_now()
        self.opened = cutting.with_slug(self.opened, planned)
        self.orders[made.id] = made, planned
        after = self.frames_now()
        moved = frames if kind == "insert" and where < len(before) else 0
        for number, layers in enumerate(before):
            if kind == "over" and where <= number < where + frames:
                continue
            assert after[number + (moved if number >= where else 0)] == layers, (number, kind)
        self.keep(after)

    @precondition(lambda self: len(self.arrived) < len(self.orders))
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(sorted(set(self.orders) - self.arrived)))
        made, _ = self.orders[order_id]
        before, place = self.frames_now(), self.opened.place
        slugs = [slug for slug in self.opened.version.slugs if slug.order_id == order_id]
        self.opened = cutting.with_take(self.opened, take(made, int(order_id[1:])))
        self.arrived.add(order_id)
        after = self.frames_now()
        assert self.opened.place == place and len(after) == len(before)
        covered = {number for slug in slugs for number in range(slug.at.frame, slug.at.frame + slug.frames)}
        for number, (was, now) in enumerate(zip(before, after, strict=True)):
            if number not in covered:
                assert was == now, number
            else:
                # The slug counted from 0, the take from its own timecode; on a shot both count as the shot does.
                first = Fraction(take(made, int(order_id[1:])).record.start.frame, 24)
                path = f"/takes/A003_v{int(order_id[1:]):03}.mov"
                assert now == tuple(
                    (path, seconds + (first if old is None else 0), weight) for old, seconds, weight in was
                )
        self.frames[self.place] = after

    @rule(data=st.data(), where=st.integers(0, 110), by=st.integers(-5, 5).filter(bool))
    def trim(self, data: st.DataObject, where: int, by: int) -> None:
        """As a host does, and the panel reads it again."""
        wanted: list[Operation] = [
            data.draw(
                st.sampled_from(
                    [
                        Trim("V1", at(where), End.TAIL, by),
                        Trim("V1", at(where), End.HEAD, by),
                        Slip("V1", at(where), by),
                    ]
                )
            )
        ]
        try:
            cut, done = edit(self.opened.version.index.cut, wanted)
        except CutError:
            return
        self.opened = self.opened.edited(version_of(cut, done, Reloaded("cut")))
        self.keep(self.frames_now())

    @rule(by=st.sampled_from([-1, 1, -2]))
    def go(self, by: int) -> None:
        self.opened = cutting.shown(self.opened, self.opened.place + by)
        if 0 <= self.place + by < len(self.frames):
            self.place += by
        before, after = self.frames[self.place], self.frames_now()
        free = self.claimed(before) | self.claimed(after)
        assert len(before) == len(after)
        assert all(
            was == now for number, (was, now) in enumerate(zip(before, after, strict=True)) if number not in free
        )

    @invariant()
    def no_slug_whose_take_is_there(self) -> None:
        if hasattr(self, "opened"):
            assert self.opened.place == self.place
            assert not {slug.order_id for slug in self.opened.version.slugs} & self.arrived
            for version in self.opened.versions:
                assert not isinstance(version.step, Slugged) or version.step.order_id not in self.arrived
            assert all(
                item.duration > 0 for track in Index(self.opened.version.index.cut).tracks for item in track.items
            )


def test_any_order_of_orders_takes_trims_and_undos() -> None:
    run_state_machine_as_test(
        Session, settings=settings(max_examples=40, stateful_step_count=14, derandomize=True, deadline=None)
    )


def test_words_of_what_was_done() -> None:
    assert words.of_step(CutIn("A002_v001", "o1")) == "Cut in A002_v001"
