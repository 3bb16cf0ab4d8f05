"""Tiny pipelines take the production path: saved as a folder, loaded from it, called once for each entry of the card.

The pictures are noise; counts, shapes, values and seeds are what is looked at.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit_inference import cards
from secondunit_inference.cards import Entry, Input, ModelCard

from tests.inference.diffusion_orders import distinct

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
diffusers = pytest.importorskip("diffusers", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
Image = pytest.importorskip("PIL.Image")

SIDE = 64


ENTRIES = [
    pytest.param(name, entry, id=f"{name}-{entry.task}-{'+'.join(entry.needs)}")
    for name in distinct()
    for entry in cards.card(name).entries
    if not {Input.MOTION, Input.TRACKS} & {*entry.needs}  # calls of another entry, with what the engine has drawn
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny layers are slower on several threads than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The pipeline of a card, built and loaded once."""
    loaded: dict[str, Any] = {}

    def load(card: ModelCard) -> Any:
        if card.model not in loaded:
            folder = tmp_path_factory.mktemp(card.model)
            tiny.build(card, folder)
            loaded[card.model] = diffusers.DiffusionPipeline.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
        return loaded[card.model]

    return load


@pytest.mark.parametrize(("name", "entry"), ENTRIES)
def test_every_entry_of_a_card_makes_its_frames(name: str, entry: Entry, load: Any) -> None:
    card = cards.card(name)
    pipeline = load(card)
    if type(pipeline).__name__ != entry.pipeline:
        pipeline = tiny.find_class(entry.pipeline).from_pipe(pipeline)
    pipeline.set_progress_bar_config(disable=True)
    arguments, frames = _smallest_call(card, entry)

    first, again, other = (_frames(pipeline, arguments, seed) for seed in (1, 1, 2))

    assert first.shape == (frames, SIDE, SIDE, 3)
    assert np.isfinite(first).all() and first.min() >= 0 and first.max() <= 1
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_folder_holds_weights_as_safetensors_and_no_code(tmp_path: Path) -> None:
    tiny.build(cards.card("ltx-2-19b"), tmp_path)
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".safetensors", ".txt", ".jinja", ".model"}
    assert (tmp_path / "transformer" / "diffusion_pytorch_model.safetensors").is_file()


def test_weights_follow_the_seed_and_leave_the_callers_randomness_alone(tmp_path: Path) -> None:
    card = cards.card("wan2.1-t2v-1.3b")
    before = torch.random.get_rng_state()
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        tiny.build(card, tmp_path / folder, seed)
    assert torch.equal(torch.random.get_rng_state(), before)
    a, b, c = ((tmp_path / f / "transformer/diffusion_pytorch_model.safetensors").read_bytes() for f in "abc")
    assert a == b != c


def test_the_text_reaches_the_model(load: Any) -> None:
    card = cards.card("wan2.1-t2v-1.3b")
    arguments, _ = _smallest_call(card, card.entries[0])
    one, other = (_frames(load(card), {**arguments, "prompt": text}, 1) for text in ("a dog", "a dig"))
    assert not np.array_equal(one, other)


def test_the_settings_of_a_pipeline_survive_the_folder_and_its_other_classes(load: Any) -> None:
    pipeline = load(cards.card("wan2.2-ti2v-5b"))
    assert pipeline.config.expand_timesteps
    assert diffusers.WanImageToVideoPipeline.from_pipe(pipeline).config.expand_timesteps
    assert load(cards.card("wan2.2-i2v-a14b")).config.boundary_ratio == 0.9


def _frames(pipeline: Any, arguments: dict[str, Any], seed: int) -> np.ndarray:
    made = pipeline(**arguments, output_type="np", generator=torch.Generator().manual_seed(seed)).frames[0]
    return np.asarray(made)


def _still(seed: int) -> Any:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))


def _clip(frames: int) -> list[Any]:
    return [_still(number) for number in range(frames)]


def _smallest_call(card: ModelCard, entry: Entry) -> tuple[dict[str, Any], int]:
    """The pipeline's arguments for the fewest legal frames and conditions, and how many frames come back."""
    needs = set(entry.needs)
    common = {"prompt": "a dog", "num_inference_steps": 2, "height": SIDE, "width": SIDE}
    match card.family:
        case "wan":
            common |= {"max_sequence_length": 32} | _stills(needs)
            if entry.pipeline == "WanVideoToVideoPipeline":
                return common | {"video": _clip(9), "strength": 0.6}, 9
            if needs & {Input.FRAMES_BEFORE, Input.FRAMES_AFTER, Input.SOURCE_SHOT, Input.GUIDE_VIDEO}:
                open_ = {4, 5} if Input.FRAMES_AFTER in needs else {7, 8}
                masks = [Image.new("L", (SIDE, SIDE), 255 if number in open_ else 0) for number in range(9)]
                common |= {"video": _clip(9), "mask": masks, "reference_images": [_still(9)]}
            return common | {"num_frames": 9}, 9
        case "ltx":
            from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

            common |= {"max_sequence_length": 32, "decode_timestep": 0.05, "decode_noise_scale": 0.025}
            if Input.SOURCE_SHOT in needs:
                return common | {"num_frames": 17, "conditions": [LTXVideoCondition(video=_clip(17), strength=0.5)]}, 17
            conditions = []
            if Input.FRAMES_BEFORE in needs:
                conditions.append(LTXVideoCondition(video=_clip(9), frame_index=0))
            if Input.FRAMES_AFTER in needs:
                conditions.append(LTXVideoCondition(video=_clip(9), frame_index=16))
            return common | {"num_frames": 25, "conditions": conditions or None}, 25
        case "ltx2":
            from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition
            from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition

            common |= {"max_sequence_length": 32, "spatio_temporal_guidance_blocks": [1], "num_frames": 25}
            if Input.GUIDE_VIDEO in needs:
                return common | {"reference_conditions": [LTX2ReferenceCondition(frames=_clip(25))]}, 25
            if Input.SOURCE_SHOT in needs:
                return common | {"conditions": [LTX2VideoCondition(frames=_clip(25), strength=0.5)]}, 25
            conditions = []
            if Input.FRAMES_BEFORE in needs:
                conditions.append(LTX2VideoCondition(frames=_clip(9), index=0))
            if Input.FRAMES_AFTER in needs:
                conditions.append(LTX2VideoCondition(frames=_clip(9), index=-2))  # its last 8 frames end the video
            return common | {"conditions": conditions}, 25
        case "cogvideox":
            if Input.SOURCE_SHOT in needs:
                return common | {"video": _clip(9), "strength": 0.6}, 9
            return common | {"num_frames": 9} | _stills(needs), 9
        case "helios":
            video = {"video": _clip(33)} if Input.FRAMES_BEFORE in needs else {}
            return common | {"max_sequence_length": 32, "num_frames": 66} | video, 65
        case "skyreels":
            common |= {"max_sequence_length": 32, "num_frames": 33, "base_num_frames": 33} | _stills(needs)
            if Input.FRAMES_BEFORE in needs:
                return common | {"video": _clip(17), "overlap_history": 17}, 17 + 33
            return common, 33
        case "hunyuan15":
            if Input.FIRST_IMAGE in needs:  # its size is the still's
                del common["height"], common["width"]
            return common | {"num_frames": 9} | _stills(needs), 9
    raise AssertionError(f"no call for the family {card.family}")


def _stills(needs: set[Input]) -> dict[str, Any]:
    stills = {Input.FIRST_IMAGE: ("image", _still(1)), Input.LAST_IMAGE: ("last_image", _still(2))}
    return dict(stills[need] for need in stills if need in needs)
