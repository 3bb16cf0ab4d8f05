"""A row of tools, which are their icons alone where their words have no room."""

from PyQt5.QtCore import QEvent, QSize, Qt
from PyQt5.QtGui import QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLayout, QPushButton, QSizePolicy, QToolButton, QWidget

_SPACING = 2


class ToolRow(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools: list[QToolButton] = []
        self._least: QSize | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_SPACING)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)

    def add_tool(self, tool: QToolButton) -> None:
        self._tools.append(tool)
        self._row.addWidget(tool)
        self._least = None

    def add_action(self, action: QAction) -> None:
        """As a tool with the key in its tip."""
        tool = QToolButton()
        tool.setDefaultAction(action)
        keys = action.shortcut().toString()
        tool.setToolTip(f"{action.text()} ({keys})" if keys else action.text())
        tool.setAccessibleName(action.text())
        self.add_tool(tool)

    def add_button(self, button: QPushButton) -> None:
        """It keeps its words."""
        self._row.addWidget(button)
        self._least = None

    def add_stretch(self) -> None:
        self._row.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """Measured once: what it takes for that asks Qt for another layout, which would ask again, without an end."""
        if self._least is None:
            self._use(Qt.ToolButtonStyle.ToolButtonIconOnly)
            self._least = self._row.sizeHint()
            self._fit()
        return self._least

    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._least = None

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._fit()

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._fit()

    def _fit(self) -> None:
        self._use(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if self._row.sizeHint().width() > self.width():
            self._use(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _use(self, style: Qt.ToolButtonStyle) -> None:
        for tool in self._tools:
            tool.setToolButtonStyle(style)
        self._row.invalidate()
