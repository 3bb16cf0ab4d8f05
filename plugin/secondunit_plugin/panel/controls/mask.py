"""What is made again: painted on the picture, or a file."""

from PyQt5.QtWidgets import QFileDialog, QHBoxLayout, QLabel
from secondunit_bridge.controls import Control

from secondunit_plugin.panel import drops
from secondunit_plugin.panel.controls.base import DrawButton, DropsFiles, tool_button
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.values import ControlValue, MaskFile, PaintedMask


class MaskField(DropsFiles):
    def __init__(self, control: Control, model: PanelModel) -> None:
        super().__init__()
        self.said = QLabel()
        self.said.setMinimumWidth(0)
        self._draw = DrawButton("brush", self.tr("Paint the mask on the picture"), control, model)
        choose = tool_button("file-image-outline", self.tr("Choose a mask file"))
        choose.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._draw)
        row.addWidget(choose)
        row.addWidget(self.said, 1)
        self.setFocusProxy(self._draw)
        self.show_value(None)

    def show_value(self, value: ControlValue | None) -> None:
        match value:
            case PaintedMask(marks):
                said = self.tr("painted, %n mark(s)", "", len(marks))
            case MaskFile(path):
                said = path.rsplit("/", 1)[-1]
            case _:
                said = self.tr("the whole picture")
        self.said.setText(said)
        self.said.setToolTip(value.path if isinstance(value, MaskFile) else "")

    def take_files(self, paths: list[str]) -> None:
        self.edited.emit(MaskFile(paths[0]))

    def _choose(self) -> None:
        files = self.tr("Masks ({files})").format(files=f"{drops.PICTURES} {drops.MOVIES}")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a mask"), "", files)
        if path:
            self.take_files([path])
