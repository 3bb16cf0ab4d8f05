"""Strokes and camera moves reach the pipelines as guides: which frames, how far they moved, what is left open."""

import dataclasses
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    CameraMove,
    Condition,
    FramesAfter,
    FramesBefore,
    Mask,
    Point,
    ReferenceImage,
    SourceShot,
    Span,
    Stroke,
    Strokes,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_inference import cards

from tests.inference import diffusion_orders as make
from tests.inference.test_diffusion_tasks import write_lora
from tests.inference.test_families import I2V, LTX, LTX2, T2V, VACE, Unit

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
planned = pytest.importorskip("secondunit_inference.engines.diffusion.planned").planned
tracks_module = pytest.importorskip("secondunit_inference.engines.diffusion.tracks")
warp = pytest.importorskip("secondunit_inference.engines.diffusion.warp")

FOOTAGE = Path(__file__).parents[3] / "shared" / "footage"
JUGGLER = FOOTAGE / "s02_football_juggle_720p24.mp4"
WIDE, HIGH = 256, 144
MAN = (Point(0.4, 0.2), Point(0.62, 0.2), Point(0.62, 0.95), Point(0.4, 0.95))
"""What the juggler of the first frames stands in."""


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


def wide(name: str) -> cards.ModelCard:
    card = make.small(name)
    tiers = {key: dataclasses.replace(tier, width=WIDE, height=HIGH) for key, tier in card.tiers.items()}
    return dataclasses.replace(card, tiers=tiers)


@pytest.fixture
def called(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """The arguments of the one call for an order of pictures of 256 × 144, and the take's notes; nothing is made."""
    monkeypatch.setattr(cards, "card", wide)

    def called(
        model: str,
        pipeline: str,
        task: Task,
        *conditions: Condition,
        frames: int = 9,
        size: tuple[int, int] = (WIDE, HIGH),
        rate: Fraction | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        def answer(call: dict[str, Any]) -> Any:
            frames_made = call.get("num_frames") or len(call["video"])
            made = np.full((frames_made, HIGH, WIDE, 3), 0.5, np.float32)
            return SimpleNamespace(frames=[made])

        card = wide(model)
        slot = make.order(card, task, conditions, frames, rate or card.rate, size=size, **parameters)
        calls = make.recorded(monkeypatch, tiny.find_class(pipeline), answer)
        made = unit.make(slot)
        assert len(make.frames_of(made)) == frames
        assert len(calls) == 1
        return calls[0] | {"notes": " | ".join(made.notes)}

    return called


@pytest.fixture
def still(tmp_path: Path) -> Callable[..., ReferenceImage]:
    """A frame of real footage as a still."""

    def still(at: FrameTime | None = None) -> ReferenceImage:
        if not JUGGLER.is_file():
            pytest.skip("the shared footage does not lie beside the repository")
        capture = cv2.VideoCapture(str(JUGGLER))
        capture.set(cv2.CAP_PROP_POS_FRAMES, 60)
        _, picture = capture.read()
        path = tmp_path / "still.png"
        cv2.imwrite(str(path), cv2.resize(picture, (WIDE, HIGH), interpolation=cv2.INTER_AREA))
        return ReferenceImage(str(path), at)

    return still


def flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far each place of `a` lies in `b`, measured by OpenCV's dense inverse search, in pixels."""
    grey = [
        np.round(cv2.cvtColor(np.asarray(one, np.float32), cv2.COLOR_RGB2GRAY) * 255).astype(np.uint8) for one in (a, b)
    ]
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(grey[0], grey[1], None))


def inside(region: tuple[Point, ...], shrink: int = 8) -> np.ndarray:
    mask = np.zeros((HIGH, WIDE), np.uint8)
    cv2.fillPoly(mask, [np.array([(round(p.x * WIDE), round(p.y * HIGH)) for p in region], np.int32)], 1)
    return cv2.erode(mask, np.ones((shrink, shrink), np.uint8)).astype(bool)


# What is shown


@pytest.mark.parametrize("direction", [0.0, 90.0, 215.0])
def test_what_a_stroke_holds_moves_as_far_as_it_says(direction: float, called: Any, still: Any) -> None:
    """A quarter of a width a second, after eight frames at 16 a second: an eighth of the width."""
    stroke = Stroke(MAN, direction, 0.125)
    call = called(VACE, "WanVACEPipeline", Task.GENERATE, still(), Strokes((stroke,)))
    video, mask = call["video"][0], call["mask"][0, ..., 0]
    assert (mask[0] == 0).all(), "the first frame is all known"
    far = 0.125 * 8 / 16 * WIDE
    turn = np.deg2rad(direction)
    expected = far * np.array([np.cos(turn), np.sin(turn)])
    measured = np.median(flow(video[0], video[8])[inside(MAN)], axis=0)
    assert measured == pytest.approx(expected, abs=0.5)
    half = np.median(flow(video[0], video[4])[inside(MAN)], axis=0)
    assert half == pytest.approx(expected / 2, abs=0.5)
    away = np.zeros((HIGH, WIDE), bool)
    away[:, : WIDE // 4] = True
    assert np.abs(video[8][away & (mask[8] == 0)] - video[0][away & (mask[8] == 0)]).max() < 0.01, "the rest stays"
    assert "1 stroke rendered as a guide video" in call["notes"]


def test_what_a_stroke_uncovers_is_left_open(called: Any, still: Any) -> None:
    call = called(VACE, "WanVACEPipeline", Task.GENERATE, still(), Strokes((Stroke(MAN, 0.0, 0.5),)), frames=17)
    video, mask = call["video"][0], call["mask"][0, ..., 0]
    assert set(np.unique(mask)) == {0.0, 1.0}
    open_ = [float(one.mean()) for one in mask]
    assert open_[0] == 0 and open_ == sorted(open_) and open_[-1] > 0.05
    gone = inside((Point(0.42, 0.3), Point(0.55, 0.3), Point(0.55, 0.9), Point(0.42, 0.9)))
    assert mask[16][gone].mean() > 0.95, "where the man stood"
    assert (video[16][mask[16] == 1] == 0.5).all(), "the model is not shown what fills the hole"
    right = np.roll(inside(MAN, 12), round(0.5 * WIDE), axis=1)
    assert mask[16][right & (np.arange(WIDE) > WIDE // 2)].mean() == 0, "where he is, he is known"


def test_a_model_without_masks_gets_a_guide_without_holes(called: Any, still: Any) -> None:
    strokes = Strokes((Stroke(MAN, 0.0, 0.25),))
    call = called(T2V, "WanVideoToVideoPipeline", Task.GENERATE, still(), strokes, strength=0.7)
    video = call["video"]
    assert video.shape == (9, HIGH, WIDE, 3) and "mask" not in call and 0.5 < call["strength"] <= 1.0
    far = np.median(flow(video[0], video[4])[inside(MAN)], axis=0)
    assert far == pytest.approx([0.25 * 4 / 16 * WIDE, 0], abs=1.0)
    left = inside((Point(0.42, 0.3), Point(0.5, 0.3), Point(0.5, 0.9), Point(0.42, 0.9)))
    assert video[8][left].std() > 0.01 and not np.allclose(video[8][left], video[0][left], atol=0.05)


def test_two_strokes_move_their_own_regions() -> None:
    left, right = make.stroke(180, 0.2, 0.1, 0.4), make.stroke(0, 0.1, 0.6, 0.9)
    places, holes = warp.Strokes((left, right), 200, 100).places(0.5)
    x, y = np.meshgrid(np.arange(200), np.arange(100))
    seen = ~holes
    for stroke, far in ((left, -20), (right, 10)):
        first, last = (round(stroke.region[corner].x * 200) for corner in (0, 1))
        rows, columns = slice(30, 70), slice(max(0, first + far) + 2, last + far - 2)
        assert np.allclose(places[rows, columns, 0], x[rows, columns] - far, atol=1e-3)
        assert np.allclose(places[rows, columns, 1], y[rows, columns], atol=1e-3)
        assert seen[rows, columns].all()
    assert np.array_equal(places[:, 100], np.stack([x[:, 100], y[:, 100]], -1)), "half way between, nothing moves"


def test_the_source_shot_is_moved_frame_by_frame(called: Any) -> None:
    if not JUGGLER.is_file():
        pytest.skip("the shared footage does not lie beside the repository")
    source = SourceShot(Span(str(JUGGLER), FrameRange(40, 9, Fraction(24))))
    wanted = (T2V, "WanVideoToVideoPipeline", Task.REPLACE, source, Text("a man"))
    strokes = Strokes((Stroke(MAN, 0.0, 0.125),))
    plain = called(*wanted, size=(1280, 720), rate=Fraction(24))
    moved = called(*wanted, strokes, size=(1280, 720), rate=Fraction(24))
    assert np.array_equal(plain["video"][0], moved["video"][0])
    for frame in (2, 4):
        far = flow(plain["video"][frame], moved["video"][frame])[inside(MAN)]
        assert np.median(far, axis=0) == pytest.approx([0.125 * frame / 16 * WIDE, 0], abs=0.5)
    assert "the frames of" in moved["notes"] and "guide" not in plain["notes"]


def test_a_camera_over_a_plane_moves_all_of_the_picture(called: Any, still: Any) -> None:
    call = called(VACE, "WanVACEPipeline", Task.GENERATE, still(), CameraMove("pan-right", 0.1))
    video, mask = call["video"][0], call["mask"][0, ..., 0]
    measured = np.median(flow(video[0], video[8])[40:100, 60:200], axis=(0, 1))
    assert measured == pytest.approx([-0.1 * WIDE, 0], abs=0.5), "the camera goes right, the picture left"
    edge = round(0.1 * WIDE)
    assert (mask[8][:, -edge + 2 :] == 1).all() and (mask[8][:, : -edge - 2] == 0).all()
    assert "the camera move pan-right, amount 0.1, rendered as a guide video" in call["notes"]


@pytest.mark.parametrize(("move", "scale"), [("push-in", 1.2), ("pull-out", 1 / 1.2)])
def test_a_push_makes_the_picture_larger_by_its_amount(move: str, scale: float, called: Any, still: Any) -> None:
    call = called(VACE, "WanVACEPipeline", Task.GENERATE, still(), CameraMove(move, 0.2))
    video, mask = call["video"][0], call["mask"][0, ..., 0]
    moved = flow(video[0], video[8])
    across = np.arange(WIDE) - (WIDE - 1) / 2
    rows, columns = slice(50, 90), slice(60, 196)
    slope = np.polyfit(across[columns], np.median(moved[rows, columns, 0], axis=0), 1)[0]
    assert 1 + slope == pytest.approx(scale, abs=0.02)
    assert mask[8].any() == (move == "pull-out"), "only from further away there is more to see"


def test_near_things_pass_faster_and_uncover_what_lies_behind() -> None:
    nearness = np.full((HIGH, WIDE), 0.2, np.float32)
    nearness[40:100, 100:150] = 1.0
    places, holes = warp.Camera(CameraMove("dolly-right", 0.1), WIDE, HIGH, nearness).places(1.0)
    x = np.arange(WIDE)
    far, near = 0.1 * WIDE, 0.1 * WIDE * 1.8
    assert np.allclose(places[20, 50:200, 0] - x[50:200], far, atol=0.1)
    inner = slice(round(100 - near) + 3, round(150 - near) - 3)
    assert np.allclose(places[70, inner, 0] - x[inner], near, atol=0.1), "what is near, in front of the rest"
    uncovered = slice(round(150 - near) + 2, round(150 - far) - 2)
    assert holes[70, uncovered].all() and not holes[70, inner].any()


# Where it begins


def test_an_extension_moves_on_from_the_last_camera_frame(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "card", make.small)
    card = make.small(VACE)
    path = make.numbered(tmp_path / "before.mkv", 60, card.rate)
    before = FramesBefore(make.span(path, 36, 24, card.rate))
    order = make.order(card, Task.EXTEND, (before, CameraMove("pan-left", 0.5)), 8, card.rate)
    calls = make.recorded(monkeypatch, tiny.find_class("WanVACEPipeline"))
    make.frames_of(unit.make(order))
    video, mask = calls[0]["video"][0], calls[0]["mask"][0, ..., 0]
    head = next(number for number, one in enumerate(mask) if one.any())
    assert make.numbers_of(video[:head]) == list(range(60 - head, 60))
    open_ = [float(one.mean()) for one in mask[head : head + 8]]
    assert open_ == pytest.approx([0.5 * (n + 1) / 8 for n in range(8)], abs=0.04)
    assert all(make.number_of(one[mask[head + n] == 0]) == 59 for n, one in enumerate(video[head:][:8]))


def test_frames_before_a_shot_lead_up_to_it(unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)
    card = make.small(LTX)
    path = make.numbered(tmp_path / "after.mkv", 24, card.rate, first=90)
    after = FramesAfter(make.span(path, 0, 24, card.rate))
    order = make.order(card, Task.EXTEND, (after, CameraMove("push-in", 0.5), Text("a lake")), 8, card.rate)
    plan = planned(card, order)
    assert (plan.guide.anchor, plan.guide.end) == (8, 0)
    calls = make.recorded(monkeypatch, tiny.find_class("LTXConditionPipeline"))
    make.frames_of(unit.make(order))
    source = calls[0]["conditions"][0]
    assert source.frame_index == 0 and len(source.video) == calls[0]["num_frames"] and 0 < source.strength < 1
    tail = len(source.video) - next(n for n, one in enumerate(make.numbers_of(source.video)) if one == 91)
    assert make.numbers_of(source.video[-tail:]) == list(range(91, 91 + tail))


# What is refused


@pytest.mark.parametrize(("conditions", "message"), [
    ((Strokes((make.stroke(),)),), "no picture for strokes or a camera to move"),
    ((CameraMove("orbit"), ReferenceImage("/a.png")), "cannot make the camera move 'orbit' to generate"),
    ((CameraMove("push-in", 2.0), ReferenceImage("/a.png")), "a camera move's amount is 0 to 1, not 2"),
    ((CameraMove("push-in"), CameraMove("pull-out")), "two camera moves"),
    ((Strokes((Stroke((Point(0, 0), Point(1, 1)), 0, 0.1),)),), "stroke 1 has no area"),
    ((Strokes((make.stroke(right=1.5),)),), "stroke 1 lies outside the picture"),
    ((Strokes((make.stroke(), make.stroke(speed=0.0))),), "stroke 2 has the direction 0 and the speed 0"),
    ((Strokes((make.stroke(),) * 17),), "17 strokes: give at most 16"),
])  # fmt: skip
def test_what_cannot_be_shown_is_refused_before_work_starts(conditions: tuple[Condition, ...], message: str) -> None:
    card = cards.card(VACE)
    with pytest.raises(OrderRefused, match=message):
        planned(card, make.order(card, Task.GENERATE, (Text("a lake"), *conditions), 9, card.rate))


@pytest.mark.parametrize(
    ("model", "task"), [(I2V, Task.GENERATE), (VACE, Task.JOIN), (LTX, Task.MATCH), ("helios-base-14b", Task.EXTEND)]
)
def test_a_model_that_takes_no_guide_says_so(model: str, task: Task, tmp_path: Path) -> None:
    card = cards.card(model)
    needs = set(next(entry for entry in card.entries if entry.task is task).needs)
    conditions = make.conditions_for(needs, task, 9, card.rate, tmp_path)
    if task is Task.MATCH:
        conditions += (ReferenceImage("/a.png"),)
    strokes, move = Strokes((make.stroke(),)), CameraMove("pan-left")
    for condition, message in ((strokes, "takes no strokes to"), (move, "it has none")):
        with pytest.raises(OrderRefused, match=message):
            planned(card, make.order(card, task, (*conditions, condition), 9, card.rate))
    planned(card, make.order(card, task, conditions, 9, card.rate))


def test_a_mask_and_strokes_leave_open_what_both_do(called: Any, tmp_path: Path) -> None:
    card = wide(VACE)
    half = np.zeros((HIGH, WIDE, 3), np.uint8)
    half[:, : WIDE // 2] = 255
    mask = Mask(make.span(make.lossless(tmp_path / "mask.mkv", [half], card.rate), 0, 1, card.rate))
    source = SourceShot(make.span(make.numbered(tmp_path / "s.mkv", 9, card.rate, size=(WIDE, HIGH)), 0, 9, card.rate))
    call = called(VACE, "WanVACEPipeline", Task.REPLACE, source, mask, Text("a lake"), CameraMove("pull-out", 0.5))
    white = call["mask"][0, ..., 0][8]
    assert white[:, :20].all() and not white[:, WIDE // 2 :].any() and not white[60:80, 60:120].any()


def test_controls_say_what_is_rendered() -> None:
    from secondunit_bridge.controls import CameraMoveControl, StrokesControl
    from secondunit_inference.engines.diffusion.controls import controls

    def kinds(model: str, task: Task) -> dict[str, Any]:
        return {one.name: one.kind for one in controls(cards.card(model), task).controls}

    vace = kinds(VACE, Task.GENERATE)
    assert vace["strokes"] == StrokesControl(16, native=False) and "camera" not in vace
    assert "push-in" in vace["camera_guide"].moves and not vace["camera_guide"].native
    ltx2 = kinds(LTX2, Task.GENERATE)
    assert "jib-up" in ltx2["camera"].moves and ltx2["camera"].native
    assert "pan-left" in ltx2["camera_guide"].moves and "push-in" not in ltx2["camera_guide"].moves
    assert not {"strokes", "camera", "camera_guide"} & set(kinds(I2V, Task.GENERATE))
    assert kinds(LTX2, Task.JOIN)["camera"] == CameraMoveControl(ltx2["camera"].moves, native=True)
    for model in cards.names():
        for task in {entry.task for entry in cards.card(model).entries}:
            found = kinds(model, task)
            for name in ("camera", "camera_guide"):
                for move in found[name].moves if name in found else ():
                    assert name == "camera_guide" or any(a.name == move for a in cards.card(model).adapters)


def test_a_camera_lora_is_preferred_where_the_card_has_the_move() -> None:
    card = cards.card(LTX2)
    order = make.order(card, Task.GENERATE, (Text("a"), ReferenceImage("/a.png"), CameraMove("push-in")), 9, card.rate)
    plan = planned(card, order)
    assert plan.guide is None and [adapter.name for adapter, _ in plan.adapters] == ["push-in"]
    rendered = dataclasses.replace(order, conditions=(*order.conditions[:2], CameraMove("pan-left")))
    plan = planned(card, rendered)
    assert plan.guide.camera.move == "pan-left" and not plan.adapters


# Point tracks


def test_tracks_are_drawn_as_the_adapter_was_trained_to_read_them() -> None:
    tracks = tracks_module.Tracks((make.stroke(0.0, 0.25, 0.25, 0.30),), 256, 144, Fraction(1, 24))
    assert not tracks.frame(-1).any()
    first, later = tracks.frame(0), tracks.frame(24)
    points = [point for point, _ in tracks._tracks]
    assert len(points) >= 3 and all(0.25 * 256 <= x <= 0.30 * 256 for x, _ in points)
    x, y = points[0]
    far = 0.25 * 256
    newest = later[round(y), round(x + far)]
    assert newest[2] > 0.8 and newest[0] < 0.2, "the newest is blue"
    assert later[round(y), round(x)].sum() > 0.05 and first[round(y), round(x + far)].sum() == 0
    origin = later[round(y), round(x)]
    assert origin[1] > origin[2] > origin[0], "what is older turns to green"
    behind = round(x + 0.25 * 256 * 10 / 24)
    old = tracks.frame(60)[:, behind : behind + 24].sum(axis=(0, 1))
    assert old[0] > old[1] > old[2], "and to red, two seconds back"
    assert later[:, round(x + far) + 5 :].sum() == 0, "nothing lies ahead"


def test_strokes_reach_an_in_context_adapter_as_tracks(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "ltx-2.3-22b"
    monkeypatch.setattr(cards, "card", make.small)
    card = make.small(name)
    path = make.numbered(tmp_path / "before.mkv", 60, card.rate)
    before = FramesBefore(make.span(path, 0, 60, card.rate))
    order = make.order(card, Task.EXTEND, (before, Strokes((make.stroke(),))), 8, card.rate)
    unit.make(make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate))
    with pytest.raises(OrderRefused, match=r"the adapter motion-track of .* is not on this machine"):
        unit.make(order)
    adapter = next(one for one in card.adapters if one.name == "motion-track")
    file = write_lora(unit.models / name / "adapters" / adapter.file, name, unit)
    calls = make.recorded(monkeypatch, tiny.find_class("LTX2InContextPipeline"))
    made = unit.make(order)
    assert len(make.frames_of(made)) == 8
    call = calls[0]
    (guide,) = call["reference_conditions"]
    assert call["reference_downscale_factor"] == 2 and call["width"] % 64 == call["height"] % 64 == 0
    drawn = [bool(one.any()) for one in guide.frames]
    head = drawn.index(True)
    assert len(drawn) == call["num_frames"] and all(drawn[head:]), "black up to the last camera frame"
    assert len(drawn) - head >= 9 and make.numbers_of(call["conditions"][0].frames / 255)[-1] == 59
    assert any("1 stroke rendered as a video of point tracks" in note for note in made.notes)
    assert any("motion-track" in note for note in made.notes)
    file.unlink()


def test_a_mask_says_where_a_guide_is_not_followed(unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)
    card = make.small(LTX2)
    half = np.zeros((make.SIDE, make.SIDE, 3), np.uint8)
    half[:, : make.SIDE // 2] = 255
    mask = Mask(make.span(make.lossless(tmp_path / "mask.mkv", [half], card.rate), 0, 1, card.rate))
    source = SourceShot(make.span(make.numbered(tmp_path / "source.mkv", 9, card.rate), 0, 9, card.rate))
    order = make.order(card, Task.GENERATE, (source, mask, Text("a lake")), 9, card.rate, adapter="pose")
    unit.make(make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate))
    adapter = next(one for one in card.adapters if one.name == "pose")
    file = write_lora(unit.models / LTX2 / "adapters" / adapter.file, LTX2, unit)
    calls = make.recorded(monkeypatch, tiny.find_class("LTX2InContextPipeline"))
    make.frames_of(unit.make(order))
    followed = calls[0]["conditioning_attention_mask"]
    assert tuple(followed.shape) == (1, 1, 9, make.SIDE, make.SIDE) and calls[0]["reference_downscale_factor"] == 1
    assert followed[..., : make.SIDE // 2].max() == 0 and followed[..., make.SIDE // 2 :].min() == 1
    file.unlink()


def test_depth_is_a_local_models_or_a_plane(tmp_path: Path, called: Any, still: Any) -> None:
    from secondunit_inference.engines.diffusion import depth

    picture = np.random.default_rng(1).random((72, 128, 3)).astype(np.float32)
    assert depth.nearness(tmp_path, picture) is None
    transformers = pytest.importorskip("transformers")
    backbone = transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, image_size=28, patch_size=14,
        out_indices=[1, 2, 3, 4], reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=16, neck_hidden_sizes=[4, 8, 8, 16],
        fusion_hidden_size=8, head_hidden_size=4,
    )  # fmt: skip
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(tmp_path / depth.FOLDER)
    near = depth.nearness(tmp_path, picture)
    assert near.shape == (72, 128) and near.min() >= 0 and near.max() <= 1 and np.isfinite(near).all()
    (tmp_path / depth.FOLDER / "model.safetensors").write_bytes(b"\x80\x04pickled")
    with pytest.raises(OrderRefused, match=r"is no \.safetensors file"):
        depth.nearness(tmp_path, picture)
    call = called(VACE, "WanVACEPipeline", Task.GENERATE, still(), CameraMove("dolly-left", 0.1))
    assert "without depth: the picture was moved as a plane" in call["notes"]
