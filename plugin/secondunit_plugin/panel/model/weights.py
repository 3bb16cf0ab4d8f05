"""Weights of models on the unit's machine: what is there, and what is being fetched, taken in, checked or removed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.messages import Card, Weights, WeightsProgress

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink

if TYPE_CHECKING:
    from secondunit_bridge.client import Client


@dataclass(frozen=True, slots=True)
class AtWork:
    """`progress` None: it has begun."""

    progress: WeightsProgress | None


@dataclass(frozen=True, slots=True)
class Ended:
    """`said`: what came of it, or what went wrong."""

    said: str
    failed: bool


Transfer = AtWork | Ended


@dataclass(frozen=True, slots=True)
class Model:
    card: Card
    weights: Weights


class WeightsModel(QObject):
    """`models` by name, in the order of their cards; `transfers`: what was last done with each, by its name."""

    listed = pyqtSignal()
    changed = pyqtSignal(str)
    """The name of a model: its weights or its transfer."""
    _stepped = pyqtSignal(str, object)
    _ended = pyqtSignal(str, object, str)

    def __init__(self, link: UnitLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self.models: dict[str, Model] = {}
        self.transfers: dict[str, Transfer] = {}
        self.why = ""
        self._ends: dict[str, Callable[[], None]] = {}
        # emitted in the link's thread, so that they arrive on this one
        self._stepped.connect(self._step)
        self._ended.connect(self._end)

    def refresh(self) -> None:
        link = self._link

        async def listed(unit: "Client") -> list[Model]:
            cards = {card.model: card for card in (await unit.hello()).cards}
            return [Model(cards[one.model], one) async for one in unit.models() if one.model in cards]

        Operation(self, lambda: link.call(listed)).success(self._list).failure(self._refuse).run()

    def licence_to_accept(self, model: str) -> Card | None:
        """The card whose licence has to be accepted before its weights come; None where it was, or there is none."""
        one = self.models[model]
        return one.card if one.card.licence is not None and not one.weights.accepted else None

    def fetch(self, model: str, accept_licence: bool, adapters: tuple[str, ...] = ()) -> None:
        """Downloads, or goes on with a download; with adapters of its card, by their names."""
        said = self.tr("downloaded")
        self._begin(model, said, lambda unit: unit.fetch_model(model, accept_licence, adapters))

    def take_in(self, model: str, folder: Path, accept_licence: bool) -> None:
        said = self.tr("taken from {folder}").format(folder=folder)
        self._begin(model, said, lambda unit: unit.import_model(model, str(folder), accept_licence))

    def check(self, model: str) -> None:
        """With the hashes of every file."""
        said = self.tr("every hash is the recorded one")
        self._begin(model, said, lambda unit: unit.check_model(model, True))

    def cancel(self, model: str) -> None:
        """What has come of a download stays: the next one goes on there."""
        if (end := self._ends.get(model)) is not None:
            end()

    def remove(self, model: str) -> None:
        def removed(left: tuple[str, ...]) -> None:
            kept = self.tr("; left: {paths}").format(paths=", ".join(left)) if left else ""
            self._end(model, None, self.tr("removed") + kept)

        def refuse(error: SecondUnitError) -> None:
            self._end(model, error, "")

        if not isinstance(self.transfers.get(model), AtWork):
            self.transfers[model] = AtWork(None)
            self.changed.emit(model)
            Operation(self, lambda: self._link.call(lambda unit: unit.remove_model(model))).success(removed).failure(
                refuse
            ).run()

    def _begin(self, model: str, said: str, begin: "Callable[[Client], AsyncIterator[WeightsProgress]]") -> None:
        if isinstance(self.transfers.get(model), AtWork):
            return
        stopped = self.tr("stopped; what has come stays")
        self.transfers[model] = AtWork(None)
        self.changed.emit(model)
        self._ends[model] = self._link.follow(
            begin,
            lambda step: self._stepped.emit(model, step),
            lambda error, early: self._ended.emit(model, error, stopped if early else said),
        )

    def _step(self, model: str, progress: WeightsProgress) -> None:
        self.transfers[model] = AtWork(progress)
        self.changed.emit(model)

    def _end(self, model: str, error: SecondUnitError | None, said: str) -> None:
        self._ends.pop(model, None)
        self.transfers[model] = Ended(str(error) if error is not None else said, error is not None)
        self.changed.emit(model)
        self.refresh()

    def _list(self, models: list[Model]) -> None:
        before, self.models, self.why = self.models, {one.card.model: one for one in models}, ""
        if list(before) != list(self.models):
            self.listed.emit()
        for name, one in self.models.items():
            if before.get(name) != one:
                self.changed.emit(name)

    def _refuse(self, error: SecondUnitError) -> None:
        self.why = str(error)
        self.listed.emit()
