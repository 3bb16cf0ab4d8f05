"""The whole record of a take, as it lies in its file."""

from dataclasses import fields, is_dataclass
from enum import Enum

from PyQt5.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime

_SIZE = (760, 620)
_NAMES = 260


class RecordDialog(QDialog):
    def __init__(self, take: Take, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._take = take
        self.setWindowTitle(self.tr("Record of {name}").format(name=take.record.name))
        self.resize(*_SIZE)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self.tr("Field"), self.tr("Value")])
        self.tree.setColumnWidth(0, _NAMES)
        self.tree.setAccessibleName(self.tr("Record"))
        for field in fields(take):
            self._add(self.tree.invisibleRootItem(), field.name, getattr(take, field.name))
        self.tree.expandAll()
        buttons = QDialogButtonBox(QDialogButtonBox.Close)
        copy = buttons.addButton(self.tr("Copy as JSON"), QDialogButtonBox.ActionRole)
        assert copy is not None
        copy.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.tree)
        column.addWidget(buttons)

    def _add(self, parent: QTreeWidgetItem | None, name: str, value: object) -> None:
        item = QTreeWidgetItem(parent, [name])
        match value:
            case FrameTime(frame, rate):
                item.setText(1, self.tr("frame {frame} at {rate} fps").format(frame=frame, rate=rate))
            case tuple():
                item.setText(1, "" if value else self.tr("none"))
                for number, one in enumerate(value, 1):
                    self._add(item, type(one).__name__ if is_dataclass(one) else str(number), one)
            case None:
                item.setText(1, self.tr("none"))
            case Enum():
                item.setText(1, str(value.value))
            case _ if is_dataclass(value):
                for field in fields(value):
                    self._add(item, field.name, getattr(value, field.name))
            case _:
                item.setText(1, str(value))
                item.setToolTip(1, str(value))

    def _copy(self) -> None:
        from secondunit_bridge.wire import record_to_json

        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(record_to_json(self._take.record))
