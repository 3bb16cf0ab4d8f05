"""The dialogs of an export: where to, and what the format loses."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtWidgets import QFileDialog, QMessageBox, QWidget

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.words import tr

if TYPE_CHECKING:  # brings OpenTimelineIO, which is imported in operations
    from secondunit_plugin.panel.model.exporting import Export

_FILES = "*.otio *.otioz *.fcpxml *.xml *.aaf *.kdenlive *.mlt *.edl"


def export(parent: QWidget, model: PanelModel) -> None:
    """Asks for a file, and before it is written whether what is lost there may be lost."""
    opened = model.cut.open
    if opened is None:
        return
    near = (opened.saved_as or opened.path).with_suffix("")
    name, _ = QFileDialog.getSaveFileName(
        parent,
        tr("Export the cut"),
        f"{near}_export.otio",
        tr("Cuts ({files})").format(files=_FILES),
    )
    if not name:
        return

    def examine() -> "Export":
        from secondunit_plugin.panel.model.exporting import examined

        return examined(opened, Path(name))

    def ask(found: "Export") -> None:
        if not (found.losses or found.slugs) or asked(parent, found).exec() == QMessageBox.StandardButton.Save:
            _write(parent, model, found)

    Operation(parent, examine).success(ask).failure(lambda error: model.noticed.emit(Notice(str(error), True))).run()


def asked(parent: QWidget, found: "Export") -> QMessageBox:
    """What is lost, kind by kind, with the choice to write it all the same."""
    box = QMessageBox(parent)
    box.setIconPixmap(icon("alert-outline", "#e0b060").pixmap(32, 32))
    box.setWindowTitle(tr("Export the cut"))
    said = []
    if found.slugs:
        said.append(tr("%n slug(s) without a take: exported as empty places.", "", found.slugs))
    if found.losses:
        said.append(tr("{name} does not hold the whole cut:").format(name=found.path.name))
    box.setText("\n".join(said))
    box.setInformativeText("\n".join(found.losses))
    box.setStandardButtons(QMessageBox.StandardButtons(QMessageBox.Save | QMessageBox.Cancel))
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    signs = {QMessageBox.StandardButton.Save: Command.EXPORT.value.icon, QMessageBox.StandardButton.Cancel: "close"}
    for kind, sign in signs.items():
        button = box.button(kind)
        assert button is not None
        button.setIcon(icon(sign))
    return box


def _write(parent: QWidget, model: PanelModel, found: "Export") -> None:
    def write() -> Path:
        from secondunit_plugin.panel.model.exporting import written

        return written(found)

    Operation(parent, write).success(
        lambda path: model.noticed.emit(Notice(tr("Exported to {name}.").format(name=path.name)))
    ).failure(lambda error: model.noticed.emit(Notice(str(error), True))).run()
