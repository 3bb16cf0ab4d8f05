"""Looks learnt as LoRAs, each with its weight."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFileDialog, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from secondunit_bridge.messages import Look
from superqt import QLabeledDoubleSlider

from secondunit_plugin.panel.controls.base import DropsFiles, tool_button
from secondunit_plugin.panel.model.values import ControlValue

_NAME_WIDTH = 120


class LooksField(DropsFiles):
    def __init__(self) -> None:
        super().__init__()
        self._looks: tuple[Look, ...] = ()
        self.choose = tool_button("file-plus-outline", self.tr("Choose .safetensors files"))
        self.choose.clicked.connect(self._choose)
        self.sliders: list[QLabeledDoubleSlider] = []
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._rows)
        layout.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.choose)
        self._draw()

    def show_value(self, value: ControlValue | None) -> None:
        listed = value if isinstance(value, tuple) else ()
        looks = tuple(one for one in listed if isinstance(one, Look))
        same = [one.path for one in looks] == [one.path for one in self._looks]
        self._looks = looks
        if not same:
            self._draw()
        for slider, look in zip(self.sliders, looks, strict=True):
            slider.blockSignals(True)
            slider.setValue(look.weight)
            slider.blockSignals(False)

    def take_files(self, paths: list[str]) -> None:
        held = {one.path for one in self._looks}
        added = tuple(Look(path) for path in paths if path.endswith(".safetensors") and path not in held)
        if added:
            self.edited.emit((*self._looks, *added))

    def _draw(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.sliders = []
        for row, look in enumerate(self._looks):
            name = QLabel(Path(look.path).stem)
            name.setToolTip(look.path)
            name.setMaximumWidth(_NAME_WIDTH)
            name.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
            slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, 1)
            slider.setDecimals(2)
            slider.setValue(look.weight)
            slider.setAccessibleName(self.tr("Weight of {name}").format(name=name.text()))
            slider.valueChanged.connect(self._weigher(row))
            remove = tool_button("trash-can-outline", self.tr("Take {name} away").format(name=name.text()))
            remove.clicked.connect(self._remover(row))
            self._grid.addWidget(name, row, 0)
            self._grid.addWidget(slider, row, 1)
            self._grid.addWidget(remove, row, 2)
            self.sliders.append(slider)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH if self._looks else 0)
        self._grid.setColumnStretch(1, 1)
        self._rows.setVisible(bool(self._looks))

    def _weigher(self, row: int) -> Callable[[float], None]:
        def weigh(weight: float) -> None:
            looks = list(self._looks)
            looks[row] = replace(looks[row], weight=round(float(weight), 2))
            self.edited.emit(tuple(looks))

        return weigh

    def _remover(self, row: int) -> Callable[[], None]:
        def remove() -> None:
            kept = (*self._looks[:row], *self._looks[row + 1 :])
            self.edited.emit(kept or None)

        return remove

    def _choose(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Choose looks"), "", self.tr("Looks ({files})").format(files="*.safetensors")
        )
        self.take_files(paths)
