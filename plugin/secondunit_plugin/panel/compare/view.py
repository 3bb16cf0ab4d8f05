"""Takes compared where the viewer is: a bar of modes, the picture with its handle, the frame, what plays it."""

from PyQt5.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PyQt5.QtGui import QImage, QKeyEvent, QKeySequence
from PyQt5.QtWidgets import (
    QAction,
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

from secondunit_plugin.panel import words
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.canvas import CompareCanvas
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.frames.messages import PairScene
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.compare import Original, Source
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.playback import Unseen
from secondunit_plugin.panel.model.takes import TakeId

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
        self._compare, self._playback = model.compare, model.playback
        self.canvas = CompareCanvas()
        self.canvas.resized.connect(self._playback.resize)
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
        self._play = QToolButton()
        self._play.setAutoRaise(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(6, 4, 6, 4)
        foot.addWidget(self._play)
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
        self._playback.picture_changed.connect(self._show_picture)
        self._playback.moved.connect(self._show_frame)
        self._playback.changed.connect(self._show_picture)

    def bind(self, play: QAction) -> None:
        self._play.setDefaultAction(play)

    @property
    def image(self) -> QImage:
        return self.canvas.picture

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
        self.canvas.show_picture(QImage())

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
            self.gain.setValue(compare.gain)
        self._show_picture()

    def _show_frame(self) -> None:
        take = self._compare.take
        if take is None or not self.isVisible():
            return
        frame = self._compare.frame
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(frame)
        self.place.setText(self.tr("frame {frame} of {frames}").format(frame=frame + 1, frames=take.frames))

    def _show_picture(self) -> None:
        """With what is said of it: of the frame that it is, also while another one is sought."""
        compare, playback = self._compare, self._playback
        if compare.take is None or not self.isVisible():
            return
        self._show_frame()
        if playback.pixels is None or not isinstance(playback.scene, PairScene):
            self.canvas.show_picture(QImage())
            self.canvas.tell(playback.state.why if isinstance(playback.state, Unseen) else "")
            return
        self.canvas.show_pixels(playback.pixels)
        there, flipped = compare.counterpart, compare.flipped
        other = self._caption(there) if isinstance(there, Source) else ""
        captions = compare.take.record.name, other
        self.canvas.tell(self._said(), captions, compare.mode, None if flipped else compare.at, flipped=flipped)

    def _named(self, other: Original | TakeId) -> str:
        if isinstance(other, Original):
            return self.tr("the original")
        record = self._model.takes.take(other).record
        return self.tr("{name}, seed {seed}").format(name=record.name, seed=record.seed)

    def _said(self) -> str:
        apart = self._playback.apart
        if apart is None:
            return ""
        said = self.tr("differs by {mean:.1f} of 255 on average, {largest} at most")
        return said.format(mean=apart.mean, largest=apart.largest)

    def _caption(self, there: Source) -> str:
        name = self._named(self._compare.other)
        if there.away == 0:
            return name
        return self.tr("{name}, %n frame(s) away", "", abs(there.away)).format(name=name)
