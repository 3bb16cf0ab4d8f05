"""Below the viewer: where in the scene it is, and the buttons that play it."""

from PyQt5.QtCore import QRect, QSignalBlocker, QSize, Qt
from PyQt5.QtGui import QColor, QFontDatabase, QPainter, QPaintEvent
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLabel, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.playback import Playing

_LOOPED, _MARKED = QColor("#3a4754"), QColor("#7fb2e0")


class Scrubber(QSlider):
    """Frames of the scene; what is looped is drawn as a band, marked ends as brackets."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._playback = model.playback
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its keys are those of the viewer
        self.setAccessibleName(self.tr("Position"))
        self.setPageStep(24)

    def paintEvent(self, ev: QPaintEvent | None) -> None:
        playback = self._playback
        if playback.opened is not None:
            painter = QPainter(self)
            looped = playback.looped
            left, right = self._x(looped.first), self._x(looped.end - 1)
            painter.fillRect(QRect(left, 3, max(1, right - left), self.height() - 6), _LOOPED)
            for mark, inward in ((playback.mark_in, 1), (playback.mark_out, -1)):
                if mark is not None:
                    x = self._x(mark)
                    painter.fillRect(QRect(x - (inward < 0), 1, 2, self.height() - 2), _MARKED)
                    for y in (1, self.height() - 3):
                        painter.fillRect(QRect(x if inward > 0 else x - 5, y, 6, 2), _MARKED)
            painter.end()
        super().paintEvent(ev)

    def _x(self, frame: int) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style = self.style()
        assert style is not None
        groove = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self)
        room = groove.width() - handle.width()
        along = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), frame, room)
        return groove.x() + handle.width() // 2 + along


class Transport(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback = playback = model.playback
        self.timecode = QLabel()
        self.timecode.setFont(QFontDatabase.systemFont(QFontDatabase.FixedFont))
        self.timecode.setAccessibleName(self.tr("Timecode"))
        self.rate = QLabel()
        self.rate.setProperty("role", "quiet")
        self.dropped = QLabel()
        self.dropped.setProperty("role", "quiet")
        self.light = QLabel()
        self.light.setProperty("role", "quiet")
        self.silent = QLabel()
        self.silent.setProperty("role", "quiet")
        self._silent_icon = QLabel()
        self.scrubber = Scrubber(model)
        self.scrubber.valueChanged.connect(playback.seek)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(10)
        row.addWidget(self.timecode)
        row.addWidget(self.rate)
        row.addLayout(self._buttons)
        row.addWidget(self.scrubber, 1)
        row.addWidget(self.light)
        row.addWidget(self.dropped)
        row.addWidget(self._silent_icon)
        row.addWidget(self.silent)
        playback.changed.connect(self._show)
        playback.picture_changed.connect(self._show_frame)
        self._show()

    def add(self, *actions: QAction) -> None:
        """A button each."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(18, 18))
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAccessibleName(action.text())
            keys = action.shortcut().toString()
            button.setToolTip(f"{action.text()} ({keys})" if keys else action.text())
            self._buttons.addWidget(button)

    def _show(self) -> None:
        playback = self._playback
        opened = playback.opened
        self.setEnabled(opened is not None)
        with QSignalBlocker(self.scrubber):
            self.scrubber.setRange(0, opened.frames - 1 if opened is not None else 0)
        self.rate.setText(self.tr("{rate} fps").format(rate=f"{float(opened.rate):.6g}") if opened is not None else "")
        self.rate.setToolTip(f"{opened.rate}" if opened is not None else "")
        why = playback.why_silent
        self.silent.setText(self.tr("no sound") if why else "")
        self.silent.setToolTip(why)
        self._silent_icon.setPixmap(icon("volume-off").pixmap(16, 16))
        self._silent_icon.setVisible(bool(why))
        self._silent_icon.setToolTip(why)
        self._show_frame()

    def _show_frame(self) -> None:
        playback = self._playback
        self.timecode.setText(playback.timecode or "--:--:--:--")
        with QSignalBlocker(self.scrubber):
            if not self.scrubber.isSliderDown():
                self.scrubber.setValue(playback.frame)
        light = playback.light
        self.light.setText(words.of_light(light) if light is not None else "")
        self.light.setToolTip(words.about_light(light) if light is not None else "")
        match playback.state:
            case Playing(step) if step != 1:
                speed = self.tr("{speed}×").format(speed=step)
            case _:
                speed = ""
        lost = self.tr("%n frame(s) dropped", "", playback.dropped) if playback.dropped else ""
        self.dropped.setText("  ".join(part for part in (speed, lost) if part))
