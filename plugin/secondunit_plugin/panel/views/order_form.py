"""The draft: place, task, model, what the task is told and the model's controls, and the button that orders."""

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtGui import QStandardItem, QStandardItemModel
from PyQt5.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget
from secondunit_bridge.messages import Card, Task

from secondunit_plugin.panel import words
from secondunit_plugin.panel.controls.form import ControlForm
from secondunit_plugin.panel.model.draft import Draft, Known, Needless, Refused, Unknown, asking, task_of
from secondunit_plugin.panel.model.offers import does, lack, title
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import tasks_at
from secondunit_plugin.panel.views.asking_form import AskingForm

_NARROWEST = 380
# The list of models in pixels: the widest, and what is around its texts.
_WIDEST_LIST, _AROUND = 640, 40


class OrderForm(QWidget):
    models_wanted = pyqtSignal(str)
    """A person wants to see to the model of that name."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(_NARROWEST)
        self._model = model
        self.place = QLabel()
        self.place.setProperty("role", "heading")
        self.place.setWordWrap(True)
        self.how = QLabel(self.tr("Click a shot, a gap or a cut point in the cut, or find one by its name (Ctrl+F)."))
        self.how.setProperty("role", "quiet")
        self.how.setWordWrap(True)
        self.task = QComboBox()
        self.task.setAccessibleName(self.tr("Task"))
        self.model_box = QComboBox()
        self.model_box.setAccessibleName(self.tr("Model"))
        self.model_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._rows = QStandardItemModel(self)
        self.model_box.setModel(self._rows)
        self._listed: tuple[tuple[Card, ...], Task | None] = ((), None)
        self.instead = QLabel()
        self.lacks = QLabel()
        for label in (self.instead, self.lacks):
            label.setProperty("role", "quiet")
            label.setWordWrap(True)
        self.get_model = QPushButton(self.tr("Models…"))
        self.get_model.setToolTip(self.tr("Opens the unit's models: there it is downloaded or taken from a folder"))
        self.get_model.clicked.connect(self._want_model)
        self._lacking = QWidget()
        lacking = QHBoxLayout(self._lacking)
        lacking.setContentsMargins(0, 0, 0, 0)
        lacking.addWidget(self.lacks, 1)
        lacking.addWidget(self.get_model, 0, Qt.AlignmentFlag.AlignTop)
        self.intent = QComboBox()
        self.intent.setAccessibleName(self.tr("Intent"))
        self.intent.setToolTip(self.tr("What it is for: brings defaults of its own, and hides what is of no use then"))
        self.said = QLabel()
        self.said.setProperty("role", "quiet")
        self.said.setWordWrap(True)
        self.controls = ControlForm(model)
        self._asks = QWidget()
        chosen = QFormLayout(self._asks)
        chosen.setContentsMargins(0, 0, 0, 0)
        chosen.addRow(self.tr("Task"), self.task)
        chosen.addRow(self.tr("Model"), self.model_box)
        chosen.addRow(self.tr("Intent"), self.intent)
        self._chosen = chosen
        inner = QWidget()
        form = QVBoxLayout(inner)
        form.addWidget(self.place)
        form.addWidget(self.how)
        form.addWidget(self._asks)
        form.addWidget(self.instead)
        form.addWidget(self._lacking)
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
        model.offers.changed.connect(self._show_model)
        model.cut.changed.connect(self._show_draft)
        self._show_draft()

    def _show_draft(self) -> None:
        draft = self._model.draft.draft
        self._asks.setVisible(draft is not None)
        self.how.setVisible(draft is None and self._model.cut.open is not None)
        with QSignalBlocker(self.task):
            tasks = tasks_at(draft.place) if draft is not None else ()
            if tasks != tuple(self.task.itemData(row) for row in range(self.task.count())):
                self.task.clear()  # which closes it where it is open
                for task in tasks:
                    self.task.addItem(words.of_task(task), task)
            if draft is not None:
                self.task.setCurrentIndex(self.task.findData(task_of(draft.asking)))
        self.place.setText(words.of_place(draft.place) if draft is not None else self.tr("No place is selected"))
        self._show_model()

    def _list_models(self, task: Task) -> None:
        """Those that do the task first; the others cannot be chosen, and say why."""
        offers = self._model.offers
        if self._listed == (offers.cards, task):
            return
        self._listed = (offers.cards, task)
        self._rows.clear()
        for card in offers.ordered(task):
            item = QStandardItem(title(card))
            item.setData((card.engine, card.model), Qt.ItemDataRole.UserRole)
            item.setToolTip(card.description)
            if not does(card, task):
                item.setText(f"{title(card)}: {words.does_not(task)}")
                item.setEnabled(False)
            elif card.missing:
                item.setText(self.tr("{model} (not ready)").format(model=title(card)))
                item.setToolTip(words.in_panel(card.missing))
            self._rows.appendRow(item)
        listed = self.model_box.view()
        assert listed is not None
        listed.setMinimumWidth(min(_WIDEST_LIST, listed.sizeHintForColumn(0) + _AROUND))
        listed.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def _show_model(self) -> None:
        draft = self._model.draft.draft
        if draft is None:
            self.instead.hide()
            self._lacking.hide()
            return
        with QSignalBlocker(self.model_box):
            self._list_models(task_of(draft.asking))
            names = [self.model_box.itemData(row) for row in range(self.model_box.count())]
            wanted = (draft.engine, draft.model)
            self.model_box.setCurrentIndex(names.index(wanted) if wanted in names else -1)
        card, instead = self._model.card(draft), self._model.offers.instead
        self.model_box.setToolTip(f"{title(card)}\n{card.description}" if card is not None else "")
        if instead is not None:
            said = self.tr("{wanted} {does_not}: {used} is used.")
            titles = {"wanted": title(instead.wanted), "used": title(instead.used)}
            self.instead.setText(said.format(does_not=words.does_not(instead.task), **titles))
        self.instead.setVisible(instead is not None)
        missing = card.missing if card is not None else ""
        self.lacks.setText(f"{lack(card)}." if card is not None else "")
        self.lacks.setToolTip(words.in_panel(missing))
        self._lacking.setVisible(bool(missing))
        self._show_intents(draft)

    def _want_model(self) -> None:
        if (draft := self._model.draft.draft) is not None:
            self.models_wanted.emit(draft.model)

    def _show_intents(self, draft: Draft) -> None:
        card = self._model.card(draft)
        intents = card.intents if card is not None else ()
        if ("", *intents) != tuple(self.intent.itemData(row) for row in range(self.intent.count())):
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
                said = words.in_panel(why)
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
