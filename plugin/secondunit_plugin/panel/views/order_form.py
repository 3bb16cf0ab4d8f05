"""The draft: place, task, model, what the task is told and the model's controls, and the button that orders."""

from PyQt5.QtCore import QSignalBlocker, Qt
from PyQt5.QtWidgets import QComboBox, QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget
from secondunit_bridge.messages import Task

from secondunit_plugin.panel import words
from secondunit_plugin.panel.controls.form import ControlForm
from secondunit_plugin.panel.model.draft import Draft, Known, Needless, Refused, Unknown, asking, task_of
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import tasks_at
from secondunit_plugin.panel.model.unit import Reached
from secondunit_plugin.panel.views.asking_form import AskingForm

_NARROWEST = 380


class OrderForm(QWidget):
    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(_NARROWEST)
        self._model = model
        self.place = QLabel()
        self.place.setProperty("role", "heading")
        self.place.setWordWrap(True)
        self.task = QComboBox()
        self.task.setAccessibleName(self.tr("Task"))
        self.model_box = QComboBox()
        self.model_box.setAccessibleName(self.tr("Model"))
        self.model_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.intent = QComboBox()
        self.intent.setAccessibleName(self.tr("Intent"))
        self.intent.setToolTip(self.tr("What it is for: brings defaults of its own, and hides what is of no use then"))
        self.said = QLabel()
        self.said.setProperty("role", "quiet")
        self.said.setWordWrap(True)
        self.controls = ControlForm(model)
        chosen = QFormLayout()
        chosen.addRow(self.tr("Task"), self.task)
        chosen.addRow(self.tr("Model"), self.model_box)
        chosen.addRow(self.tr("Intent"), self.intent)
        self._chosen = chosen
        inner = QWidget()
        form = QVBoxLayout(inner)
        form.addWidget(self.place)
        form.addLayout(chosen)
        form.addWidget(AskingForm(model.draft))
        form.addWidget(self.said)
        form.addWidget(self.controls)
        form.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        self.task.currentIndexChanged.connect(self._task_chosen)
        self.model_box.currentIndexChanged.connect(self._model_chosen)
        self.intent.activated.connect(lambda row: model.draft.use_intent(self.intent.itemData(row)))
        model.draft.changed.connect(self._show_draft)
        model.draft.form_changed.connect(self._show_controls_state)
        model.unit_changed.connect(self._show_models)
        self._show_draft()

    def _show_draft(self) -> None:
        draft = self._model.draft.draft
        self.setEnabled(draft is not None)
        with QSignalBlocker(self.task):
            self.task.clear()
            if draft is not None:
                for task in tasks_at(draft.place):
                    self.task.addItem(words.of_task(task), task)
                self.task.setCurrentIndex(self.task.findData(task_of(draft.asking)))
        self.place.setText(words.of_place(draft.place) if draft is not None else self.tr("No place is selected"))
        self._show_model()

    def _show_models(self) -> None:
        if not isinstance(self._model.unit, Reached):
            return
        with QSignalBlocker(self.model_box):
            self.model_box.clear()
            for card in self._model.unit.info.cards:
                self.model_box.addItem(card.title or card.model, (card.engine, card.model))
                if card.missing:
                    row = self.model_box.count() - 1
                    self.model_box.setItemText(
                        row, self.tr("{model} (not ready)").format(model=card.title or card.model)
                    )
        self._show_model()

    def _show_model(self) -> None:
        draft = self._model.draft.draft
        if draft is not None:
            with QSignalBlocker(self.model_box):
                names = [self.model_box.itemData(row) for row in range(self.model_box.count())]
                wanted = (draft.engine, draft.model)
                self.model_box.setCurrentIndex(names.index(wanted) if wanted in names else -1)
            self._show_intents(draft)

    def _show_intents(self, draft: Draft) -> None:
        card = self._model.card(draft)
        intents = card.intents if card is not None else ()
        self.intent.clear()
        self.intent.addItem(self.tr("none"), "")
        for intent in intents:
            self.intent.addItem(intent, intent)
        self.intent.setCurrentIndex(max(0, self.intent.findData(draft.intent)))
        for widget in (self.intent, self._chosen.labelForField(self.intent)):
            if widget is not None:
                widget.setVisible(bool(intents))

    def _show_controls_state(self) -> None:
        match self._model.draft.controls:
            case Unknown():
                said = ""
            case Known(dropped=dropped):
                said = self.tr("Not for this model: {names}").format(names=", ".join(dropped)) if dropped else ""
            case Needless():
                said = self.tr("The shot's own camera frames are enough here: nothing is generated.")
            case Refused(why):
                said = why
        self.said.setText(said)
        self.said.setVisible(bool(said))

    def _task_chosen(self, row: int) -> None:
        draft, task = self._model.draft.draft, self.task.itemData(row)
        if draft is not None and isinstance(task, Task) and task != task_of(draft.asking):
            self._model.draft.ask(asking(task, draft.place))

    def _model_chosen(self, row: int) -> None:
        chosen = self.model_box.itemData(row)
        if chosen is not None:
            self._model.draft.use_model(*chosen)
