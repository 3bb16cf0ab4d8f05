"""The chosen take in words: its seam, how far it is to be trusted, how it was made."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget
from secondunit_bridge.messages import Record

from secondunit_plugin.panel import seams, words
from secondunit_plugin.panel.icons import icon, icon_of
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.states import OfflineGrade, Stale, State
from secondunit_plugin.panel.seams import judge
from secondunit_plugin.panel.views.tool_row import ToolRow

_LIGHT = 18


class TakeDetails(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.name = QLabel()
        self.name.setProperty("role", "heading")
        self._light = QLabel()
        self._light.setFixedSize(_LIGHT, _LIGHT)
        self._mark = QLabel()
        self._mark.setFixedSize(_LIGHT, _LIGHT)
        self.state = QLabel()
        self.seam = QLabel()
        self.said = QLabel()
        for label in (self.name, self.state, self.seam, self.said):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.state.setAccessibleName(self.tr("In the cut"))
        self.seam.setAccessibleName(self.tr("Seam"))
        self.said.setAccessibleName(self.tr("About the take"))
        light, state = QHBoxLayout(), QHBoxLayout()
        for row, symbol, label in ((state, self._mark, self.state), (light, self._light, self.seam)):
            row.addWidget(symbol, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.name)
        column.addLayout(state)
        column.addLayout(light)
        column.addWidget(self.said)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self._tools = ToolRow()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addWidget(self._tools)
        model.takes.chosen_changed.connect(self._show)
        model.takes.shown_changed.connect(self._show)
        model.choosing.ratings.changed.connect(self._show)
        model.states.changed.connect(self._show)
        self._show()

    def add(self, *actions: QAction) -> None:
        """As buttons below."""
        for action in actions:
            self._tools.add_action(action)
        self._tools.add_stretch()

    def _show(self) -> None:
        chosen = self._model.takes.chosen
        if chosen is None:
            self.name.setText(self.tr("No take is chosen"))
            for label in (self._light, self.seam, self.said):
                label.clear()
            self._show_state(None)
            return
        take = self._model.takes.take(chosen)
        record = take.record
        rating = words.of_rating(self._model.choosing.rating(chosen))
        self.name.setText(f"{record.name} · {rating}")
        self._show_state(self._model.states.of_take(record.take_id, self._model.place))
        judged = judge(record)
        if judged is None:
            self._light.setPixmap(icon("minus-circle-outline").pixmap(_LIGHT, _LIGHT))
            self.seam.setText(self.tr("no seam with camera frames"))
            self.seam.setToolTip("")
        else:
            self._light.setPixmap(icon(judged.light.icon, judged.light.colour).pixmap(_LIGHT, _LIGHT))
            self.seam.setText(judged.said)
            self.seam.setToolTip("\n".join(judged.numbers))
        self._light.setToolTip(self.seam.toolTip())
        self._light.setAccessibleName(self.seam.text())
        located = self._model.takes.located.get(chosen.order_id)
        why = (located.why,) if located is not None and located.why else ()
        self.said.setText("\n".join((*self._lines(record), *record.notes, *why)))

    def _show_state(self, state: State | None) -> None:
        """Nothing where the take fits, or is not in the cut."""
        said = words.why_of(state) if state is not None else ""
        name = icon_of(state) if isinstance(state, Stale | OfflineGrade) else "help-circle-outline"
        self.state.setText(said)
        self._mark.setPixmap(icon(name, "#e0b060").pixmap(_LIGHT, _LIGHT))
        for label in (self._mark, self.state):
            label.setVisible(bool(said))

    def _lines(self, record: Record) -> list[str]:
        lines = [self.tr("seed {seed}, frames: {trust}").format(seed=record.seed, trust=words.of_trust(record))]
        if record.fit is not None:
            lines.append(words.of_fit(record.fit))
        if record.look is not None:
            before, after = record.look.before, record.look.after
            lines.append(
                self.tr("look: {before:.1f} ΔE from its reference before, {after:.1f} after").format(
                    before=before.colour, after=after.colour
                )
            )
        lines += [
            self.tr("pass meets pass, {numbers}").format(numbers=seams.figures(seam.after))
            for seam in (record.fit.seams if record.fit is not None else ())
        ]
        return lines
