"""What an extension would order and where it would put it, on real media headers."""

import subprocess
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.messages import Card, FramesAfter, FramesBefore, IgnoreRegion, Order, Sound, SoundKind
from secondunit_bridge.rates import FrameTime, format_timecode
from secondunit_timeline.edits import edit
from secondunit_timeline.extensions import Extension, place_extension, plan_extension
from secondunit_timeline.flat import Flat, flatten
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.operations import End, Into
from secondunit_timeline.orders import Settings
from secondunit_timeline.times import time_range

from tests.timeline.cuts import dissolve, gap
from tests.timeline.media_cuts import TEN_HOURS, MakeClip, shot, sounding_cut, take_for


def plan(
    cut: otio.schema.Timeline, name: str, tail: int = 0, head: int = 0, into: Into | None = None, tmp: Path = Path()
) -> Extension:
    end = End.TAIL if tail else End.HEAD
    return plan_extension(Index(cut), name, end, tail or head, into, False, Settings(tmp))


def order_of(extension: Extension) -> Order:
    assert extension.order is not None
    return extension.order


def test_unused_camera_frames_come_first(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 10, 40), gap(30), shot(make_clip(60), 60, 0, 20, "B"))
    order = order_of(plan(cut, "A", tail=24))
    assert (order.slot.frames, order.slot.tail) == (14, 12)


def test_enough_camera_frames_generate_nothing_and_the_camera_fills_the_gap(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(90), 90, 10, 40), gap(30), shot(make_clip(60), 60, 0, 20, "B"))
    extension = plan(cut, "A", tail=24)
    assert extension.order is None
    placed, _ = edit(cut, place_extension(extension, ()))
    assert [round(item.duration) for item in Index(placed).tracks[0].items] == [64, 6, 20]


def test_a_range_that_counts_at_the_medias_rate_grows_by_the_frames_of_the_cut(make_clip: MakeClip) -> None:
    """An editor may write the range of 50 fps media in its own frames: 60 of them are 30 of a 25 fps cut."""
    path, fast, rate = make_clip(90, rate="50"), Fraction(50), Fraction(25)
    clips = [shot(path, 90, 20, 60, rate=fast) for _ in range(2)]
    cut = sounding_cut(clips[0], gap(24, rate), sound=(clips[1], gap(24, rate)), rate=rate)
    extension = plan(cut, "A", tail=16)
    placed, _ = edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    for track in Index(placed).tracks:
        assert [item.duration for item in track.items] == [35, 11, 8]
        assert track.items[0].child.source_range.duration.value == 70


def test_at_unlike_rates_the_take_goes_on_where_the_camera_ends(make_clip: MakeClip) -> None:
    """25 fps media in a 24 fps cut, with an L-cut: both clips end between media frames, each at another place."""
    path, cut_rate = make_clip(60, rate="25"), Fraction(24)
    clips = [shot(path, 60, 10, frames, rate=Fraction(25)) for frames in (30, 37)]
    for clip, frames in zip(clips, (30, 37), strict=True):
        length = otio.opentime.RationalTime(frames, 24)
        clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time, length)
    cut = sounding_cut(clips[0], gap(40), sound=(clips[1], gap(33)), rate=cut_rate)
    extension = plan(cut, "A", tail=30)
    placed, _ = edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    tracks = Index(placed).tracks
    assert [[item.duration for item in track.items] for track in tracks] == [[48, 12, 10], [48, 19, 3]]
    for track in tracks:
        camera, take = (item.child.source_range for item in track.items[:2])
        assert take.start_time.to_seconds() == pytest.approx(camera.end_time_exclusive().to_seconds(), abs=1e-6)


@pytest.mark.parametrize(("start", "wanted"), [("00:00:00;00", "23:59:59;14"), ("00:00:00:00", "23:59:59:14")])
def test_timecode_before_midnight_counts_as_the_media_does(start: str, wanted: str, make_clip: MakeClip) -> None:
    rate = Fraction(30000, 1001)
    media = otio.schema.ExternalReference(str(make_clip(60, rate="30000/1001", timecode=start)))
    used = time_range(0, 40, rate)
    extension = plan(sounding_cut(gap(30, rate), otio.schema.Clip("A", media, used), rate=rate), "A", head=4)
    slot = order_of(extension).slot
    assert slot.start is not None
    assert format_timecode(slot.start, slot.drop_frame) == wanted


def test_a_dissolve_moves_out_with_the_take_under_it(make_clip: MakeClip) -> None:
    """Media that ends where its centred 16-frame dissolve ends: 16 frames seen, 8 under the dissolve, 12 of handle."""
    cut = sounding_cut(shot(make_clip(58), 58, 10, 40), dissolve(8, 8), shot(make_clip(60), 60, 12, 40, "B"))
    extension = plan(cut, "A", tail=24, into=Into.RIPPLE)
    order = order_of(extension)
    assert order.slot.frames + order.slot.tail == 36
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    items = Index(placed).tracks[0].items
    assert [(item.child.name, item.duration) for item in items] == [("A", 48), ("A_v001", 16), ("B", 40)]
    moved = items[1].after
    assert moved is not None and moved.in_offset.value + moved.out_offset.value == 16
    assert items[0].after is None


def test_a_short_extension_reaches_back_under_its_dissolve(make_clip: MakeClip) -> None:
    """Four frames cannot carry a dissolve that starts eight frames before the cut: the take starts earlier."""
    cut = sounding_cut(shot(make_clip(58), 58, 10, 40), dissolve(8, 8), shot(make_clip(60), 60, 12, 40, "B"))
    extension = plan(cut, "A", tail=10, into=Into.RIPPLE)
    order = order_of(extension)
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    camera, take = Index(placed).tracks[0].items[:2]
    assert (camera.duration, take.duration) == (42, 8)
    # The take's first shown frame is the camera frame that follows the camera clip: 10 + 42.
    assert take.child.source_range.start_time.value - TEN_HOURS * 24 == 52


def test_sound_of_the_camera_follows_a_shot_that_plays_a_matched_take(make_clip: MakeClip) -> None:
    """The take holds media frames 15 to 44 and no sound of its own matters: A1 plays the camera's file."""
    camera, matched = make_clip(60), make_clip(30, timecode="10:00:00:15", name="matched")
    picture = shot(camera, 60, 20, 20)
    held = otio.schema.ExternalReference(str(matched), time_range(TEN_HOURS * 24 + 15, 30, Fraction(24)))
    picture.set_media_references({"DEFAULT_MEDIA": picture.media_reference, "take.x": held}, "take.x")
    cut = sounding_cut(picture, gap(30), sound=(shot(camera, 60, 20, 20), gap(30)))
    extension = plan(cut, "A", tail=12)
    order = order_of(extension)
    (sound,) = [condition for condition in order.conditions if isinstance(condition, Sound)]
    assert sound.span.path == str(camera)
    (note,) = extension.notes
    assert "the camera media of 'A' holds more frames there than the take" in note
    assert (sound.span.range.start, sound.span.range.end) == (20, 45)
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    for track in Index(placed).tracks:
        assert [item.duration for item in track.items] == [25, 7, 18]


def test_the_take_of_a_disabled_shot_is_disabled(make_clip: MakeClip) -> None:
    hidden = shot(make_clip(50), 50, 10, 40)
    hidden.enabled = False
    cut = sounding_cut(hidden, gap(30))
    extension = plan(cut, "A", tail=8)
    placed, _ = edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    assert not Index(placed).tracks[0].items[1].child.enabled


def test_a_region_to_ignore_has_to_lie_in_the_picture(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(50), 50, 10, 40), gap(30))
    outside = Settings(Path(), ignore=(IgnoreRegion(160, 0, 10, 10),))
    with pytest.raises(BadInput, match="outside the picture of 'A'"):
        plan_extension(Index(cut), "A", End.TAIL, 8, None, False, outside)


def test_the_takes_timecode_continues_the_source(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(50), 50, 10, 40), gap(30), shot(make_clip(60), 60, 0, 20, "B"))
    extension = plan(cut, "A", tail=8)
    order = order_of(extension)
    assert order.slot.start == FrameTime(TEN_HOURS * 24 + 50 - order.slot.head, Fraction(24))
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    take = Index(placed).tracks[0].items[1].child
    assert take.source_range.start_time.value == TEN_HOURS * 24 + 50
    assert take.media_reference.available_range.contains(take.source_range)


def test_an_order_says_which_camera_frames_it_stands_on(make_clip: MakeClip) -> None:
    """The last 24 frames of the media, and the sound of all that the shot plays."""
    picture, sound = shot(make_clip(50), 50, 10, 40), shot(make_clip(50), 50, 10, 40)
    for clip in (picture, sound):
        clip.media_reference.metadata["cmx_3600"] = {"reel": "A003"}
    order = order_of(plan(sounding_cut(picture, gap(30), sound=(sound, gap(30))), "A", tail=8))
    spans = [condition.span for condition in order.conditions if isinstance(condition, FramesBefore | Sound)]
    first = TEN_HOURS * 24
    assert [(span.reel, span.timecode) for span in spans] == [
        ("A003", FrameTime(first + 26, Fraction(24))),
        ("A003", FrameTime(first + 10, Fraction(24))),
    ]


def test_head_extension_mirrors_the_tail(make_clip: MakeClip) -> None:
    cut = sounding_cut(gap(30), shot(make_clip(60), 60, 4, 40, "B"))
    extension = plan(cut, "B", head=10)
    order = order_of(extension)
    assert (order.slot.head, order.slot.frames, order.slot.tail) == (12, 6, 12)
    (after,) = [condition for condition in order.conditions if isinstance(condition, FramesAfter)]
    assert after.span.range.start == 0
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    items = Index(placed).tracks[0].items
    assert [round(item.duration) for item in items] == [20, 6, 44]
    # Before the file's first frame, 10:00:00:00, lie its six generated frames.
    assert items[1].child.source_range.start_time.value == TEN_HOURS * 24 - 6


def test_without_a_gap_nothing_moves_and_the_take_waits_on_the_shot(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(50), 50, 10, 40), shot(make_clip(60), 60, 0, 20, "B"))
    extension = plan(cut, "A", tail=24)
    placed, _ = edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    before, after = Index(cut).tracks[0].items, Index(placed).tracks[0].items
    assert [(item.start, item.duration) for item in before] == [(item.start, item.duration) for item in after]
    clip = after[0].child
    assert set(clip.media_references()) == {"DEFAULT_MEDIA", "take.id1", "take.id1.recipe"}
    assert clip.active_media_reference_key == "DEFAULT_MEDIA"


def test_a_gap_that_is_too_small_is_refused_with_both_numbers(make_clip: MakeClip) -> None:
    cut = sounding_cut(shot(make_clip(50), 50, 10, 40), gap(6), shot(make_clip(60), 60, 0, 20, "B"))
    with pytest.raises(CutError, match="holds 6 frames, 24 were asked"):
        plan(cut, "A", tail=24)


def test_a_retimed_shot_asks_for_source_frames_before_the_retime(make_clip: MakeClip) -> None:
    fast = shot(make_clip(100), 100, 0, 40)
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.5))
    cut = sounding_cut(fast, gap(30), shot(make_clip(60), 60, 0, 20, "B"))
    extension = plan(cut, "A", tail=20)
    order = order_of(extension)
    assert (order.slot.frames, extension.picture.camera) == (50, 0)
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    take = Index(placed).tracks[0].items[1]
    assert take.duration == 20 and take.child.effects[0].time_scalar == 2.5


def test_linked_sound_grows_at_its_own_edit_point(make_clip: MakeClip) -> None:
    """An L-cut of 6 frames: the sound ends later than the picture and still grows by as much."""
    media, other = make_clip(60), make_clip(80, name="other")
    cut = sounding_cut(
        shot(media, 60, 10, 40),
        shot(other, 80, 10, 40, "B"),
        sound=(shot(media, 60, 10, 46), shot(other, 80, 16, 34, "B")),
    )
    extension = plan(cut, "A", tail=24, into=Into.RIPPLE)
    order = order_of(extension)
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    picture, sound = Index(placed).tracks
    assert [(item.child.name, item.duration) for item in picture.items] == [("A", 50), ("A_v001", 14), ("B", 40)]
    assert [(item.child.name, item.duration) for item in sound.items] == [("A", 50), ("A_v001", 20), ("B", 34)]
    assert picture.items[-1].start - 10 == sound.items[-1].start - 16
    (bed,) = [condition for condition in order.conditions if isinstance(condition, Sound)]
    assert bed.kind is SoundKind.ROOM_TONE
    take = sound.items[1].child
    assert take.media_reference.available_range.contains(take.source_range)


def test_a_ripple_never_cuts_through_another_clip(make_clip: MakeClip) -> None:
    music = otio.schema.Clip("music", otio.schema.ExternalReference("/music.wav"), time_range(0, 200, Fraction(24)))
    cut = sounding_cut(shot(make_clip(50), 50, 10, 40), shot(make_clip(60), 60, 0, 20, "B"), sound=(music,))
    extension = plan(cut, "A", tail=24, into=Into.RIPPLE)
    with pytest.raises(CutError, match="'music' on A1"):
        edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    locked = cut.deepcopy()
    locked.tracks[1].metadata["Resolve_OTIO"] = {"Locked": True}
    extension = plan(locked, "A", tail=24, into=Into.RIPPLE)
    placed, _ = edit(locked, place_extension(extension, (take_for(order_of(extension)),)))
    assert [item.duration for item in Index(placed).track("A1").items] == [200]


def test_the_next_shot_of_one_file_is_no_handle(footage: Path) -> None:
    """In a film cut into shots, the frames behind an out point are the next shot."""
    cut = read_cut(footage / "s07_tos_battle_part1.otio")
    index = Index(cut)
    extension = plan_extension(
        index, index.tracks[0].items[0].child.name, End.TAIL, 12, Into.OVER, False, Settings(Path())
    )
    order = order_of(extension)
    assert (order.slot.frames, extension.picture.camera) == (12, 0)
    (before,) = [condition for condition in order.conditions if isinstance(condition, FramesBefore)]
    assert before.span.range.end == 52


def test_unused_frames_of_one_take_are_a_handle(footage: Path) -> None:
    extension = plan(read_cut(footage / "e01_own_media.otio"), "A003#1", tail=24, into=Into.OVER)
    assert extension.order is None


RATES = ["24000/1001", "25", "30000/1001", "30", "50", "60000/1001", "60", "12", "15003/500"]


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_exactly_the_frames_asked(make_clip: MakeClip, rate: str) -> None:
    exact = Fraction(rate)
    media = make_clip(50, rate=rate)
    cut = sounding_cut(
        shot(media, 50, 10, 40, rate=exact), gap(30, exact), shot(media, 50, 0, 20, "B", exact), rate=exact
    )
    extension = plan(cut, "A", tail=17)
    order = order_of(extension)
    assert (order.slot.frames, order.slot.rate, order.slot.cut_rate) == (17, exact, exact)
    placed, _ = edit(cut, place_extension(extension, (take_for(order),)))
    assert [round(item.duration) for item in Index(placed).tracks[0].items] == [40, 17, 13, 20]


@pytest.mark.parametrize("kind", ["title", "nest", "missing", "ramp", "freeze"])
def test_what_no_camera_shot_is_refused(make_clip: MakeClip, kind: str) -> None:
    clip = shot(make_clip(50), 50, 10, 40)
    match kind:
        case "title":
            clip.media_reference = otio.schema.GeneratorReference(generator_kind="title")
        case "nest":
            clip.media_reference = otio.schema.MissingReference()
        case "missing":
            clip.media_reference = otio.schema.ExternalReference("/nowhere/A.mov")
        case "ramp":
            clip.effects.append(otio.schema.TimeEffect())
        case "freeze":
            clip.effects.append(otio.schema.FreezeFrame())
    with pytest.raises(BadInput, match="A"):
        plan(sounding_cut(clip, gap(30)), "A", tail=8)


def test_a_locked_cut_of_eight_tracks_keeps_every_edit_point_and_every_sample(make_clip: MakeClip) -> None:
    """Unless it is told to, an extension moves nothing: the take waits on the shot."""
    media, other = make_clip(60), make_clip(80, name="other")
    picture = [[shot(media, 60, 10, 40), shot(other, 80, 10, 40, "B")], [gap(50), shot(other, 80, 0, 20, "C")]]
    sound = [[shot(media, 60, 10, 46), shot(other, 80, 16, 34, "B")], [shot(other, 80, 0, 80, "music")]]
    cut = sounding_cut(*picture[0], sound=tuple(sound[0]))
    for number, (kind, children) in enumerate(
        (("Video", picture[1]), ("Video", []), ("Audio", sound[1]), ("Audio", []), ("Audio", [gap(80)]), ("Audio", []))
    ):
        track = otio.schema.Track(f"T{number}", kind=kind)
        track.extend(children)
        if number != 1:
            track.metadata["Resolve_OTIO"] = {"Locked": True}
        cut.tracks.append(track)
    extension = plan(cut, "A", tail=24)
    assert extension.into is None
    placed, change = edit(cut, place_extension(extension, (take_for(order_of(extension)),)))
    assert [str(one) for one in change] == ["V1 01:00:00:00 add A_v001 40 'A'"]
    before, after = Index(cut).tracks, Index(placed).tracks
    assert len(before) == 8
    for was, now in zip(before, after, strict=True):
        assert [item[1:] for item in was.items] == [item[1:] for item in now.items]
    assert flatten(placed) == flatten(cut)
    assert Flat(placed).sound() == Flat(cut).sound()


def test_a_take_in_a_folder_is_an_image_sequence_and_moves_with_its_cut(make_clip: MakeClip, tmp_path: Path) -> None:
    cut = sounding_cut(shot(make_clip(60), 60, 0, 60), gap(30))
    extension = plan(cut, "A", tail=8)
    folder = tmp_path / "here" / "takes" / "A_v001_UAAAAAAA_1"
    folder.mkdir(parents=True)
    order = order_of(extension)
    count = order.slot.head + order.slot.frames + order.slot.tail
    for number in range(1001, 1001 + count):
        (folder / f"frame_{number}.exr").touch()
    placed, _ = edit(cut, place_extension(extension, (take_for(order, str(folder / "frame_%04d.exr")),)))
    write_cut(placed, tmp_path / "here" / "cut.otio")
    (tmp_path / "here").rename(tmp_path / "there")
    clip = Index(read_cut(tmp_path / "there" / "cut.otio")).tracks[0].items[1].child
    pictures = clip.media_reference
    assert isinstance(pictures, otio.schema.ImageSequenceReference)
    assert (pictures.start_frame, pictures.number_of_images_in_sequence()) == (1001, count)
    assert media_path(pictures) == str(tmp_path / "there" / "takes" / folder.name / "frame_%04d.exr")


@pytest.mark.parametrize(("change", "shown"), [(0, 33), (20, 28)])
def test_a_model_is_shown_frames_before_the_in_point_as_far_as_they_are_of_the_same_shot(
    make_clip: MakeClip, tmp_path: Path, change: int, shown: int
) -> None:
    """The shot uses frames 40 to 47 of 48; before `change` the file shows something else."""
    path = make_clip(48)
    if change:
        film = tmp_path / "film.mov"
        hidden = f"drawbox=color=white:t=fill:enable='lt(n,{change})'"
        subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vf", hidden, "-an", film], check=True)
        path = film
    cut = sounding_cut(shot(path, 48, 40, 8), gap(30))
    asked = Settings(tmp_path, card=Card("diffusion", "m", "", (), (), context=FrameTime(33, Fraction(24))))
    order = order_of(plan_extension(Index(cut), "A", End.TAIL, 24, None, False, asked))
    before = order.conditions[0]
    assert isinstance(before, FramesBefore)
    assert (before.span.range.start, before.span.range.end) == (48 - shown, 48)
    assert order.slot.head == 8
