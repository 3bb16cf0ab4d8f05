"""Takes compared where the viewer is: a bar of modes, the picture with its handle, the frame."""

from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PyQt5.QtGui import QImage, QKeyEvent, QKeySequence
from PyQt5.QtWidgets import (
    QApplication,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from secondunit_bridge.errors import SecondUnitError

from secondunit_plugin.panel import words
from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.canvas import CompareCanvas
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.compare import Missing, Mode, Original, Source
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.takes import TakeId

if TYPE_CHECKING:  # brings numpy
    from secondunit_plugin.panel.compare.reading import Composed, Pictures

_WIDEST = 1920
_COMMANDS = {
    Mode.WIPE: Command.WIPE,
    Mode.FLIP: Command.FLIP,
    Mode.DIFFERENCE: Command.DIFFERENCE,
    Mode.FALSE_COLOUR: Command.FALSE_COLOUR,
}
_FLIP_KEY = QKeySequence(Command.FLIP.value.keys[0])[0]


class CompareView(QWidget):
    """Shown while the model compares. `image` is what is on the screen."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._compare = model.compare
        self._pictures: Pictures | None = None
        self._busy = self._again = False
        self.canvas = CompareCanvas()
        self.canvas.wiped.connect(self._compare.wipe_to)
        self.modes: dict[Mode, QToolButton] = {}
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 4, 6, 4)
        group = QButtonGroup(self)
        for mode, command in _COMMANDS.items():
            button = self.modes[mode] = QToolButton()
            button.setText(words.of_mode(mode))
            button.setIcon(icon(command.value.icon))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.setToolTip(f"{command.words} ({command.value.keys[0]})")
            button.clicked.connect(lambda _, mode=mode: self._compare.set_mode(mode))
            group.addButton(button)
            bar.addWidget(button)
        self.other = QComboBox()
        self.other.setAccessibleName(self.tr("Compared with"))
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.other.activated.connect(lambda row: self._compare.set_other(self.other.itemData(row)))
        self.gain = QSpinBox()
        self.gain.setRange(1, 64)
        self.gain.setPrefix("× ")
        self.gain.setAccessibleName(self.tr("How many times a difference is enlarged"))
        self.gain.setToolTip(self.tr("How many times a difference is enlarged"))
        self.gain.valueChanged.connect(self._compare.enlarge)
        close = QToolButton()
        close.setIcon(icon("close"))
        close.setAccessibleName(self.tr("End comparing"))
        close.setToolTip(self.tr("End comparing (Esc)"))
        close.clicked.connect(lambda: self._compare.set_mode(None))
        bar.addSpacing(8)
        bar.addWidget(QLabel(self.tr("against")))
        bar.addSpacing(4)
        bar.addWidget(self.other)
        bar.addWidget(self.gain)
        bar.addStretch(1)
        bar.addWidget(close)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Frame of the take"))
        self.slider.valueChanged.connect(self._compare.seek)
        self.place = QLabel()
        foot = QHBoxLayout()
        foot.setContentsMargins(6, 4, 6, 4)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.canvas, 1)
        column.addLayout(foot)
        self.setFocusProxy(self.canvas)
        self._compare.changed.connect(self._show)
        model.takes.shown_changed.connect(self._show)

    @property
    def image(self) -> QImage:
        return self.canvas.image

    def event(self, a0: QEvent | None) -> bool:
        """Arrows step here, whatever they do in the window."""
        if isinstance(a0, QKeyEvent) and a0.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Escape):
            if a0.type() == QEvent.Type.ShortcutOverride:
                a0.accept()
                return True
            if a0.type() == QEvent.Type.KeyPress:
                if a0.key() == Qt.Key.Key_Escape:
                    self._compare.set_mode(None)
                else:
                    self._compare.step(1 if a0.key() == Qt.Key.Key_Right else -1)
                return True
        return super().event(a0)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """The flip key works wherever the focus is, but in a text."""
        if isinstance(a1, QKeyEvent) and a1.key() == _FLIP_KEY and a1.modifiers() == Qt.KeyboardModifier.NoModifier:
            writing = isinstance(QApplication.focusWidget(), QPlainTextEdit | QLineEdit)
            if not writing and a1.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                if not a1.isAutoRepeat():
                    self._compare.flip(a1.type() == QEvent.Type.KeyPress)
                return True
        return super().eventFilter(a0, a1)

    def showEvent(self, _: object) -> None:
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)
        self._show()

    def hideEvent(self, _: object) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._compare.flip(False)
        self.canvas.show_image(QImage())
        if not self._busy:
            self._pictures = None

    def _show(self) -> None:
        compare, take = self._compare, self._compare.take
        if compare.mode is None or take is None or not self.isVisible():
            return
        self.modes[compare.mode].setChecked(True)
        self.gain.setVisible(compare.mode is Mode.DIFFERENCE)
        with QSignalBlocker(self.other), QSignalBlocker(self.slider), QSignalBlocker(self.gain):
            self.other.clear()
            for other in compare.others:
                self.other.addItem(self._named(other), other)
            self.other.setCurrentIndex(compare.others.index(compare.other))
            self.slider.setRange(0, take.frames - 1)
            self.slider.setValue(compare.frame)
            self.gain.setValue(compare.gain)
        self.place.setText(self.tr("frame {frame} of {frames}").format(frame=compare.frame + 1, frames=take.frames))
        self._compose()

    def _named(self, other: Original | TakeId) -> str:
        if isinstance(other, Original):
            return self.tr("the original")
        record = self._model.takes.take(other).record
        return self.tr("{name}, seed {seed}").format(name=record.name, seed=record.seed)

    def _compose(self) -> None:
        """One picture at a time; what changed meanwhile makes the next one."""
        if self._busy:
            self._again = True
            return
        compare, take, there = self._compare, self._compare.take, self._compare.counterpart
        if compare.mode is None or take is None or there is None:
            return
        if isinstance(there, Missing):
            self.canvas.show_image(QImage(), there.why)
            return
        slot, size = take.record.order.slot, self.canvas.pixels
        aspect = slot.width * slot.pixel_aspect / slot.height
        width = max(16, min(_WIDEST, size.width(), round(size.height() * aspect)))
        height = max(9, round(width / aspect))
        path, frame, rate = take.path, compare.frame, slot.rate
        mode, at, gain, flipped = compare.mode, compare.at, compare.gain, compare.flipped
        captions = (take.record.name, self._caption(there))
        pictures = self._pictures

        def work() -> "tuple[Pictures, Composed]":
            from secondunit_plugin.panel.compare import reading

            used = pictures or reading.Pictures()
            a = used.read(reading.Frame(path, frame, rate), width, height)
            b = used.read(reading.Frame(there.path, there.frame, rate), width, height)
            return used, reading.composed(a, b, mode, at, gain, flipped)

        def use(made: "tuple[Pictures, Composed]") -> None:
            self._pictures, composed = made
            self.canvas.show_image(
                composed.image, self._said(composed), captions, mode, None if flipped else at, flipped=flipped
            )
            ended()

        def refuse(error: SecondUnitError) -> None:
            self.canvas.show_image(QImage(), str(error))
            ended()

        def ended() -> None:
            self._busy = False
            if self._again:
                self._again = False
                self._compose()

        self._busy = True
        Operation(self, work).success(use).failure(refuse).run()

    def _said(self, composed: "Composed") -> str:
        if composed.apart is None:
            return ""
        mean, largest = composed.apart
        return self.tr("differs by {mean:.1f} of 255 on average, {largest} at most").format(mean=mean, largest=largest)

    def _caption(self, there: Source) -> str:
        name = self._named(self._compare.other)
        if there.away == 0:
            return name
        return self.tr("{name}, %n frame(s) away", "", abs(there.away)).format(name=name)
