"""The models that the order form offers for a task."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PyQt5.QtGui import QStandardItemModel
from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import Card, Task, TaskLimit, UnitInfo
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.draft import Extend, Generate, Match, Replace
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import GapPlace, ShotPlace
from secondunit_plugin.panel.model.unit import Reached
from secondunit_plugin.panel.views.order_form import OrderForm

SHOT = ShotPlace("V1", FrameTime(0, Fraction(24)), 30, "A", "/a.mov")
GAP = GapPlace("V1", FrameTime(30, Fraction(24)), 12)


def card(model: str, *tasks: Task, missing: str = "") -> Card:
    limits = tuple(TaskLimit(task, 0) for task in tasks)
    return Card("e", model, f"About {model}.", limits, (), title=model.capitalize(), missing=missing)


CARDS = (
    card("ends", Task.GENERATE, Task.JOIN, missing="the weights of Ends are not on this machine: `get` them"),
    card("plain", Task.EXTEND, Task.JOIN, Task.MATCH),
    card("again", Task.REPLACE, Task.EXTEND),
)


@dataclass
class Asked:
    model: PanelModel
    form: OrderForm

    @property
    def offered(self) -> list[tuple[str, bool]]:
        box = self.form.model_box
        rows = box.model()
        assert isinstance(rows, QStandardItemModel)
        items = [rows.item(row) for row in range(box.count())]
        return [(item.text(), item.isEnabled()) for item in items if item is not None]

    @property
    def used(self) -> str:
        assert self.model.draft.draft is not None
        return self.model.draft.draft.model

    def choose(self, model: str) -> None:
        box = self.form.model_box
        box.setCurrentIndex([box.itemData(row) for row in range(box.count())].index(("e", model)))


@pytest.fixture
def asked(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("SECONDUNIT_PANEL", str(tmp_path / "panel"))
    model = PanelModel(UnitLink())
    form = OrderForm(model)
    qtbot.addWidget(form)
    form.show()
    model.unit = Reached(UnitInfo(1, "0", 1, "/home", ("cpu",), CARDS))
    model.offers.set_cards(CARDS)
    return Asked(model, form)


def test_a_model_that_does_the_task_comes_first_and_others_say_why_they_cannot_be_chosen(asked: Asked) -> None:
    asked.model.select(SHOT)
    assert asked.offered == [("Plain", True), ("Again", True), ("Ends: does not extend shots", False)]
    asked.model.select(GAP)
    assert asked.offered[0] == ("Ends (not ready)", True)


def test_the_wanted_model_is_kept_where_it_does_the_task_and_what_is_used_instead_is_said(asked: Asked) -> None:
    asked.model.select(SHOT)
    asked.choose("plain")
    asked.model.draft.ask(Replace())
    assert asked.used == "again"
    assert asked.form.instead.isVisible()
    assert asked.form.instead.text() == "Plain does not make shots again: Again is used."
    asked.model.draft.ask(Match())
    assert asked.used == "plain" and not asked.form.instead.isVisible()
    asked.model.draft.ask(Extend())
    asked.choose("again")
    asked.model.draft.ask(Replace())
    assert asked.used == "again" and not asked.form.instead.isVisible()


def test_a_model_that_is_not_ready_says_what_it_lacks_and_leads_to_where_it_is_got(qtbot: QtBot, asked: Asked) -> None:
    asked.model.select(SHOT)
    assert not asked.form.lacks.isVisible()
    asked.model.select(GAP)
    asked.model.draft.ask(Generate(12))
    assert asked.used == "ends"
    assert asked.form.lacks.isVisible() and asked.form.lacks.text() == "The weights of Ends are not on this machine."
    with qtbot.waitSignal(asked.form.models_wanted) as wanted:
        asked.form.get_model.click()
    assert wanted.args == ["ends"]


def test_without_a_place_it_says_how_one_is_chosen(asked: Asked) -> None:
    asked.model.select(None)
    assert not asked.form.task.isVisible() and not asked.form.model_box.isVisible()
