"""What the unit would do for the draft: frames, time, memory, licence, and what it warns of."""

from typing import assert_never

from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from secondunit_plugin.panel.model.forecast import Forecast, NoForecast, NotPossible
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.words import in_panel, of_bytes, of_frames, of_seconds, of_takes


class PlanLine(QWidget):
    """Hidden where there is nothing to say."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.plan = QLabel()
        self.plan.setAccessibleName(self.tr("What the order takes"))
        self.warnings = QLabel()
        self.warnings.setProperty("role", "quiet")
        self.warnings.setAccessibleName(self.tr("Warnings"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        for label in (self.plan, self.warnings):
            label.setWordWrap(True)
            column.addWidget(label)
        model.forecast.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        match self._model.forecast.state:
            case NoForecast():
                said, warned = "", ""
            case NotPossible(why):
                said, warned = "", in_panel(why)
            case Forecast() as forecast:
                said, warned = self._said(forecast), self._warned(forecast)
            case _:
                assert_never(self._model.forecast.state)
        self.plan.setText(said)
        self.plan.setVisible(bool(said))
        self.warnings.setText(warned)
        self.warnings.setVisible(bool(warned))
        self.setVisible(bool(said or warned))

    def _said(self, forecast: Forecast) -> str:
        plan = forecast.plan
        parts = [of_frames(plan.frames)]
        if forecast.takes > 1:
            parts.append(of_takes(forecast.takes))
        if plan.seconds:
            parts.append(self.tr("about {time}").format(time=of_seconds(plan.seconds)))
        parts.append(self.tr("{bytes} of memory").format(bytes=of_bytes(plan.memory_bytes)))
        return " · ".join(parts)

    def _warned(self, forecast: Forecast) -> str:
        lines = [*forecast.plan.warnings, *forecast.notes]
        card = forecast.card
        if card is not None and card.licence is not None:
            said = self.tr("Licence {id}. Commercial use: {how}.")
            lines.append(said.format(id=card.licence.id, how=card.licence.commercial))
        return in_panel("\n".join(lines))
