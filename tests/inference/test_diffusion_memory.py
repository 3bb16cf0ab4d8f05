"""How the weights are held, and what a plan says of it before anything is loaded."""

import dataclasses
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from secondunit_bridge.errors import OrderFailed, OrderRefused
from secondunit_bridge.messages import Delivery, Order, Parameter, Slot, Task, Text
from secondunit_inference import cards
from secondunit_inference.engines.diffusion import measured, recipes, sizes
from secondunit_inference.engines.diffusion.machine import Machine
from secondunit_inference.engines.diffusion.measured import Key, Measured
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.preflight import preflight
from secondunit_inference.engines.diffusion.recipes import (
    Fp8,
    FromDisk,
    Int8,
    Needs,
    Resident,
    Room,
    Streamed,
    TextStreamed,
    choose,
    name_of,
    needs,
    step_down,
)

CARD = cards.card("wan2.1-t2v-1.3b")
LARGE = cards.card("wan2.2-t2v-a14b")
GB = 10**9
NEED = Needs(stay=1 * GB, transformers=20 * GB, text=10 * GB, streamed=2 * GB, streamed_text=1 * GB, working=4 * GB)


def room(device: float, main: float = 64, disk: float = 100, shared: bool = False) -> Room:
    return Room(round(device * GB), round(main * GB), round(disk * GB), shared)


def order(model: str = CARD.model, frames: int = 50, seeds: tuple[int, ...] = (1,), **given: str) -> Order:
    slot = Slot(frames, 0, 0, Fraction(16), Fraction(16), 832, 480, Fraction(1), None)
    parameters = tuple(Parameter(name, value) for name, value in given.items())
    conditions = (Text("a lake"),)
    return Order(
        "a", Task.GENERATE, "show", "A1", slot, conditions, "diffusion", model, parameters, seeds, Delivery("/takes")
    )


@pytest.mark.parametrize(
    ("free", "recipe"),
    [
        (room(35), Resident()),
        (room(34), TextStreamed()),
        (room(26), TextStreamed()),
        (room(25), Streamed()),
        (room(7), Streamed()),
        (room(25, main=29), FromDisk()),
        (room(34, main=9), FromDisk()),
        (room(35, shared=True), Resident()),
        (room(34, shared=True), FromDisk()),
    ],
)
def test_the_fastest_recipe_that_fits_is_chosen(free: Room, recipe: object) -> None:
    need = dataclasses.replace(NEED)
    assert choose(CARD, need, free) == recipe


def test_a_model_that_fits_in_no_way_is_refused_with_what_it_takes() -> None:
    with pytest.raises(OrderRefused, match=r"at least 7\.0 GB of the device memory, of which 6\.9 GB are free"):
        choose(CARD, NEED, room(6.9))
    with pytest.raises(OrderRefused, match=r"30\.0 GB on the disk of the models, which has 29\.0 GB free"):
        choose(CARD, NEED, room(10, main=1, disk=29))


def test_until_it_is_measured_a_quarter_of_the_device_is_left_to_the_pictures() -> None:
    unmeasured = dataclasses.replace(NEED, working=None)
    assert choose(CARD, unmeasured, room(41)) == TextStreamed()
    assert choose(CARD, unmeasured, room(42)) == Resident()


def test_weights_in_other_bits_are_taken_only_where_the_order_asks() -> None:
    assert choose(CARD, NEED, room(8), asked="fp8") == Fp8()
    assert not any(isinstance(choose(CARD, NEED, room(free)), Fp8) for free in range(7, 60))
    with pytest.raises(OrderRefused, match="it can be resident, fp8, int8, group_offload, disk"):
        choose(CARD, NEED, room(80), asked="int4")


def test_8_bit_numbers_need_the_package_that_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "find_spec", lambda _: None)
    with pytest.raises(OrderRefused, match="as int8 needs torchao"):
        choose(CARD, NEED, room(80), asked="int8")
    monkeypatch.setattr(recipes, "find_spec", lambda _: "found")
    assert choose(CARD, NEED, room(80), asked="int8") == Int8()


@pytest.mark.parametrize(
    ("recipe", "lower"),
    [(Resident(), TextStreamed()), (TextStreamed(), Streamed()), (Fp8(), Streamed()), (Streamed(), None)],
)
def test_out_of_memory_steps_down_to_what_holds_less(recipe: Resident, lower: object) -> None:
    assert step_down(CARD, recipe, NEED, room(40)) == lower


def test_on_the_processor_streaming_from_main_memory_saves_nothing() -> None:
    assert step_down(CARD, Resident(), NEED, room(40, shared=True)) == FromDisk()


@pytest.mark.parametrize("model", cards.names())
def test_the_sizes_of_the_full_configurations_are_those_of_the_meta_device(model: str, tmp_path: Path) -> None:
    card = cards.card(model)
    assert sizes.sizes(card, tmp_path).components == sizes.published(card)


def test_published_sizes_agree_with_the_names_of_the_models() -> None:
    for model in cards.names():
        card = cards.card(model)
        size = sizes.sizes(card, Path("/nowhere")).components["transformer"]
        assert 0.8 * card.billions < size.parameters / 1e9 < 1.75 * card.billions, model
        assert size.streamed < size.parameters / 3


def test_weights_on_this_machine_are_counted_in_their_files(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    folder = tmp_path / "transformer"
    folder.mkdir()
    blocks = {f"blocks.{number}.weight": torch.zeros(10, 3) for number in range(4)}
    save_file({**blocks, "head.weight": torch.zeros(7)}, folder / "model-00001-of-00002.safetensors")
    save_file({"norm.weight": torch.zeros(5)}, folder / "model-00002-of-00002.safetensors")
    save_file({"norm.weight": torch.zeros(999)}, folder / "model.fp16.safetensors")  # a variant is not loaded
    found = sizes.sizes(CARD, tmp_path)
    assert found.components["transformer"] == sizes.Size(132, 72)
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(OrderFailed, match="model-00002"):
        sizes.sizes(CARD, tmp_path)


def test_two_experts_and_components_in_float32_are_in_the_needs(tmp_path: Path) -> None:
    found = sizes.sizes(LARGE, tmp_path)
    parts = {name: one.parameters for name, one in found.components.items()}
    need = needs(LARGE, found, shared=False, working=None)
    assert need.transformers == 2 * (parts["transformer"] + parts["transformer_2"])
    assert need.text == 2 * parts["text_encoder"]
    assert need.stay == 4 * parts["vae"]
    assert needs(LARGE, found, shared=True, working=None).weights == 4 * sum(parts.values())


def test_components_of_unknown_size_are_named() -> None:
    further = dataclasses.replace(CARD, tiny={**CARD.tiny, "image_encoder": CARD.tiny["text_encoder"]})
    assert sizes.sizes(further, Path("/nowhere")).uncounted == ("image_encoder",)


H100 = Machine("box: NVIDIA H100", room(79))


def taken(recipe: str = "resident", frames: int = 53, step: float = 2.0, **changed: object) -> Measured:
    key = Key(H100.device, CARD.model, "WanPipeline", recipe, ())
    one = Measured(key, frames, 832 * 480, loading=30.0, step=step, around=10.0, working=5 * GB)
    return dataclasses.replace(one, **changed)  # type: ignore[arg-type]


def test_before_anything_was_measured_a_plan_says_so_and_no_seconds(tmp_path: Path) -> None:
    asked = order()
    plan = preflight(planned(CARD, asked), asked, H100, sizes.sizes(CARD, tmp_path), ())
    assert plan.seconds == 0.0
    assert plan.memory_bytes == 2 * (1418996800 + 5680910336) + 4 * 126892531
    assert any("has not been measured on this machine" in warning for warning in plan.warnings)
    assert any("the memory said here is that of the weights" in warning for warning in plan.warnings)


def test_a_plan_is_what_the_same_order_took(tmp_path: Path) -> None:
    asked = order(seeds=(1, 2))
    plan = preflight(planned(CARD, asked), asked, H100, sizes.sizes(CARD, tmp_path), (taken(),))
    assert plan.seconds == 30 + 2 * (50 * 2.0 + 10)
    assert plan.memory_bytes == 2 * (1418996800 + 5680910336) + 4 * 126892531 + 5 * GB
    assert plan.warnings == ()


def test_another_size_is_scaled_from_the_nearest_and_said_so(tmp_path: Path) -> None:
    asked = order(frames=25)
    found = (taken(frames=81, step=9.0), taken(frames=50, step=2.0))
    plan = preflight(planned(CARD, asked), asked, H100, sizes.sizes(CARD, tmp_path), found)
    assert plan.seconds == pytest.approx(30 + 50 * 1.0 + 5)
    assert any("scaled" in warning for warning in plan.warnings)


def test_a_plan_says_what_is_streamed_and_how_much_slower_that_is(tmp_path: Path) -> None:
    asked, small = order(), dataclasses.replace(H100, room=room(9.5))
    found = (taken(), taken("group_offload", step=5.0, working=4 * GB))
    plan = preflight(planned(CARD, asked), asked, small, sizes.sizes(CARD, tmp_path), found[:1])
    assert any("how much slower" in warning and "has not been measured" in warning for warning in plan.warnings)
    plan = preflight(planned(CARD, asked), asked, small, sizes.sizes(CARD, tmp_path), found)
    assert "a step takes 2.5 times as long as with weights that stay on the device" in plan.warnings
    assert any("2.8 GB are streamed from main memory" in warning for warning in plan.warnings)


def test_measurements_are_kept_one_for_each_size(tmp_path: Path) -> None:
    assert measured.read(tmp_path) == ()
    measured.add(tmp_path, taken())
    measured.add(tmp_path, taken(frames=81))
    measured.add(tmp_path, taken(step=3.0, loading=None))
    assert measured.read(tmp_path) == (taken(frames=81), taken(step=3.0))
    assert [path.name for path in tmp_path.iterdir()] == [measured.FILE]
    (tmp_path / measured.FILE).write_text('[{"key": 1}]')
    assert measured.read(tmp_path) == ()
    measured.add(tmp_path, taken())
    assert measured.read(tmp_path) == (taken(),)


def test_the_card_plans_without_torch(tmp_path: Path) -> None:
    tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
    tiny.build(CARD, tmp_path / CARD.model)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.inference.test_diffusion_memory import order\n"
        "from secondunit_inference.engines.diffusion import card\n"
        f"plan = card.plan(order(), Path({str(tmp_path)!r}))\n"
        "assert plan.frames == 50 and plan.memory_bytes > 0, plan\n"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_recipe_of_the_cards_is_known() -> None:
    known = {name_of(recipe) for recipe in (Resident(), Fp8(), Int8(), Streamed(), FromDisk())}
    assert {recipe for model in cards.names() for recipe in cards.card(model).memory.recipes} <= known
