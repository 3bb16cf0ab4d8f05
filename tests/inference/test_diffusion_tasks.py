"""Takes of the diffusion engine: lengths, seams, seeds, masks, looks and passes, on tiny models."""

import dataclasses
import hashlib
import json
import os
import struct
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import OrderCancelled, OrderRefused
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.messages import (
    Condition,
    FramesAfter,
    FramesBefore,
    FurtherWeights,
    Look,
    Mask,
    Order,
    ReferenceImage,
    SourceShot,
    Strokes,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_inference import cards
from secondunit_inference.cards import Input
from secondunit_inference.weights.layout import adapter_path
from secondunit_inference.weights.record import StoredAdapter, StoredFile, WeightsRecord, write_record

from tests.inference import diffusion_orders as make
from tests.inference.test_families import HELIOS, I2V, LTX, LTX2, SKYREELS, T2V, VACE, Unit

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
save_file = pytest.importorskip("safetensors.torch").save_file
peft = pytest.importorskip("peft", reason="the diffusion engine's packages are not installed")
planned = pytest.importorskip("secondunit_inference.engines.diffusion.planned").planned
engine = pytest.importorskip("secondunit_inference.engines.diffusion.engine")
held = pytest.importorskip("secondunit_inference.engines.diffusion.held")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


# Lengths


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, 10_000),
    frames=st.integers(1, 500),
    head=st.integers(0, 24),
    tail=st.integers(0, 24),
    rate=st.sampled_from(RATES),
    seen=st.integers(1, 120),
)
def test_any_slot_of_any_model_lies_within_legal_passes(
    place: int, frames: int, head: int, tail: int, rate: Fraction, seen: int
) -> None:
    names = cards.names()
    card = cards.card(names[place % len(names)])
    entry = card.entries[place % len(card.entries)]
    order = make.order(card, entry.task, _conditions(entry, frames, head, tail, rate, seen), frames, rate, (head, tail))
    if entry.adapter:
        name = next(one.name for one in card.adapters if entry.adapter in (one.kind, one.name))
        order = make.order(card, entry.task, order.conditions, frames, rate, (head, tail), adapter=name)
    try:
        plan = planned(card, order)
    except OrderRefused as refusal:
        one_frame = head + frames + tail == 1 and Input.LAST_IMAGE in entry.needs  # it cannot be first and last
        assert one_frame or "makes at most" in str(refusal) or "goes on from at least" in str(refusal)
        return
    scene, timing, rule = plan.canvas, plan.timing, card.frames
    assert scene.total == head + frames + tail
    for frame in range(scene.first, scene.end):
        assert 0 <= timing.model_frame(frame) <= timing.frames - 1
    there: set[int] = set(range(timing.head)) | set(range(timing.frames - timing.tail, timing.frames))
    for one in timing.passes:
        assert (one.frames - rule.plus) % rule.multiple == 0 and one.frames > one.head + one.tail
        assert rule.most == 0 or one.frames <= rule.most
        assert (one.head - card.context.plus) % card.context.multiple == 0 or one.head <= 1
        assert {*range(one.first, one.first + one.head), *range(one.end - one.tail, one.end)} <= there
        there |= set(range(one.first, one.end))
    assert there >= set(range(timing.frames))
    if scene.before is not None:
        assert timing.position(timing.head - 1) == scene.first - 1 and timing.position(0) >= scene.before.at
    if scene.after is not None and timing.tail:
        assert timing.position(timing.frames - timing.tail) == scene.end
        assert timing.position(timing.frames - 1) <= scene.after.end - 1


def _conditions(
    entry: cards.Entry, frames: int, head: int, tail: int, rate: Fraction, seen: int
) -> tuple[Condition, ...]:
    """Files that no plan reads."""
    found: list[Condition] = [Text("a lake")]
    needs, total = set(entry.needs), head + frames + tail
    if entry.task in (Task.EXTEND, Task.JOIN):
        if needs & {Input.FRAMES_BEFORE, Input.FIRST_IMAGE}:
            found.append(FramesBefore(make.span("/before.mov", 10, head + seen, rate)))
        if needs & {Input.FRAMES_AFTER, Input.LAST_IMAGE}:
            found.append(FramesAfter(make.span("/after.mov", 10, tail + seen, rate)))
    elif needs & {Input.SOURCE_SHOT, Input.GUIDE_VIDEO}:
        found.append(SourceShot(make.span("/source.mov", 10, total, rate)))
    else:
        found += [
            ReferenceImage(f"/{at}.png", FrameTime(at, rate))
            for at in sorted({0, total - 1} if Input.LAST_IMAGE in needs else {0} if needs != {Input.TEXT} else set())
        ]
    if needs & {Input.MOTION, Input.TRACKS}:
        found.append(Strokes((make.stroke(),)))
        found += [ReferenceImage("/0.png")] if entry.task is Task.GENERATE else []
    if Input.MASK in needs:
        found.append(Mask(make.span("/mask.png", 0, 1, rate)))
    if entry.task is Task.MATCH:
        found.append(Look("/look.safetensors"))
    return tuple(found)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [VACE, LTX])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60000, 1001)])
def test_takes_have_their_frames_at_every_rate(model: str, rate: Fraction, unit: Unit, tmp_path: Path) -> None:
    path = make.numbered(tmp_path / "before.mkv", 60, rate)
    order = make.order(
        make.small(model), Task.EXTEND, (FramesBefore(make.span(path, 0, 60, rate)),), 11, rate, handles=(3, 2)
    )
    frames = make.frames_of(unit.make(order))
    assert len(frames) == 16
    camera = [one for one in frames if isinstance(one, av.VideoFrame)]
    assert [make.number_of(one.to_ndarray(format="rgb24") / 255) for one in camera] == [57, 58, 59]


@pytest.mark.usefixtures("_small")
def test_model_frames_are_shown_at_their_time(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of 16 frames a second under 24: two frames of its steps make three of the take's."""

    def returned(call: dict[str, Any]) -> Any:
        pictures = [np.full((make.SIDE, make.SIDE, 3), number / 40) for number in range(call["num_frames"])]
        return SimpleNamespace(frames=[np.stack(pictures)])

    order = make.order(make.small(T2V), Task.GENERATE, (Text("a lake"),), 13, Fraction(24))
    unit.make(order)
    make.recorded(monkeypatch, tiny.find_class("WanPipeline"), returned)
    shown = [float(one.mean()) / 65535 * 40 for one in make.frames_of(unit.make(order))]
    assert shown == pytest.approx([frame * 2 / 3 for frame in range(13)], abs=0.02)


# Passes


@pytest.mark.usefixtures("_small")
def test_a_long_slot_is_made_in_passes_that_go_on_from_each_other(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make.small(VACE)
    short = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=21, native=21))
    monkeypatch.setattr(cards, "card", lambda _: short)
    path = make.numbered(tmp_path / "before.mkv", 60, card.rate)
    order = make.order(card, Task.EXTEND, (FramesBefore(make.span(path, 0, 60, card.rate)),), 30, card.rate)
    calls = make.recorded(monkeypatch, tiny.find_class("WanVACEPipeline"))
    made = unit.make(order)
    assert len(make.frames_of(made)) == 30
    assert made.fit.windows == len(calls) == 3
    seeds = [call["generator"].initial_seed() for call in calls]
    assert len(set(seeds)) == 3 and seeds[0] == 1
    for call in calls[1:]:
        known = [number for number, mask in enumerate(call["mask"][0]) if mask.mean() == 0]
        assert known == list(range(5)), "a quarter of a pass"
    assert unit.steps[-1] == (6, 6) and "3 passes" in " ".join(made.notes)


@pytest.mark.usefixtures("_small")
def test_what_is_made_of_a_long_source_goes_into_each_other(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make.small(T2V)
    short = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=33, native=33))
    monkeypatch.setattr(cards, "card", lambda _: short)
    passes = iter((0.25, 0.75))

    def returned(call: dict[str, Any]) -> Any:
        return SimpleNamespace(frames=[np.full(call["video"].shape, next(passes), np.float32)])

    path = make.numbered(tmp_path / "source.mkv", 60, card.rate)
    order = make.order(card, Task.REPLACE, (SourceShot(make.span(path, 0, 60, card.rate)),), 60, card.rate)
    if not (unit.models / T2V).is_dir():
        tiny.build(card, unit.models / T2V)
    make.recorded(monkeypatch, tiny.find_class("WanVideoToVideoPipeline"), returned)
    shown = [round(float(one.mean()) / 65535, 2) for one in make.frames_of(unit.make(order))]
    assert (shown[:29], shown[33:]) == ([0.25] * 29, [0.75] * 27)
    assert shown[29:33] == pytest.approx([0.35, 0.45, 0.55, 0.65])


@pytest.mark.usefixtures("_small")
def test_a_text_model_goes_on_by_its_stills(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The 5B model of Wan 2.2 makes the first pass from words, the next from the last frame."""
    card = make.small("wan2.2-ti2v-5b")
    short = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=9, native=9))
    monkeypatch.setattr(cards, "card", lambda _: short)
    text, still = (make.recorded(monkeypatch, tiny.find_class(f"Wan{name}Pipeline")) for name in ("", "ImageToVideo"))
    made = unit.make(make.order(card, Task.GENERATE, (Text("a lake"),), 17, card.rate))
    assert len(make.frames_of(made)) == 17 and (len(text), len(still)) == (1, 1)


def test_what_a_model_cannot_go_on_from_is_refused() -> None:
    with pytest.raises(OrderRefused, match="makes at most 81 frames at 16 a second and does not go on"):
        planned(cards.card(T2V), make.order(cards.card(T2V), Task.GENERATE, (Text("a lake"),), 200, Fraction(24)))


# Joins of a shot with itself, and of two over an overlap


@pytest.mark.usefixtures("_small")
def test_a_loop_leads_from_a_shots_end_to_its_beginning(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = make.small(VACE).rate
    path = make.numbered(tmp_path / "shot.mkv", 60, rate)
    conditions = (FramesBefore(make.span(path, 40, 20, rate)), FramesAfter(make.span(path, 0, 20, rate)))
    order = make.order(make.small(VACE), Task.JOIN, conditions, 7, rate, handles=(2, 2))
    calls = make.recorded(monkeypatch, tiny.find_class("WanVACEPipeline"))
    frames = make.frames_of(unit.make(order))
    shown = [make.number_of(one.to_ndarray(format="rgb24") / 255) for one in (*frames[:2], *frames[-2:])]
    assert shown == [58, 59, 0, 1]
    assert len(frames) == 11
    video = calls[0]["video"][0]
    open_ = [number for number, mask in enumerate(calls[0]["mask"][0]) if mask.mean() == 1]
    assert len(open_) == 7
    assert make.number_of(video[open_[0] - 1]) == 59 and make.number_of(video[open_[-1] + 1]) == 0


@pytest.mark.usefixtures("_small")
def test_a_join_is_made_over_camera_frames_that_reach_into_it(unit: Unit, tmp_path: Path) -> None:
    """Over 12 frames, 4 of which the one shot still holds, and the other all."""
    rate = make.small(VACE).rate
    one, other = (make.numbered(tmp_path / f"{first}.mkv", 30, rate, first) for first in (0, 60))
    conditions = (
        FramesBefore(make.span(one, 0, 24, rate), into=4),
        FramesAfter(make.span(other, 0, 20, rate), into=12),
    )
    made = unit.make(make.order(make.small(VACE), Task.JOIN, conditions, 12, rate, handles=(1, 1)))
    frames = make.frames_of(made)
    assert len(frames) == 14
    camera = [
        make.number_of(frame.to_ndarray(format="rgb24") / 255) if isinstance(frame, av.VideoFrame) else None
        for frame in frames
    ]
    assert camera == [19, *(None for _ in range(12)), 72]
    assert [seam.frame.frame for seam in made.seams] == [1, 13]


def test_a_slot_that_camera_frames_cover_is_refused() -> None:
    rate = Fraction(24)
    conditions = (FramesBefore(make.span("/a.mov", 0, 24, rate), into=12),)
    with pytest.raises(OrderRefused, match="camera frames cover the slot"):
        planned(cards.card(VACE), make.order(cards.card(VACE), Task.EXTEND, conditions, 12, rate))


# Seeds


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [VACE, LTX, LTX2, SKYREELS])
def test_the_same_seed_makes_the_same_frames(model: str, unit: Unit, tmp_path: Path) -> None:
    rate = make.small(model).rate
    path = make.numbered(tmp_path / "before.mkv", 60, rate)
    order = make.order(make.small(model), Task.EXTEND, (FramesBefore(make.span(path, 0, 60, rate)),), 8, rate)
    first, other = unit.take(order, 1), unit.take(order, 2)
    again = Unit(unit.models).take(order, 1)  # loaded anew
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.usefixtures("_small")
def test_variations_load_the_weights_once(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, loaded = Unit(unit.models), []
    original = held.DiffusionPipeline.from_pretrained
    monkeypatch.setattr(
        held.DiffusionPipeline, "from_pretrained", lambda *a, **b: loaded.append(a) or original(*a, **b)
    )
    order = make.order(make.small(T2V), Task.GENERATE, (Text("a lake"),), 5, Fraction(16), seeds=(1, 2, 3))
    takes = [fresh.take(order, seed) for seed in order.seeds]
    assert len(loaded) == 1
    assert not np.array_equal(takes[0][0], takes[1][0])


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [T2V, LTX2, HELIOS])
def test_a_cancellation_inside_decoding_leaves_the_model_as_good_as_new(model: str, unit: Unit) -> None:
    card = make.small(model)
    order = make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate)
    first = unit.take(order)
    cancelled, steps = threading.Event(), []
    job = make.job(unit.models, steps, cancelled)
    with unit.held.model(card, unit.models / model, lambda now: now) as loaded:
        decoder = loaded.components["vae"].decoder
    hook = decoder.register_forward_pre_hook(lambda *_: cancelled.set(), prepend=True)
    with pytest.raises(OrderCancelled):
        engine.make(unit.held, order, 0, 1, job)
    hook.remove()
    assert steps[-1] == (2, 2), "every step was done"
    assert all(np.array_equal(a, b) for a, b in zip(first, unit.take(order), strict=True))


# Masks


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [VACE, T2V])
@pytest.mark.parametrize(("pixels", "bytes_", "broad", "high"), [
    ("bgr0", 4, 1, 1), ("yuv420p", 1, 2, 2), ("yuv422p10le", 2, 2, 1), ("yuv444p", 1, 1, 1),
])  # fmt: skip
def test_outside_the_mask_the_sources_codes_stay(
    model: str, pixels: str, bytes_: int, broad: int, high: int, unit: Unit, tmp_path: Path
) -> None:
    """Bit for bit, whether the model takes masks or not; a mask of three frames is black in the second."""
    rate, size = make.small(model).rate, (70, 54)
    random = np.random.default_rng(3)
    pictures = [random.integers(0, 256, (size[1], size[0], 3), np.uint8) for _ in range(5)]
    path = make.lossless(tmp_path / "source.mkv", pictures, rate, pixels)
    white = np.zeros((5, size[1], size[0], 3), np.uint8)
    white[:, 11:30, 21:44] = 255
    white[1] = 0
    mask = make.lossless(tmp_path / "mask.mkv", list(white), rate)
    conditions = (SourceShot(make.span(path, 0, 5, rate)), Mask(make.span(mask, 0, 5, rate)), Text("a lake"))
    made = unit.make(make.order(make.small(model), Task.REPLACE, conditions, 5, rate, size=size))
    frames = make.frames_of(made)
    with VideoReader(path) as source:
        for number, frame in enumerate(frames):
            camera = source.frame(number)
            assert frame.format.name == camera.format.name
            for ours, theirs in zip(frame.planes, camera.planes, strict=True):
                wide, tall = -(-size[0] // theirs.width), -(-size[1] // theirs.height)
                inside = np.zeros(size[::-1], bool)
                if number != 1:  # grown to whole chroma samples
                    inside[11 // high * high : 30 + -30 % high, 21 // broad * broad : 44 + -44 % broad] = True
                inside = inside[::tall, ::wide]
                a, b = (_codes(plane, bytes_) for plane in (ours, theirs))
                assert np.array_equal(a[~inside], b[~inside])
                # A made pixel has the code that was there by chance only.
                assert number == 1 or (a[inside] != b[inside]).any(axis=-1).mean() > 0.9
    assert any("takes no mask" in note for note in made.notes) == (model == T2V)


def _codes(plane: Any, size: int) -> np.ndarray:
    whole = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    return whole[:, : plane.width * size].reshape(plane.height, plane.width, size)


# Looks


def write_lora(path: Path, model: str, unit: Unit) -> Path:
    """A LoRA of the tiny model with weights that are seen at once."""
    card = make.small(model)
    if not (unit.models / model).is_dir():
        tiny.build(card, unit.models / model)
    torch.manual_seed(0)
    pipeline = held.DiffusionPipeline.from_pretrained(unit.models / model, local_files_only=True)
    pipeline.transformer.add_adapter(
        peft.LoraConfig(r=2, target_modules=list(card.lora_targets), init_lora_weights=False)
    )
    state = peft.get_peft_model_state_dict(pipeline.transformer)
    path.parent.mkdir(exist_ok=True, parents=True)
    save_file({f"transformer.{name}": tensor.contiguous() for name, tensor in state.items()}, path)
    return path


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    "model", [VACE, LTX, LTX2, I2V, "wan2.2-t2v-a14b", "cogvideox-2b", "hunyuanvideo-1.5-t2v-480p"]
)
def test_a_look_is_worn_for_one_order(model: str, unit: Unit, tmp_path: Path) -> None:
    card = make.small(model)
    path = str(write_lora(tmp_path / "look.safetensors", model, unit))
    still = ReferenceImage(make.still(tmp_path / "still.png", 30), FrameTime(0, card.rate))
    conditions: tuple[Condition, ...] = (Text("a lake"), still) if model == I2V else (Text("a lake"),)

    def order(*looks: Look) -> Order:
        return make.order(card, Task.GENERATE, (*conditions, *looks), 5, card.rate)

    without = unit.take(order())
    full, half, none = (unit.take(order(Look(path, weight))) for weight in (1.0, 0.5, 0.0))
    after = unit.take(order())
    assert not np.array_equal(full[-1], without[-1]) and not np.array_equal(full[-1], half[-1])
    assert all(np.array_equal(a, b) for a, b in zip(without, none, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(without, after, strict=True))
    sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert unit.make(order(Look(path, 0.5))).further_weights == (FurtherWeights("look.safetensors", sha256, 0.5),)


@pytest.mark.usefixtures("_small")
def test_a_look_of_another_model_is_refused(unit: Unit, tmp_path: Path) -> None:
    path = write_lora(tmp_path / "look.safetensors", LTX2, unit)
    card = make.small(T2V)
    order = make.order(card, Task.GENERATE, (Text("a lake"),), 5, card.rate)
    without = unit.take(order)
    with pytest.raises(OrderRefused, match=r"look.safetensors does not fit Wan 2.1 text to video"):
        unit.make(dataclasses.replace(order, conditions=(*order.conditions, Look(str(path)))))
    assert all(np.array_equal(a, b) for a, b in zip(without, unit.take(order), strict=True))


def _header(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(("content", "message"), [
    (b"\x80\x04pickled", "is no .safetensors file"),
    (struct.pack("<Q", 2**40) + b"{}", "its header would be longer than it is"),
    (_header(b"not json"), "its header is no JSON object"),
    (_header(json.dumps({"blocks.0.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode()),
     "holds no LoRA: its tensors are blocks.0.weight"),
])  # fmt: skip
def test_a_file_that_is_no_look_is_refused(content: bytes, message: str, unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "look.safetensors"
    path.write_bytes(content)
    with pytest.raises(OrderRefused, match=message):
        unit.make(make.order(make.small(T2V), Task.GENERATE, (Text("a"), Look(str(path))), 5, Fraction(16)))


@pytest.mark.usefixtures("_small")
def test_a_published_adapter_makes_the_model_follow_a_guide(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make.small(LTX2)
    path = make.numbered(tmp_path / "source.mkv", 9, card.rate)
    image = ReferenceImage(make.still(tmp_path / "look.png", 77))
    conditions = (SourceShot(make.span(path, 0, 9, card.rate)), Text("a lake"), image)
    order = make.order(card, Task.MATCH, conditions, 9, card.rate, adapter="pose")
    unit.take(make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate))
    with pytest.raises(OrderRefused, match="the adapter pose of LTX-2, 19B is not on this machine"):
        unit.make(order)
    adapter = next(one for one in card.adapters if one.name == "pose")
    file = write_lora(unit.models / LTX2 / "adapters" / adapter.file, LTX2, unit)
    calls = make.recorded(monkeypatch, tiny.find_class("LTX2InContextPipeline"))
    made = unit.make(order)
    assert len(make.frames_of(made)) == 9
    (guide,) = calls[0]["reference_conditions"]
    assert make.numbers_of(guide.frames / 255) == list(range(9)) and guide.strength == 1.0
    assert any("adapter pose of Lightricks/LTX-2-19b-IC-LoRA-Pose-Control" in note for note in made.notes)
    assert made.further_weights == (FurtherWeights("pose", hashlib.sha256(file.read_bytes()).hexdigest(), 1.0),)
    recorded = StoredFile(f"adapters/{adapter.file}", file.stat().st_size, "ab" * 32, file.stat().st_mtime_ns)
    folder = unit.models / LTX2
    write_record(folder, WeightsRecord(LTX2, "", "", (), (StoredAdapter("pose", "", "", (recorded,)),)))
    assert unit.make(order).further_weights == (FurtherWeights("pose", "ab" * 32, 1.0),), (
        "a recorded hash is not counted again"
    )
    os.utime(file, (1, 1))
    with pytest.raises(OrderRefused, match=r"changed or copied .*models get ltx-2-19b --adapter pose` mends it"):
        unit.make(order)
    (folder / "secondunit.json").unlink()
    file.unlink()


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [LTX2, "ltx-0.9.7-13b", "ltx-2.3-22b"])
def test_a_distilled_tier_wears_its_adapter_and_runs_its_own_steps(model: str, unit: Unit) -> None:
    card = make.small(model)
    unit.take(make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate))
    adapter = next(one for one in card.adapters if one.name == card.tiers["distilled"].adapter)
    file = write_lora(unit.models / model / adapter_path(adapter), model, unit)
    made = unit.make(make.order(card, Task.GENERATE, (Text("a lake"),), 9, card.rate, tier="distilled"))
    assert len(make.frames_of(made)) == 9
    assert [one.name for one in made.further_weights] == ["distilled"]
    assert unit.steps[-1] == (card.tiers["distilled"].steps, card.tiers["distilled"].steps)
    file.unlink()


# Real clips


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("model", [VACE, LTX])
def test_a_real_shot_is_extended(
    model: str, footage: Path, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At small size: what the model is shown is the shot's own last second, and what is kept is the shot's."""
    clips = [path for path in sorted(footage.iterdir()) if path.suffix in (".mov", ".mp4", ".mxf", ".mkv")]
    if not clips:
        pytest.skip("the shared footage holds no clips")
    path = _smaller(clips[0], tmp_path / "small.mkv")
    with VideoReader(path) as reader:
        info, count = reader.info, 40
        camera = [reader.frame(number).to_ndarray(format="rgb24") for number in range(count)]
    size = (info.width, info.height)
    conditions = (FramesBefore(make.span(path, 0, count, info.rate)),)
    order = make.order(make.small(model), Task.EXTEND, conditions, 9, info.rate, handles=(4, 0), size=size)
    calls = make.recorded(monkeypatch, tiny.find_class("WanVACEPipeline" if model == VACE else "LTXConditionPipeline"))
    made = unit.make(order)
    frames = make.frames_of(made)
    assert len(frames) == 13
    assert all(np.array_equal(a.to_ndarray(format="rgb24"), b) for a, b in zip(frames[:4], camera[-4:], strict=True))
    call = calls[0]
    shown = call["video"][0][_heads(call) - 1] if model == VACE else call["conditions"][0].video[-1]
    plan = planned(make.small(model), order)
    assert np.abs(plan.framing.out_of(np.asarray(shown)) - camera[-1] / 255).mean() < 0.02
    assert made.seams[0].frame == FrameTime(4, info.rate)


def _heads(call: dict[str, Any]) -> int:
    return sum(1 for mask in call["mask"][0] if mask.mean() == 0)


def _smaller(clip: Path, path: Path) -> str:
    import subprocess

    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-vf", "scale=96:-2", "-frames:v", "40", "-an"]
    subprocess.run([*command, "-c:v", "ffv1", "-pix_fmt", "yuv422p10le", str(path)], check=True)
    return str(path)
