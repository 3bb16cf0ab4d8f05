"""Masks, regions and camera moves drawn on the picture with mouse and keys."""

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from secondunit_bridge.controls import CameraMoveControl, Control, ControlKind, MaskControl, StrokesControl
from secondunit_bridge.messages import CameraMove, Strokes
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel import masks
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.gestures.layer import GestureLayer
from secondunit_plugin.panel.model.draft import Known, Replace
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.values import ControlValue, PaintedMask

from tests.plugin.panel.gestures import dragged

SIZE = (640, 360)


class Drawing:
    """A layer over a bare widget, with the tool of one control taken up."""

    def __init__(self, qtbot: QtBot, kind: ControlKind) -> None:
        self.qtbot = qtbot
        self.model = PanelModel(UnitLink())
        self.model.draft.controls_wanted.disconnect()  # there is no unit to tell them: they are set below
        self.model.select(ShotPlace("V1", FrameTime(0, Fraction(24)), 30, "A", "/a.mov"))
        self.model.draft.ask(Replace())
        self.host = QWidget()
        self.host.resize(960, 600)
        qtbot.addWidget(self.host)
        self.layer = GestureLayer(self.model, self.host)
        self.control = Control("drawn", "Drawn", "", "content", kind, ())
        self.model.draft.set_controls(Known((self.control,)))
        self.host.show()
        self.model.tools.use(self.control)

    @property
    def value(self) -> ControlValue | None:
        assert self.model.draft.draft is not None
        return self.model.draft.draft.values.get("drawn")

    def at(self, x: float, y: float) -> QPoint:
        picture = self.layer.picture_rect()
        return QPoint(round(picture.left() + x * picture.width()), round(picture.top() + y * picture.height()))

    def drag(self, *way: tuple[float, float], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        dragged(self.layer, *(self.at(*point) for point in way), button=button)

    def key(self, key: Qt.Key, times: int = 1, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for _ in range(times):
            self.qtbot.keyClick(self.layer, key, modifier)


@pytest.fixture
def painting(qtbot: QtBot) -> Iterator[Drawing]:
    drawing = Drawing(qtbot, MaskControl())
    yield drawing
    drawing.model.tools.use(None)


def picture(mask: ControlValue | None, folder: Path) -> NDArray[np.uint8]:
    """The PNG that an order takes, as ffmpeg reads it."""
    assert isinstance(mask, PaintedMask)
    file = masks.write(mask, *SIZE, folder)
    command = ["ffmpeg", "-v", "error", "-i", str(file), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    grey = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(grey, np.uint8).reshape(SIZE[1], SIZE[0])


def share(grey: NDArray[np.uint8], x: float, y: float) -> int:
    return int(grey[round(y * (SIZE[1] - 1)), round(x * (SIZE[0] - 1))])


def test_brush_box_and_lasso_are_white_where_they_went_and_erasing_takes_away(
    painting: Drawing, tmp_path: Path
) -> None:
    painting.drag((0.1, 0.1), (0.3, 0.1))
    painting.key(Qt.Key.Key_R)
    painting.drag((0.5, 0.5), (0.6, 0.55), (0.9, 0.9))
    painting.key(Qt.Key.Key_F)
    painting.drag((0.1, 0.5), (0.3, 0.5), (0.3, 0.9), (0.1, 0.9))
    painting.key(Qt.Key.Key_B)
    painting.drag((0.7, 0.6), (0.7, 0.8), button=Qt.MouseButton.RightButton)
    grey = picture(painting.value, tmp_path)
    white = [(0.1, 0.1), (0.2, 0.1), (0.3, 0.1), (0.51, 0.52), (0.89, 0.89), (0.2, 0.7)]
    black = [(0.2, 0.25), (0.05, 0.3), (0.48, 0.5), (0.7, 0.7), (0.35, 0.7), (0.99, 0.99)]
    assert [share(grey, *point) for point in (*white, *black)] == [255] * 6 + [0] * 6

    painting.key(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert share(picture(painting.value, tmp_path), 0.7, 0.7) == 255, "what was erased is back"
    painting.key(Qt.Key.Key_Backspace, times=3)
    assert painting.value is None, "nothing painted is no mask"


def test_edges_are_as_soft_as_they_are_asked_to_be(painting: Drawing, tmp_path: Path) -> None:
    painting.key(Qt.Key.Key_R)
    painting.drag((0.25, 0.0), (0.75, 1.0))
    sharp = picture(painting.value, tmp_path)[180]
    strip = painting.layer.strip
    assert strip is not None and strip.soft is not None
    strip.soft.setValue(10)
    soft = picture(painting.value, tmp_path)[180].astype(int)
    assert ((sharp > 0) & (sharp < 255)).sum() <= 2
    edge = soft[: SIZE[0] // 2]
    grey = np.flatnonzero((edge > 2) & (edge < 253))
    assert 0.05 * SIZE[0] < grey[-1] - grey[0] < 0.12 * SIZE[0]
    assert abs(edge[round(0.25 * SIZE[0])] - 128) < 12 and (np.diff(edge) >= 0).all()


def test_a_mask_is_painted_with_keys_alone(painting: Drawing, tmp_path: Path) -> None:
    painting.key(Qt.Key.Key_R)
    painting.key(Qt.Key.Key_Left, times=4, modifier=Qt.KeyboardModifier.ShiftModifier)
    painting.key(Qt.Key.Key_Space)
    painting.key(Qt.Key.Key_Right, times=4, modifier=Qt.KeyboardModifier.ShiftModifier)
    painting.key(Qt.Key.Key_Down, times=10)
    assert "50 %" in painting.layer.accessibleDescription()
    painting.key(Qt.Key.Key_Space)
    grey = picture(painting.value, tmp_path)
    assert share(grey, 0.4, 0.55) == 255 and share(grey, 0.55, 0.55) == 0 and share(grey, 0.4, 0.45) == 0
    painting.key(Qt.Key.Key_Escape)
    assert painting.model.tools.active is None and painting.layer.isHidden()


def test_a_mask_is_the_same_file_for_the_same_picture(painting: Drawing, tmp_path: Path) -> None:
    painting.drag((0.1, 0.1), (0.3, 0.1))
    mask = painting.value
    assert isinstance(mask, PaintedMask)
    first, again = (masks.write(mask, *SIZE, tmp_path) for _ in range(2))
    assert first == again and masks.write(mask, 320, 180, tmp_path) != first
    assert not [file for file in tmp_path.iterdir() if file.suffix != ".png"]


def test_regions_are_outlined_and_dragged_to_where_they_move(qtbot: QtBot) -> None:
    drawing = Drawing(qtbot, StrokesControl(2, native=False))
    drawing.drag((0.1, 0.1), (0.3, 0.1), (0.3, 0.4), (0.1, 0.4))
    drawing.drag((0.2, 0.2), (0.25, 0.3), (0.2, 0.2 + 0.1 * 16 / 9))
    value = drawing.value
    assert isinstance(value, Strokes) and len(value.strokes) == 1
    assert value.strokes[0].direction == pytest.approx(90, abs=0.5), "down, whatever the picture's aspect"
    assert value.strokes[0].speed == pytest.approx(0.1, abs=0.005), "a tenth of the width in a second"
    drawing.drag((0.6, 0.6), (0.8, 0.6), (0.8, 0.8))
    drawing.drag((0.7, 0.1), (0.9, 0.1), (0.9, 0.3))
    assert isinstance(drawing.value, Strokes) and len(drawing.value.strokes) == 2, "no more than the model takes"
    drawing.key(Qt.Key.Key_Backspace)
    assert isinstance(drawing.value, Strokes) and drawing.value == value


def test_a_click_outlines_nothing(qtbot: QtBot) -> None:
    drawing = Drawing(qtbot, StrokesControl(2, native=False))
    drawing.drag((0.5, 0.5), (0.501, 0.5))
    assert drawing.value is None


@pytest.mark.parametrize(
    ("move", "way", "amount"),
    [
        ("pan-left", ((0.6, 0.5), (0.4, 0.5)), 0.35),
        ("tilt-down", ((0.5, 0.5), (0.5, 0.6)), 0.25),
        ("push-in", ((0.9, 0.5), (0.8, 0.5)), 0.35),
        ("pan-right", ((0.9, 0.5), (0.1, 0.5)), 0.01),
    ],
)
def test_a_camera_move_goes_as_far_as_it_is_dragged(
    qtbot: QtBot, move: str, way: tuple[tuple[float, float], ...], amount: float
) -> None:
    drawing = Drawing(qtbot, CameraMoveControl(("pan-left", "pan-right", "tilt-down", "push-in"), native=True))
    drawing.drag(*way)
    assert drawing.value is None, "there is no move yet"
    drawing.model.draft.set_value("drawn", CameraMove(move, 0.15))
    drawing.drag(*way)
    assert isinstance(drawing.value, CameraMove)
    assert drawing.value.move == move and drawing.value.amount == pytest.approx(amount, abs=0.02)


def test_a_tool_is_put_down_where_its_control_goes(qtbot: QtBot) -> None:
    drawing = Drawing(qtbot, MaskControl())
    assert drawing.layer.isVisible()
    drawing.model.draft.set_controls(Known(()))
    assert drawing.model.tools.active is None and not drawing.layer.isVisible()


def test_every_tool_paints_what_was_drawn(qtbot: QtBot) -> None:
    """The picture is another one where the gesture went, and nowhere else."""
    for kind, way in (
        (MaskControl(), ((0.3, 0.5), (0.7, 0.5))),
        (StrokesControl(4, native=False), ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7))),
    ):
        drawing = Drawing(qtbot, kind)
        before = drawing.layer.grab().toImage()
        drawing.drag(*way)
        drawing.layer.leaveEvent(None)
        after = drawing.layer.grab().toImage()
        inside, outside = drawing.at(0.5, 0.5), drawing.at(0.1, 0.9)
        assert before.pixelColor(inside) != after.pixelColor(inside)
        assert before.pixelColor(outside) == after.pixelColor(outside)
