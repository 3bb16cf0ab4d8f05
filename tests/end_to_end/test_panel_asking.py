"""What is asked for in the panel reaches the take: references, masks, stills, strokes, with the real unit."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge import spawn
from secondunit_bridge.media.read import VideoReader, read_still
from secondunit_bridge.messages import (
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Take,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_inference import cards
from secondunit_timeline import write_cut

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, write_still

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QColor
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel import drops
from secondunit_plugin.panel.controls.keyframes import KeyframesField
from secondunit_plugin.panel.controls.references import ReferencesField
from secondunit_plugin.panel.model.draft import Asking, Generate, Known, Match, Replace
from secondunit_plugin.panel.model.forecast import Forecast, NotPossible
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.values import PaintedMask
from secondunit_plugin.panel.window import Window

from tests.end_to_end.test_panel import SECONDS, Panels, cut, panels
from tests.plugin.panel.gestures import clicked, dragged, dropped

__all__ = ["cut", "panels"]

VACE = "wan2.1-vace-1.3b"


def ask(qtbot: QtBot, model: PanelModel, number: int, asked: Asking, control: str) -> None:
    """Until the controls are there."""
    opened = model.cut.open
    assert opened is not None
    model.select(opened.version.places[number])
    model.draft.ask(asked)
    qtbot.waitUntil(lambda: control in controls(model), timeout=SECONDS)


def controls(model: PanelModel) -> list[str]:
    state = model.draft.controls
    return [one.name for one in state.controls] if isinstance(state, Known) else []


def take(qtbot: QtBot, model: PanelModel) -> Take:
    """The one that the draft makes."""
    before = len(model.takes.ids)
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    model.order()
    qtbot.waitUntil(lambda: len(model.takes.ids) > before or any(one.refused for one in notices), timeout=SECONDS)
    assert len(model.takes.ids) > before, notices
    return model.takes.take(model.takes.ids[-1])


def references(window: Window, name: str) -> ReferencesField:
    field = window.order_form.controls.field(name)
    assert isinstance(field, ReferencesField)
    return field


def test_a_shot_is_matched_to_a_shot_of_the_cut_and_a_colour(cut: Path, qtbot: QtBot, panels: Panels) -> None:
    model, window = panels.open(cut)
    ask(qtbot, model, 0, Match(), "like")
    qtbot.waitUntil(lambda: isinstance(model.forecast.state, NotPossible), timeout=SECONDS)
    line = window.plan_line
    assert "Choose what the shot is to look like" in line.warnings.text() and not line.plan.isVisible()

    opened = model.cut.open
    assert opened is not None
    other = opened.version.places[2]
    assert isinstance(other, ShotPlace)
    port = references(window, "image").board.viewport()  # either board takes anything
    assert port is not None
    dropped(port, QPoint(9, 9), drops.of_place(other))
    references(window, "like").add_colour(QColor("#b0603a"))
    like, image = references(window, "like").board, references(window, "image").board
    qtbot.waitUntil(lambda: (like.count(), image.count()) == (1, 1), timeout=SECONDS)
    assert str(image.item(0).text()).startswith("colour-b0603a")
    qtbot.waitUntil(lambda: isinstance(model.forecast.state, Forecast), timeout=SECONDS)
    assert line.plan.text().startswith("30 frames · about ") and line.plan.text().endswith(" of memory")

    made = take(qtbot, model)
    (found,) = [one for one in made.record.order.conditions if isinstance(one, ReferenceShot)]
    assert Path(found.span.path).name == Path(other.media).name
    assert found.span.range == FrameRange(0, 30, Fraction(24))
    (still,) = [one for one in made.record.order.conditions if isinstance(one, ReferenceImage)]
    assert still.at is None and Path(still.path).is_file()
    assert made.record.look is not None
    assert abs(made.record.look.after.colour) < abs(made.record.look.before.colour)

    qtbot.keyClick(image, Qt.Key.Key_Right)
    image.setCurrentRow(0)
    qtbot.keyClick(image, Qt.Key.Key_Delete)
    assert model.draft.draft is not None and "image" not in model.draft.draft.values


def test_what_a_model_cannot_take_is_said(cut: Path, qtbot: QtBot, panels: Panels, tmp_path: Path) -> None:
    model, _ = panels.open(cut)
    ask(qtbot, model, 1, Generate(12), "image")
    notices: list[Notice] = []
    model.noticed.connect(notices.append)
    opened = model.cut.open
    assert opened is not None
    shots = [one for one in opened.version.places if isinstance(one, ShotPlace)]
    model.references.add([shots[0], str(tmp_path / "missing.png")])
    qtbot.waitUntil(lambda: len(notices) == 2, timeout=SECONDS)
    said = " ".join(one.text for one in notices)
    assert "the model takes no shots here" in said and "missing.png" in said


def test_a_gap_is_filled_from_a_still(cut: Path, qtbot: QtBot, panels: Panels, tmp_path: Path) -> None:
    model, _ = panels.open(cut)
    write_still(tmp_path / "still.png", "320x180")
    ask(qtbot, model, 1, Generate(12), "image")
    model.references.add([str(tmp_path / "still.png")])
    qtbot.waitUntil(lambda: model.draft.draft is not None and "image" in model.draft.draft.values, timeout=SECONDS)
    made = take(qtbot, model)
    assert [one for one in made.record.order.conditions if isinstance(one, ReferenceImage)] == [
        ReferenceImage(str(tmp_path / "still.png"))
    ]
    assert grey(made.path, made.record.order.slot.head).mean() > 200


@pytest.fixture
def video_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of a unit with tiny weights of one model."""
    pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
    tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")
    home = tmp_path / "home"
    monkeypatch.setenv("SECONDUNIT_HOME", str(home))
    monkeypatch.setenv("SECONDUNIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny.build(cards.card(VACE), tmp_path / "models" / VACE)
    yield home
    spawn.stop(home)


@pytest.fixture
def small_cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    """A shot with media beyond it on both sides, and a gap behind it."""
    clip = make_clip(40, "24", "10:00:00:00", "96x64")
    write_cut(sounding_cut(shot(clip, 40, 14, 12), gap(10), shot(clip, 40, 0, 4, "B")), tmp_path / "cut.otio")
    return tmp_path / "cut.otio"


def grey(path: str, frame: int) -> NDArray[np.float64]:
    with VideoReader(path) as reader:
        return reader.frame(frame).reformat(format="gray").to_ndarray().astype(float)


def test_a_video_model_makes_again_what_was_painted_and_follows_stills(
    video_model: Path, small_cut: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    panels = Panels(qtbot, video_model)
    try:
        _paint_and_place(panels, small_cut, qtbot, tmp_path)
    finally:
        panels.close()


def _paint_and_place(panels: Panels, cut: Path, qtbot: QtBot, tmp_path: Path) -> None:
    model, window = panels.open(cut)
    opened = model.cut.open
    assert opened is not None
    model.select(opened.version.places[0])
    model.draft.use_model("diffusion", VACE)
    model.draft.ask(Replace())
    qtbot.waitUntil(lambda: "mask" in controls(model), timeout=SECONDS)
    form = window.order_form
    assert form.intent.isVisible() and form.intent.count() > 1
    prompt, mask = form.controls.field("prompt"), form.controls.field("mask")
    assert prompt is not None and mask is not None
    qtbot.keyClicks(prompt.focusProxy(), "snow")
    model.draft.set_value("tier", "draft")
    button = mask.focusProxy()
    assert button is not None
    clicked(qtbot, button)
    assert model.tools.active is not None
    layer = window.gestures
    qtbot.waitUntil(lambda: layer.isVisible() and not layer.picture.isNull(), timeout=SECONDS)
    assert layer.picture.width() * 64 == layer.picture.height() * 96, "the shot's own frame"
    qtbot.keyClick(layer, Qt.Key.Key_R)
    picture = layer.picture_rect()
    begin = QPoint(round(picture.center().x()), round(picture.top()))
    dragged(layer, begin, begin + QPoint(20, 20), picture.bottomRight().toPoint() + QPoint(5, 5))
    qtbot.keyClick(layer, Qt.Key.Key_Escape)
    assert model.draft.draft is not None and isinstance(model.draft.draft.values["mask"], PaintedMask)
    qtbot.waitUntil(lambda: isinstance(model.forecast.state, Forecast), timeout=SECONDS)
    assert "Licence Apache-2.0" in window.plan_line.warnings.text()

    made = take(qtbot, model)
    (masked,) = [one for one in made.record.order.conditions if isinstance(one, Mask)]
    slot = made.record.order.slot
    assert (slot.head, slot.frames, slot.tail) == (12, 12, 12)
    assert masked.span.range.duration == 1
    assert read_still(masked.span.path).shape[:2] == (64, 96)
    for frame in (0, 20, 35):
        ours, theirs = grey(made.path, frame), grey(_source(made.record.order), 2 + frame)
        assert abs(ours - theirs)[:, :40].mean() < 2, "black stays the source's"
        assert abs(ours - theirs)[:, 56:].mean() > 5

    still = tmp_path / "white.png"
    write_still(still, "96x64")
    model.select(opened.version.places[1])
    model.draft.ask(Generate(10))
    qtbot.waitUntil(lambda: "keyframes" in controls(model), timeout=SECONDS)
    qtbot.waitUntil(lambda: form.said.text() == "Not for this model: Mask", timeout=SECONDS)
    keyframes = form.controls.field("keyframes")
    assert isinstance(keyframes, KeyframesField)
    keyframes.add(str(still), 0)
    keyframes.add(str(still), 9)
    made = take(qtbot, model)
    asked = made.record.order
    assert [one for one in asked.conditions if isinstance(one, ReferenceImage)] == [
        ReferenceImage(str(still), FrameTime(asked.slot.head + frame, Fraction(24))) for frame in (0, 9)
    ]
    assert Text("snow") in asked.conditions
    first, last = asked.slot.head, asked.slot.head + 9
    between = grey(made.path, first + 5).mean()
    assert min(grey(made.path, first).mean(), grey(made.path, last).mean()) > between

    model.draft.use_model("draft", "draft")
    qtbot.waitUntil(lambda: form.said.text() == "Not for this model: Quality, Keyframes", timeout=SECONDS)
    assert not form.intent.isVisible()
    assert model.draft.draft.values.keys() == {"prompt"}


def _source(order: Order) -> str:
    return next(one.span.path for one in order.conditions if isinstance(one, SourceShot))
