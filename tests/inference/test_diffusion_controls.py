"""Controls say what an order for a model can set; what they do not say is refused before it starts."""

from fractions import Fraction

import pytest
from secondunit_bridge.controls import (
    ChoiceControl,
    Control,
    Controls,
    FrameRangeControl,
    KeyframesControl,
    MaskControl,
    NumberControl,
    SoundControl,
    ToggleControl,
)
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Delivery, Order, Parameter, Slot, Task, Text, Value
from secondunit_bridge.wire import from_proto, to_proto
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.controls import check_parameters, controls, intents
from secondunit_inference.engines.diffusion.planned import planned


def offered(model: str, task: Task, intent: str = "") -> dict[str, Control]:
    return {one.name: one for one in controls(cards.card(model), task, intent).controls}


def order(model: str, task: Task, **parameters: Value) -> Order:
    slot = Slot(9, 0, 0, Fraction(24), Fraction(24), 64, 64, Fraction(1), None)
    given = tuple(Parameter(name, value) for name, value in parameters.items())
    return Order("a", task, "s", "A", slot, (Text("a lake"),), "diffusion", model, given, (0,), Delivery("/takes"))


@pytest.mark.parametrize("model", cards.names())
def test_every_task_of_every_model_has_controls_with_unlike_names(model: str) -> None:
    card = cards.card(model)
    for task in {entry.task for entry in card.entries}:
        names = [one.name for one in controls(card, task).controls]
        assert len(set(names)) == len(names)
        assert {"tier", "memory", "seed"} <= set(names)
        assert from_proto(Controls, to_proto(controls(card, task))) == controls(card, task)
        for one in controls(card, task).controls:
            for condition in one.shown_when:
                assert condition.control in names


def test_a_model_brings_the_controls_that_it_can_use() -> None:
    still = offered("wan2.2-i2v-a14b", Task.GENERATE)
    assert still["keyframes"].kind == KeyframesControl(2, ends_only=True)
    vace = offered("wan2.1-vace-1.3b", Task.REPLACE)
    assert isinstance(vace["mask"].kind, MaskControl) and isinstance(vace["conditioning_scale"].kind, NumberControl)
    assert "strength" not in vace and "strength" in offered("wan2.1-t2v-1.3b", Task.REPLACE)
    beside = offered("ltx-2-19b", Task.EXTEND)
    assert isinstance(beside["context"].kind, FrameRangeControl)
    assert beside["sound"].kind == ToggleControl(False)
    assert isinstance(beside["room"].kind, SoundControl) and beside["room"].shown_when[0].control == "sound"
    assert not offered("wan2.1-t2v-1.3b", Task.JOIN), "what a model does not do has no controls"


def test_an_intent_changes_defaults_and_what_is_shown() -> None:
    plain = offered("ltx-2-19b", Task.REPLACE)
    drawn = offered("ltx-2-19b", Task.REPLACE, "2D animation")
    assert "camera" in plain and "camera" not in drawn
    assert plain["strength"].kind == NumberControl(0.6, 0, 1)
    assert drawn["strength"].kind == NumberControl(0.7, 0, 1)
    product = offered("ltx-2.3-22b", Task.REPLACE, "product shot")["tier"].kind
    assert isinstance(product, ChoiceControl) and product.default == "best"
    without = offered("ltx-2-19b", Task.REPLACE, "product shot")["tier"].kind
    assert without == ChoiceControl("standard", ("draft", "standard")), "a default that a model lacks stays its own"
    with pytest.raises(OrderRefused, match="no intent 'western': there are 2D animation"):
        controls(cards.card("ltx-2-19b"), Task.REPLACE, "western")


def test_every_default_of_an_intent_suits_some_control() -> None:
    for intent in intents():
        for name, value in intent.defaults.items():
            kinds = [
                offered(model, task)[name].kind
                for model in cards.names()
                for task in Task
                if name in offered(model, task)
            ]
            changed = [
                offered(model, task, intent.name)[name].kind
                for model in cards.names()
                for task in Task
                if name in offered(model, task)
            ]
            assert kinds, f"{intent.name}: no model has {name}"
            assert any(getattr(kind, "default", None) == value for kind in changed)


def test_a_tier_brings_its_adapter() -> None:
    card = cards.card("ltx-2-19b")
    wanted = order(card.model, Task.GENERATE, tier="distilled")
    assert [(adapter.name, weight) for adapter, weight in planned(card, wanted).adapters] == [("distilled", 1.0)]
    assert planned(card, order(card.model, Task.GENERATE)).adapters == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strenght": 0.5}, "no parameter 'strenght' to replace: it has strength"),
        ({"strength": 1.5}, "give a number from 0 to 1"),
        ({"strength": "much"}, "give a number from 0 to 1"),
        ({"tier": "fastest"}, "give one of"),
        ({"sound": 1}, "give true or false"),
        ({"mask": True}, "no parameter 'mask'"),
    ],
)
def test_what_no_control_offers_is_refused(given: dict[str, Value], message: str) -> None:
    with pytest.raises(OrderRefused, match=message):
        check_parameters(cards.card("ltx-2-19b"), order("ltx-2-19b", Task.REPLACE, **given))
    check_parameters(cards.card("ltx-2-19b"), order("ltx-2-19b", Task.REPLACE, strength=0.25, tier="draft"))
