"""Speed options: what a card and a machine offer, what is refused with a reason, what an order leaves behind."""

import dataclasses
import gc
import threading
import tomllib
import weakref
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secondunit_bridge.controls import ChoiceControl, IntegerControl, ToggleControl
from secondunit_bridge.errors import OrderCancelled, OrderRefused
from secondunit_bridge.messages import Delivery, Order, Parameter, Slot, Task, Text, Value
from secondunit_inference import cards
from secondunit_inference.engines.diffusion import recipes, sizes
from secondunit_inference.engines.diffusion.controls import check_parameters, controls
from secondunit_inference.engines.diffusion.machine import Machine
from secondunit_inference.engines.diffusion.measured import Key, Measured
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.preflight import preflight
from secondunit_inference.engines.diffusion.recipes import FromDisk, Resident, Room, Streamed, TextStreamed
from secondunit_inference.engines.diffusion.speed import NOTHING, Able, Speed, able, check_machine, speed

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
    assert on_gpu["speed.batch"] == IntegerControl(1, 1, 8)
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
    assert holder._model is not None
    weights = weakref.ref(next(holder._model.components["transformer"].parameters()))
    holder.release()
    gc.collect()
    assert weights() is None, "what is compiled keeps no weights of a model that is unloaded"


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


def take_of(holder: Any, asked: Order, index: int, told: Any) -> tuple[Any, Any]:
    from secondunit_inference.engines.diffusion import engine

    made = engine.make(holder, asked, index, asked.seeds[index], told)
    return made, np.stack([np.asarray(one) for one in made.frames])


def all_of(holder: Any, asked: Order, folder: Path) -> list[tuple[Any, Any]]:
    """As a worker asks for the takes of one order."""
    told = job(folder)
    found = []
    for index in range(len(asked.seeds)):
        told.further = tuple(range(index + 1, len(asked.seeds)))
        found.append(take_of(holder, asked, index, told))
    return found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many takes each call of a pipeline was to make."""
    pytest.importorskip("torch")
    from secondunit_inference.engines.diffusion import engine

    counted: list[int] = []
    original = engine.run

    def run(*given: Any) -> Any:
        counted.append(len(given[5]))
        return original(*given)

    monkeypatch.setattr(engine, "run", run)
    return counted


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "wan2.2-t2v-a14b", "wan2.2-ti2v-5b", "ltx-2-19b"])
@pytest.mark.usefixtures("tiers")
def test_takes_made_at_once_are_those_made_singly_to_a_few_codes_and_marked(
    name: str, models: Callable[[str], Path], calls: list[int]
) -> None:
    from secondunit_inference.engines.diffusion.held import Held

    folder, holder = models(name), Held()
    further = {"sound": True} if cards.card(name).sound else {}
    singly = all_of(holder, generate(name, seeds=(1, 2, 3), **further), folder)
    assert calls == [1, 1, 1]
    together = all_of(holder, generate(name, seeds=(1, 2, 3), **{"speed.batch": 2}, **further), folder)
    assert calls[3:] == [2, 1]
    for (alone, picture), (made, shown) in zip(singly, together, strict=True):
        assert np.abs(shown.astype(int) - picture).max() < 8
        assert [one.samples.shape for one in made.sound] == [one.samples.shape for one in alone.sound]
        for heard, other in zip(made.sound, alone.sound, strict=True):
            assert np.abs(heard.samples - other.samples).max() < 1e-3
    assert [made.fit.approximate for made, _ in together] == [("batch of 2",), ("batch of 2",), ()]
    assert not np.array_equal(together[0][1], together[1][1])
    again = all_of(holder, generate(name, seeds=(1, 2, 3), **further), folder)
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(again, singly, strict=True))
    holder.release()


@pytest.mark.usefixtures("tiers")
def test_the_weights_are_loaded_once_for_all_seeds(
    models: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = pytest.importorskip("secondunit_inference.engines.diffusion.held")
    loads: list[str] = []
    original = held.load
    monkeypatch.setattr(held, "load", lambda card, *given: loads.append(card.model) or original(card, *given))
    holder = held.Held()
    for batch in (1, 2):
        all_of(holder, generate(WAN.model, seeds=(1, 2, 3, 4), **{"speed.batch": batch}), models(WAN.model))
    assert loads == [WAN.model]
    holder.release()


@pytest.mark.usefixtures("tiers")
def test_where_memory_does_not_hold_several_they_are_made_singly_and_it_is_said(
    models: Callable[[str], Path], calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from secondunit_inference.engines.diffusion import engine
    from secondunit_inference.engines.diffusion.held import Held

    folder, holder = models(WAN.model), Held()
    singly = all_of(holder, generate(WAN.model, seeds=(1, 2, 3)), folder)
    original = engine.run

    def run(*given: Any) -> Any:
        made = original(*given)
        if len(given[5]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return made

    monkeypatch.setattr(engine, "run", run)
    calls.clear()
    made = all_of(holder, generate(WAN.model, seeds=(1, 2, 3), **{"speed.batch": 3}), folder)
    assert calls == [3, 1, 1, 1], "what did not do is not tried again for this order"
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(made, singly, strict=True))
    assert all(take.fit.recipe == "resident" and take.fit.approximate == () for take, _ in made)
    assert "the device's memory ran out with 3 takes at once: they were made one by one" in made[0][0].notes
    holder.release()


@pytest.mark.usefixtures("tiers")
def test_a_call_that_makes_several_takes_is_cancelled_as_a_whole_and_leaves_nothing(
    models: Callable[[str], Path],
) -> None:
    pytest.importorskip("torch")
    from secondunit_inference.engines.diffusion.held import Held

    folder, holder = models(WAN.model), Held()
    asked = generate(WAN.model, seeds=(1, 2), **{"speed.batch": 2})
    fresh = all_of(holder, asked, folder)
    cancelled, steps = threading.Event(), list[tuple[int, int]]()
    told = job(folder, steps, cancelled)
    told.further = (1,)
    step = told.progress.step
    told.progress = dataclasses.replace(told.progress, step=lambda *one: (step(*one), cancelled.set()))
    with pytest.raises(OrderCancelled):
        take_of(holder, asked, 0, told)
    assert steps == [(1, 2)] and told.aside == {}
    again = all_of(holder, asked, folder)
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(again, fresh, strict=True))
    holder.release()


@pytest.mark.usefixtures("tiers")
def test_takes_that_go_on_from_their_own_frames_are_made_singly_with_a_note(
    models: Callable[[str], Path], calls: list[int]
) -> None:
    from secondunit_inference.engines.diffusion.held import Held

    name, holder = "wan2.2-ti2v-5b", Held()
    long = cards.card(name).frames.most + 4
    asked = generate(name, seeds=(1, 2), frames=long, **{"speed.batch": 2})
    told = job(models(name))
    told.further = (1,)
    made, _ = take_of(holder, asked, 0, told)
    assert set(calls) == {1}
    assert any("1 of 2 takes at once instead of 2: each pass goes on" in note for note in made.notes)
    holder.release()


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (COG.model, {"speed.batch": 2}, "makes one take a call: leave out speed.batch"),
        ("wan2.1-i2v-14b-480p", {"speed.batch": 2}, "makes one take a call"),
        (WAN.model, {"speed.batch": 0}, "a whole number from 1 to 8, not 0"),
        (WAN.model, {"speed.batch": True}, "a whole number from 1 to 8, not True"),
    ],
)
def test_batches_that_no_model_makes_are_refused(model: str, given: dict[str, Value], message: str) -> None:
    with pytest.raises(OrderRefused, match=message):
        speed(cards.card(model), "A1", given)


def test_a_plan_counts_calls_and_makes_no_more_at_once_than_memory_holds() -> None:
    gb = 10**9
    asked = dataclasses.replace(order(**{"speed.batch": 4}), seeds=(1, 2, 3, 4, 5))
    plan_ = planned(WAN, asked)
    counted = sizes.sizes(WAN, Path("/nowhere"))

    def said(free: float, *found: Measured) -> Any:
        machine = Machine("box: H100", Room(round(free * gb), 64 * gb, 100 * gb, shared=False))
        return preflight(plan_, asked, machine, counted, found)

    def taken(*approximate: str, working: int, step: float = 2.0) -> Measured:
        key = Key("box: H100", WAN.model, "WanPipeline", "resident", approximate)
        return Measured(key, plan_.timing.frames, 832 * 480, loading=30.0, step=step, around=10.0, working=working)

    # the weights take 14.7 GB
    enough = said(35, taken(working=5 * gb))
    assert enough.memory_bytes == pytest.approx(14.7 * gb + 4 * 5 * gb, rel=0.01)
    two = said(25, taken(working=5 * gb))
    assert "2 of 5 takes at once instead of 4: the memory holds no more" in two.warnings
    assert two.memory_bytes == pytest.approx(14.7 * gb + 2 * 5 * gb, rel=0.01)
    measured = said(35, taken("batch of 4", working=12 * gb, step=6.0))
    assert measured.seconds == 30 + 2 * (WAN.tiers["standard"].steps * 6.0 + 10)


REPORT = "https://example.org/report.json"


def test_what_changes_pixels_is_a_default_only_with_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "find_spec", lambda _: "found")
    gb = 10**9
    need = recipes.Needs(1 * gb, 20 * gb, 4 * gb, 2 * gb, 1 * gb, working=4 * gb)
    small_room = Room(20 * gb, 64 * gb, 100 * gb, shared=False)
    assert recipes.choose(WAN, need, small_room) == Streamed()
    for name, recipe in (("fp8", recipes.Fp8()), ("int8", recipes.Int8())):
        reported = dataclasses.replace(WAN, reports={name: REPORT})
        assert recipes.choose(reported, need, small_room) == recipe
        assert recipes.choose(reported, need, Room(40 * gb, 64 * gb, 100 * gb, shared=False)) == Resident()
        assert recipes.step_down(reported, TextStreamed(), need, small_room) == recipe

    assert planned(WAN, order()).speed == Speed()
    cached = dataclasses.replace(WAN, reports={"taylorseer": REPORT})
    assert planned(cached, order()).speed == Speed("taylorseer")
    assert offered(cached, CPU)["speed.cache"].default == "taylorseer"
    assert planned(cached, order(**{"speed.cache": ""})).speed == Speed()
    assert planned(cached, order(**{"speed.compile": "blocks"})).speed == Speed(compile="blocks")


def test_a_distilled_tier_is_offered_only_with_a_report_and_can_be_tried() -> None:
    table = tomllib.loads((Path(cards.__file__).parent / "ltx-2-19b.toml").read_text())
    table["tiers"]["distilled"]["enabled"] = True
    with pytest.raises(ValueError, match="the tier distilled is offered without a report"):
        cards.parse(table)
    assert cards.parse(table | {"reports": {"distilled": REPORT}}).tiers["distilled"].enabled
    card = cards.card("ltx-2-19b")
    tiers = next(one.kind for one in controls(card, Task.GENERATE).controls if one.name == "tier")
    assert isinstance(tiers, ChoiceControl) and "distilled" not in tiers.choices
    check_parameters(card, order(card.model, tier="distilled"))


def test_a_plan_says_what_was_not_tried_on_the_published_weights() -> None:
    machine = Machine("box: H100", Room(80 * 10**9, 64 * 10**9, 100 * 10**9, shared=False))
    asked = order(memory="fp8", **{"speed.cache": "taylorseer"})

    def said(card: cards.ModelCard) -> list[str]:
        plan = preflight(planned(card, asked), asked, machine, sizes.sizes(card, Path("/nowhere")), ())
        return [one for one in plan.warnings if "not tried" in one]

    assert said(WAN) == [
        f"fp8, taylorseer: not tried on the published weights of {WAN.title}: look at one take before you order more"
    ]
    assert said(dataclasses.replace(WAN, reports={"fp8": REPORT, "taylorseer": REPORT})) == []
