"""Models: what each does, under which licence, what of it is there; to get, take in, check and remove."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from secondunit_bridge.messages import AdapterWeights, Card, Weights, WeightsState

from secondunit_plugin.panel import words
from secondunit_plugin.panel.icons import icon
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.weights import AtWork, Ended, Model
from secondunit_plugin.panel.views.rows import Rows
from secondunit_plugin.panel.words import tr

_STEPS = 1000


class ModelsTable(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weights = model.weights
        self._wanted = ""
        titles = (
            self.tr("Model"),
            self.tr("Tasks"),
            self.tr("Picture"),
            self.tr("Licence"),
            self.tr("On this machine"),
        )
        self.list = Rows(self.tr("Models"), titles, (300, 0, 90, 230, 130))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setMaximum(_STEPS)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.get = _button(self.tr("Download"), "download")
        self.adapters = _button(self.tr("Adapters"), "puzzle-outline")
        self.adapters.setToolTip(self.tr("LoRAs and upsamplers that are published for the model"))
        self._offered = QMenu(self)
        self.adapters.setMenu(self._offered)
        self.take_in = _button(self.tr("Take from a folder…"), "folder-download-outline")
        self.check = _button(self.tr("Check"), "shield-check-outline")
        self.remove = _button(self.tr("Remove…"), "trash-can-outline")
        self.stop = _button(self.tr("Stop"), "close-circle-outline")
        buttons = QHBoxLayout()
        for one in (self.get, self.adapters, self.stop, self.take_in, self.check, self.remove):
            buttons.addWidget(one)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.list, 1)
        column.addWidget(self.said)
        column.addWidget(self.bar)
        column.addLayout(buttons)
        self.get.clicked.connect(lambda: self._licensed(self._weights.fetch))
        self.take_in.clicked.connect(self._choose_folder)
        self.check.clicked.connect(lambda: self._weights.check(self._selected))
        self.stop.clicked.connect(lambda: self._weights.cancel(self._selected))
        self.remove.clicked.connect(self._ask_to_remove)
        self.list.chosen.connect(self._show_selected)
        self._weights.listed.connect(self._list)
        self._weights.changed.connect(self._show)
        self._list()

    @property
    def _selected(self) -> str:
        return self.list.selected or ""

    def select(self, name: str) -> None:
        """Once it is listed."""
        self._wanted = name
        self._list()

    def _list(self) -> None:
        self.list.show_rows({name: self._texts(one) for name, one in self._weights.models.items()})
        if self._wanted in self._weights.models:
            self.list.select(self._wanted)
            self._wanted = ""
        self._show_selected()

    def _show(self, name: str) -> None:
        if name in self._weights.models:
            self.list.show_row(name, self._texts(self._weights.models[name]))
        if name == self.list.selected:
            self._show_selected()

    def _texts(self, one: Model) -> tuple[str, ...]:
        card, transfer = one.card, self._weights.transfers.get(one.card.model)
        native = card.native
        return (
            card.title or card.model,
            ", ".join(limit.task for limit in card.limits),
            f"{native.width}×{native.height}" if native is not None else "",
            (card.licence.id or self.tr("see its page")) if card.licence is not None else "",
            self._now(transfer) if isinstance(transfer, AtWork) else _there(one.weights),
        )

    def _now(self, transfer: AtWork) -> str:
        if transfer.progress is None:
            return self.tr("at work…")
        return self.tr("{share} done").format(share=f"{_share(transfer):.0%}")

    def _show_selected(self) -> None:
        one = self._weights.models.get(self._selected)
        transfer = self._weights.transfers.get(self._selected)
        busy = isinstance(transfer, AtWork)
        there = one is not None and one.weights.state is not WeightsState.MISSING
        self.get.setEnabled(one is not None and not busy and one.weights.state is not WeightsState.READY)
        self.adapters.setEnabled(one is not None and not busy and bool(one.weights.adapters))
        self._offer(one.weights.adapters if one is not None else ())
        self.take_in.setEnabled(one is not None and not busy)
        self.check.setEnabled(there and not busy)
        self.remove.setEnabled(there and not busy)
        self.stop.setEnabled(busy)
        self.bar.setVisible(busy)
        if isinstance(transfer, AtWork):
            self.bar.setMaximum(_STEPS if transfer.progress is not None and transfer.progress.total else 0)
            self.bar.setValue(round(_share(transfer) * _STEPS))
            if transfer.progress is not None:
                self.bar.setFormat(
                    self.tr("{what}: {done} of {total}").format(
                        what=transfer.progress.what,
                        done=words.of_bytes(transfer.progress.done),
                        total=words.of_bytes(transfer.progress.total),
                    )
                )
        self.said.setText(words.in_panel(self._weights.why if one is None else self._about(one)))

    def _offer(self, adapters: tuple[AdapterWeights, ...]) -> None:
        """Each to be downloaded, but for those that are there."""
        self._offered.clear()
        for one in adapters:
            there = one.state is WeightsState.READY
            said = self.tr("{name} ({kind}): {there}").format(name=one.name, kind=one.kind, there=_there(one))
            action = self._offered.addAction(icon("check" if there else "download"), said)
            assert action is not None
            action.setEnabled(not there)
            action.triggered.connect(lambda _, name=one.name: self._get_adapter(name))

    def _get_adapter(self, adapter: str) -> None:
        self._licensed(lambda name, accepted: self._weights.fetch(name, accepted, (adapter,)))

    def _about(self, one: Model) -> str:
        card, weights = one.card, one.weights
        lines = [card.description]
        if card.licence is not None:
            lines.append(_licence(card))
        if weights.bytes:
            lines.append(weights.folder)
        transfer = self._weights.transfers.get(card.model)
        if isinstance(transfer, Ended):
            lines.append(transfer.said)
        elif weights.state is WeightsState.MISSING:
            lines.append(self.tr("It is downloaded from {repository}.").format(repository=card.repository))
        else:
            lines.append(weights.todo)
        return "\n".join(filter(None, lines))

    def _licensed(self, do: Callable[[str, bool], None]) -> None:
        """Asks for the licence where it has not been accepted."""
        name = self._selected
        card = self._weights.licence_to_accept(name)
        if card is None:
            do(name, False)
            return
        self.question = QMessageBox(
            QMessageBox.Icon.NoIcon,
            self.tr("Licence"),
            f"{card.title or card.model}\n\n{_licence(card)}",
            QMessageBox.StandardButtons(QMessageBox.Ok) | QMessageBox.Cancel,
            self,
        )
        self.question.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        accept = self.question.button(QMessageBox.StandardButton.Ok)
        assert accept is not None
        accept.setText(self.tr("Accept"))
        accept.setIcon(icon("check"))
        accept.clicked.connect(lambda: do(name, True))
        self.question.open()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of the model, in diffusers' layout"))
        if folder:
            self.take_from(Path(folder))

    def take_from(self, folder: Path) -> None:
        self._licensed(lambda name, accepted: self._weights.take_in(name, folder, accepted))

    def _ask_to_remove(self) -> None:
        name = self._selected
        one = self._weights.models[name]
        self.question = QMessageBox(
            QMessageBox.Icon.NoIcon,
            self.tr("Remove"),
            self.tr("{model}: delete {bytes} in {folder}?").format(
                model=one.card.title or name, bytes=words.of_bytes(one.weights.bytes), folder=one.weights.folder
            ),
            QMessageBox.StandardButtons(QMessageBox.Ok) | QMessageBox.Cancel,
            self,
        )
        delete = self.question.button(QMessageBox.StandardButton.Ok)
        assert delete is not None
        delete.setText(self.tr("Delete"))
        delete.setIcon(icon("trash-can-outline"))
        delete.clicked.connect(lambda: self._weights.remove(name))
        self.question.open()


def _button(text: str, name: str) -> QPushButton:
    return QPushButton(icon(name), text)


def _there(weights: Weights | AdapterWeights) -> str:
    match weights.state:
        case WeightsState.READY:
            return tr("ready, {bytes}").format(bytes=words.of_bytes(weights.bytes))
        case WeightsState.MISSING:
            return tr("not there")
        case WeightsState.INCOMPLETE:
            return tr("{bytes} are there").format(bytes=words.of_bytes(weights.bytes))
        case WeightsState.DAMAGED:
            return tr("damaged")
        case _:
            assert_never(weights.state)


def _share(transfer: AtWork) -> float:
    progress = transfer.progress
    return progress.done / progress.total if progress is not None and progress.total else 0.0


def _licence(card: Card) -> str:
    licence = card.licence
    assert licence is not None
    said = tr("Licence: {id}. Commercial use: {commercial}.\n{url}")
    return said.format(id=licence.id or tr("unnamed"), commercial=licence.commercial, url=licence.url)
