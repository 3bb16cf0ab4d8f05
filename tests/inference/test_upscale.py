"""Takes larger than their model's pictures: what reaches the upsampler and each tile, and what comes of it."""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Delivery, FramesBefore, SourceShot, Task, Text
from secondunit_inference import cards
from secondunit_inference.engines.diffusion import scratch
from secondunit_inference.engines.diffusion.machine import machine
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.preflight import preflight
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.engines.diffusion.tiles import Tiles

from tests.inference import diffusion_orders as make
from tests.inference.test_families import LTX2, T2V, VACE, Unit

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
diffusers = pytest.importorskip("diffusers", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

LTX097 = "ltx-0.9.7-13b"
LARGE = (160, 128)
"""The tiny models' pictures have the area of 64 × 64 pixels, in this shape 72 × 57 inside a legal size."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


def again(model: str, folder: Path, frames: int = 9, size: tuple[int, int] = LARGE, **parameters: Any) -> Any:
    card = make.small(model)
    path = make.numbered(folder / "source.mkv", frames, card.rate, first=20, size=size)
    conditions = (SourceShot(make.span(path, 0, frames, card.rate)), Text("a lake"))
    return make.order(card, Task.REPLACE, conditions, frames, card.rate, size=size, **parameters)


@given(
    tile=st.tuples(st.integers(8, 96), st.integers(8, 96)),
    more=st.tuples(st.integers(0, 200), st.integers(0, 200)),
)
def test_tiles_cover_the_picture_and_their_weights_add_up_to_one(tile: tuple[int, int], more: tuple[int, int]) -> None:
    tiles = Tiles(tile[0] + more[0], tile[1] + more[1], *tile)
    total = np.zeros((tiles.height, tiles.width, 1), np.float32)
    for one in tiles:
        part = total[one.top : one.top + tile[1], one.left : one.left + tile[0]]
        assert part.shape[:2] == (tile[1], tile[0])
        part += tiles.weight(one)
    assert len(list(tiles)) == len(tiles)
    assert np.allclose(total, 1, atol=1e-6)


@pytest.mark.parametrize("model", [T2V, LTX2, LTX097, "cogvideox-2b"])
def test_a_model_that_gives_back_its_source_shows_no_tiles(
    model: str, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ramp, so that a tile in the wrong place or of the wrong weight would be seen."""
    card = make.small(model)
    entry = planned(card, order := again(model, tmp_path, upscale="tiled")).entry
    ramp = np.linspace(30, 220, LARGE[0])[None, :] * np.linspace(0.5, 1, LARGE[1])[:, None]
    picture = np.repeat(ramp.astype(np.uint8)[..., None], 3, axis=2)
    make.lossless(tmp_path / "source.mkv", [picture] * 9, card.rate)

    def given_back(named: dict[str, Any]) -> Any:
        return SimpleNamespace(frames=[_source_of(named)])

    calls = make.recorded(monkeypatch, tiny.find_class(entry.pipeline), given_back)
    made = unit.take(order)
    plan = planned(card, order)
    assert plan.enlarging is not None and len(calls) == 1 + len(plan.enlarging.tiles) > 4
    smooth = np.asarray(made[4], np.float32)[8:-8, 8:-8, 0] / 257
    assert np.abs(smooth - picture[8:-8, 8:-8, 0]).max() < 4  # it was made smaller and larger
    across, down = np.diff(smooth, axis=1), np.diff(smooth, axis=0)
    assert across.min() > -1 and down.min() > -1 and across.max() < 4 and down.max() < 4


def _source_of(named: dict[str, Any]) -> np.ndarray:
    if "video" in named:
        return np.asarray(named["video"], np.float32)
    condition = named["conditions"][0]
    frames = condition.video if hasattr(condition, "video") else np.asarray(condition.frames) / 255
    return np.asarray(frames, np.float32)


@pytest.mark.parametrize("model", [T2V, LTX097])
def test_each_tile_has_the_models_size_the_strength_and_a_seed_of_its_own(
    model: str, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = again(model, tmp_path, upscale="tiled", upscale_strength=0.5, strength=1.0)
    plan = planned(make.small(model), order)
    calls = make.recorded(monkeypatch, tiny.find_class(plan.entry.pipeline))
    made = unit.make(order)
    assert [frame.shape for frame in made.frames] == [(LARGE[1], LARGE[0], 3)] * 9
    size = plan.framing.width, plan.framing.height
    assert {(call.get("width"), call.get("height")) for call in calls} == {size}
    tiles = calls[1:]
    key = "strength" if model == T2V else "denoise_strength"
    assert calls[0][key] == 1 and {call[key] for call in tiles} == {0.75}  # one of two steps, and a half to be sure
    seeds = [call["generator"].initial_seed() for call in calls]
    assert len(set(seeds)) == len(seeds)
    assert any("enlarged to 160×128, made again there with strength 0.5 in" in note for note in made.notes)
    assert made.fit is not None and (made.fit.width, made.fit.height) == size
    done, total = unit.steps[-1]
    assert done == total and len({total for _, total in unit.steps}) == 1
    assert [one for one, _ in unit.steps] == sorted(one for one, _ in unit.steps)


def test_the_same_order_gives_the_same_tiles(unit: Unit, tmp_path: Path) -> None:
    order = again(T2V, tmp_path, 5, size=(96, 64), upscale="tiled")
    first, second, other = unit.take(order, 1), unit.take(order, 1), unit.take(order, 2)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[3], other[3])


@pytest.mark.parametrize("model", [LTX097, LTX2, "ltx-2.3-22b"])
def test_the_models_own_upsampler_doubles_what_is_made_again_after_it(
    model: str, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = again(model, tmp_path, upscale="model")
    plan = planned(make.small(model), order)
    assert plan.card.upsampler is not None
    doubled = make.recorded(monkeypatch, tiny.find_class(plan.card.upsampler.pipeline))
    calls = make.recorded(monkeypatch, tiny.find_class(plan.entry.pipeline))
    made = unit.make(order)
    assert [frame.shape for frame in made.frames] == [(LARGE[1], LARGE[0], 3)] * 9
    assert len(doubled) == 1 and len(doubled[0]["video"]) == 9
    wide, tall = plan.framing.width, plan.framing.height
    assert (doubled[0]["width"], doubled[0]["height"]) == (wide, tall)
    assert [(call["width"], call["height"]) for call in calls] == [(wide, tall), (2 * wide, 2 * tall)]
    assert any(f"by the upsampler of {plan.card.upsampler.repository}" in note for note in made.notes)
    (upsampler,) = made.further_weights
    assert upsampler.name == "latent_upsampler" and len(upsampler.sha256) == 64


def test_without_strength_only_the_upsampler_enlarges(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = again(LTX097, tmp_path, upscale="model", upscale_strength=0)
    answer = np.full((1, 9, 128, 192, 3), 0.25, np.float32)
    make.recorded(monkeypatch, diffusers.LTXLatentUpsamplePipeline, lambda _: SimpleNamespace(frames=answer))
    calls = make.recorded(monkeypatch, diffusers.LTXConditionPipeline)
    made = unit.take(order)
    assert len(calls) == 1
    assert all(np.abs(frame.astype(np.float64) / 65535 - 0.25).max() < 1e-3 for frame in made)


def test_an_extension_is_enlarged_and_its_camera_frames_stay_as_they_are(unit: Unit, tmp_path: Path) -> None:
    card = make.small(LTX097)
    path = make.numbered(tmp_path / "before.mkv", 20, card.rate, size=LARGE)
    conditions = (FramesBefore(make.span(path, 0, 20, card.rate)), Text("a lake"))
    order = make.order(card, Task.EXTEND, conditions, 12, card.rate, (4, 0), size=LARGE, upscale="tiled")
    taken = make.frames_of(unit.make(order))
    assert len(taken) == 16
    kept = [make.number_of(frame.to_ndarray(format="rgb24") / 255) for frame in taken[:4]]
    assert kept == [16, 17, 18, 19]
    assert all(frame.shape == (LARGE[1], LARGE[0], 3) for frame in taken[4:])


def test_passes_that_overlap_are_enlarged_each_in_memory_or_in_files(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than one pass of the model."""
    frames, card = 17, make.small(T2V)
    card = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=frames, native=frames))
    monkeypatch.setattr(cards, "card", lambda _: card)
    order = again(T2V, tmp_path, frames + 4, size=(80, 80), upscale="tiled")
    plan = planned(card, order)
    assert len(plan.timing.passes) > 1 and plan.enlarging is not None
    inside = unit.take(order)
    assert len(inside) == frames + 4
    monkeypatch.setattr(scratch, "IN_MEMORY", 0)
    assert np.array_equal(unit.take(dataclasses.replace(order, delivery=Delivery(str(tmp_path)))), inside)


def test_what_cannot_be_enlarged_is_refused_or_said_before(unit: Unit, tmp_path: Path) -> None:
    with pytest.raises(OrderRefused, match="does not enlarge as 'model'"):
        planned(make.small(T2V), again(T2V, tmp_path, upscale="model"))
    with pytest.raises(OrderRefused, match="upscale_strength above 0"):
        planned(make.small(T2V), again(T2V, tmp_path, upscale="tiled", upscale_strength=0))
    assert planned(make.small(T2V), again(T2V, tmp_path, size=(64, 64), upscale="tiled")).enlarging is None
    assert _warnings(again(T2V, tmp_path, size=(64, 64), upscale="tiled"), unit, "no larger than the pictures")
    assert _warnings(again(T2V, tmp_path, upscale="tiled"), unit, "in 9 tiles")
    assert _warnings(again(T2V, tmp_path), unit, "resampled to the slot's size; for more detail: upscale=tiled")
    assert _warnings(again(LTX097, tmp_path, upscale="model"), unit, "doubled by the model's upsampler")
    assert not hasattr(make.small(VACE).upsampler, "pipeline")


def _warnings(order: Any, unit: Unit, text: str) -> bool:
    card = make.small(order.model)
    plan = preflight(planned(card, order), order, machine(unit.models), sizes(card, unit.models / card.model), ())
    return any(text in warning for warning in plan.warnings)


def test_an_upsampler_that_is_not_there_is_refused_with_the_command_that_gets_it(tmp_path: Path) -> None:
    from secondunit_inference.engines.diffusion import card as offered
    from secondunit_inference.weights.layout import UPSAMPLER

    tiny.build(make.small(LTX097), tmp_path / LTX097)
    order = again(LTX097, tmp_path, upscale="model")
    assert offered.plan(order, tmp_path).frames == 9
    for file in (tmp_path / LTX097 / UPSAMPLER).iterdir():
        file.unlink()
    with pytest.raises(OrderRefused, match=r"models get ltx-0\.9\.7-13b --adapter latent_upsampler` downloads it"):
        offered.plan(order, tmp_path)


@pytest.mark.parametrize("size", [(720, 576), (1920, 1080), (1080, 1920), (853, 480), (4096, 2160)])
@pytest.mark.parametrize("model", ["cogvideox-2b", "wan2.1-t2v-1.3b", LTX097])
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(16, 11)])
def test_any_slot_lies_inside_what_the_tiles_cover(size: tuple[int, int], model: str, aspect: Fraction) -> None:
    from secondunit_inference.engines.diffusion.enlarging import enlarging
    from secondunit_inference.engines.diffusion.framing import framing

    card = make._card(model)
    fixed = (card.size.width, card.size.height) if card.size.fixed else None
    pixels = card.size.width * card.size.height
    frame = framing(*size, aspect, card.size.multiple, pixels, fixed)
    for way in ("model", "tiled") if card.upsampler else ("tiled",):
        by = enlarging(card, "s", {"upscale": way}, frame, aspect)
        if by is None:
            assert not frame.enlarged
            continue
        large = by.framing
        assert large.left >= 0 and large.left + large.inner_width <= large.width == by.tiles.width
        assert large.top >= 0 and large.top + large.inner_height <= large.height == by.tiles.height
        assert large.width % card.size.multiple == 0 and large.height % card.size.multiple == 0
