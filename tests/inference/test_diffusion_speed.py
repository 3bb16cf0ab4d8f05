"""Speed options: what a card and a machine offer, what is refused with a reason, what an order leaves behind."""

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit_bridge.controls import ChoiceControl, ToggleControl
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Delivery, Order, Parameter, Slot, Task, Text, Value
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.controls import check_parameters, controls
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.recipes import FromDisk, Resident, Streamed, TextStreamed
from secondunit_inference.engines.diffusion.speed import NOTHING, Able, Speed, able, check_machine

from tests.inference.diffusion_orders import job, small
from tests.inference.diffusion_orders import order as small_order

WAN, LTX, COG = (cards.card(name) for name in ("wan2.1-t2v-1.3b", "ltx-0.9.5-2b", "cogvideox-2b"))
CPU = Able(cuda=False, compiler=True, packages=frozenset())
GPU = Able(cuda=True, compiler=True, packages=frozenset({"triton", "flash_attn", "sageattention"}))


def order(model: str = WAN.model, **given: Value) -> Order:
    slot = Slot(9, 0, 0, Fraction(16), Fraction(16), 832, 480, Fraction(1), None)
    parameters = tuple(Parameter(name, value) for name, value in given.items())
    conditions = (Text("a lake"),)
    return Order(
        "a", Task.GENERATE, "show", "A1", slot, conditions, "diffusion", model, parameters, (1,), Delivery("/takes")
    )


def offered(card: cards.ModelCard, machine: Able) -> dict[str, Any]:
    return {one.name: one.kind for one in controls(card, Task.GENERATE, able=machine).controls if one.group == "speed"}


def test_what_a_card_and_a_machine_can_do_is_offered_and_is_off() -> None:
    on_gpu = offered(WAN, GPU)
    assert on_gpu["speed.cache"] == ChoiceControl("", ("", "first-block", "taylorseer"))
    assert on_gpu["speed.compile"] == ChoiceControl("", ("", "blocks", "graphs"))
    assert on_gpu["speed.attention"] == ChoiceControl("", ("", "math", "cudnn", "flash", "sage"))
    assert on_gpu["speed.tiling"] == ToggleControl(False)
    on_cpu = offered(WAN, CPU)
    assert on_cpu["speed.compile"] == ChoiceControl("", ("", "blocks"))
    assert on_cpu["speed.attention"] == ChoiceControl("", ("", "math"))
    assert offered(LTX, GPU)["speed.attention"].choices == ("", "math", "cudnn"), "its attention has masks"
    assert set(offered(COG, GPU)) == {"memory", "speed.tiling"}
    assert "speed.compile" not in offered(WAN, NOTHING)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"speed.cache": "magcache"}, "has no cache 'magcache': it has first-block, taylorseer"),
        ({"speed.tiling": "yes"}, "speed.tiling is on or off, not 'yes'"),
        ({"speed.graphs": "on"}, "there is no parameter 'speed.graphs'"),
        ({"speed.compile": True}, "speed.compile is blocks or graphs, not 'True'"),
        ({"speed.compile": "blocks", "speed.cache": "first-block"}, "leave out one of the two"),
        ({"speed.attention": "fast"}, "has no attention 'fast': it has math, cudnn"),
    ],
)
def test_speed_options_that_are_not_there_are_refused(given: dict[str, Value], message: str) -> None:
    check_parameters(WAN, order(**given))
    with pytest.raises(OrderRefused, match=message):
        planned(WAN, order(**given))


def test_what_a_family_does_not_do_is_refused() -> None:
    with pytest.raises(OrderRefused, match="does not say which of its blocks are alike"):
        planned(COG, order(COG.model, **{"speed.compile": "blocks"}))
    with pytest.raises(OrderRefused, match="no attention 'flash': it has math, cudnn, xformers"):
        planned(LTX, order(LTX.model, **{"speed.attention": "flash"}))


@pytest.mark.parametrize(
    ("wanted", "machine", "message"),
    [
        (Speed(compile="graphs"), CPU, "CUDA graphs need an NVIDIA device"),
        (Speed(compile="blocks"), NOTHING, "with a C\\+\\+ compiler, which this machine lacks"),
        (Speed(compile="blocks"), dataclasses.replace(GPU, compiler=False), "with the package triton"),
        (Speed(attention="cudnn"), CPU, "needs an NVIDIA device"),
        (Speed(attention="flash-3"), GPU, "needs the package flash_attn_interface"),
    ],
)
def test_what_the_machine_cannot_do_is_refused_with_the_reason(wanted: Speed, machine: Able, message: str) -> None:
    with pytest.raises(OrderRefused, match=message):
        check_machine(wanted, WAN, "A1", machine)


def test_what_the_machine_can_do_is_not_refused() -> None:
    check_machine(Speed(compile="graphs", attention="flash"), WAN, "A1", GPU)
    check_machine(Speed("taylorseer", tiling=True), WAN, "A1", NOTHING)


def test_blocks_that_are_streamed_are_not_compiled_and_it_is_said() -> None:
    asked = Speed(compile="blocks", attention="math")
    for recipe in (Resident(), TextStreamed()):
        assert asked.beside(recipe) == asked and not list(asked.left_out(recipe))
    for recipe in (Streamed(), FromDisk()):
        assert asked.beside(recipe).approximate == ("math attention",)
        assert list(asked.left_out(recipe)) == [
            "speed.compile is left out: the weights are streamed, their blocks are not compiled"
        ]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
    folder = tmp_path_factory.mktemp("models")

    def models(name: str) -> Path:
        if not (folder / name).exists():
            tiny.build(cards.card(name), folder / name)
        return folder

    return models


@pytest.fixture
def tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards whose tiers a tiny model makes in a blink."""
    made = {name: small(name) for name in cards.names()}
    monkeypatch.setattr(cards, "card", made.__getitem__)


def generate(name: str, seeds: tuple[int, ...] = (1,), frames: int = 9, **given: Any) -> Order:
    card = cards.card(name)
    return small_order(card, Task.GENERATE, (Text("a lake"),), frames, card.rate, seeds=seeds, **given)


@pytest.mark.skipif(not able(cuda=False).compiler, reason="no C++ compiler here")
@pytest.mark.parametrize(
    "given",
    [{}, *(pytest.param({"memory": one}, marks=pytest.mark.long) for one in ("fp8", "int8"))],
)
@pytest.mark.usefixtures("tiers")
def test_compiled_blocks_are_in_the_record_and_gone_with_the_order(
    given: dict[str, str], models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    from secondunit_inference.engines.diffusion import engine
    from secondunit_inference.engines.diffusion.held import Held

    if given.get("memory") == "int8":
        pytest.importorskip("torchao")
    name, holder = "skyreels-v2-df-1.3b", Held()
    folder = models(name)

    def made(**further: Any) -> tuple[tuple[str, ...], Any]:
        take = engine.make(holder, generate(name, **given, **further), 0, 1, job(folder))
        assert take.fit is not None
        return take.fit.approximate, np.stack([np.asarray(one) for one in take.frames])

    _, plain = made()
    compiled: list[Any] = []
    original = torch.compile
    monkeypatch.setattr(torch, "compile", lambda *a, **k: compiled.append(k["mode"]) or original(*a, **k))
    named, pictures = made(**{"speed.compile": "blocks"})
    blocks = cards.card(name).tiny["transformer"].values["num_layers"]
    assert compiled == [None] * blocks
    assert named[-1] == "compiled blocks"
    difference = np.abs(pictures.astype(int) - plain)
    assert difference.max() < 8, "other orders of additions, no other picture"
    again, same = made(**{"speed.compile": "blocks"})
    assert again == named and np.array_equal(same, pictures)
    assert np.array_equal(made()[1], plain)
    holder.release()


@pytest.mark.skipif(not able(cuda=False).compiler, reason="no C++ compiler here")
@pytest.mark.usefixtures("tiers")
def test_streamed_weights_leave_out_the_compiler_with_a_note(models: Callable[[str], Path]) -> None:
    pytest.importorskip("torch")
    from secondunit_inference.engines.diffusion import engine
    from secondunit_inference.engines.diffusion.held import Held

    name, holder = WAN.model, Held()
    made = engine.make(holder, generate(name, memory="disk", **{"speed.compile": "blocks"}), 0, 1, job(models(name)))
    assert made.fit is not None and made.fit.approximate == ()
    assert any("speed.compile is left out" in note for note in made.notes)
    holder.release()
