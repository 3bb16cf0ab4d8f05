"""What the unit says of the draft while it is being written: its controls, and what it would do for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.basis import basis
from secondunit_plugin.panel.model.cut import CutModel
from secondunit_plugin.panel.model.draft import ControlsState, DraftModel, Known, Needless, Refused, Unknown
from secondunit_plugin.panel.model.forecast import Forecast, ForecastModel, ForecastState, NoForecast, NotPossible
from secondunit_plugin.panel.model.orders import OrdersModel
from secondunit_plugin.panel.model.unit import Reached, Searching, UnitState

if TYPE_CHECKING:
    from secondunit_bridge.controls import Controls

_SETTLE_MS = 100
"""How long a number that is being stepped has to stand before the unit is asked for its controls."""
_REST_MS = 400
"""How long a draft has to rest before the unit is asked what it would do for it."""


class InquiryModel(QObject):
    """Gives the draft its controls, and `forecast` its state."""

    def __init__(
        self,
        link: UnitLink,
        cut: CutModel,
        draft: DraftModel,
        orders: OrdersModel,
        forecast: ForecastModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link, self._cut, self._draft, self._orders, self._forecast = link, cut, draft, orders, forecast
        self._unit: UnitState = Searching()
        self._controls_asked = self._forecast_asked = 0
        self._settled = self._timer(_SETTLE_MS, self._ask_for_controls)
        self._at_rest = self._timer(_REST_MS, self._ask_for_forecast)
        draft.controls_wanted.connect(self._settled.start)
        draft.changed.connect(self._at_rest.start)
        cut.changed.connect(self._at_rest.start)

    def use_unit(self, state: UnitState) -> None:
        self._unit = state
        self._at_rest.start()
        if isinstance(state, Reached):
            self._ask_for_controls()

    def _timer(self, milliseconds: int, ask: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(ask)
        return timer

    def _ask_for_controls(self) -> None:
        opened, draft, link = self._cut.open, self._draft.draft, self._link
        if opened is None or draft is None or not isinstance(self._unit, Reached):
            self._draft.set_controls(Unknown())
            return
        self._controls_asked += 1
        asked, (version, planned) = self._controls_asked, basis(opened, draft, self._orders.orders.values())

        def work() -> "Controls | None":
            from secondunit_plugin.panel.model.planning import order_to_ask_with

            order = order_to_ask_with(version, planned, opened.takes_folder)
            return link.call(lambda unit: unit.controls(order, draft.intent)) if order is not None else None

        def use(state: ControlsState) -> None:
            if asked == self._controls_asked:  # else there is a later answer to come
                self._draft.set_controls(state)

        def answered(found: "Controls | None") -> None:
            use(Known(found.controls) if found is not None else Needless())

        Operation(self, work).success(answered).failure(lambda error: use(Refused(str(error)))).run()

    def _ask_for_forecast(self) -> None:
        opened, draft, link = self._cut.open, self._draft.draft, self._link
        self._forecast_asked += 1
        asked = self._forecast_asked
        if opened is None or draft is None or not isinstance(self._unit, Reached):
            self._forecast.set_state(NoForecast())
            return
        card = self._unit.card(draft.engine, draft.model)
        version, planned = basis(opened, draft, self._orders.orders.values())

        def work() -> ForecastState:
            from tempfile import TemporaryDirectory

            from secondunit_plugin.panel.model.planning import Folders, plan

            with TemporaryDirectory(prefix="secondunit-") as masks:
                ordered = plan(version, planned, Folders(opened.takes_folder, Path(masks), opened.codec), card)
                if (order := ordered.order) is None:
                    return NoForecast()
                told = link.call(lambda unit: unit.plan(order))
                return Forecast(told, len(order.seeds), ordered.notes, card)

        def use(state: ForecastState) -> None:
            if asked == self._forecast_asked:  # else there is a later answer to come
                self._forecast.set_state(state)

        Operation(self, work).success(use).failure(lambda error: use(NotPossible(str(error)))).run()
