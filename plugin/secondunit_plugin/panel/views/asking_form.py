"""What a task is told beside its model's controls: how long, at which end, what makes room."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from PyQt5.QtWidgets import QComboBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from secondunit_plugin.panel.model.draft import Asking, DraftModel, Extend, Generate, Join, Match, Replace
from secondunit_plugin.panel.model.places import Place

_LONGEST = 9999


class AskingForm(QWidget):
    """Redrawn where the draft asks for something else, or at another place, unless it was said here."""

    def __init__(self, draft: DraftModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._drawn: tuple[Place | None, Asking | None] = (None, None)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        draft.changed.connect(self._draw)

    def _draw(self) -> None:
        draft = self._draft.draft
        drawn = (draft.place, draft.asking) if draft is not None else (None, None)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if draft is None:
            return
        self.show()
        holder = QWidget()
        form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        match draft.asking:
            case Extend() as asked:
                ends = {self.tr("at its end"): "tail", self.tr("at its start"): "head"}
                rooms = {
                    self.tr("the gap, else handles only"): None,
                    self.tr("the gap"): "gap",
                    self.tr("move what follows"): "ripple",
                    self.tr("cover the neighbours"): "over",
                    self.tr("handles only"): "handles",
                }
                self._number(form, self.tr("Frames"), asked.frames, lambda value: {"frames": value})
                self._choice(form, self.tr("Where"), ends, asked.end, "end")
                self._choice(form, self.tr("Room"), rooms, asked.into, "into")
            case Join(frames):
                self._number(
                    form, self.tr("Frames"), frames or 0, lambda value: {"frames": value or None}, self.tr("as needed")
                )
            case Generate() as asked:
                wheres = {
                    self.tr("overwrite what lies there"): "overwrite",
                    self.tr("insert, and move what follows"): "insert",
                    self.tr("on a track above"): "above",
                }
                self._number(form, self.tr("Frames"), asked.frames, lambda value: {"frames": value})
                self._choice(form, self.tr("Where"), wheres, asked.where, "where")
            case Match() | Replace():
                self.hide()
                return
            case _:
                assert_never(draft.asking)
        self._layout.addWidget(holder)

    def _number(
        self, form: QFormLayout, label: str, value: int, fields: Callable[[int], dict[str, object]], none: str = ""
    ) -> None:
        """`none`: the words for 0, where that can be chosen."""
        box = QSpinBox()
        box.setRange(0 if none else 1, _LONGEST)
        box.setSpecialValueText(none)
        box.setValue(value)
        box.setAccessibleName(label)
        box.valueChanged.connect(lambda number: self._change(fields(number)))
        form.addRow(label, box)

    def _choice(
        self,
        form: QFormLayout,
        label: str,
        choices: dict[str, str] | dict[str, str | None],
        value: str | None,
        name: str,
    ) -> None:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for words, choice in choices.items():
            box.addItem(words, choice)
        box.setCurrentIndex(list(choices.values()).index(value))
        box.setAccessibleName(label)
        box.currentIndexChanged.connect(lambda _: self._change({name: box.currentData()}))
        form.addRow(label, box)

    def _change(self, fields: dict[str, object]) -> None:
        if (draft := self._draft.draft) is not None:
            asked = replace(draft.asking, **fields)  # type: ignore[arg-type]
            self._drawn = (draft.place, asked)
            self._draft.ask(asked)
