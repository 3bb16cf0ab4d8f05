"""The unit's models as a table, with a link that answers instead of a unit."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import AdapterWeights, Card, Licence, Weights, WeightsState
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.weights import Ended, Model
from secondunit_plugin.panel.views.models_table import ModelsTable

READY, MISSING = WeightsState.READY, WeightsState.MISSING
CARD = Card("diffusers", "big", "A model.", (), (), licence=Licence("Apache-2.0", "yes", "https://example.org/licence"))
ADAPTERS = (
    AdapterWeights("fast", "lora", "example/fast", MISSING, "", 0),
    AdapterWeights("larger", "upsampler", "example/larger", READY, "0" * 64, 2_000_000),
)


class Answering(UnitLink):
    """`asked`: what a unit would have been asked to fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[object, ...]] = []

    def call(self, _do: Callable[[Any], Any]) -> Any:
        return [Model(CARD, Weights("big", READY, "", "", "/models/big", "r1", "", 1_000_000, 1_000_000, ADAPTERS))]

    def follow(
        self, begin: Callable[[Any], Any], _step: Callable[[Any], None], end: Callable[[Any, bool], None]
    ) -> Callable[[], None]:
        link = self

        class Unit:
            def fetch_model(self, *asked: object) -> None:
                link.asked.append(asked)

        begin(Unit())
        end(None, False)
        return lambda: None


def test_an_adapter_is_downloaded_once_the_licence_is_accepted(qtbot: QtBot) -> None:
    link = Answering()
    model = PanelModel(link)
    table = ModelsTable(model)
    qtbot.addWidget(table)
    assert not table.adapters.isEnabled()
    model.weights.refresh()
    qtbot.waitUntil(lambda: "big" in model.weights.models)
    table.list.select("big")
    menu = table.adapters.menu()
    assert menu is not None
    fast, larger = menu.actions()
    assert fast.text() == "fast (lora): not there" and fast.isEnabled()
    assert larger.text() == "larger (upsampler): ready, 2 MB" and not larger.isEnabled()
    fast.trigger()
    accept = table.question.button(QMessageBox.StandardButton.Ok)
    assert accept is not None and not link.asked
    accept.click()
    assert link.asked == [("big", True, ("fast",))]
    qtbot.waitUntil(lambda: model.weights.transfers["big"] == Ended("downloaded", False))
