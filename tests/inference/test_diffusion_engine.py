"""The diffusion engine on tiny models: memory recipes, embeddings, previews, cancellation, seams of long slots."""

import dataclasses
import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from secondunit_bridge.errors import OrderCancelled, OrderFailed
from secondunit_bridge.media.seam import measure
from secondunit_bridge.messages import Delivery, FramesBefore, Order, Plan, Task, Text
from secondunit_bridge.rates import FrameTime
from secondunit_inference import cards
from secondunit_inference.cards import ModelCard
from secondunit_inference.engines.diffusion import engine, measured, previews, scratch, tiny
from secondunit_inference.engines.diffusion.held import Held
from secondunit_inference.engines.diffusion.machine import machine
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.preflight import preflight
from secondunit_inference.engines.diffusion.sizes import sizes
from secondunit_inference.job import Job, Made, Progress

from tests.inference.diffusion_orders import SIDE, numbered, order, small, span

FAMILIES = (
    "wan2.1-t2v-1.3b",
    "wan2.2-t2v-a14b",
    "ltx-0.9.5-2b",
    "ltx-2-19b",
    "cogvideox-2b",
    "helios-base-14b",
    "skyreels-v2-df-1.3b",
    "hunyuanvideo-1.5-t2v-480p",
)
WAN = "wan2.1-t2v-1.3b"


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of models with the tiny weights of a card in it."""
    folder = tmp_path_factory.mktemp("models")

    def models(name: str) -> Path:
        if not (folder / name).exists():
            tiny.build(cards.card(name), folder / name)
        return folder

    return models


@pytest.fixture(autouse=True)
def _small_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    published = cards.card
    monkeypatch.setattr(cards, "card", lambda name: _small(published, name))


def _small(published: Callable[[str], ModelCard], name: str) -> ModelCard:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cards, "card", published)
        return small(name)


Shown = list[tuple[FrameTime, Any]]


@dataclasses.dataclass
class Told:
    loading: list[str]
    steps: list[tuple[int, int]]
    shown: Shown


def told_job(models: Path, check: Callable[[], None] | None = None) -> tuple[Job, Told]:
    told = Told([], [], [])
    progress = Progress(
        told.loading.append,
        lambda done, total, _: told.steps.append((done, total)),
        lambda frame, make: told.shown.append((frame, make())),
    )
    job = Job(progress, threading.Event(), models)
    if check is not None:
        job.check = check  # type: ignore[method-assign]
    return job, told


def generate(name: str, frames: int | None = None, text: str = "a lake", **given: Any) -> Order:
    card = cards.card(name)
    frames = frames or (33 if card.frames.multiple == 33 else 9)
    return order(card, Task.GENERATE, (Text(text),), frames, card.rate, **given)


def pictures(made: Made) -> Any:
    return np.stack(list(made.frames))


def pictures_of_rgb(made: Made) -> Any:
    """Camera frames, which come as they were decoded, as black."""
    return np.stack(
        [one if isinstance(one, np.ndarray) else np.zeros((SIDE, SIDE, 3), np.uint16) for one in made.frames]
    )


def take(held_: Held, asked: Order, models: Path) -> Any:
    job, _ = told_job(models)
    return pictures(engine.make(held_, asked, 0, asked.seeds[0], job))


@pytest.mark.parametrize("recipe", ["group_offload", "disk"])
@pytest.mark.parametrize("name", FAMILIES)
def test_recipes_that_keep_every_bit_do(name: str, recipe: str, models: Callable[[str], Path]) -> None:
    folder = models(name)
    job, told = told_job(folder)
    plain = take(Held(), generate(name), folder)
    holder = Held()
    held_names = list[str]()
    job.holds = held_names.append
    made = engine.make(holder, generate(name, memory=recipe), 0, 1, job)
    assert np.array_equal(pictures(made), plain)
    assert made.fit is not None and (made.fit.recipe, made.fit.approximate) == (recipe, ())
    assert held_names == [name], "it is kept"
    assert told.loading == [f"{cards.card(name).title}, {recipe}"]
    holder.release()
    assert held_names == [name, ""]
    assert not (folder / ".streamed").exists()


def failing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """The pipeline runs out of the device's memory in its first calls, once it has encoded the text."""
    pipeline = tiny.find_class("WanPipeline")
    original, recipes = pipeline.prepare_latents, []

    def prepare(self: Any, *values: Any, **named: Any) -> Any:
        recipes.append("")
        if len(recipes) <= times:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(self, *values, **named)

    monkeypatch.setattr(pipeline, "prepare_latents", prepare)
    return recipes


def test_out_of_memory_steps_down_once_and_says_so(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models(WAN)
    plain = take(Held(), generate(WAN), folder)
    failing(monkeypatch, 1)
    holder = Held()
    job, told = told_job(folder)
    made = engine.make(holder, generate(WAN), 0, 1, job)
    note = "the device's memory ran out with weights held as resident: made with disk"
    assert np.array_equal(pictures(made), plain)
    assert made.fit is not None and made.fit.recipe == "disk"
    assert note in made.notes and note in told.loading
    later, told = told_job(folder)
    again = engine.make(holder, generate(WAN), 1, 1, later)  # the next take is made as this one was in the end
    assert again.fit is not None and again.fit.recipe == "disk" and told.loading == []
    holder.release()


def test_out_of_memory_twice_fails_with_what_to_do(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = failing(monkeypatch, 2)
    job, _ = told_job(models(WAN))
    holder = Held()
    with pytest.raises(OrderFailed, match="64×64, with weights held as disk: order a smaller or shorter slot"):
        engine.make(holder, generate(WAN), 0, 1, job)
    assert len(calls) == 2
    assert holder._model is None  # nothing stays where there is no room


@pytest.mark.parametrize("recipe", ["fp8", "int8"])
@pytest.mark.parametrize(
    "name", [one if one in (WAN, "ltx-0.9.5-2b") else pytest.param(one, marks=pytest.mark.long) for one in FAMILIES]
)
def test_weights_of_8_bits_are_in_the_record_change_pixels_and_leave_nothing_behind(
    name: str, recipe: str, models: Callable[[str], Path]
) -> None:
    if recipe == "int8":
        pytest.importorskip("torchao")
    folder, holder = models(name), Held()
    plain = take(holder, generate(name), folder)
    job, _ = told_job(folder)
    made = engine.make(holder, generate(name, memory=recipe), 0, 1, job)
    assert made.fit is not None and (made.fit.recipe, made.fit.approximate) == (recipe, (recipe,))
    smaller = pictures(made)
    assert not np.array_equal(smaller, plain)
    assert np.array_equal(take(holder, generate(name, memory=recipe), folder), smaller)
    held = _transformer_bytes(holder)
    assert np.array_equal(take(holder, generate(name), folder), plain)
    assert held < _transformer_bytes(holder)
    holder.release()


def _transformer_bytes(holder: Held) -> int:
    """What it holds; a quantized tensor calls itself as large as what it stands for."""
    assert holder._model is not None
    total = 0
    for one in holder._model.components["transformer"].parameters():
        parts = one.__tensor_flatten__()[0] if hasattr(one, "__tensor_flatten__") else ()
        total += sum(getattr(one, part).nbytes for part in parts) or one.nbytes
    return total


@pytest.mark.parametrize("name", FAMILIES)
def test_a_text_is_encoded_once_and_the_pictures_are_the_same(
    name: str, models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, holder = models(name), Held()
    first = take(holder, generate(name, seeds=(1,)), folder)
    other = take(holder, generate(name, text="a hill"), folder)
    assert holder._model is not None
    for component, module in holder._model.components.items():
        if component.startswith("text_encoder"):
            monkeypatch.setattr(module, "forward", None)  # would fail where it is called
    assert np.array_equal(take(holder, generate(name), folder), first)
    assert np.array_equal(take(holder, generate(name, text="a hill"), folder), other)
    assert not np.array_equal(first, other)
    holder.release()


def test_an_idle_model_is_unloaded_and_one_at_work_is_not(models: Callable[[str], Path]) -> None:
    holder = Held(idle_seconds=0.2)
    job, _ = told_job(models(WAN))
    slow = threading.Event()

    def wait(*_: object) -> None:
        slow.wait(0.4)
        slow.set()

    job.progress = dataclasses.replace(job.progress, step=wait)
    first = pictures(engine.make(holder, generate(WAN), 0, 1, job))
    assert holder._model is not None
    threading.Event().wait(0.5)
    assert holder._model is None
    assert np.array_equal(take(holder, generate(WAN), models(WAN)), first)
    holder.release()


def test_what_an_order_took_is_kept_for_the_next_plan(models: Callable[[str], Path]) -> None:
    folder = models(WAN)
    (folder / measured.FILE).unlink(missing_ok=True)
    asked = generate(WAN, frames=17)
    take(Held(), asked, folder)
    (one,) = measured.read(folder)
    assert (one.key.model, one.key.pipeline, one.key.recipe) == (WAN, "WanPipeline", "resident")
    assert (one.frames, one.pixels, one.working) == (17, SIDE * SIDE, None)
    assert one.loading is not None and one.loading > 0 and one.step > 0
    from secondunit_inference.engines.diffusion import card

    plan = card.plan(asked, folder)
    assert plan.seconds == pytest.approx(one.loading + 2 * one.step + one.around)
    assert [warning for warning in plan.warnings if "measured" in warning] == []


@pytest.mark.parametrize("name", FAMILIES)
def test_every_step_shows_a_picture_of_a_frame_of_the_take(name: str, models: Callable[[str], Path]) -> None:
    folder = models(name)
    job, told = told_job(folder)
    asked = generate(name)
    total = asked.slot.frames
    made = engine.make(Held(), asked, 0, 1, job)
    decoding = name.startswith(("wan", "cogvideox", "helios", "skyreels"))
    assert len(told.steps) == 2 and told.steps[-1] == (2, 2)
    assert len(told.shown) >= (3 if decoding else 2)
    for frame, picture in told.shown:
        assert frame.rate == asked.slot.rate and 0 <= frame.frame < total
        assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint16
    before = len(told.shown)
    frames = pictures(made)
    assert len(told.shown) > before  # the take's own frames as they are written
    if decoding:
        # What is shown while decoding is the frame that is made.
        frame, picture = told.shown[before - 1]
        assert np.abs(picture.astype(int) - frames[frame.frame].astype(int)).max() <= 3


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "wan2.2-ti2v-5b", "ltx-2-19b", "cogvideox-2b"])
def test_latents_as_a_pipeline_holds_them_give_the_colours_of_those_that_the_encoder_gives(name: str) -> None:
    card = cards.card(name)
    vae = tiny.make(card.tiny["vae"]).eval()
    fitted = previews.fit(vae)
    known = torch.linspace(-1, 1, 3)
    channels = fitted.weights.shape[0]
    z = torch.zeros(channels, 4, 4)
    z[:3] = known[:, None, None]
    mean, deviation = (dict(vae.named_buffers()).get(n, vae.config.get(n)) for n in ("latents_mean", "latents_std"))
    held_latents = z
    if mean is not None:
        shape = (channels, 1, 1)
        held_latents = (z - torch.as_tensor(mean).reshape(shape)) / torch.as_tensor(deviation).reshape(shape)
    if card.family in ("ltx2", "cogvideox"):
        held_latents = held_latents * vae.config.scaling_factor
    weights, offset = previews._normalised(card, vae, fitted)
    direct = z.numpy().transpose(1, 2, 0) @ fitted.weights + fitted.offset
    assert np.allclose(held_latents.numpy().transpose(1, 2, 0) @ weights + offset, direct, atol=1e-3)


def test_the_map_of_a_vae_is_fitted_once_for_its_weights(
    models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = models(WAN) / WAN
    vae = tiny.make(cards.card(WAN).tiny["vae"])
    first = previews.projection(vae, folder, tmp_path / "kept")
    monkeypatch.setattr(previews, "fit", None)
    again = previews.projection(vae, folder, tmp_path / "kept")
    assert np.array_equal(first.weights, again.weights) and np.array_equal(first.offset, again.offset)
    assert len(list((tmp_path / "kept").iterdir())) == 1


class _Colours(torch.nn.Module):
    """A VAE whose latents are the colours themselves, turned and shifted, 8 times smaller."""

    def __init__(self) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(1)
        self.turn = torch.nn.Parameter(torch.randn(4, 3, generator=random))
        self.shift = torch.nn.Parameter(torch.randn(4, generator=random))
        self.spatial_compression_ratio, self.temporal_compression_ratio = 8, 4

    def encode(self, clip: Any) -> Any:
        small = torch.nn.functional.avg_pool3d(clip, (1, 8, 8))[:, :, ::4]
        latents = torch.einsum("kc,bcfhw->bkfhw", self.turn, small) + self.shift[None, :, None, None, None]

        class Encoded:
            class latent_dist:
                @staticmethod
                def mode() -> Any:
                    return latents

        return Encoded


def test_the_fit_finds_a_map_that_is_there() -> None:
    vae = _Colours()
    fitted = previews.fit(vae)
    colours = np.random.default_rng(3).uniform(-1, 1, (50, 3)).astype(np.float32)
    latents = colours @ vae.turn.detach().numpy().T + vae.shift.detach().numpy()
    assert np.allclose(latents @ fitted.weights + fitted.offset, colours, atol=0.02)


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        ("wan2.1-t2v-1.3b", {"speed.cache": "first-block"}, "first-block"),
        ("wan2.1-t2v-1.3b", {"speed.cache": "taylorseer"}, "taylorseer"),
        ("wan2.2-t2v-a14b", {"speed.cache": "taylorseer"}, "taylorseer"),
        ("skyreels-v2-df-1.3b", {"speed.cache": "taylorseer"}, "taylorseer"),
        ("helios-base-14b", {"speed.cache": "taylorseer"}, "taylorseer"),
        ("wan2.1-t2v-1.3b", {"speed.tiling": True}, "tiling"),
        *((name, {"speed.attention": "math"}, "math attention") for name in FAMILIES if "cogvideox" not in name),
    ],
)
def test_speed_options_stand_in_the_record_and_the_next_order_is_without_them(
    name: str, given: dict[str, Any], named: str, models: Callable[[str], Path]
) -> None:
    folder, holder = models(name), Held()
    plain = take(holder, generate(name), folder)
    job, _ = told_job(folder)
    made = engine.make(holder, generate(name, **given), 0, 1, job)
    assert made.fit is not None and made.fit.approximate == (named,)
    assert pictures(made).shape == plain.shape
    assert np.array_equal(take(holder, generate(name), folder), plain)
    holder.release()


@pytest.mark.parametrize("name", FAMILIES)
def test_an_order_after_a_cancellation_is_as_on_a_fresh_worker(name: str, models: Callable[[str], Path]) -> None:
    """Cancelled at looks spread from the first one to the last before the take is there, each time on one model."""
    folder, holder = models(name), Held()
    looks = 0

    def count() -> None:
        nonlocal looks
        looks += 1

    job, _ = told_job(folder, count)
    fresh = pictures(engine.make(holder, generate(name), 0, 1, job))
    made_at = looks - fresh.shape[0]  # as many are made for the frames of the take afterwards
    for at in sorted({1, 2, made_at // 3, made_at // 2, made_at}):
        seen = 0

        def cancel(at: int = at) -> None:
            nonlocal seen
            seen += 1
            if seen >= at:
                raise OrderCancelled("the order was cancelled")

        job, _ = told_job(folder, cancel)
        with pytest.raises(OrderCancelled):
            engine.make(holder, generate(name), 0, 1, job)
        assert np.array_equal(take(holder, generate(name), folder), fresh), f"after look {at} of {made_at}"
    holder.release()


@pytest.mark.parametrize(
    ("name", "most", "frames", "seams"),
    [
        ("wan2.1-vace-1.3b", 17, 40, [17, 33]),
        ("ltx-0.9.5-2b", 17, 40, [17, 33]),
        ("helios-base-14b", 0, 99, [33, 66]),
        ("skyreels-v2-df-1.3b", 0, 41, [17, 29]),
    ],
)
def test_where_passes_and_chunks_go_on_from_each_other_is_measured_and_shown(
    name: str, most: int, frames: int, seams: list[int], models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards.card(name)
    card = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=most, native=17))
    monkeypatch.setattr(cards, "card", lambda _: card)
    job, told = told_job(models(name))
    whats: list[str] = []
    job.progress = dataclasses.replace(job.progress, step=lambda *step: whats.append(step[2]))
    made = engine.make(Held(), order(card, Task.GENERATE, (Text("a lake"),), frames, card.rate), 0, 1, job)
    assert made.fit is not None and made.seams == ()
    assert [(seam.frame.frame, seam.frame.rate) for seam in made.fit.seams] == [(at, card.rate) for at in seams]
    steps = [frame.frame for frame, _ in told.shown]
    taken = pictures(made)
    for seam in made.fit.seams:
        at = seam.frame.frame
        assert seam.after == measure(taken[at - 1], taken[at])
        assert seam.after.colour <= seam.before.colour
    assert min(steps) < seams[0] and max(steps) >= seams[-1]
    word = "pass" if most else "chunk"
    assert whats[0] == f"steps, {word} 1 of 3" and whats[-1] == f"steps, {word} 3 of 3"


@pytest.mark.parametrize("name", ["helios-base-14b", "skyreels-v2-df-1.3b"])
def test_previews_of_an_extension_in_chunks_stand_at_the_frames_that_they_show(
    name: str, models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards.card(name)
    monkeypatch.setattr(previews.Previews, "step", lambda *_: None)  # what decoding shows is exact
    job, told = told_job(models(name))
    before = FramesBefore(span(numbered(tmp_path / "before.mkv", 40, card.rate), 0, 40, card.rate))
    asked = order(card, Task.EXTEND, (Text("a lake"), before), 40, card.rate, handles=(4, 0))
    made = engine.make(Held(), asked, 0, 1, job)
    decoding = list(told.shown)
    frames = pictures_of_rgb(made)
    exact = [
        (frame.frame, picture)
        for frame, picture in decoding
        if 4 <= frame.frame < 43  # the last one stands for frames beyond the take's end, too
    ]
    assert len(exact) >= 5
    for at, picture in exact:
        # Up to the gains that bring what was made to the camera's colours.
        taken = frames[at].astype(np.float64)
        gains = picture.mean(axis=(0, 1)) / taken.mean(axis=(0, 1))
        others = [np.abs(picture - other * gains).max() for other in frames[4:]]
        assert int(np.argmin(others)) + 4 == at
        assert min(others) < 200


def test_model_frames_are_given_up_once_the_take_has_shown_them(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the model's rate: every second frame of the take lies between two of the model's."""
    held_frames: list[dict[int, Any]] = []
    original = engine.Frames

    def frames(plan: Any, windows: Any, made: dict[int, Any], *values: Any) -> Any:
        held_frames.append(made)
        return original(plan, windows, made, *values)

    card = cards.card(WAN)
    asked = order(card, Task.GENERATE, (Text("a lake"),), 33, 2 * card.rate)
    whole = take(Held(), asked, models(WAN))
    monkeypatch.setattr(engine, "Frames", frames)
    job, _ = told_job(models(WAN))
    made = engine.make(Held(), asked, 0, 1, job)
    assert made.fit is not None and made.fit.frames == 17
    for number, (frame, shown) in enumerate(zip(whole, made.frames, strict=True)):
        assert np.array_equal(frame, shown)
        assert len(held_frames[0]) <= 17 - (number + 1) // 2


def test_an_error_in_a_frame_comes_out_where_the_take_is_written(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = told_job(models(WAN))
    original, made_frames = engine.Frames.generated, []

    def generated(self: Any, frame: int) -> Any:
        made_frames.append(frame)
        if frame == 5:
            raise OrderFailed("no")
        return original(self, frame)

    monkeypatch.setattr(engine.Frames, "generated", generated)
    made = engine.make(Held(), generate(WAN), 0, 1, job)
    written = []
    with pytest.raises(OrderFailed, match="no"):
        written += [next(made.frames) for _ in range(9)]
    assert made_frames[-1] == 5


def test_a_long_takes_pictures_lie_in_files_without_names_and_are_the_same(
    models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "wan2.1-vace-1.3b"
    card = cards.card(name)
    card = dataclasses.replace(card, frames=dataclasses.replace(card.frames, most=17, native=17))
    monkeypatch.setattr(cards, "card", lambda _: card)
    asked = order(card, Task.GENERATE, (Text("a lake"),), 40, card.rate)
    asked = dataclasses.replace(asked, delivery=Delivery(str(tmp_path)))
    inside = take(Held(), asked, models(name))
    room, holder = machine(models(name)), Held()

    def told() -> Plan:
        return preflight(planned(card, asked), asked, room, sizes(card, models(name) / name), ())

    before = told()
    monkeypatch.setattr(scratch, "IN_MEMORY", 0)
    after = told()
    assert after.disk_bytes - before.disk_bytes >= 40 * SIDE * SIDE * 12
    assert any("on the disk of the takes until they are written" in warning for warning in after.warnings)
    mapped, files = scratch._mapped, []

    def counted(shape: tuple[int, ...], folder: Path) -> Any:
        files.append(folder)
        return mapped(shape, folder)

    monkeypatch.setattr(scratch, "_mapped", counted)
    made = engine.make(holder, asked, 0, 1, told_job(models(name))[0])
    assert set(files) == {tmp_path} and list(tmp_path.iterdir()) == []
    assert np.array_equal(np.stack(list(made.frames)), inside)

    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match="No space left"):
        engine.make(holder, asked, 0, 1, told_job(models(name))[0])
