"""Media relinked: proxies and originals made by the ffmpeg program, and what the cut shows before and after."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge.media.probe import Encoding, probe
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, parse_timecode
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.conform import Ambiguous, By, Kept, Outcome, Relinked, Unfound, relink_media
from secondunit_timeline.flat import flatten
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.library import scan
from secondunit_timeline.takes import clip_of
from secondunit_timeline.times import time_range

from tests.timeline.cuts import RATE, cut_of, dissolve
from tests.timeline.media_cuts import TEN_HOURS, MakeClip, write_take


def movie(path: Path, frames: int, reel: str = "", start: str = "10:00:00:00", size: str = "64x36") -> Path:
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not installed")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = f"testsrc2=size={size}:rate=24,trim=end_frame={frames}"
    tags = [
        *(("-timecode", start) if start else ()),
        *(("-metadata:s:v", f"reel_name={reel}", "-metadata", f"reel_name={reel}") if reel else ()),
    ]
    codec = "mpeg2video" if path.suffix == ".mxf" else "libx264"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-c:v", codec, "-pix_fmt", "yuv420p", *tags]
    subprocess.run([*command, str(path)], check=True)
    return path


def clip(path: Path | str, first: int, frames: int, held: int, reel: str = "", name: str = "A") -> otio.schema.Clip:
    """`frames` from the media's frame `first` on; the cut counts in timecode from 10:00:00:00."""
    start = TEN_HOURS * 24
    media = otio.schema.ExternalReference(str(path), time_range(start, held, RATE))
    if reel:
        media.metadata["cmx_3600"] = {"reel": reel}
    return otio.schema.Clip(name, media, time_range(start + first, frames, RATE))


def relinked(cut: otio.schema.Timeline, *folders: Path) -> tuple[otio.schema.Timeline, Edit, tuple[Outcome, ...]]:
    return relink_media(cut, scan(folders))


def camera_frames(cut: otio.schema.Timeline) -> list[list[tuple[int, Fraction]]]:
    """Source timecode in frames and weight of what each frame of the cut shows, by the files' own headers."""
    shown = []
    for layers in flatten(cut):
        frames = []
        for layer in layers:
            assert layer.source.path is not None
            info = probe(layer.source.path, layer.source.rate)
            start = info.start.frame if info.start is not None else 0
            frames.append((start + layer.frame(info.rate, info.start), layer.weight))
        shown.append(frames)
    return shown


def test_proxies_give_way_to_originals_of_the_same_reel_and_timecode(tmp_path: Path) -> None:
    """Two reels that run at the same time, originals of other names and lengths, in folders of folders."""
    children = []
    for reel in ("A003", "B007"):
        proxy = movie(tmp_path / f"proxies/{reel}_proxy.mov", 40, reel, size="32x18")
        movie(tmp_path / f"originals/{reel}/{reel}C001_0101.mxf", 60, reel, "09:59:59:14")
        children.append(clip(proxy, 8, 20, 40, name=reel))
    cut = cut_of([children[0], dissolve(4, 4), children[1]], start=86400)
    text = cut.to_json_string()
    made, edit, outcomes = relinked(cut, tmp_path / "originals")
    assert cut.to_json_string() == text
    assert [one.by for one in outcomes if isinstance(one, Relinked)] == [By.REEL, By.REEL]
    names = [Path(media_path(one.media_reference) or "").name for one in made.find_clips()]
    assert names == ["A003C001_0101.mxf", "B007C001_0101.mxf"]
    assert camera_frames(made) == camera_frames(cut)
    assert str(edit).splitlines() == [
        "V1 01:00:00:00 relink DEFAULT_MEDIA to A003C001_0101.mxf 20 'A003'",
        "V1 01:00:00:20 relink DEFAULT_MEDIA to B007C001_0101.mxf 20 'B007'",
    ]
    assert apply(edit, cut).to_json_string() == made.to_json_string()
    assert apply(Edit.from_json(edit.inverse().to_json()), made).to_json_string() == cut.to_json_string()


def test_openexr_pictures_are_found_by_the_reel_and_timecode_in_their_headers(tmp_path: Path) -> None:
    """Two sequences of one name and the same picture numbers, from different times of the same reel."""
    proxy = movie(tmp_path / "proxies/A003.mov", 40, "A003")
    for folder, start in (("early", "09:00:00:00"), ("late", "09:59:59:20")):
        with MediaWriter(
            str(tmp_path / folder),
            Codec.EXR,
            Fraction(24),
            *(8, 4, Fraction(1)),
            Encoding("gbrpf32le", 32, "gbr", "bt709", "linear", True),
            parse_timecode(start, Fraction(24)),
            reel="A003",
        ) as writer:
            for _ in range(50):
                writer.write(np.zeros((4, 8, 3), np.float32))
    cut = cut_of([clip(proxy, 8, 20, 40, "A003")])
    made, _, (outcome,) = relinked(cut, tmp_path / "early", tmp_path / "late")
    assert isinstance(outcome, Relinked) and outcome.by is By.REEL
    assert outcome.header.path == str(tmp_path / "late/frame_%04d.exr")
    assert camera_frames(made) == camera_frames(cut)
    # and back, though its pictures are numbered
    again, _, (outcome,) = relinked(made, tmp_path / "proxies")
    assert isinstance(outcome, Relinked) and camera_frames(again) == camera_frames(cut)


def test_a_name_counts_without_its_suffix_where_no_reel_tells(tmp_path: Path) -> None:
    proxy = movie(tmp_path / "proxies/A003.mp4", 40)
    original = movie(tmp_path / "originals/A003.mov", 60, start="09:59:59:14")
    cut = cut_of([clip(proxy, 8, 20, 40)])
    made, _, (outcome,) = relinked(cut, tmp_path / "originals")
    assert isinstance(outcome, Relinked) and outcome.by is By.NAME and outcome.header.path == str(original)
    assert camera_frames(made) == camera_frames(cut)


def test_what_an_edl_lists_is_found_in_a_folder(tmp_path: Path) -> None:
    """No addresses: reel and timecode, or the file's name, are all there is. The second event names no reel."""
    first = movie(tmp_path / "media/x.mov", 40, "A003")
    second = movie(tmp_path / "media/B007.mov", 40)
    cut = cut_of([clip(first, 8, 20, 40, "A003"), clip(second, 4, 20, 40, name="B")], start=86400)
    write_cut(cut, tmp_path / "cut.edl")
    read = read_cut(tmp_path / "cut.edl", RATE)
    made, _, outcomes = relinked(read, tmp_path / "media")
    assert [one.by for one in outcomes if isinstance(one, Relinked)] == [By.REEL, By.NAME]
    assert camera_frames(made) == camera_frames(cut)


def test_a_reel_that_an_edl_cut_short_is_found(tmp_path: Path) -> None:
    """Eight characters are what CMX3600 keeps; another clip of the same camera begins with others."""
    for reel in ("A003C002_0101", "A003C003_0101"):
        movie(tmp_path / f"media/{reel}.mov", 40, reel)
    cut = cut_of([clip("/gone/x.mov", 8, 20, 40, "A003C002")])
    _, _, (outcome,) = relinked(cut, tmp_path / "media")
    assert isinstance(outcome, Relinked) and outcome.by is By.REEL
    assert outcome.header.path.endswith("A003C002_0101.mov")


def test_two_files_that_answer_are_listed_and_neither_is_taken(tmp_path: Path) -> None:
    for copy in ("one", "two"):
        movie(tmp_path / f"media/{copy}/other.mov", 40, "A003")
    cut = cut_of([clip("/gone/A003.mov", 8, 20, 40, "A003")])
    made, edit, (outcome,) = relinked(cut, tmp_path / "media")
    assert isinstance(outcome, Ambiguous) and len(outcome.files) == 2
    assert edit == Edit(()) and made.to_json_string() == cut.to_json_string()


def test_of_two_files_of_one_reel_and_time_the_one_of_the_same_name_is_meant(tmp_path: Path) -> None:
    """Two cameras that nobody named, at the same time of day."""
    for name in ("CAM_A", "CAM_B"):
        movie(tmp_path / f"media/{name}.mov", 40, "001")
    cut = cut_of([clip("/gone/CAM_B.mp4", 8, 20, 40, "001")])
    _, _, (outcome,) = relinked(cut, tmp_path / "media")
    assert isinstance(outcome, Relinked) and outcome.header.path.endswith("CAM_B.mov")


@pytest.mark.parametrize(
    ("name", "frames", "reel", "start", "reason"),
    [
        (
            "A003.mov",
            40,
            "A003",
            "10:00:00:10",
            "holds 10:00:00:10 to 10:00:02:01, the clip plays 10:00:00:08 to 10:00:01:03",
        ),
        ("A003.mov", 21, "A003", "10:00:00:06", "holds 10:00:00:06 to 10:00:01:02, the clip plays 10:00:00:08"),
        ("A003.mov", 40, "B007", "10:00:00:00", "is of the reel B007, not A003"),
        ("A003.mov", 60, "", "", "neither timecode nor its length tells"),
        ("other.mov", 40, "", "", "no file of the reel A003"),
    ],
)
def test_a_file_that_does_not_hold_the_frames_is_not_taken(
    name: str, frames: int, reel: str, start: str, reason: str, tmp_path: Path
) -> None:
    """Twenty frames from the eighth on, with a dissolve of four frames beyond the out point of which one is missing."""
    movie(tmp_path / "media" / name, frames, reel, start)
    other = otio.schema.Clip("B", otio.schema.MissingReference(), time_range(0, 20, RATE))
    cut = cut_of([clip("/gone/A003.mp4", 8, 16, 40, "A003"), dissolve(4, 4), other])
    made, _, outcomes = relinked(cut, tmp_path / "media")
    assert isinstance(outcomes[0], Unfound) and reason in outcomes[0].reason
    assert made.to_json_string() == cut.to_json_string()


def test_a_file_at_another_rate_is_not_taken(make_clip: MakeClip, tmp_path: Path) -> None:
    """24000/1001 counts timecode as 24 does; a cut at 24 is not made of it."""
    original = make_clip(60, rate="24000/1001", name="ntsc")
    cut = cut_of([clip(f"/gone/{original.stem}.mp4", 8, 16, 60)])
    _, _, (outcome,) = relinked(cut, original.parent)
    assert isinstance(outcome, Unfound) and "runs at 23.976" in outcome.reason
    write_cut(cut, tmp_path / "cut.edl")
    _, _, (outcome,) = relinked(read_cut(tmp_path / "cut.edl", RATE), original.parent)
    assert isinstance(outcome, Unfound) and outcome.reason.endswith("an EDL's rate is given with --rate")
    _, _, (outcome,) = relinked(read_cut(tmp_path / "cut.edl", Fraction(24000, 1001)), original.parent)
    assert isinstance(outcome, Relinked)


def test_media_that_lies_in_the_folder_already_stays(tmp_path: Path) -> None:
    """Even where a proxy of the same reel lies there as well: relinking twice changes nothing."""
    original = movie(tmp_path / "media/A003.mov", 40, "A003")
    movie(tmp_path / "media/proxies/A003.mov", 40, "A003", size="32x18")
    _, edit, (outcome,) = relinked(cut_of([clip(original, 8, 20, 40)]), tmp_path / "media")
    assert isinstance(outcome, Kept) and edit == Edit(())


def test_numbered_pictures_are_known_by_name_and_number(tmp_path: Path) -> None:
    """The folder holds pictures 1005 to 1030, the cut counted from 1001."""
    (tmp_path / "plates").mkdir()
    source = movie(tmp_path / "source.mov", 26)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", source, "-start_number", "1005", tmp_path / "plates/A003.%04d.png"], check=True
    )
    media = otio.schema.ImageSequenceReference(
        "/gone/",
        "A003.",
        ".exr",
        start_frame=1001,
        rate=24,
        frame_zero_padding=4,
        available_range=time_range(0, 40, RATE),
    )
    cut = cut_of([otio.schema.Clip("A", media, time_range(10, 8, RATE))])
    made, _, (outcome,) = relinked(cut, tmp_path / "plates")
    assert isinstance(outcome, Relinked) and outcome.by is By.NAME
    (placed,) = made.find_clips()
    assert media_path(placed.media_reference) == str(tmp_path / "plates/A003.%04d.png")
    # Frame 10 of the cut's media is picture 1011, the seventh of the folder's.
    assert flatten(made)[0][0].frame(RATE) == 6
    short = cut.deepcopy()
    next(iter(short.find_clips())).source_range = time_range(2, 8, RATE)
    _, _, (outcome,) = relinked(short, tmp_path / "plates")
    assert isinstance(outcome, Unfound) and "the clip plays picture 1003 to picture 1010" in outcome.reason


def test_media_in_nests_and_references_that_are_not_active_are_relinked(tmp_path: Path) -> None:
    movie(tmp_path / "media/a.mov", 40, "A003")
    movie(tmp_path / "media/b.mov", 40, "B007")
    inner = clip("/gone/a.mp4", 8, 20, 40, "A003")
    references = inner.media_references()
    references["other"] = clip("/gone/b.mp4", 8, 20, 40, "B007").media_reference
    inner.set_media_references(references, "DEFAULT_MEDIA")
    track = otio.schema.Track("inside", kind="Video")
    track.append(inner)
    nest = otio.schema.Stack("nest", [track])
    cut = cut_of([nest], start=86400)
    made, edit, outcomes = relinked(cut, tmp_path / "media")
    assert [(one.link.key, one.link.active) for one in outcomes if isinstance(one, Relinked)] == [
        ("DEFAULT_MEDIA", True),
        ("other", False),
    ]
    assert apply(edit.inverse(), made).to_json_string() == cut.to_json_string()
    (placed,) = made.find_clips()
    assert placed.active_media_reference_key == "DEFAULT_MEDIA"
    assert [Path(media_path(one) or "").name for one in placed.media_references().values()] == ["a.mov", "b.mov"]


def test_a_take_is_relinked_by_its_record_where_its_reel_and_name_are_gone(tmp_path: Path) -> None:
    """The second take of an order counts in the timecode of the first; an unlike file lies beside it."""
    both = [write_take(tmp_path / "takes", number, 72_000 * 24 + number * 24, "one") for number in (0, 1)]
    placed = clip_of(both, 4, FrameTime(8, RATE))
    placed.active_media_reference_key = "take.id1"
    (tmp_path / "moved").mkdir()
    for number, one in enumerate(both):
        Path(one.path).rename(tmp_path / f"moved/{9 - number}.mov")
    cut = cut_of([placed])
    made, _, outcomes = relinked(cut, tmp_path / "moved")
    assert [one.by for one in outcomes if isinstance(one, Relinked)] == [By.RECORD, By.RECORD]
    references = next(iter(made.find_clips())).media_references()
    for number, one in enumerate(both):
        media, before = references[f"take.{one.record.take_id}"], placed.media_references()[f"take.id{number}"]
        assert media_path(media) == str(tmp_path / f"moved/{9 - number}.mov")
        assert media.available_range == before.available_range


def test_sound_is_relinked_to_sound(tmp_path: Path) -> None:
    """A movie of the same name lies beside the sound file; the sound's time reference is samples since midnight."""
    movie(tmp_path / "media/S001.mov", 40)
    samples = 48_000 * TEN_HOURS
    source = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=r=48000:d=2", "-write_bext", "1"]
    subprocess.run([*source, "-metadata", f"time_reference={samples}", tmp_path / "media/S001.wav"], check=True)
    track = otio.schema.Track("A1", kind="Audio")
    track.append(clip("/gone/S001.wav", 8, 20, 48))
    cut = cut_of([])
    cut.tracks.append(track)
    made, _, (outcome,) = relinked(cut, tmp_path / "media")
    assert isinstance(outcome, Relinked) and outcome.header.path.endswith("S001.wav")
    held = next(iter(made.find_clips())).media_reference.available_range
    assert held == time_range(samples, 96_000, Fraction(48_000))
