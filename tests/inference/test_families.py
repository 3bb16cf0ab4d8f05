"""What reaches the pipelines of each family, seen on tiny models: frames, places, values, strengths and what is kept.

Pictures say which frame they are, so that an argument can be asked which frames it holds.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    CameraMove,
    Condition,
    FramesAfter,
    FramesBefore,
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Strokes,
    Task,
    Text,
    Value,
)
from secondunit_bridge.rates import FrameTime
from secondunit_inference import cards
from secondunit_inference.cards import Entry, Input

from tests.inference import diffusion_orders as make

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
diffusers = pytest.importorskip("diffusers", reason="the diffusion engine's packages are not installed")
engine = pytest.importorskip("secondunit_inference.engines.diffusion.engine")
held = pytest.importorskip("secondunit_inference.engines.diffusion.held")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

VACE, T2V, I2V, FLF2V = "wan2.1-vace-1.3b", "wan2.1-t2v-1.3b", "wan2.1-i2v-14b-480p", "wan2.1-flf2v-14b-720p"
LTX, LTX2, HELIOS, SKYREELS = "ltx-0.9.5-2b", "ltx-2-19b", "helios-base-14b", "skyreels-v2-df-1.3b"
CLASSES = {
    VACE: "WanVACEPipeline",
    I2V: "WanImageToVideoPipeline",
    FLF2V: "WanImageToVideoPipeline",
    LTX: "LTXConditionPipeline",
    LTX2: "LTX2ConditionPipeline",
}


ENTRIES = [
    pytest.param(name, entry, id=f"{name}-{entry.task}-{'+'.join(entry.needs)}")
    for name in make.distinct()
    for entry in cards.card(name).entries
    if not entry.adapter
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)


class Unit:
    """The engine with tiny models that are built when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.models, self.held = folder, held.Held()
        self.steps: list[tuple[int, int]] = []

    def make(self, order: Order, seed: int = 1) -> Any:
        if not (self.models / order.model).is_dir():
            tiny.build(make.small(order.model), self.models / order.model)
        self.steps = []
        return engine.make(self.held, order, 0, seed, make.job(self.models, self.steps))

    def take(self, order: Order, seed: int = 1) -> list[np.ndarray]:
        return [
            one.to_ndarray() if hasattr(one, "to_ndarray") else one for one in make.frames_of(self.make(order, seed))
        ]


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


@pytest.fixture
def ordered(tmp_path: Path) -> Callable[..., Order]:
    """At the model's own rate, so that frames reach it as they are: 0 to 59 lie before, those from 90 on after."""

    def ordered(
        model: str, task: Task, frames: int, *extra: Condition, before: int = 0, after: int = 0, **parameters: Value
    ) -> Order:
        card = make.small(model)
        conditions: list[Condition] = [*extra, Text("a lake", "rain")]
        if before:
            path = make.numbered(tmp_path / "before.mkv", 60, card.rate)
            conditions.append(FramesBefore(make.span(path, 60 - before, before, card.rate)))
        if after:
            path = make.numbered(tmp_path / "after.mkv", after, card.rate, first=90)
            conditions.append(FramesAfter(make.span(path, 0, after, card.rate)))
        return make.order(card, task, tuple(conditions), frames, card.rate, **parameters)

    return ordered


def source(folder: Path, model: str, frames: int) -> SourceShot:
    rate = make.small(model).rate
    return SourceShot(make.span(make.numbered(folder / "source.mkv", frames, rate), 0, frames, rate))


def call_of(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, order: Order, pipeline: str = "", seed: int = 1
) -> dict[str, Any]:
    """The arguments of the one call that makes the order's take."""
    calls = make.recorded(monkeypatch, tiny.find_class(pipeline or CLASSES[order.model]))
    slot = order.slot
    assert len(make.frames_of(unit.make(order, seed))) == slot.head + slot.frames + slot.tail
    assert len(calls) == 1
    return calls[0]


@pytest.mark.parametrize(("model", "entry"), ENTRIES)
def test_every_entry_of_every_card_makes_the_slots_frames(
    model: str, entry: Entry, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a rate that few models have: frames are made between theirs."""
    card, rate = make.small(model), Fraction(30000, 1001)
    conditions = make.conditions_for(set(entry.needs), entry.task, 7, rate, tmp_path)
    if Input.MOTION in entry.needs:  # strokes would ask for an adapter where a card has one for them
        conditions = tuple(CameraMove("pan-left") if isinstance(one, Strokes) else one for one in conditions)
    if Input.MASK in entry.needs:
        white = np.full((make.SIDE, make.SIDE, 3), 255, np.uint8)
        conditions += (Mask(make.span(make.lossless(tmp_path / "mask.mkv", [white], rate), 0, 1, rate)),)
    if entry.task is Task.MATCH:
        conditions += (ReferenceImage(make.still(tmp_path / "reference.png", 9)),)
    order = make.order(card, entry.task, conditions, 7, rate)
    calls = make.recorded(monkeypatch, tiny.find_class(entry.pipeline))

    made = unit.make(order, seed=5)
    frames = make.frames_of(made)

    pictures = [one for one in frames if isinstance(one, np.ndarray)]
    assert len(frames) == 7
    assert all(one.shape == (make.SIDE, make.SIDE, 3) and one.dtype == np.uint16 for one in pictures)
    assert len(pictures) == (0 if Input.MASK in entry.needs else 7), "inside a mask, frames are the source's"
    (call,) = calls
    assert (call["prompt"], call["negative_prompt"]) == ("a lake", "rain")
    assert call["generator"].initial_seed() == 5
    assert call["num_inference_steps"] == 2
    done, total = zip(*unit.steps, strict=True)
    assert done == tuple(range(1, total[0] + 1)) and set(total) == {total[0]}, "the count of steps is known before"


# Wan


def vace(call: dict[str, Any]) -> tuple[np.ndarray, list[bool]]:
    """The pictures and, for each frame, whether it is to be made; neither is partly so here."""
    video, mask = call["video"], call["mask"]
    count = call["num_frames"]
    assert video.shape == (1, count, make.SIDE, make.SIDE, 3) and mask.shape == (1, count, make.SIDE, make.SIDE, 1)
    assert video.dtype == mask.dtype == np.float32
    assert {float(value) for value in np.unique(mask)} <= {0.0, 1.0}
    return video[0], [bool(one.mean() == 1) for one in mask[0]]


def test_vace_goes_on_from_frames_under_a_black_mask(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_of(unit, monkeypatch, ordered(VACE, Task.EXTEND, 8, before=24))
    video, white = vace(call)
    assert white == [False] * 13 + [True] * 8
    assert make.numbers_of(video[:13]) == list(range(47, 60))
    assert (video[13:] == 0.5).all(), "grey is exactly the middle"


def test_vace_goes_back_from_frames(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    video, white = vace(call_of(unit, monkeypatch, ordered(VACE, Task.EXTEND, 8, after=24)))
    assert white == [True] * 8 + [False] * 13
    assert make.numbers_of(video[8:]) == list(range(90, 103))


@pytest.mark.parametrize("gap", range(1, 10))
def test_vace_joins_two_shots_whatever_lies_between(
    gap: int, unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At like rates every frame stands on its own, and motion is seen on both sides."""
    video, white = vace(call_of(unit, monkeypatch, ordered(VACE, Task.JOIN, gap, before=24, after=24)))
    head, tail = white.index(True), white[::-1].index(True)
    assert white == [False] * head + [True] * gap + [False] * tail
    assert min(head, tail) > 8
    assert make.numbers_of(video[:head]) == list(range(60 - head, 60))
    assert make.numbers_of(video[-tail:]) == list(range(90, 90 + tail))


def test_vace_does_not_see_what_it_replaces(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = np.zeros((make.SIDE, make.SIDE, 3), np.uint8)
    half[:, make.SIDE // 2 :] = 255
    rate = make.small(VACE).rate
    mask = Mask(make.span(make.lossless(tmp_path / "mask.mkv", [half], rate), 0, 1, rate))
    call = call_of(unit, monkeypatch, ordered(VACE, Task.REPLACE, 9, source(tmp_path, VACE, 9), mask))
    video, white = call["video"][0], call["mask"][0, ..., 0]
    assert (white[:, :, make.SIDE // 2 :] == 1).all() and (white[:, :, : make.SIDE // 2] == 0).all()
    assert (video[:, :, make.SIDE // 2 :] == 0.5).all()
    assert make.numbers_of(video[:, :, : make.SIDE // 2]) == list(range(9))


def test_vace_follows_a_guide_and_references(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = make.small(VACE).rate
    shot = ReferenceShot(make.span(make.numbered(tmp_path / "other.mkv", 9, rate, first=20), 0, 9, rate))
    image = ReferenceImage(make.still(tmp_path / "look.png", 77))
    order = ordered(VACE, Task.MATCH, 9, source(tmp_path, VACE, 9), shot, image, conditioning_scale=0.7)
    call = call_of(unit, monkeypatch, order)
    video, white = vace(call)
    assert white == [True] * 9 and make.numbers_of(video) == list(range(9))
    pictures = [np.asarray(image) / 255 for image in call["reference_images"]]
    assert make.numbers_of(pictures) == [77, 24]
    assert call["conditioning_scale"] == 0.7


def test_stills_stand_at_their_frames(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = make.small(VACE).rate
    stills = [ReferenceImage(make.still(tmp_path / f"{at}.png", 50 + at), FrameTime(at, rate)) for at in (0, 5, 8)]
    video, white = vace(call_of(unit, monkeypatch, ordered(VACE, Task.GENERATE, 9, *stills)))
    assert [number for number, open_ in enumerate(white) if not open_] == [0, 5, 8]
    assert make.numbers_of(video[[0, 5, 8]]) == [50, 55, 58]


@pytest.mark.parametrize("model", [I2V, "wan2.2-i2v-a14b", "wan2.2-ti2v-5b"])
def test_wan_begins_with_the_last_camera_frame(
    model: str, unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(unit, monkeypatch, ordered(model, Task.EXTEND, 8, before=4), "WanImageToVideoPipeline")
    bytes_ = not isinstance(call["image"], torch.Tensor)
    assert bytes_ == (model == I2V), "its image encoder reads bytes; the others are given all there is"
    assert make.number_of(np.asarray(call["image"]) / 255 if bytes_ else call["image"]) == 59
    assert (call["num_frames"], call["height"], call["width"]) == (9, make.SIDE, make.SIDE)
    assert "last_image" not in call


@pytest.mark.parametrize("model", [FLF2V, "wan2.2-i2v-a14b"])
def test_wan_ends_at_the_first_camera_frame_behind(
    model: str, unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(unit, monkeypatch, ordered(model, Task.JOIN, 7, before=9, after=9), "WanImageToVideoPipeline")
    found = [np.asarray(call[name], np.float32) for name in ("image", "last_image")]
    assert [make.number_of(one / 255 if one.max() > 1 else one) for one in found] == [59, 90]
    assert call["num_frames"] == 9


def test_a_last_still_is_the_models_last_frame(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven frames become nine of the model's, which lie closer: none is made behind the last."""
    rate = make.small(FLF2V).rate
    stills = [ReferenceImage(make.still(tmp_path / f"{at}.png", 50 + at), FrameTime(at, rate)) for at in (0, 6)]
    call = call_of(unit, monkeypatch, ordered(FLF2V, Task.GENERATE, 7, *stills))
    assert make.number_of(np.asarray(call["last_image"]) / 255) == 56
    assert call["num_frames"] == 9


def test_each_tier_brings_its_guidance_and_its_scheduler(
    unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tier, shift, guidance in (("standard", 3.0, 5.0), ("best", 8.0, 6.0), ("standard", 3.0, 5.0)):
        order = ordered(T2V, Task.GENERATE, 5, tier=tier)
        call = call_of(unit, monkeypatch, order, "WanPipeline")
        assert call["pipeline"].scheduler.config.flow_shift == shift
        assert call["guidance_scale"] == guidance
    call = call_of(unit, monkeypatch, ordered("wan2.2-t2v-a14b", Task.GENERATE, 5), "WanPipeline")
    assert (call["guidance_scale"], call["guidance_scale_2"]) == (4.0, 3.0)


@pytest.mark.parametrize(("model", "pipeline", "frames"), [
    (T2V, "WanVideoToVideoPipeline", 9),
    ("cogvideox-2b", "CogVideoXVideoToVideoPipeline", 9),
])  # fmt: skip
@pytest.mark.parametrize(("strength", "steps"), [(1.0, 2), (0.5, 1), (0.0, 1)])
def test_a_whole_shot_is_made_again_by_strength(
    model: str, pipeline: str, frames: int, strength: float, steps: int,
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    order = ordered(model, Task.REPLACE, frames, source(tmp_path, model, frames), strength=strength)
    call = call_of(unit, monkeypatch, order, pipeline)
    assert make.numbers_of(call["video"]) == list(range(frames))
    assert int(2 * call["strength"]) == steps
    assert unit.steps[-1] == (steps, steps)


# LTX-Video: indices of pixel frames


def ltx(call: dict[str, Any]) -> list[tuple[int, list[int], float]]:
    """Index, frames and strength of each condition."""
    found = []
    for one in call["conditions"]:
        numbers = make.numbers_of(one.video) if one.video is not None else [make.number_of(one.image)]
        found.append((one.frame_index, numbers, one.strength))
    return found


def test_ltx_goes_on_from_a_clip(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_of(unit, monkeypatch, ordered(LTX, Task.EXTEND, 8, before=30))
    assert ltx(call) == [(0, list(range(35, 60)), 1.0)]
    assert (call["num_frames"], call["frame_rate"]) == (33, 25.0)


def test_ltx_goes_back_from_a_clip_at_the_end(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_of(unit, monkeypatch, ordered(LTX, Task.EXTEND, 5, after=20))
    assert ltx(call) == [(8, list(range(90, 107)), 1.0)]
    assert call["num_frames"] == 25, "three frames too many lie before the slot"


@pytest.mark.parametrize("gap", [1, 7, 8, 12])
def test_ltx_joins_with_clips_and_a_still_beside_the_gap(
    gap: int, unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(unit, monkeypatch, ordered(LTX, Task.JOIN, gap, before=30, after=30))
    head, *behind = ltx(call)
    length = len(head[1])
    assert head == (0, list(range(60 - length, 60)), 1.0) and length % 8 == 1
    entry = length + gap
    assert behind[0][0] == entry and behind[0][1][0] == 90, "the seam's frame stands where it has to"
    index, clip, _ = behind[-1]
    assert index % 8 == 0 and len(clip) % 8 == 1 and len(clip) > 8
    assert index + len(clip) == call["num_frames"]
    assert clip == list(range(90 + index - entry, 90 + index - entry + len(clip)))


def test_ltx_takes_stills_at_any_frame(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = make.small(LTX).rate
    stills = [ReferenceImage(make.still(tmp_path / f"{at}.png", 50 + at), FrameTime(at, rate)) for at in (0, 5, 16)]
    call = call_of(unit, monkeypatch, ordered(LTX, Task.GENERATE, 17, *stills))
    assert ltx(call) == [(0, [50], 1.0), (5, [55], 1.0), (16, [66], 1.0)]


def test_ltx_mixes_source_and_noise_as_its_first_step_expects(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the scheduler says about the noise that is left where it begins is what the source is mixed with."""
    call = call_of(unit, monkeypatch, ordered(LTX, Task.REPLACE, 9, source(tmp_path, LTX, 9), strength=0.5))
    ((index, frames, strength),) = ltx(call)
    assert (index, frames) == (0, list(range(9)))
    pipeline = call["pipeline"]
    assert strength == pytest.approx(1 - float(pipeline.scheduler.timesteps[1]) / 1000)
    assert int(2 * call["denoise_strength"]) == 1 and pipeline.num_timesteps == 1


# LTX-2: indices of latent frames


def ltx2(call: dict[str, Any]) -> list[tuple[int, list[int], float]]:
    found = []
    for one in call["conditions"]:
        assert one.crf == 0 and one.frames.dtype == np.float32
        found.append((one.index, make.numbers_of(one.frames / 255), one.strength))
    return found


def test_ltx2_goes_on_and_back(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ltx2(call_of(unit, monkeypatch, ordered(LTX2, Task.EXTEND, 8, before=30))) == [(0, list(range(43, 60)), 1.0)]
    call = call_of(unit, monkeypatch, ordered(LTX2, Task.EXTEND, 8, after=30))
    assert ltx2(call) == [(-3, list(range(90, 107)), 1.0)], "its last 16 frames are the last two latent frames"
    assert call["num_frames"] == 25


def test_ltx2_joins(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_of(unit, monkeypatch, ordered(LTX2, Task.JOIN, 7, before=30, after=30))
    assert ltx2(call) == [(0, list(range(43, 60)), 1.0), (-3, list(range(90, 107)), 1.0)]
    call = call_of(unit, monkeypatch, ordered(LTX2, Task.JOIN, 8, before=30, after=30))
    head, still, clip = ltx2(call)
    assert 8 * (still[0] - 1) + 1 == len(head[1]) + 8 and still[1] == [90], "a still can begin a latent frame"
    assert clip[1][-1] == 90 + call["num_frames"] - 1 - len(head[1]) - 8


def test_ltx2_stands_stills_at_the_nearest_latent_frame(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stills = [
        ReferenceImage(make.still(tmp_path / f"{at}.png", 50 + at), FrameTime(at, Fraction(24))) for at in (0, 9, 16)
    ]
    call = call_of(unit, monkeypatch, ordered(LTX2, Task.GENERATE, 17, *stills))
    assert [(index, frames) for index, frames, _ in ltx2(call)] == [(0, [50]), (2, [59]), (2, [66])]


def test_ltx2_makes_a_shot_again_by_strength(
    unit: Unit, ordered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of(unit, monkeypatch, ordered(LTX2, Task.REPLACE, 9, source(tmp_path, LTX2, 9), strength=0.25))
    assert ltx2(call) == [(0, list(range(9)), 0.75)]


def test_sound_comes_when_it_is_wanted_and_fits_to_the_sample(unit: Unit, ordered: Any) -> None:
    assert unit.make(ordered(LTX2, Task.GENERATE, 9)).sound == ()
    (stream,) = unit.make(ordered(LTX2, Task.GENERATE, 9, sound=True)).sound
    assert stream.samples.shape == (2, 9 * stream.rate // 24)
    assert (stream.rate, stream.layout) == (16000, "stereo"), "the rate of the tiny model's vocoder"
    assert np.isfinite(stream.samples).all() and stream.samples.any()


# CogVideoX, HunyuanVideo 1.5


def test_cogvideox_begins_with_a_still_of_floats(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ordered("cogvideox-5b-i2v", Task.EXTEND, 8, before=4)
    call = call_of(unit, monkeypatch, order, "CogVideoXImageToVideoPipeline")
    assert make.number_of(call["image"]) == 59
    assert call["num_frames"] == 9


def test_hunyuan_gets_an_image_of_the_size_it_is_to_make(
    unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ordered("hunyuanvideo-1.5-i2v-480p", Task.EXTEND, 8, before=4)
    call = call_of(unit, monkeypatch, order, "HunyuanVideo15ImageToVideoPipeline")
    assert call["image"].size == (make.SIDE, make.SIDE) and "height" not in call
    assert make.number_of(np.asarray(call["image"]) / 255) == 59
    assert call["pipeline"].guider.guidance_scale == make.small(order.model).tiers["standard"].guidance
    assert unit.steps == [(1, 2), (2, 2)]


# What streams


def test_helios_reads_whole_chunks_and_keeps_all_that_it_decodes(
    unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two chunks the pipeline would return 65 frames."""
    call = call_of(unit, monkeypatch, ordered(HELIOS, Task.EXTEND, 66, before=40), "HeliosPipeline")
    assert make.numbers_of(call["video"]) == list(range(27, 60))
    assert call["num_frames"] == 66
    assert unit.steps[-1] == (4, 4)


def test_helios_says_how_many_frames_it_needs(unit: Unit, ordered: Any) -> None:
    with pytest.raises(OrderRefused, match=r"at least 33 frames at 24 a second.*gives 24 at 24: order with 33 or more"):
        unit.make(ordered(HELIOS, Task.EXTEND, 8, before=24))


def test_skyreels_takes_what_follows_the_prefix_and_its_overlap(
    unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def returned(call: dict[str, Any]) -> Any:
        """As the pipeline: the video, then the new frames, of which the first make the video's end again."""
        count = len(call["video"]) + call["num_frames"]
        pictures = [np.full((make.SIDE, make.SIDE, 3), number * make.SHADE / 255) for number in range(count)]
        return SimpleNamespace(frames=[np.stack(pictures)])

    name = "SkyReelsV2DiffusionForcingVideoToVideoPipeline"
    order = ordered(SKYREELS, Task.EXTEND, 8, before=24)
    unit.make(order)
    calls = make.recorded(monkeypatch, tiny.find_class(name), returned)
    made = unit.make(order)
    call = calls[0]
    assert make.numbers_of(call["video"]) == list(range(43, 60))
    assert (call["num_frames"], call["overlap_history"], call["base_num_frames"]) == (5 + 8, 5, 13)
    assert call["fps"] == 24
    first = made.seams[0]
    assert first.frame.frame == 0
    shown = [round(float(one.mean()) / 65535 * 255 / make.SHADE) for one in make.frames_of(made)]
    assert np.ptp(np.diff(shown)) <= 1 and abs(shown[0] - 22) <= 2, "22 and on, brought to the camera's frame"


def test_skyreels_windows_are_counted(unit: Unit, ordered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for frames, steps in ((17, 2), (21, 4), (29, 4), (33, 6)):
        order = ordered(SKYREELS, Task.GENERATE, frames)
        call_of(unit, monkeypatch, order, "SkyReelsV2DiffusionForcingPipeline")
        assert unit.steps[-1] == (steps, steps)
        assert [done for done, _ in unit.steps] == list(range(1, steps + 1))
