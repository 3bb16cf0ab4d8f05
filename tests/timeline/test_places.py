"""Joins, matches and generated clips: what is ordered for a place, and what the cut shows there after."""

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError, MediaMissing, ShotNotFound
from secondunit_bridge.messages import (
    Card,
    FramesAfter,
    FramesBefore,
    Look,
    Mask,
    Parameter,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import plan_extension
from secondunit_timeline.flat import flatten
from secondunit_timeline.generations import Where, gap_at, place_generation, plan_generation
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.make import plan_making
from secondunit_timeline.matches import Match, look_of, place_match, plan_match, plan_replace
from secondunit_timeline.operations import End, SwapTake
from secondunit_timeline.orders import Settings
from secondunit_timeline.takes import find_take, placed_takes, stand_ins

from tests.timeline.cuts import RATE, at, dissolve, gap
from tests.timeline.media_cuts import TEN_HOURS, MakeClip, shot, sounding_cut, take_for

SETTINGS = Settings(Path())
BLOCK = FrameTime(20 * 3600 * 24, Fraction(24))


def names_and_lengths(cut: otio.schema.Timeline, track: int = 0) -> list[tuple[str, int]]:
    return [(item.child.name, round(item.duration)) for item in Index(cut).tracks[track].items]


def test_a_join_replaces_as_much_on_both_sides_of_the_cut(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 50), shot(make_clip(60), 60, 8, 50, "B"))
    join = plan_join(Index(cut), at(50), 8, SETTINGS)
    before, after = join.order.conditions
    assert isinstance(before, FramesBefore) and isinstance(after, FramesAfter)
    # Of the first shot 46 frames stay; four more that were seen and four of handle lie under the join.
    assert (before.span.range.end, before.into) == (54, 8)
    assert (after.span.range.start, after.into) == (4, 8)
    take = take_for(join.order, start=BLOCK)
    placed, _ = edit(cut, place_join(join, (take,)))
    assert names_and_lengths(placed) == [("A", 46), ("A_v001", 8), ("B", 46)]
    clip = Index(placed).tracks[0].items[1].child
    assert clip.source_range.start_time.value == BLOCK.frame + join.order.slot.head


def test_a_join_says_which_camera_frames_it_stands_on(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 50), shot(make_clip(60), 60, 8, 50, "B"))
    join = plan_join(Index(cut), at(50), 8, SETTINGS)
    spans = [condition.span for condition in join.order.conditions if isinstance(condition, FramesBefore | FramesAfter)]
    for span in spans:
        assert span.timecode == FrameTime(TEN_HOURS * 24 + span.range.start, Fraction(24))


def test_a_join_across_a_gap_fills_it_and_its_sound(make_clip: MakeClip) -> None:
    first, second = make_clip(60), make_clip(60, name="other")
    cut = sounding_cut(
        *(shot(first, 60, 0, 50), gap(10), shot(second, 60, 8, 50, "B")),
        sound=(shot(first, 60, 0, 50), gap(10), shot(second, 60, 8, 50, "B")),
    )
    join = plan_join(Index(cut), at(55), None, SETTINGS)
    assert join.frames == 10
    placed, _ = edit(cut, place_join(join, (take_for(join.order, start=BLOCK),)))
    assert names_and_lengths(placed) == names_and_lengths(placed, 1) == [("A", 50), ("A_v001", 10), ("B", 50)]


def test_shots_of_one_file_lend_a_join_no_frames_of_their_neighbour(footage: Path) -> None:
    cut = read_cut(footage / "s08_city_night.otio")
    join = plan_join(Index(cut), at(116, Fraction(25)), 8, SETTINGS)
    before, after = join.order.conditions
    assert isinstance(before, FramesBefore) and isinstance(after, FramesAfter)
    assert (before.span.range.end, before.into) == (116, 4)
    assert (after.span.range.start, after.into) == (116, 4)


def test_a_join_is_refused_where_it_cannot_be(make_clip: MakeClip) -> None:
    media = make_clip(60)
    cut = sounding_cut(shot(media, 60, 0, 50), dissolve(4, 4), shot(media, 60, 8, 6, "B"), shot(media, 60, 0, 30, "C"))
    with pytest.raises(CutError, match="transition"):
        plan_join(Index(cut), at(50), 8, SETTINGS)
    with pytest.raises(CutError, match="no two shots meet at 01:00:01:00"):
        plan_join(Index(cut), at(24), 8, SETTINGS)
    with pytest.raises(CutError, match="'B' lasts 6 frames"):
        plan_join(Index(cut), at(56), 16, SETTINGS)


def test_a_matched_take_has_the_sources_timecode_and_handles(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 5, 40), shot(make_clip(60), 60, 0, 20, "B"))
    match = plan_match(Index(cut), "A", [look_of(Index(cut), "B")], SETTINGS)
    source, like = match.order.conditions
    assert isinstance(source, SourceShot) and isinstance(like, ReferenceShot)
    assert (source.span.range.start, source.span.range.end) == (0, 57)
    assert (like.span.range.start, like.span.range.duration) == (0, 20)
    take = take_for(match.order)
    placed, _ = edit(cut, place_match(match, (take,)))
    clip = Index(placed).tracks[0].items[0].child
    assert clip.source_range.start_time.value == TEN_HOURS * 24 + 5
    assert clip.media_reference.available_range.start_time.value == TEN_HOURS * 24
    assert clip.active_media_reference_key == "take.id1"
    back, _ = edit(placed, [SwapTake(*find_take(Index(placed), "DEFAULT_MEDIA", "A"))])
    assert Index(back).tracks[0].items[0].child.media_reference.target_url.endswith(".mov")
    again, _ = edit(back, [SwapTake(*find_take(Index(back), "A_v001", None))])
    assert [take.active for take in placed_takes(Index(again))] == [True]


def test_a_take_that_no_shot_holds_is_refused(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 5, 40))
    with pytest.raises(CutError, match="held 0 times"):
        find_take(Index(cut), "take.none", None)


def test_a_match_needs_something_to_match(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 5, 40))
    with pytest.raises(ShotNotFound, match="neither a shot of the cut nor a file"):
        plan_match(Index(cut), "A", [look_of(Index(cut), "nothing.mov")], SETTINGS)


@pytest.mark.parametrize("where", list(Where))
def test_a_generated_clip_goes_where_it_was_told(make_clip: MakeClip, where: Where) -> None:
    media = make_clip(60)
    cut = sounding_cut(
        *(shot(media, 60, 0, 30), shot(media, 60, 0, 30, "B")),
        sound=(shot(media, 60, 0, 30), shot(media, 60, 0, 30, "B")),
    )
    plan = plan_generation(Index(cut), at(30), 12, where, None, replace(SETTINGS, prompt="a train"))
    placed, _ = edit(cut, place_generation(plan, (take_for(plan.order, start=BLOCK),)))
    tracks = {track.name: [(item.child.name, item.duration) for item in track.items] for track in Index(placed).tracks}
    match where:
        case Where.INSERT:
            assert tracks["V1"] == [("A", 30), ("A_v001", 12), ("B", 30)]
            assert tracks["A1"] == [("A", 30), ("", 12), ("B", 30)]
        case Where.OVERWRITE:
            assert tracks["V1"] == [("A", 30), ("A_v001", 12), ("B", 18)]
            assert tracks["A1"] == [("A", 30), ("B", 30)]
        case Where.ABOVE:
            assert tracks["V1"] == tracks["A1"] == [("A", 30), ("B", 30)]
            assert tracks["V2"] == [("", 30), ("A_v001", 12)]


def test_gaps_are_counted_from_one(make_clip: MakeClip) -> None:
    media = make_clip(60)
    cut = sounding_cut(shot(media, 60, 0, 30), gap(7), shot(media, 60, 0, 30, "B"))
    assert gap_at(Index(cut), 1) == (at(30), 7)
    with pytest.raises(CutError, match="no gap 2"):
        gap_at(Index(cut), 2)


@pytest.mark.parametrize("length", [5, 8, 11])
def test_a_join_at_unlike_rates_goes_on_where_the_camera_left(make_clip: MakeClip, length: int) -> None:
    """25 in a 24 cut: the join begins between media frames, and neither repeats nor skips one."""
    media, rate = make_clip(60, rate="25"), Fraction(25)
    clips = [shot(media, 60, first, 50, name, rate) for name, first in (("A", 0), ("B", 8))]
    for clip in clips:
        clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, otio.opentime.RationalTime(40, 24))
    cut = sounding_cut(*clips)
    join = plan_join(Index(cut), at(40), length, SETTINGS)
    take = take_for(join.order, start=FrameTime(0, rate))
    placed, _ = edit(cut, place_join(join, (take,)))
    shown = [layers[0] for layers in flatten(placed)]
    before, _ = join.order.conditions
    assert isinstance(before, FramesBefore)
    begin = join.at.frame
    last = shown[begin - 1].frame(rate, FrameTime(TEN_HOURS * 25, rate))
    out = before.span.range.end - before.into
    assert last == out - 1
    assert shown[begin].frame(rate) == join.order.slot.head
    assert shown[begin + length - 1].frame(rate) < join.order.slot.head + join.order.slot.frames


def planned(task: Task, cut: otio.schema.Timeline) -> Match:
    """The shot A in the look of B, or made again."""
    if task is Task.MATCH:
        return plan_match(Index(cut), "A", [look_of(Index(cut), "B")], SETTINGS)
    return plan_replace(Index(cut), "A", None, replace(SETTINGS, prompt="in snow"))


@pytest.mark.parametrize("task", [Task.MATCH, Task.REPLACE])
@pytest.mark.parametrize(("speed", "first", "frames"), [(2.5, 10, 100), (-1.0, 100, 40), (0.0, 30, 1)])
def test_a_retime_asks_for_the_media_frames_that_it_plays(
    make_clip: MakeClip, speed: float, first: int, frames: int, task: Task
) -> None:
    """40 frames of the cut at 250 %, reversed and frozen; the handles are media frames, too."""
    retimed = shot(make_clip(160), 160, first, 40)
    retimed.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    cut = sounding_cut(retimed, shot(make_clip(60), 60, 0, 20, "B"))
    match = planned(task, cut)
    slot = match.order.slot
    assert match.order.task is task
    assert (slot.frames, slot.cut_rate) == (frames, RATE)
    assert (slot.head, slot.tail) == (min(12, first if speed >= 0 else first - 39), 12)
    (source, _) = match.order.conditions
    assert isinstance(source, SourceShot) and source.span.range.duration == slot.head + frames + slot.tail
    placed, _ = edit(cut, place_match(match, (take_for(match.order),)))
    times = [[layer.seconds for layer in layers] for layers in flatten(placed)]
    assert times == [[layer.seconds for layer in layers] for layers in flatten(cut)]


def test_a_shot_is_made_again_larger_on_the_same_frames(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60, size="160x90"), 60, 5, 40), shot(make_clip(60), 60, 0, 20, "B"))
    plain = plan_replace(Index(cut), "A", None, replace(SETTINGS, prompt="a coat"))
    larger = plan_replace(Index(cut), "A", None, SETTINGS, scale=1.5)
    slot = larger.order.slot
    assert (slot.width, slot.height) == (240, 136)  # 135 is odd
    assert replace(slot, width=160, height=90) == plain.order.slot
    placed, _ = edit(cut, place_match(larger, (take_for(larger.order),)))
    assert [[one.seconds for one in layers] for layers in flatten(placed)] == [
        [one.seconds for one in layers] for layers in flatten(cut)
    ]
    with pytest.raises(BadInput, match="give --mask or --scale"):
        plan_replace(Index(cut), "A", str(still(tmp_path)), SETTINGS, scale=2)


def still(folder: Path, size: str = "160x90") -> Path:
    path = folder / "still.png"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color=white:s={size}", "-frames:v", "1", str(path)]
    subprocess.run(command, check=True)
    return path


def test_a_shot_is_replaced_on_its_own_clip_with_what_the_order_was_told(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 5, 40), shot(make_clip(60), 60, 0, 20, "B"))
    look, told = Look("/looks/ink.safetensors", 0.5), (Parameter("strength", 0.4),)
    settings = replace(SETTINGS, prompt="a red coat", negative="rain", looks=(look,), parameters=told)
    plan = plan_replace(Index(cut), "A", str(still(tmp_path)), settings)
    source, mask, text, worn = plan.order.conditions
    assert isinstance(source, SourceShot) and isinstance(mask, Mask)
    assert (source.span.range.start, source.span.range.end) == (0, 57)
    assert (mask.span.range.start, mask.span.range.duration) == (0, 1)
    assert (text, worn, plan.order.parameters) == (Text("a red coat", "rain"), look, told)
    placed, _ = edit(cut, place_match(plan, (take_for(plan.order),)))
    clip = Index(placed).tracks[0].items[0].child
    assert clip.active_media_reference_key == "take.id1"
    assert clip.source_range == cut.tracks[0][0].source_range
    assert [take.task for take in placed_takes(Index(placed))] == ["replace"]
    steps = plan_making(placed, Path(), True)
    assert [(step.kind, step.wanted) for step in steps] == [("replace", True)]


@pytest.mark.parametrize(("frames", "start"), [(54, 0), (60, 5)])
def test_a_moving_mask_is_as_long_as_the_take_or_as_the_shots_media(
    make_clip: MakeClip, frames: int, start: int
) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 17, 30))
    plan = plan_replace(Index(cut), "A", str(make_clip(frames, name="mask")), replace(SETTINGS, prompt="a red coat"))
    mask = plan.order.conditions[1]
    assert isinstance(mask, Mask)
    assert (mask.span.range.start, mask.span.range.duration) == (start, 12 + 30 + 12)


def test_a_moving_mask_may_be_numbered_pictures(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 17, 30))
    pattern = tmp_path / "mask_%04d.png"
    source = ["-f", "lavfi", "-i", "color=white:s=160x90", "-frames:v", "54", "-start_number", "1001"]
    subprocess.run(["ffmpeg", "-v", "error", *source, str(pattern)], check=True)
    plan = plan_replace(Index(cut), "A", str(pattern), replace(SETTINGS, prompt="a red coat"))
    mask = plan.order.conditions[1]
    assert isinstance(mask, Mask)
    assert (mask.span.path, mask.span.range) == (str(pattern), FrameRange(0, 54, plan.order.slot.rate))
    with pytest.raises(MediaMissing, match="no file answers to"):
        plan_replace(Index(cut), "A", str(tmp_path / "other_%04d.png"), replace(SETTINGS, prompt="a red coat"))


def test_a_replacement_is_refused_without_words_or_with_a_mask_of_another_length(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 5, 40))
    with pytest.raises(BadInput, match="give --prompt"):
        plan_replace(Index(cut), "A", None, SETTINGS)
    worded = replace(SETTINGS, prompt="a red coat")
    with pytest.raises(BadInput, match="there is no such file"):
        plan_replace(Index(cut), "A", "no.mov", worded)
    with pytest.raises(BadInput, match=r"has 20 frames: give a still, 57 frames, .* or 60"):
        plan_replace(Index(cut), "A", str(make_clip(20, name="mask")), worded)


def test_keyframes_stand_at_frames_of_the_clip_behind_its_handle(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 30))
    picture = str(still(tmp_path))
    plan = plan_generation(Index(cut), at(30), 12, Where.ABOVE, None, SETTINGS, {11: picture, 0: picture})
    rate = plan.order.slot.rate
    assert plan.order.conditions == tuple(ReferenceImage(picture, FrameTime(12 + frame, rate)) for frame in (0, 11))
    with pytest.raises(BadInput, match="frames 0 to 11"):
        plan_generation(Index(cut), at(30), 12, Where.ABOVE, None, SETTINGS, {12: picture})


def test_a_still_that_a_model_begins_with_is_the_takes_first_frame(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 30))
    picture = str(still(tmp_path))
    begins = replace(SETTINGS, card=Card("diffusion", "wan", "", (), (), stills_at_ends=True))
    plan = plan_generation(Index(cut), at(30), 12, Where.ABOVE, None, begins, {0: picture})
    rate = plan.order.slot.rate
    assert (plan.order.slot.head, plan.order.slot.tail) == (0, 12)
    assert plan.order.conditions == (ReferenceImage(picture, FrameTime(0, rate)),)
    assert plan.notes == ("no head handle: the model makes nothing beyond a still that it begins with or ends at",)
    plan = plan_generation(Index(cut), at(30), 12, Where.ABOVE, None, begins, {0: picture, 11: picture})
    assert (plan.order.slot.head, plan.order.slot.tail) == (0, 0)
    assert plan.notes[0].startswith("no head and no tail handle")
    placed, _ = edit(cut, place_generation(plan, stand_ins(plan.order)))
    assert placed.tracks[1][1].duration().value == 12


@pytest.mark.parametrize(
    ("context", "media"), [(None, 24), (FrameTime(33, Fraction(24)), 33), (FrameTime(16, Fraction(8)), 46)]
)
def test_an_order_shows_as_many_camera_frames_as_the_model_asks_for(
    make_clip: MakeClip, context: FrameTime | None, media: int
) -> None:
    index = Index(sounding_cut(shot(make_clip(60), 60, 0, 50), shot(make_clip(60), 60, 8, 50, "B")))
    asked = replace(SETTINGS, card=Card("diffusion", "m", "", (), (), context=context))
    longer = plan_extension(index, "B", End.TAIL, 20, None, False, asked).order
    assert longer is not None
    before = longer.conditions[0]
    assert isinstance(before, FramesBefore) and before.span.range.duration == media
    beside = plan_join(index, at(50), 8, asked).order.conditions[:2]
    for known in beside:
        assert isinstance(known, FramesBefore | FramesAfter)
        assert known.span.range.duration - known.into == min(media, 46)


def test_a_prompt_goes_along_with_an_extension_a_join_and_a_match(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 50), shot(make_clip(60), 60, 8, 50, "B"))
    worded, index = replace(SETTINGS, prompt="rain"), Index(cut)
    longer = plan_extension(index, "B", End.TAIL, 20, None, False, worded).order
    assert longer is not None
    orders = [plan_join(index, at(50), 8, worded).order, plan_match(index, "A", [look_of(index, "B")], worded).order]
    for order in (longer, *orders):
        assert Text("rain") in order.conditions
