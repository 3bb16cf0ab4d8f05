"""Takes against the camera frames beside them, after edits and relinks; cuts and headers are those of real files."""

from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.messages import Order, Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.awaited import place_slugs
from secondunit_timeline.conform import relink_media
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.index import Index
from secondunit_timeline.joins import place_join, plan_join
from secondunit_timeline.library import scan
from secondunit_timeline.matches import look_of, place_match, plan_match
from secondunit_timeline.operations import End, Into, Lift, Overwrite, Roll, Slip, SwapTake, Trim
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.remake import place_remake, plan_remake
from secondunit_timeline.staleness import Fresh, OfflineGrade, Stale, State, Unknown, Where, said, states
from secondunit_timeline.takes import RECIPE, record_of

from tests.timeline.cuts import RATE, at, gap
from tests.timeline.media_cuts import TEN_HOURS, MakeClip, shot, sounding_cut, take_for
from tests.timeline.test_conform import movie

BLOCK = FrameTime(20 * 3600 * 24, Fraction(24))
HERE = Settings(Path())


def only(cut: otio.schema.Timeline) -> State:
    ((_, state),) = states(Index(cut))
    return state


def camera(make_clip: MakeClip, reel: str, first: int, used: int, frames: int = 60) -> otio.schema.Clip:
    clip = shot(make_clip(frames, name=reel), frames, first, used, reel)
    clip.media_reference.metadata["cmx_3600"] = {"reel": reel}
    return clip


def take_of(order: Order | None) -> Take:
    assert order is not None
    return take_for(order, start=BLOCK)


def extended(cut: otio.schema.Timeline, name: str, tail: int = 0, head: int = 0) -> otio.schema.Timeline:
    end = End.TAIL if tail else End.HEAD
    plan = plan_extension(Index(cut), name, end, tail or head, Into.GAP, False, HERE)
    return edit(cut, place_extension(plan, (take_of(plan.order),)))[0]


def joined(make_clip: MakeClip) -> otio.schema.Timeline:
    cut = sounding_cut(camera(make_clip, "A003", 0, 50), camera(make_clip, "B007", 8, 50))
    plan = plan_join(Index(cut), at(50), 8, HERE)
    return edit(cut, place_join(plan, (take_of(plan.order),)))[0]


def test_an_extension_is_fresh_while_the_shot_ends_where_it_begins(make_clip: MakeClip) -> None:
    cut = extended(sounding_cut(camera(make_clip, "A003", 10, 50), gap(30)), "A003", tail=12)
    assert only(cut) == Fresh()
    # An edit point rolled into the overlap that the take holds of the camera's frames shows the same frames.
    rolled, _ = edit(cut, [Roll("V1", at(50), -5)])
    assert only(rolled) == Fresh()


def test_other_frames_before_an_extension_make_it_stale(make_clip: MakeClip) -> None:
    cut = extended(sounding_cut(camera(make_clip, "A003", 10, 50), gap(30)), "A003", tail=12)
    slipped, _ = edit(cut, [Slip("V1", at(0), -3)])
    assert only(slipped) == Stale(Where.BEFORE, "A003 10:00:02:11", "A003 10:00:02:08")
    replaced, _ = edit(cut, [Overwrite("V1", at(0), camera(make_clip, "B007", 10, 50))])
    state = only(replaced)
    assert state == Stale(Where.BEFORE, "A003 10:00:02:11", "B007 10:00:02:11")
    assert said(state) == "stale: made with A003 10:00:02:11 before it, the cut has B007 10:00:02:11"
    lifted, _ = edit(cut, [Lift("V1", at(0), 50)])
    assert only(lifted) == Unknown("no shot lies before it")


def test_a_head_extension_of_a_reversed_shot_stands_on_what_follows_it(make_clip: MakeClip) -> None:
    """Played backwards, the shot's tail in the cut is its media's head."""
    reversed_shot = camera(make_clip, "A003", 49, 50)
    reversed_shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=-1))
    cut = extended(sounding_cut(reversed_shot, gap(30)), "A003", tail=12)
    assert only(cut) == Fresh()
    trimmed, _ = edit(cut, [Trim("V1", at(0), End.TAIL, -1)])
    assert only(trimmed) == Unknown("no shot lies after it")
    head = extended(sounding_cut(gap(30), camera(make_clip, "A003", 0, 50)), "A003", head=12)
    assert only(head) == Fresh()
    slipped, _ = edit(head, [Slip("V1", at(40), 2)])
    assert only(slipped) == Stale(Where.AFTER, "A003 10:00:00:00", "A003 10:00:00:02")


def test_at_unlike_rates_an_extension_is_fresh_though_its_edge_lies_between_frames(make_clip: MakeClip) -> None:
    clip = shot(make_clip(60, rate="25"), 60, 10, 37, rate=Fraction(25))
    length = otio.opentime.RationalTime(37, 24)
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, length)
    cut = extended(sounding_cut(clip, gap(40), rate=RATE), "A", tail=30)
    assert only(cut) == Fresh()


def test_the_slug_of_a_version_that_is_being_made_changes_nothing(make_clip: MakeClip) -> None:
    cut = extended(sounding_cut(camera(make_clip, "A003", 10, 50), gap(30)), "A003", tail=12)
    stale, _ = edit(cut, [Slip("V1", at(0), -3)])
    ((take, state),) = states(Index(stale))
    record = record_of(stale.tracks[0][1], take.key)
    assert record is not None
    remake = plan_remake(Index(stale), take.key, record, Path())
    waits, _ = place_slugs(stale, Ordered(stale, remake.order, partial(place_remake, remake)))
    assert only(waits) == state
    again = plan_remake(Index(waits), take.key, record, Path())
    assert again.order.conditions == remake.order.conditions


def test_a_join_stands_on_both_sides(make_clip: MakeClip) -> None:
    cut = joined(make_clip)
    assert only(cut) == Fresh()
    slipped, _ = edit(cut, [Slip("V1", at(54), 2)])
    assert only(slipped) == Stale(Where.AFTER, "B007 10:00:00:12", "B007 10:00:00:14")
    slipped, _ = edit(cut, [Slip("V1", at(0), 1)])
    assert only(slipped) == Stale(Where.BEFORE, "A003 10:00:01:21", "A003 10:00:01:22")


def test_a_match_holds_the_used_frames_and_its_handles(make_clip: MakeClip) -> None:
    cut = sounding_cut(camera(make_clip, "A003", 20, 20), camera(make_clip, "B007", 0, 20))
    index = Index(cut)
    plan = plan_match(index, "A003", [look_of(index, "B007")], replace(HERE, handles=4))
    cut, _ = edit(cut, place_match(plan, (take_of(plan.order),)))
    assert only(cut) == Fresh()
    original, _ = edit(cut, [SwapTake("V1", at(0), "DEFAULT_MEDIA")])
    within, _ = edit(original, [Slip("V1", at(0), 4)])
    assert only(within) == Fresh()
    beyond, _ = edit(original, [Slip("V1", at(0), 5)])
    assert only(beyond) == Stale(Where.SHOT, "A003 10:00:00:16 to 10:00:01:19", "10:00:01:01 to 10:00:01:20")
    clip = beyond.tracks[0][0]
    references = clip.media_references()
    references["DEFAULT_MEDIA"] = camera(make_clip, "C001", 20, 20).media_reference
    clip.set_media_references(references, "DEFAULT_MEDIA")
    assert only(beyond) == Stale(Where.SHOT, "A003", "C001")


def test_a_take_without_its_record_is_unknown(make_clip: MakeClip) -> None:
    cut = joined(make_clip)
    clip = cut.tracks[0][1]
    kept = {key: media for key, media in clip.media_references().items() if not key.endswith(RECIPE)}
    clip.set_media_references(kept, clip.active_media_reference_key)
    assert only(cut) == Unknown("its record is not in the cut")


def test_another_file_of_the_same_frames_makes_it_offline_grade(tmp_path: Path) -> None:
    """Proxies give way to originals of twice their size; a mere move to another folder changes nothing."""
    proxy = movie(tmp_path / "proxies/A003.mov", 60, "A003", size="32x18")
    original = movie(tmp_path / "originals/A003C001.mov", 80, "A003", "09:59:59:14")
    cut = sounding_cut(shot(proxy, 60, 10, 50), gap(30))
    cut = extended(cut, "A", tail=12)
    relinked, _, _ = relink_media(cut, scan([tmp_path / "originals"]))
    state = only(relinked)
    assert state == OfflineGrade(str(original), "64×36 h264", "32×18 h264")
    assert said(state) == "offline grade: made from 32×18 h264, A003C001.mov is 64×36 h264"
    (tmp_path / "moved").mkdir()
    proxy.rename(tmp_path / "moved/A003.mov")
    moved, _, _ = relink_media(cut, scan([tmp_path / "moved"]))
    assert only(moved) == Fresh()
    slipped, _ = edit(relinked, [Slip("V1", at(0), -1)])
    assert isinstance(only(slipped), Stale)


def test_media_that_counts_from_zero_is_compared_by_its_own_timecode(make_clip: MakeClip) -> None:
    """Some programs count a clip's frames from the file's first; the file says when that was."""
    clip = camera(make_clip, "A003", 10, 50)
    start = otio.opentime.RationalTime(TEN_HOURS * 24, 24)
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time - start, clip.source_range.duration)
    held = clip.media_reference.available_range
    clip.media_reference.available_range = otio.opentime.TimeRange(held.start_time - start, held.duration)
    assert only(extended(sounding_cut(clip, gap(30)), "A003", tail=12)) == Fresh()


def test_what_was_made_from_a_take_follows_that_take_to_full_size(make_clip: MakeClip) -> None:
    """An extension of a matched shot; then the match is made again, from the originals and with another seed."""
    cut = sounding_cut(camera(make_clip, "A003", 20, 40), gap(30), camera(make_clip, "B007", 0, 20))
    index = Index(cut)
    plan = plan_match(index, "A003", [look_of(index, "B007")], replace(HERE, handles=0))
    small, large = (make_clip(40, timecode="10:00:00:20", size=size, name="match") for size in ("160x90", "320x180"))
    match = replace(take_of(plan.order), path=str(small))
    cut, _ = edit(cut, place_match(plan, (match,)))
    longer = plan_extension(Index(cut), "A003", End.TAIL, 12, Into.GAP, False, HERE)
    extension = take_of(longer.order)
    extension = replace(extension, record=replace(extension.record, take_id="id2", reel="UBBBBBBB"))
    cut, _ = edit(cut, place_extension(longer, (extension,)))
    found = [state for take, state in states(Index(cut)) if take.key == "take.id2"]
    assert found == [Fresh()]
    order = replace(match.record.order, slot=replace(match.record.order.slot, width=320, height=180))
    for seed, kind in ((match.record.seed, OfflineGrade), (9, Stale)):
        record = replace(match.record, take_id="id3", reel="UCCCCCCC", seed=seed, order=order)
        again = replace(match, path=str(large), record=record)
        placed, _ = edit(cut, place_match(plan, (again,)))
        (state,) = [state for take, state in states(Index(placed)) if take.key == "take.id2"]
        assert isinstance(state, kind)
