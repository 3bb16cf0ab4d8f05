import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.read import picture
from secondunit_bridge.media.seam import grain_deviation
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import (
    Codec,
    Condition,
    Parameter,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Span,
    Task,
)
from secondunit_inference.engines.draft import card
from secondunit_inference.engines.draft.engine import make
from secondunit_inference.job import Made

from tests.inference.draft_clips import (
    camera_pictures,
    footage,
    job,
    order,
    pictures,
    psnr,
    span,
    texture,
    write_clip,
)

SIZE = (180, 320)


def graded(path: Path, gains: tuple[float, float, float], grain: float, seed: int, count: int = 8) -> str:
    base = texture(*SIZE, seed)
    random = np.random.default_rng(seed)

    def frames():
        for _ in range(count):
            noise = grain * random.standard_normal((*SIZE, 1)).astype(np.float32)
            yield base * np.array(gains, np.float32) + noise

    return write_clip(path, frames())


def matched(source: Span, reference: Condition, *parameters: Parameter, seed: int = 1) -> Made:
    frames = source.range.duration
    return make(
        order(Task.MATCH, source, frames, (SourceShot(source), reference), parameters=parameters), 0, seed, job()
    )


COLOUR_ONLY = (Parameter("grain", False), Parameter("sharpness", False))


@pytest.mark.parametrize(("source", "reference"), [("s07a", "s07c"), ("s07c", "s07a"), ("s05", "s06")])
def test_real_shots_come_at_least_seventy_percent_nearer(source: str, reference: str) -> None:
    given, like = footage(source), footage(reference)
    made = matched(span(given, 0, 24), ReferenceShot(span(like, 0, 48)))
    made.frames.close()
    assert made.look is not None
    assert made.look.after.colour < 0.3 * made.look.before.colour
    assert abs(made.look.after.luma) < 0.75


def test_colour_channels_move_to_the_references(tmp_path: Path) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.0, 1)
    like = graded(tmp_path / "b.mkv", (0.9, 0.75, 0.6), 0.0, 1)
    result = pictures(matched(span(source, 0, 8), ReferenceShot(span(like, 0, 8)), *COLOUR_ONLY))
    before = np.array([p.mean(axis=(0, 1)) for p in camera_pictures(span(source, 0, 1))])
    wanted = np.array([p.mean(axis=(0, 1)) for p in camera_pictures(span(like, 0, 1))])
    assert np.abs(result[3].mean(axis=(0, 1)) - wanted).max() < 0.15 * np.abs(before - wanted).max()


def test_the_cube_file_applied_by_ffmpeg_equals_the_take(tmp_path: Path) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.0, 1, 3)
    like = graded(tmp_path / "b.mkv", (0.9, 0.75, 0.6), 0.0, 2, 3)
    made = matched(span(source, 0, 3), ReferenceShot(span(like, 0, 3)), *COLOUR_ONLY)
    (tmp_path / "look.cube").write_text(made.cube)
    command = ["ffmpeg", "-v", "error", "-i", source, "-vf", "lut3d=look.cube:interp=tetrahedral,format=rgb48le"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], cwd=tmp_path, check=True, capture_output=True).stdout
    theirs = np.frombuffer(raw, np.uint16).reshape(3, *SIZE, 3)
    for ours, wanted in zip(pictures(made), theirs, strict=True):
        difference = np.abs(ours.astype(int) - wanted) / 65535
        assert difference.mean() < 0.002
        assert np.quantile(difference, 0.99) < 0.01


def test_subsampled_frames_come_within_codes_of_the_cube_file(tmp_path: Path) -> None:
    """4:2:2 goes through a table of its own, in the frame's codes; held against the luma that ffmpeg makes of it."""
    rgb = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.0, 1, 3)
    like = graded(tmp_path / "b.mkv", (0.9, 0.75, 0.6), 0.0, 2, 3)
    source = str(tmp_path / "a422.mkv")
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    to_codes = "scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le"
    command = ["ffmpeg", "-v", "error", "-i", rgb, "-vf", to_codes, *tags, "-c:v", "ffv1", source]
    subprocess.run(command, check=True)
    made = matched(span(source, 0, 3), ReferenceShot(span(like, 0, 3)), *COLOUR_ONLY)
    (tmp_path / "look.cube").write_text(made.cube)
    through = "scale=in_color_matrix=bt709:in_range=tv,format=gbrp16le,lut3d=look.cube:interp=tetrahedral"
    command = ["ffmpeg", "-v", "error", "-i", source, "-vf", f"{through},{to_codes},extractplanes=y", "-f", "rawvideo"]
    raw = subprocess.run([*command, "-"], cwd=tmp_path, check=True, capture_output=True).stdout
    theirs = np.frombuffer(raw, np.uint16).reshape(3, *SIZE).astype(int)
    for frame, wanted in zip(made.frames, theirs, strict=True):
        assert isinstance(frame, av.VideoFrame) and frame.format.name == "yuv422p10le"
        codes = np.frombuffer(frame.planes[0], np.uint16).reshape(SIZE[0], -1)[:, : SIZE[1]]
        difference = np.abs(codes - wanted) / 1023
        assert difference.mean() < 0.002
        assert np.quantile(difference, 0.99) < 0.01


def test_the_cube_file_follows_its_specification(tmp_path: Path) -> None:
    path = graded(tmp_path / "a.mkv", (1.0, 0.9, 0.8), 0.0, 1, 2)
    made = matched(span(path, 0, 2), ReferenceShot(span(path, 0, 2)))
    made.frames.close()
    lines = made.cube.splitlines()
    assert lines[0] == 'TITLE "show A001"'
    assert lines[1:4] == ["LUT_3D_SIZE 33", "DOMAIN_MIN 0.0 0.0 0.0", "DOMAIN_MAX 1.0 1.0 1.0"]
    table = np.array([[float(value) for value in line.split()] for line in lines[4:]])
    assert table.shape == (33**3, 3)
    assert table.min() >= 0
    assert table.max() <= 1
    # Matched to itself, a shot stays as it is; red varies fastest.
    assert np.abs(table[33 * 33 * 16 + 33 * 16 : 33 * 33 * 16 + 33 * 17, 0] - np.linspace(0, 1, 33)).max() < 0.02


def test_no_strength_changes_nothing(tmp_path: Path) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.01, 1, 3)
    like = graded(tmp_path / "b.mkv", (0.9, 0.75, 0.6), 0.03, 2, 3)
    made = matched(span(source, 0, 3), ReferenceShot(span(like, 0, 3)), Parameter("strength", 0.0))
    for ours, camera in zip(pictures(made), camera_pictures(span(source, 0, 3)), strict=True):
        assert psnr(ours, camera) > 45


@pytest.mark.parametrize(("have", "want"), [(0.004, 0.02), (0.02, 0.008)])
def test_grain_comes_to_the_references_deviation(tmp_path: Path, have: float, want: float) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), have, 1)
    like = graded(tmp_path / "b.mkv", (1.0, 1.0, 1.0), want, 1)
    result = pictures(matched(span(source, 0, 8), ReferenceShot(span(like, 0, 8))))
    goal = grain_deviation(camera_pictures(span(like, 0, 1))[0])
    start = grain_deviation(camera_pictures(span(source, 0, 1))[0])
    ended = np.mean([grain_deviation(item) for item in result])
    assert abs(ended - goal) < 0.45 * abs(start - goal)
    if want > have:
        assert ended == pytest.approx(goal, rel=0.15)


def test_a_flat_shot_does_not_explode(tmp_path: Path) -> None:
    flat = np.full((*SIZE, 3), 0.4, np.float32)
    path = write_clip(tmp_path / "flat.mkv", (flat for _ in range(4)))
    like = graded(tmp_path / "b.mkv", (1.0, 0.8, 0.6), 0.0, 2)
    result = pictures(matched(span(path, 0, 4), ReferenceShot(span(like, 0, 8)), *COLOUR_ONLY))
    assert result[0].astype(float).std(axis=(0, 1)).max() < 700


def test_black_bars_and_ignored_regions_do_not_count(tmp_path: Path) -> None:
    base = texture(*SIZE, 1)
    barred = base.copy()
    barred[:30], barred[-30:] = 0, 0
    plain = write_clip(tmp_path / "plain.mkv", (base for _ in range(3)))
    bars = write_clip(tmp_path / "bars.mkv", (barred for _ in range(3)))
    like = ReferenceShot(span(graded(tmp_path / "b.mkv", (0.9, 0.75, 0.6), 0.0, 2), 0, 8))
    one, other = (pictures(matched(span(path, 0, 3), like, *COLOUR_ONLY))[0] for path in (plain, bars))
    middle = (slice(40, -40), slice(None))
    assert np.abs(one[middle].astype(int) - other[middle]).mean() < 0.02 * 65535
    assert other[:20].max() < 0.02 * 65535


def test_a_ramp_keeps_its_steps(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0.05, 0.95, 1024, dtype=np.float32)[None, :, None], (64, 1024, 3))
    path = write_clip(tmp_path / "ramp.mkv", (ramp for _ in range(2)))
    like = graded(tmp_path / "b.mkv", (0.9, 0.8, 0.7), 0.0, 2)
    result = pictures(matched(span(path, 0, 2), ReferenceShot(span(like, 0, 8)), *COLOUR_ONLY))[0]
    row = result[32, :, 1].astype(int)
    assert len(np.unique(row)) > 400
    assert np.diff(row).min() > -200


def test_a_still_is_a_reference_too(tmp_path: Path) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.0, 1)
    still = (texture(*SIZE, 2) * np.array([0.9, 0.75, 0.6]) * 65535).astype(np.uint16)
    image = str(tmp_path / "still.png")
    frame = av.VideoFrame.from_ndarray(still, format="rgb48le")
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = SIZE[1], SIZE[0], "rgb48be", Fraction(1, 24)
    Path(image).write_bytes(b"".join(bytes(p) for p in codec.encode(frame.reformat(format="rgb48be"))))
    made = matched(span(source, 0, 4), ReferenceImage(image))
    assert made.look is not None
    assert made.look.after.colour < 0.3 * made.look.before.colour
    assert len(pictures(made)) == 4


def test_the_take_can_be_written_and_camera_tags_stay(tmp_path: Path) -> None:
    source = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.01, 1, 4)
    given = span(source, 0, 4)
    made = matched(given, ReferenceShot(given))
    target = str(tmp_path / "take.mov")
    with MediaWriter(target, Codec.PRORES_HQ, Fraction(24), SIZE[1], SIZE[0], Fraction(1), made.encoding) as writer:
        frames = list(made.frames)
        for item in frames:
            writer.write(item)
    again = camera_pictures(span(target, 0, 4))
    direct = [picture(item, made.encoding) for item in frames if isinstance(item, av.VideoFrame)]
    assert all(psnr(a, b) > 40 for a, b in zip(again, direct, strict=True))


def test_what_cannot_be_matched_is_refused(tmp_path: Path) -> None:
    path = graded(tmp_path / "a.mkv", (1.0, 1.0, 1.0), 0.0, 1, 4)
    given = span(path, 0, 4)
    with pytest.raises(OrderRefused, match="reference"):
        card.plan(order(Task.MATCH, given, 4, (SourceShot(given),)))
    with pytest.raises(OrderRefused, match=r"4 frames.*9"):
        card.plan(order(Task.MATCH, given, 9, (SourceShot(given), ReferenceShot(given))))
    with pytest.raises(OrderRefused, match="strength"):
        card.plan(
            order(
                Task.MATCH,
                given,
                4,
                (SourceShot(given), ReferenceShot(given)),
                parameters=(Parameter("strength", 2.0),),
            )
        )
    with pytest.raises(OrderRefused, match="replace"):
        card.plan(order(Task.REPLACE, given, 4, (SourceShot(given),)))
