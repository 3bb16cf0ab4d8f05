"""Takes made again from their records: the same camera frames, in whatever files the cut has today."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import (
    FramesBefore,
    IgnoreRegion,
    Order,
    Record,
    ReferenceShot,
    Sound,
    SourceShot,
    Span,
    Take,
)
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.generations import Where, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import (
    ApproveTake,
    End,
    Into,
    Lift,
    PlayTake,
    RemoveRecipe,
    RippleTrim,
    Slip,
    SwapTake,
)
from secondunit_timeline.orders import Settings
from secondunit_timeline.remake import place_remake, plan_remake
from secondunit_timeline.staleness import Fresh, states
from secondunit_timeline.takes import placed_takes, record_of

from tests.timeline.cuts import at, clip, cut_of, gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, take_for

SETTINGS = Settings(Path())
BLOCK = FrameTime(20 * 3600 * 24, Fraction(24))


def take_again(order: Order) -> Take:
    take = take_for(order, "/takes/A_v002.mov")
    return replace(take, record=replace(take.record, take_id="id2", name="A_v002", reel="UBBBBBBB"))


def relinked(cut: otio.schema.Timeline, old: Path, new: Path, first: int, frames: int) -> otio.schema.Timeline:
    """`cut` on another file of the same camera frames: `first` counts from the file's timecode of 10:00:00:00."""
    again = cut.deepcopy()
    for one in again.find_clips():
        references = one.media_references()
        for media in references.values():
            if getattr(media, "target_url", None) == str(old):
                media.target_url = str(new)
                start = otio.opentime.RationalTime(36000 * 24 + first, 24)
                media.available_range = otio.opentime.TimeRange(start, otio.opentime.RationalTime(frames, 24))
        one.set_media_references(references, one.active_media_reference_key)
    return again


def record_in(cut: otio.schema.Timeline, key: str = "take.id1") -> Record:
    return next(
        record
        for one in cut.find_clips()
        if key in one.media_references()
        if (record := record_of(one, key)) is not None
    )


def test_a_match_made_from_a_proxy_is_made_again_at_full_size(make_clip: MakeClip, tmp_path: Path) -> None:
    proxy, other = make_clip(60), make_clip(60, name="other")
    cut = sounding_cut(shot(proxy, 60, 5, 40), shot(other, 60, 0, 20, "B"))
    settings = replace(SETTINGS, ignore=(IgnoreRegion(1, 1, 31, 9),), seeds=(7,))
    match = plan_match(Index(cut), "A", [look_of(Index(cut), "B")], settings)
    placed, _ = edit(cut, place_match(match, (take_for(match.order),)))
    full = tmp_path / proxy.name  # the same name elsewhere, larger, and with 12 more frames before
    full.write_bytes(make_clip(80, timecode="09:59:59:12", size="320x180", name="full").read_bytes())
    conformed = relinked(placed, proxy, full, -12, 80)

    index = Index(conformed)
    remake = plan_remake(index, "take.id1", record_in(conformed), tmp_path / "takes")
    source, like, ignore = remake.order.conditions
    assert isinstance(source, SourceShot) and isinstance(like, ReferenceShot)
    assert (source.span.path, source.span.range.start, source.span.range.duration) == (str(full), 12, 57)
    assert like.span.path == str(other)
    assert ignore == IgnoreRegion(2, 2, 62, 18)
    assert (remake.order.slot.width, remake.order.slot.height, remake.order.seeds) == (320, 180, (7,))
    assert remake.order.slot.start == match.order.slot.start

    again, change = edit(conformed, place_remake(remake, (take_again(remake.order),)))
    first = Index(again).tracks[0].items[0].child
    assert first.active_media_reference_key == "take.id2"
    assert set(first.media_references()) == {
        "DEFAULT_MEDIA",
        *("take.id1", "take.id1.recipe", "take.id2", "take.id2.recipe"),
    }
    assert first.source_range == Index(conformed).tracks[0].items[0].child.source_range
    assert "swap A_v001 to A_v002" in str(change)


def test_an_extension_is_made_again_with_its_sound(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(42)
    cut = sounding_cut(shot(media, 42, 10, 30), sound=(shot(media, 42, 10, 30),))
    plan = plan_extension(Index(cut), "A", End.TAIL, 12, Into.GAP, False, SETTINGS)
    assert plan.order is not None
    placed, _ = edit(cut, place_extension(plan, (take_for(plan.order),)))
    remake = plan_remake(Index(placed), "take.id1", record_in(placed), tmp_path, seeds=(1,))
    assert replace(remake.order, id="", seeds=(), delivery=plan.order.delivery) == replace(plan.order, id="", seeds=())
    assert any(isinstance(condition, Sound) for condition in remake.order.conditions)
    again, _ = edit(placed, place_remake(remake, (take_again(remake.order),)))
    for track in Index(again).tracks:
        assert track.items[1].child.active_media_reference_key == "take.id2"


def test_a_generated_clip_keeps_its_timecode_in_every_version(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(42), 42, 0, 30), gap(20))
    plan = plan_generation(Index(cut), at(30), 20, Where.OVERWRITE, None, replace(SETTINGS, prompt="a train"))
    placed, _ = edit(cut, place_generation(plan, (take_for(plan.order, start=BLOCK),)))
    remake = plan_remake(Index(placed), "take.id1", record_in(placed), tmp_path)
    assert remake.order.slot.start == BLOCK
    again, _ = edit(placed, place_remake(remake, (take_again(remake.order),)))
    back, _ = edit(again, [SwapTake("V1", at(30), "take.id1")])
    assert back.tracks[0][1].source_range == again.tracks[0][1].source_range == placed.tracks[0][1].source_range


def test_an_extension_is_made_again_on_the_frames_that_lie_beside_it_now(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(42)
    cut = sounding_cut(shot(media, 42, 2, 30), gap(24))
    plan = plan_extension(Index(cut), "A", End.TAIL, 24, Into.GAP, False, SETTINGS)
    assert plan.order is not None
    placed, _ = edit(cut, place_extension(plan, (take_for(plan.order),)))
    trimmed, _ = edit(placed, [RippleTrim("V1", at(0), End.TAIL, -4)])
    remake = plan_remake(Index(trimmed), "take.id1", record_in(trimmed), tmp_path)
    (before,) = remake.order.conditions
    assert isinstance(before, FramesBefore)
    assert (before.span.range.start, before.span.range.end) == (14, 38)
    assert before.span.timecode == FrameTime(36000 * 24 + 14, Fraction(24))
    assert remake.order.slot == plan.order.slot
    take = take_again(remake.order)
    again, _ = edit(trimmed, place_remake(remake, (replace(take, path=str(make_clip(60, name="made"))),)))
    assert [state for take, state in states(Index(again)) if take.active] == [Fresh()]


def test_a_match_is_made_again_for_what_its_shot_plays_now(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(90)
    cut = sounding_cut(shot(media, 90, 30, 20), shot(make_clip(60, name="other"), 60, 0, 20, "B"))
    match = plan_match(Index(cut), "A", [look_of(Index(cut), "B")], SETTINGS)
    placed, _ = edit(cut, place_match(match, (take_for(match.order),)))
    back, _ = edit(placed, [SwapTake("V1", at(0), "DEFAULT_MEDIA"), Slip("V1", at(0), -20)])
    remake = plan_remake(Index(back), "take.id1", record_in(back), tmp_path)
    source = remake.order.conditions[0]
    assert isinstance(source, SourceShot)
    assert (source.span.range.start, source.span.range.duration) == (0, 42)
    assert remake.order.slot.start == FrameTime(36000 * 24, Fraction(24))
    again, _ = edit(back, place_remake(remake, (take_again(remake.order),)))
    assert again.tracks[0][0].active_media_reference_key == "take.id2"
    assert again.tracks[0][0].source_range == back.tracks[0][0].source_range


def test_media_that_does_not_hold_the_frames_is_refused(make_clip: MakeClip, tmp_path: Path) -> None:
    media = make_clip(42)
    cut = sounding_cut(shot(media, 42, 10, 30))
    plan = plan_extension(Index(cut), "A", End.TAIL, 12, Into.GAP, False, SETTINGS)
    assert plan.order is not None
    placed, _ = edit(cut, place_extension(plan, (take_for(plan.order),)))
    record = record_in(placed)
    short = tmp_path / media.name
    short.write_bytes(make_clip(36, name="short").read_bytes())
    with pytest.raises(CutError, match="the media is shorter than the cut says"):
        plan_remake(Index(relinked(placed, media, short, 0, 36)), "take.id1", record, tmp_path)
    fast = tmp_path / "fast" / media.name
    fast.parent.mkdir()
    fast.write_bytes(make_clip(60, rate="25", name="fast").read_bytes())
    with pytest.raises(CutError, match="runs at 25"):
        plan_remake(Index(relinked(placed, media, fast, 0, 42)), "take.id1", record, tmp_path)
    gone = replace(
        record, order=replace(record.order, conditions=(FramesBefore(replace(_span(record), path="/x.mov")),))
    )
    with pytest.raises(CutError, match="no media of the cut holds them"):
        plan_remake(Index(edit(placed, [Lift("V1", at(0), 32)])[0]), "take.id1", gone, tmp_path)
    with pytest.raises(CutError, match="no clip of the cut holds"):
        plan_remake(Index(placed), "take.none", record, tmp_path)


def _span(record: Record) -> Span:
    before = next(condition for condition in record.order.conditions if isinstance(condition, FramesBefore))
    return before.span


def test_recipes_are_removed_takes_played_and_approved() -> None:
    cut = cut_of([clip("A", 0, 20)])
    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.generate")
    media = otio.schema.ExternalReference("/takes/t.mov")
    media.available_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(500, 24), otio.opentime.RationalTime(44, 24)
    )
    cut.tracks[0][0].set_media_references({"DEFAULT_MEDIA": recipe, "take.1": media}, "DEFAULT_MEDIA")
    with pytest.raises(CutError, match="not a recipe beside"):
        edit(cut, [RemoveRecipe("V1", at(0), "DEFAULT_MEDIA")])
    made, change = edit(
        cut,
        [
            PlayTake("V1", at(0), "take.1", otio.opentime.RationalTime(512, 24)),
            RemoveRecipe("V1", at(0), "DEFAULT_MEDIA"),
            ApproveTake("V1", at(0), "take.1"),
        ],
    )
    (take,) = placed_takes(Index(made))
    assert take.active and take.approved
    assert made.tracks[0][0].source_range.start_time.value == 512
    assert "approve take.1" in str(change)
    with pytest.raises(CutError, match="is a recipe, not a picture"):
        edit(cut, [SwapTake("V1", at(0), "DEFAULT_MEDIA")])
    with pytest.raises(CutError, match="uses 530 to 550"):
        edit(cut, [PlayTake("V1", at(0), "take.1", otio.opentime.RationalTime(530, 24))])
    with pytest.raises(CutError, match="has no take"):
        edit(cut, [ApproveTake("V1", at(0), "DEFAULT_MEDIA")])
