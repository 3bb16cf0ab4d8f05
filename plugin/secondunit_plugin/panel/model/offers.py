"""Which models are offered for a task, and which one is used where the wanted one does not do it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import Card, Task

from secondunit_plugin.panel.model.draft import DraftModel, task_of


def does(card: Card, task: Task) -> bool:
    return any(limit.task == task for limit in card.limits)


def title(card: Card) -> str:
    return card.title or card.model


def lack(card: Card) -> str:
    """What a card that is not ready lacks, without what is to be done about it."""
    said = card.missing.partition(": ")[0]
    return f"{said[:1].upper()}{said[1:]}"


@dataclass(frozen=True, slots=True)
class Instead:
    """`used` does the task, which `wanted` does not."""

    wanted: Card
    task: Task
    used: Card


class OffersModel(QObject):
    """Gives the draft another model where its own does not do the task, and the wanted one back where it does.

    `changed`: after `instead` or the cards.
    """

    changed = pyqtSignal()

    def __init__(self, draft: DraftModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.cards: tuple[Card, ...] = ()
        self.instead: Instead | None = None
        self._wanted: Card | None = None
        draft.controls_wanted.connect(self._choose)

    def set_cards(self, cards: Sequence[Card]) -> None:
        self.cards = tuple(cards)
        self.changed.emit()
        self._choose()

    def ordered(self, task: Task) -> tuple[Card, ...]:
        """Those that do the task first, of these the ready ones first; else as the unit lists them."""
        return tuple(sorted(self.cards, key=lambda card: (not does(card, task), bool(card.missing))))

    def _choose(self) -> None:
        draft = self._draft.draft
        if draft is None:
            return
        task, before = task_of(draft.asking), self.instead
        card = next((one for one in self.cards if (one.engine, one.model) == (draft.engine, draft.model)), None)
        if card is not None and (before is None or card != before.used):
            self._wanted = card
        wanted = self._wanted
        doing = [one for one in self.ordered(task) if does(one, task)]
        if not doing:
            return
        if wanted is not None and wanted in doing:
            used, instead = wanted, None
        else:
            used = card if card is not None and card in doing else doing[0]
            instead = Instead(wanted, task, used) if wanted is not None else None
        if instead != before:
            self.instead = instead
            self.changed.emit()
        if used != card:
            self._draft.use_model(used.engine, used.model)
