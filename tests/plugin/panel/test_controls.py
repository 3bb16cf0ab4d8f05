"""Forms drawn from controls, used with keys and the mouse."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from fractions import Fraction
from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QCheckBox, QComboBox, QLabel, QPlainTextEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot
from secondunit_bridge.controls import (
    ChoiceControl,
    Control,
    ControlKind,
    IntegerControl,
    NumberControl,
    SeedControl,
    ShownWhen,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.messages import Text
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.controls.form import ControlForm
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.draft import DraftModel, Known
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.values import ControlValue, Seeds
from superqt import QLabeledDoubleSlider


def control(name: str, kind: ControlKind, *when: ShownWhen) -> Control:
    return Control(name, name.capitalize(), f"About {name}.", "group", kind, when)


KINDS: list[ControlKind] = [
    TextControl(negative=True),
    NumberControl(0.5, 0, 1),
    IntegerControl(30, 1, 60),
    ChoiceControl("standard", ("draft", "standard", "best")),
    ToggleControl(default=True),
    SeedControl(4),
]
CONTROLS = tuple(control(f"c{number}", kind) for number, kind in enumerate(KINDS))


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelModel:  # noqa: ARG001 - an application
    monkeypatch.setenv("SECONDUNIT_PANEL", str(tmp_path / "panel"))
    model = PanelModel(UnitLink())
    model.select(ShotPlace("V1", FrameTime(0, Fraction(24)), 30, "A", "/a.mov"))
    return model


@pytest.fixture
def draft(panel: PanelModel) -> DraftModel:
    return panel.draft


def drawn(qtbot: QtBot, panel: PanelModel, *controls: Control) -> ControlForm:
    draft, form = panel.draft, ControlForm(panel)
    qtbot.addWidget(form)
    draft.set_controls(Known(controls))
    form.show()
    return form


def part(form: ControlForm, name: str, kind: type[QWidget]) -> QWidget:
    field = form.field(name)
    assert field is not None
    found = field.findChild(kind)
    assert isinstance(found, kind)
    return found


def values(draft: DraftModel) -> dict[str, ControlValue]:
    assert draft.draft is not None
    return dict(draft.draft.values)


def test_what_a_person_sets_becomes_the_drafts_values(qtbot: QtBot, panel: PanelModel, draft: DraftModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    assert values(draft) == {}, "nothing is set before anyone touches it"
    qtbot.keyClicks(part(form, "c0", QPlainTextEdit), "reeds in the wind")
    slider = part(form, "c1", QLabeledDoubleSlider)
    assert isinstance(slider, QLabeledDoubleSlider) and slider.value() == 0.5
    slider.setValue(0.25)
    qtbot.keyClick(part(form, "c2", QSpinBox), Qt.Key.Key_Up)
    box = part(form, "c3", QComboBox)
    assert isinstance(box, QComboBox) and box.currentText() == "standard"
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.keyClick(part(form, "c4", QCheckBox), Qt.Key.Key_Space)
    qtbot.keyClick(part(form, "c5", QSpinBox), Qt.Key.Key_Up)
    assert values(draft) == {
        "c0": Text("reeds in the wind"),
        "c1": 0.25,
        "c2": 31,
        "c3": "best",
        "c4": False,
        "c5": Seeds(0, 2),
    }


def test_values_from_elsewhere_are_shown_and_not_sent_back(qtbot: QtBot, panel: PanelModel, draft: DraftModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    edited: list[object] = []
    for one in CONTROLS:
        field = form.field(one.name)
        assert isinstance(field, Field)
        field.edited.connect(edited.append)
    given: dict[str, ControlValue] = {"c0": Text("x", "y"), "c1": 1.0, "c2": 5, "c3": "draft", "c5": Seeds(9, 3)}
    draft.load(given)
    prompt, steps, tier = part(form, "c0", QPlainTextEdit), part(form, "c2", QSpinBox), part(form, "c3", QComboBox)
    assert isinstance(prompt, QPlainTextEdit) and isinstance(steps, QSpinBox) and isinstance(tier, QComboBox)
    assert (prompt.toPlainText(), steps.value(), tier.currentText()) == ("x", 5, "draft")
    assert not edited and values(draft) == given


def test_a_control_comes_and_goes_with_its_label(qtbot: QtBot, panel: PanelModel) -> None:
    guide = control("guide", ToggleControl(default=False))
    weight = control("weight", NumberControl(1, 0, 1), ShownWhen("guide", (True,)))
    form = drawn(qtbot, panel, guide, weight)
    label = next(one for one in form.findChildren(QLabel) if one.text() == "Weight")
    field = form.field("weight")
    assert field is not None and not field.isVisible() and not label.isVisible()
    qtbot.keyClick(part(form, "guide", QCheckBox), Qt.Key.Key_Space)
    assert field.isVisible() and label.isVisible()


def test_every_field_is_named_for_screen_readers(qtbot: QtBot, panel: PanelModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    for one in CONTROLS:
        field = form.field(one.name)
        assert field is not None
        proxy = field.focusProxy()
        assert proxy is not None and proxy.accessibleName(), one.kind
