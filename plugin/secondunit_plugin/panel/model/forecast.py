"""What the unit would do for the draft, said before it is ordered."""

from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.messages import Card, Plan


@dataclass(frozen=True, slots=True)
class NoForecast:
    """There is no draft, or no unit; or the camera's own frames are enough."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`notes`: of the order's place in the cut. `takes`: how many of the plan's frames are made."""

    plan: Plan
    takes: int
    notes: tuple[str, ...]
    card: Card | None


@dataclass(frozen=True, slots=True)
class NotPossible:
    why: str


ForecastState = NoForecast | Forecast | NotPossible


class ForecastModel(QObject):
    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: ForecastState = NoForecast()

    def set_state(self, state: ForecastState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit()
