"""What of a cut is missing, stale or settled, and in which order it would be made: read from cuts alone."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import (
    Card,
    Codec,
    FramesBefore,
    IgnoreRegion,
    Mask,
    Order,
    Parameter,
    Record,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Take,
    Task,
    TaskLimit,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_timeline import recipes
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.make import Approved, Stale, UpToDate, plan_making, refused_by
from secondunit_timeline.making import Making
from secondunit_timeline.operations import ApproveTake
from secondunit_timeline.takes import placed_takes

from tests.timeline.cuts import at, beside, clip, cut_of, dissolve, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, write_still

FOLDER = Path("/takes")


def planned(cut: otio.schema.Timeline, **wanted: Any) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(step.shot, step.kind, step.after) for step in plan_making(cut, FOLDER, **wanted) if step.wanted]


def take_of(order: Order, path: Path, number: int) -> Take:
    """As the unit would give it, over a file that is there; `number` makes it a take of its own."""
    slot = order.slot
    start = slot.start or FrameTime((20 * 3600 + 60 * number) * 24, Fraction(24))
    made = (order, order.seeds[0], "", (), (), None, None, False, ())
    name = f"{order.shot}_v{number:03}"
    record = Record(f"id{number}", name, f"U{number:07}", start, slot.drop_frame, *made)
    return Take(str(path), slot.head + slot.frames + slot.tail, "", "", record)


def make_all(cut: otio.schema.Timeline, path: Path, first: int = 1, **wanted: Any) -> tuple[Any, list[Order]]:
    """`cut` with everything that is wanted made, each take over the same file."""
    making = Making(cut, plan_making(cut, FOLDER, **wanted), FOLDER)
    orders: list[Order] = []
    for step in making.steps:
        if step.wanted:
            job = making.planned(step)
            takes = ()
            if job.order is not None:
                orders.append(job.order)
                takes = (take_of(job.order, path, first + len(orders) - 1),)
            making.place(step, job, takes)
    assert apply(making.edit, cut).to_json_string() == making.cut.to_json_string()
    return making.cut, orders


def test_what_others_wait_for_comes_first() -> None:
    cut = cut_of(
        [
            recipes.clip("N1", recipes.generate(like="N3"), at(10)),
            recipes.clip("N2", recipes.generate(prompt="x"), at(10)),
            recipes.clip("N3", recipes.generate(like="N2"), at(10)),
            recipes.clip("N4", recipes.generate(continues=True), at(10)),
            clip("A", 0, 20),
        ]
    )
    cut = beside(cut, 45, recipes.match(["N1", "N2"]), "m")
    cut = beside(cut, 45, recipes.extend(6), "e")
    assert planned(cut) == [
        ("N2", "generate", ()),
        ("N3", "generate", (0,)),
        ("N1", "generate", (1,)),
        ("N4", "generate", (1,)),
        ("A", "match", (0, 2)),
        ("A", "extend", (4,)),
    ]


def test_a_join_waits_for_both_of_its_sides() -> None:
    cut = cut_of(
        [
            recipes.clip("N1", recipes.generate(prompt="x"), at(20)),
            recipes.clip("J", recipes.join(), at(5)),
            recipes.clip("N2", recipes.generate(prompt="y"), at(20)),
        ]
    )
    assert planned(cut) == [("N1", "generate", ()), ("N2", "generate", ()), ("J", "join", (0, 1))]


def test_shots_that_wait_for_each_other_are_refused() -> None:
    cut = cut_of(
        [
            recipes.clip("N1", recipes.generate(like="N3"), at(10)),
            recipes.clip("N2", recipes.generate(like="N1"), at(10)),
            recipes.clip("N3", recipes.generate(continues=True), at(10)),
        ]
    )
    with pytest.raises(CutError, match="wait for each other, nothing was ordered") as raised:
        plan_making(cut, FOLDER)
    assert all(name in str(raised.value) for name in ("'N1'", "'N2'", "'N3'"))
    alone = cut_of([recipes.clip("N", recipes.generate(like="N"), at(10))])
    with pytest.raises(CutError, match="'N' → 'N'"):
        plan_making(alone, FOLDER)


def test_only_the_shots_that_were_named_are_wanted() -> None:
    cut = cut_of([recipes.clip(name, recipes.generate(prompt="x"), at(10)) for name in ("N1", "N2", "N3")])
    steps = plan_making(cut, FOLDER, shots=["N2"])
    assert [(step.shot, step.wanted) for step in steps] == [("N1", False), ("N2", True), ("N3", False)]


def test_a_generated_clip_keeps_what_its_recipe_clip_had(make_clip: MakeClip) -> None:
    media = make_clip(60)
    clips = [shot(media, 60, 0, 20), dissolve(6, 4), recipes.clip("N", recipes.generate(prompt="x", like="A"), at(24))]
    clips[2].metadata["studio"] = {"task": "layout"}
    clips[2].markers.append(otio.schema.Marker("note"))
    made, (order,) = make_all(sounding_cut(*clips), media)
    assert [type(one) for one in order.conditions] == [ReferenceShot, Text]
    assert (order.task, order.shot) == (Task.GENERATE, "N")
    assert (order.slot.head, order.slot.frames, order.slot.tail) == (12, 24, 12)
    assert (order.slot.width, order.slot.height) == (160, 90)
    (_, _, one) = made.tracks[0]
    assert (one.name, one.metadata["studio"]["task"], len(one.markers)) == ("N", "layout", 1)
    assert set(one.media_references()) == {"take.id1", "take.id1.recipe"}
    assert one.active_media_reference_key == "take.id1"
    assert one.source_range.start_time.value - one.media_reference.available_range.start_time.value == 12
    assert one.media_references()["take.id1.recipe"].parameters["prompt"] == "x"
    assert [type(step.state) for step in plan_making(made, FOLDER)] == [UpToDate]


def test_a_storyboard_continues_the_last_frames_of_each_take(make_clip: MakeClip) -> None:
    board = [
        recipes.clip(f"SB{number}", recipes.generate(prompt=f"p{number}", continues=number > 1), at(24))
        for number in (1, 2, 3)
    ]
    cut = cut_of(board, start=86400)
    # each take is the same file of 48 frames from 20:01:00:00 on, so that frames can be counted
    media = make_clip(48, timecode="20:01:00:00", size="320x180")
    made, orders = make_all(cut, media)
    assert [order.task for order in orders] == [Task.GENERATE, Task.EXTEND, Task.EXTEND]
    before, text = orders[1].conditions
    assert isinstance(before, FramesBefore) and text == Text("p2")
    assert (before.span.range.start, before.span.range.end) == (12, 36)  # up to the cut point, not into the handle
    assert (orders[1].slot.head, orders[1].slot.frames, orders[1].slot.tail) == (12, 24, 12)
    assert orders[1].slot.start is None, "timecode of its own"
    assert [one.name for one in made.tracks[0]] == ["SB1", "SB2", "SB3"]
    kinds = [one.media_references()[f"take.id{n}.recipe"].generator_kind for n, one in enumerate(made.tracks[0], 1)]
    assert kinds == ["secondunit.generate"] * 3


def test_recipes_beside_media_are_made_into_the_cut(make_clip: MakeClip) -> None:
    media, other = make_clip(42), make_clip(60, name="other")
    cut = sounding_cut(shot(media, 42, 0, 42), gap(12), shot(other, 60, 10, 30, "B"), shot(other, 60, 0, 30, "C"))
    cut = beside(cut, 0, recipes.extend(12), "longer")
    cut = beside(cut, 60, recipes.match("A", seed=3), "look")
    cut = beside(cut, 90, recipes.match(str(media)), "file")
    made, orders = make_all(cut, media)
    assert [order.task for order in orders] == [Task.EXTEND, Task.MATCH, Task.MATCH]
    assert orders[1].seeds == (3,)
    assert [one.name for one in made.tracks[0]] == ["A", "A_v001", "B", "C"]
    assert set(made.tracks[0][0].media_references()) == {"DEFAULT_MEDIA"}
    assert made.tracks[0][1].media_references()["take.id1.recipe"].parameters["frames"] == 12
    assert set(made.tracks[0][2].media_references()) == {"DEFAULT_MEDIA", "take.id2", "take.id2.recipe"}
    assert not planned(made)


def test_joins_fill_a_clip_of_their_own_or_lie_over_the_cut(make_clip: MakeClip) -> None:
    media, other = make_clip(60), make_clip(60, name="other")
    own = recipes.clip("J", recipes.join(), at(10))
    cut = sounding_cut(shot(media, 60, 0, 40), own, shot(other, 60, 10, 40, "B"), shot(media, 60, 10, 40, "C"))
    cut = beside(cut, 60, recipes.join(6), "over")
    made, orders = make_all(cut, media)
    assert [order.task for order in orders] == [Task.JOIN, Task.JOIN]
    lengths = [(item.child.name, item.duration) for item in Index(made).tracks[0].items]
    assert lengths == [("A", 40), ("J", 10), ("B", 37), ("B_v002", 6), ("C", 37)]


def test_equal_recipes_are_orders_of_their_own_in_every_run(make_clip: MakeClip) -> None:
    media = make_clip(48, timecode="20:01:00:00", size="1920x1080")  # as takes are where the cut says no size
    cut = cut_of([recipes.clip("N", recipes.generate(prompt="x"), at(24)) for _ in range(3)])
    made, orders = make_all(cut, media)
    assert len({order.id for order in orders}) == 3
    assert [order.id for order in make_all(cut, media)[1]] == [order.id for order in orders]
    assert [one.active_media_reference_key for one in made.tracks[0]] == ["take.id1", "take.id2", "take.id3"]
    steps = plan_making(cut, FOLDER)
    half = Making(cut, steps, FOLDER)
    half.place(steps[1], half.planned(steps[1]), (take_of(orders[1], media, 2),))
    left = [half.planned(step).order for step in (steps[0], steps[2])]
    assert [order.id for order in left if order is not None] == [orders[0].id, orders[2].id]
    _, rest = make_all(half.cut, media)
    assert {order.id for order in rest} == {orders[0].id, orders[2].id}, "also from the cut that was half made"


def reread(cut: otio.schema.Timeline, shot: str, **parameters: Any) -> otio.schema.Timeline:
    """`cut` after a person has changed the recipe of a shot."""
    changed = cut.deepcopy()
    for one in changed.find_clips():
        references = one.media_references()
        for key, reference in references.items():
            if one.name == shot and key.endswith(".recipe"):
                reference.parameters.update(parameters)
        one.set_media_references(references, one.active_media_reference_key)
    return changed


def test_stale_is_what_a_recipe_would_make_otherwise_now(make_clip: MakeClip) -> None:
    media, other = make_clip(60), make_clip(60, name="other")
    cut = sounding_cut(
        shot(media, 60, 0, 40),
        recipes.clip("N", recipes.generate(prompt="x", like="A"), at(20)),
        recipes.clip("O", recipes.generate(continues=True), at(20)),
        shot(other, 60, 10, 40, "B"),
    )
    cut = beside(cut, 90, recipes.match("N"))
    made, _ = make_all(cut, media)
    assert [step.state for step in plan_making(made, FOLDER)] == [
        *(UpToDate("N_v001"), UpToDate("O_v002"), UpToDate("B_v003")),
    ]

    def stale(cut: otio.schema.Timeline) -> dict[str, tuple[str, ...]]:
        steps = plan_making(cut, FOLDER)
        return {step.shot: step.state.reasons for step in steps if isinstance(step.state, Stale)}

    assert stale(reread(made, "N", prompt="y")) == {"N": ("its recipe has changed",)}
    slipped = made.deepcopy()
    times = slipped.tracks[0][0].source_range
    slipped.tracks[0][0].source_range = otio.opentime.TimeRange(
        times.start_time + otio.opentime.RationalTime(3, 24), times.duration
    )
    assert stale(slipped) == {"N": ("A shows something else",)}
    again, _ = make_all(made, other, first=4, remake=True, shots=["N"])
    assert stale(again) == {
        "O": ("made with U0000001 10:00:01:07 before it, the cut has U0000004 10:00:01:07",),
        "B": ("N shows something else",),
    }
    gone = made.deepcopy()
    gone.tracks[0][0].name = "renamed"
    assert stale(gone) == {"N": ("A is gone",)}


def test_making_again_adds_versions_and_leaves_approved_takes(make_clip: MakeClip) -> None:
    media, other = make_clip(60), make_clip(60, name="other")
    cut = sounding_cut(
        recipes.clip("N", recipes.generate(prompt="x"), at(20)),
        recipes.clip("M", recipes.generate(prompt="y"), at(20)),
        shot(other, 60, 10, 40, "B"),
    )
    cut = beside(cut, 50, recipes.match("N"))
    made, _ = make_all(cut, media)
    approved, _ = edit(made, [ApproveTake("V1", at(20), "take.id2")])
    steps = plan_making(approved, FOLDER, remake=True)
    assert [(step.shot, step.state, step.wanted, step.after) for step in steps] == [
        ("N", UpToDate("N_v001"), True, ()),
        ("M", Approved("M_v002", ()), False, ()),
        ("B", UpToDate("B_v003"), True, (0,)),
    ]
    again, (first, second) = make_all(reread(approved, "N", prompt="z"), media, first=4, remake=True)
    assert (first.conditions, first.seeds) == ((Text("z"),), (0,))
    assert isinstance(second.conditions[1], ReferenceShot)
    assert second.seeds == (0,), "matched to another take"
    active = {take.shot: take.key for take in placed_takes(Index(again)) if take.active}
    assert active == {"N": "take.id4", "M": "take.id2", "B": "take.id5"}
    assert [one.source_range for one in again.tracks[0]] == [one.source_range for one in made.tracks[0]]
    assert all(isinstance(step.state, UpToDate | Approved) for step in plan_making(again, FOLDER))
    _, (third, _) = make_all(again, media, first=6, remake=True)
    assert (third.conditions, third.seeds) == ((Text("z"),), (1,)), "unchanged, so another seed"


def test_a_changed_recipe_steers_the_next_version(make_clip: MakeClip) -> None:
    media = make_clip(60)
    cut = sounding_cut(shot(media, 60, 10, 40), shot(media, 60, 0, 20, "B"))
    cut = beside(cut, 0, recipes.match("B", ignore=[[0, 0, 8, 8]]))
    made, _ = make_all(cut, media)
    changed = reread(made, "A", ignore=[[8, 8, 4, 4]], seed=5, takes=2, like=[str(media)])
    _, (order,) = make_all(changed, media, first=2, remake=True)
    _, look, *regions = order.conditions
    assert isinstance(look, ReferenceShot) and look.span.range.duration == 60
    assert regions == [IgnoreRegion(8, 8, 4, 4)]
    assert order.seeds == (5, 6)


def test_a_replaced_shot_is_made_again_as_its_recipe_says_now(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(60)
    masks = [tmp_path / f"{name}.png" for name in ("sky", "sea")]
    for path in masks:
        write_still(path)
    model: dict[str, Any] = {"engine": "diffusion", "model": "m", "tier": "draft", "codec": "ffv1"}
    cut = sounding_cut(shot(media, 60, 10, 40))
    cut = beside(cut, 0, recipes.replace(prompt="x", mask=masks[0], encoding="ARRI LogC4", **model))
    made, (order,) = make_all(cut, media)
    assert (order.task, order.engine, order.delivery.codec) == (Task.REPLACE, "diffusion", Codec.FFV1)
    assert [type(one) for one in order.conditions] == [SourceShot, Mask, Text]
    assert made.tracks[0][0].active_media_reference_key == "take.id1"
    assert [type(step.state) for step in plan_making(made, FOLDER)] == [UpToDate]
    changed = reread(made, "A", prompt="y", negative="z", mask=str(masks[1]), tier="best", strength=0.5)
    again, (other,) = make_all(changed, media, first=2, remake=True)
    source, mask, text = other.conditions
    assert source == order.conditions[0]
    assert isinstance(mask, Mask) and mask.span.path == str(masks[1])
    assert text == Text("y", "z")
    assert other.parameters == (Parameter("tier", "best"), Parameter("strength", 0.5))
    assert (other.engine, other.model) == ("diffusion", "m")
    assert (other.delivery.codec, other.slot.encoding, other.seeds) == (Codec.FFV1, "ARRI LogC4", (0,))
    assert again.tracks[0][0].active_media_reference_key == "take.id2"
    assert again.tracks[0][0].source_range == cut.tracks[0][0].source_range
    whole = reread(again, "A", mask=str(masks[1]))
    for reference in whole.tracks[0][0].media_references().values():
        if isinstance(reference, otio.schema.GeneratorReference):
            del reference.parameters["mask"]
    _, (last,) = make_all(whole, media, first=3, remake=True)
    assert [type(one) for one in last.conditions] == [SourceShot, Text]


def test_keyframes_are_frames_of_the_clip(make_clip: MakeClip, tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    write_still(still)
    first = recipes.clip("N", recipes.generate(prompt="x", keyframes={0: still, 19: still}), at(20))
    second = recipes.clip("O", recipes.generate(continues=True, keyframes={19: still}), at(20))
    media = make_clip(60)
    _, orders = make_all(sounding_cut(shot(media, 60, 0, 30), dissolve(6, 20), first, second), media)
    stills = [[one.at for one in order.conditions if isinstance(one, ReferenceImage)] for order in orders]
    assert stills == [[at(12), at(31)], [at(31)]]


def test_takes_that_no_recipe_asked_for_are_made_again_from_their_records(make_clip: MakeClip) -> None:
    media = make_clip(42)
    cut = beside(sounding_cut(shot(media, 42, 0, 42)), 0, recipes.extend(12))
    made, (order,) = make_all(cut, media)
    plain = made.deepcopy()
    references = plain.tracks[0][1].media_references()
    for key in [key for key in references["take.id1.recipe"].parameters if key != "record"]:
        del references["take.id1.recipe"].parameters[key]
    plain.tracks[0][1].set_media_references(references, "take.id1")
    assert not plan_making(plain, FOLDER)
    again, (other,) = make_all(plain, media, first=2, remake=True)
    assert replace(other, id=order.id, seeds=order.seeds) == order
    assert other.seeds == (1,)
    assert again.tracks[0][1].active_media_reference_key == "take.id2"
    said = reread(made, "A_v001", prompt="rain")
    _, (steered,) = make_all(said, media, first=2, remake=True)
    assert steered.conditions == (*order.conditions, Text("rain"))
    changed = reread(made, "A_v001", frames=20)
    with pytest.raises(CutError, match="recipe to extend has changed"):
        make_all(changed, media, remake=True)


def test_a_cut_that_became_another_meanwhile_takes_no_take(make_clip: MakeClip) -> None:
    media = make_clip(42)
    cut = beside(sounding_cut(shot(media, 42, 0, 42)), 0, recipes.extend(12))
    steps = plan_making(cut, FOLDER)
    making = Making(cut, steps, FOLDER)
    job = making.planned(steps[0])
    assert job.order is not None
    other = replace(job, order=replace(job.order, seeds=(5,)))
    with pytest.raises(CutError, match="has changed while its take was made"):
        making.place(steps[0], other, (take_of(job.order, media, 1),))
    assert making.cut is cut


def test_what_no_card_can_do_is_told_for_every_shot() -> None:
    card = Card("draft", "draft", "", (TaskLimit(Task.GENERATE, 0),), ("push-in",))
    cut = cut_of(
        [
            recipes.clip("N1", recipes.generate(prompt="x", engine="none"), at(10)),
            recipes.clip("N2", recipes.generate(like="N1", camera="fly"), at(10)),
            recipes.clip("N3", recipes.generate(continues=True), at(10)),
        ]
    )
    assert refused_by([card], plan_making(cut, FOLDER)) == [
        "'N1': there is no none draft here: this unit has draft draft",
        "'N2': draft has no camera move 'fly': it has push-in",
        "'N3': draft draft does not extend",
    ]
