"""The main window: where each view lies, and what each command does."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QByteArray, QSize, Qt, QTimer
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QAction,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.letters import Letters

if TYPE_CHECKING:
    from secondunit_plugin.panel.model.cut import OpenCut
    from secondunit_plugin.panel.model.panel import Notice, PanelModel
    from secondunit_plugin.panel.views.unit_page import UnitPage

CUTS = "*.otio *.otioz *.fcpxml *.xml *.kdenlive *.mlt *.aaf *.edl"
_NOTICE_MS = 8000
# How much of the screen the window takes when it is opened for the first time, and the least.
_SHARE, _SMALLEST = 0.8, QSize(1280, 800)
# Heights of a row of takes and of a cut of two tracks.
_STRIP, _CUT = 280, 184
_ORDER = 400
# Names of `timeline.ways.Way`.
_WAYS = {
    Command.INTO_GAP: "gap",
    Command.INSERT: "insert",
    Command.OVERWRITE: "overwrite",
    Command.ABOVE: "above",
    Command.ON_SHOT: "shot",
    Command.HANDLES: "handles",
}
# Keys that lists, fields and buttons have a use for of their own.
_WHERE_IT_IS_SEEN = (
    *(Command.PLACE_BEFORE, Command.PLACE_AFTER, Command.EDIT_BEFORE, Command.EDIT_AFTER),
    *(Command.CUT_START, Command.CUT_END),
    *(Command.PLAY, Command.PLAY_AROUND, Command.FRAME_BACK, Command.FRAME_ON),
)


class Window(QMainWindow):
    """The viewer, below it the cut, the order on the right, takes and queue at the bottom.

    Empty until `fill`, so that it shows before the model and the views are imported. `filling` does the same in steps,
    between which the application can see to what else there is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Second Unit")
        screen = self.screen()
        room = screen.availableGeometry().size() * _SHARE if screen is not None else _SMALLEST
        self.resize(room.expandedTo(_SMALLEST))

    def fill(self, model: "PanelModel") -> None:
        for _ in self.filling(model):
            pass

    def filling(self, model: "PanelModel") -> Iterator[None]:
        from secondunit_plugin.panel.compare.view import CompareView
        from secondunit_plugin.panel.gestures.layer import GestureLayer
        from secondunit_plugin.panel.icons import icon
        from secondunit_plugin.panel.views.order_form import OrderForm
        from secondunit_plugin.panel.views.pending import Pending
        from secondunit_plugin.panel.views.place_strip import PlaceStrip
        from secondunit_plugin.panel.views.queue import Queue
        from secondunit_plugin.panel.views.small_pictures import SmallPictures
        from secondunit_plugin.panel.views.takes import Takes
        from secondunit_plugin.panel.views.timeline import Timeline
        from secondunit_plugin.panel.views.unit_status import UnitStatus
        from secondunit_plugin.panel.views.viewer import Viewer

        self._model = model
        self.actions_: dict[Command, QAction] = {}
        self._docks: dict[QDockWidget, Qt.DockWidgetArea] = {}
        icon(Command.OPEN.value.icon)  # the first one reads the font
        yield
        self.viewer = Viewer(model)
        yield
        self.compare = CompareView(model)
        self.seen = QStackedWidget()
        self.seen.addWidget(self.viewer)
        self.seen.addWidget(self.compare)
        yield
        self.gestures = GestureLayer(model, self.viewer.canvas)
        pictures = SmallPictures(model.thumbnails, self)
        self.timeline = Timeline(model, pictures)
        self.place_strip = PlaceStrip(model, pictures)
        yield
        self.order_form = OrderForm(model)
        yield
        self.takes = Takes(model, pictures)
        self.queue = Queue(model)
        self.pending = Pending(model)
        yield
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        self.notice.setMargin(6)
        self.notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notice.hide()
        self._notice_ends = QTimer(self)
        self._notice_ends.setSingleShot(True)
        self._notice_ends.timeout.connect(self.notice.hide)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.seen, 1)
        column.addWidget(self.notice)
        self._middle = middle = QSplitter(Qt.Orientation.Vertical)
        middle.setChildrenCollapsible(False)
        middle.addWidget(above)
        middle.addWidget(self.timeline)
        middle.setStretchFactor(0, 1)
        self.setCentralWidget(middle)
        yield
        right = Qt.DockWidgetArea.RightDockWidgetArea
        self._order_dock = self._dock(self.tr("Order"), "order", self._order_area(), right)
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        self._takes_dock = self._dock(self.tr("Takes"), "takes", self._takes_area(), bottom)
        self._queue_dock = self._dock(self.tr("Queue"), "queue", self.queue, bottom)
        self._pending_dock = self._dock(self.tr("Pending"), "pending", self.pending, bottom)
        self._dock_in_tabs()
        self.setTabPosition(bottom, QTabWidget.TabPosition.North)
        for dock in (self._takes_dock, self._queue_dock, self._pending_dock):
            dock.setTitleBarWidget(QWidget())  # its tab is its title
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        status = self.statusBar()
        assert status is not None
        self.unit_status = UnitStatus(model)
        self.unit_page: UnitPage | None = None
        status.addWidget(self.unit_status, 1)
        yield
        self._bind_commands()
        model.cut.changed.connect(self._show_cut)
        model.draft.changed.connect(self._enable_commands)
        model.draft.form_changed.connect(self._enable_commands)
        model.takes.chosen_changed.connect(self._enable_commands)
        model.states.changed.connect(self._enable_remaking)
        model.place_changed.connect(self._enable_remaking)
        model.noticed.connect(self.say)
        model.editing.stepped.connect(self._say_step)
        self._show_cut()
        self._enable_remaking()
        self._draw_icons()
        self._size_areas()

    @property
    def arrangement(self) -> dict[str, QByteArray]:
        """Where its areas lie and how large they are, by names."""
        return {"geometry": self.saveGeometry(), "areas": self.saveState(), "middle": self._middle.saveState()}

    def arrange(self, arrangement: Mapping[str, QByteArray]) -> None:
        """As `arrangement` was; what is missing there stays."""
        restore: dict[str, Callable[[QByteArray], bool]] = {
            "geometry": self.restoreGeometry,
            "areas": self.restoreState,
            "middle": self._middle.restoreState,
        }
        for name, use in restore.items():
            if name in arrangement:
                use(arrangement[name])

    def _reset_layout(self) -> None:
        for dock in self._docks:
            dock.setFloating(False)
            self.removeDockWidget(dock)  # side by side they would make the window wider
        self.addDockWidget(self._docks[self._order_dock], self._order_dock)
        self.addDockWidget(self._docks[self._takes_dock], self._takes_dock)
        self._dock_in_tabs()
        for dock in self._docks:
            dock.show()
        self._size_areas()

    def _dock_in_tabs(self) -> None:
        self.tabifyDockWidget(self._takes_dock, self._queue_dock)
        self.tabifyDockWidget(self._queue_dock, self._pending_dock)
        self._takes_dock.raise_()

    def _size_areas(self) -> None:
        """By the size of the window: most of what it grows by goes to the picture."""
        width, height = self.width(), self.height()
        self.resizeDocks([self._order_dock], [max(_ORDER, min(width // 4, 480))], Qt.Orientation.Horizontal)
        takes = max(_STRIP, height // 4)
        self.resizeDocks([self._takes_dock], [takes], Qt.Orientation.Vertical)
        timeline = max(_CUT, (height - takes) * 3 // 10)
        self._middle.setSizes([height - takes - timeline, timeline])

    def act(self, command: Command, do: Callable[[], None], holder: QWidget | None = None) -> QAction:
        """Makes the command's action, live in the whole window, or only while the focus is in `holder`."""
        action = QAction(command.words, self)
        action.setShortcuts([QKeySequence(keys) for keys in command.value.keys])
        action.triggered.connect(lambda _checked: do())
        if holder is not None:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (holder or self).addAction(action)
        self.actions_[command] = action
        return action

    def show_unit(self) -> None:
        from secondunit_plugin.panel.views.unit_page import UnitPage

        if self.unit_page is None:
            self.unit_page = UnitPage(self._model, self)
        self.unit_page.show()
        self.unit_page.raise_()
        self.unit_page.activateWindow()

    def _show_model(self, name: str) -> None:
        self.show_unit()
        assert self.unit_page is not None
        self.unit_page.show_model(name)

    def say(self, notice: "Notice") -> None:
        from secondunit_plugin.panel.words import in_panel

        self.notice.setText(in_panel(notice.text))
        self.notice.setProperty("role", "refused" if notice.refused else "notice")
        style = self.notice.style()
        assert style is not None
        style.polish(self.notice)
        self.notice.show()
        if notice.refused:
            self._notice_ends.stop()
        else:
            self._notice_ends.start(_NOTICE_MS)

    def _say_step(self, opened: "OpenCut") -> None:
        from secondunit_plugin.panel.model.panel import Notice
        from secondunit_plugin.panel.words import of_step

        step = of_step(opened.version.step)
        if opened.saved_as is None:  # in the program that has the cut open
            self.say(Notice(f"{step}."))
            return
        said = self.tr("{step}. Written to {name}.")
        self.say(Notice(said.format(step=step, name=opened.saved_as.name)))

    def _ask_ways(self) -> None:
        if (chosen := self._model.takes.chosen) is not None:
            self._model.editing.ask_ways(chosen)

    def _offer_ways(self, reasons: Mapping[str, str]) -> None:
        if reasons and not self.ways.isVisible():
            return
        for command, way in _WAYS.items():
            why = reasons.get(way, "")
            self.actions_[command].setEnabled(self._model.takes.chosen is not None and not why)
            self.actions_[command].setToolTip(why)

    def _draw_icons(self) -> None:
        from secondunit_plugin.panel.icons import icon

        for command, action in self.actions_.items():
            action.setIcon(icon(command.value.icon))
        self._order_button.setIcon(icon(Command.ORDER.value.icon))
        self._cut_in_button.setIcon(icon(Command.CUT_IN.value.icon))

    def _order_area(self) -> QWidget:
        self._order_button = QPushButton(Command.ORDER.words)
        self._order_button.setDefault(True)
        from secondunit_plugin.panel.views.live_line import LiveLine
        from secondunit_plugin.panel.views.plan_line import PlanLine

        self.plan_line = PlanLine(self._model)
        self.live_line = LiveLine(self._model)
        below = (self.live_line, self.plan_line, self._order_button)
        return _over(self.place_strip, self.order_form, *below, tall=self.order_form)

    def _takes_area(self) -> QWidget:
        self._cut_in_button = QPushButton(Command.CUT_IN.words)
        self.takes.tools.add_button(self._cut_in_button)
        return _over(self.takes, tall=self.takes)

    def _dock(self, title: str, name: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setFeatures(QDockWidget.DockWidgetMovable | QDockWidget.DockWidgetFloatable)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self._docks[dock] = area
        return dock

    def _bind_commands(self) -> None:
        model = self._model
        bar = self.menuBar()
        assert bar is not None
        menus: tuple[tuple[str, dict[Command, Callable[[], None]]], ...] = (
            (
                self.tr("&File"),
                {
                    Command.OPEN: self._choose_cut,
                    Command.RELOAD: model.editing.reload,
                    Command.EXPORT: self._export,
                    Command.QUIT: self._quit,
                },
            ),
            (
                self.tr("&Edit"),
                {Command.UNDO: model.editing.undo, Command.REDO: model.editing.redo, Command.CUT_IN: model.cut_in},
            ),
            (
                self.tr("&Order"),
                {
                    Command.ORDER: model.order,
                    Command.NEW_VERSION: lambda: model.states.make_version(model.place),
                    Command.STALE_AGAIN: model.states.make_all,
                    Command.CANCEL: self._cancel,
                },
            ),
            (self.tr("&Place"), self._place_commands()),
            (self.tr("Play&back"), self._playback_commands()),
            (self.tr("&Window"), {Command.RESET_LAYOUT: self._reset_layout}),
        )
        for title, commands in menus:
            menu = bar.addMenu(title)
            assert menu is not None
            for command, do in commands.items():
                holder = self.centralWidget() if command in _WHERE_IT_IS_SEEN else None
                menu.addAction(self.act(command, do, holder))
            if Command.CUT_IN in commands:
                ways = menu.addMenu(self.tr("Cut in as"))
                assert ways is not None
                self.ways = ways
                for command, way in _WAYS.items():
                    self.ways.addAction(self.act(command, partial(model.cut_in, way)))
                self.ways.setToolTipsVisible(True)
                self.ways.aboutToShow.connect(self._ask_ways)
                self.ways.aboutToHide.connect(lambda: self._offer_ways({}))  # their keys work for any take
                model.editing.ways_known.connect(self._offer_ways)
        loop = self.actions_[Command.LOOP]
        loop.setCheckable(True)
        model.playback.changed.connect(lambda: loop.setChecked(model.playback.loop))
        self.viewer.transport.add(
            *(
                self.actions_[command]
                for command in (
                    *(Command.MARK_IN, Command.PLAY_BACKWARD, Command.FRAME_BACK, Command.PLAY, Command.FRAME_ON),
                    *(Command.PLAY_FORWARD, Command.MARK_OUT, Command.PLAY_AROUND, Command.LOOP),
                )
            )
        )
        self.compare.bind(self.actions_[Command.PLAY])
        self.queue.bind(
            {
                Command.CANCEL: self.actions_[Command.CANCEL],
                Command.CANCEL_ALL: self.act(Command.CANCEL_ALL, model.cancel_all),
                Command.EARLIER: self.act(Command.EARLIER, lambda: self.queue.step(-1), self.queue),
                Command.LATER: self.act(Command.LATER, lambda: self.queue.step(1), self.queue),
                Command.AGAIN: self.act(Command.AGAIN, self.queue.again, self.queue),
                Command.CLEAR_ENDED: self.act(Command.CLEAR_ENDED, model.orders.clear_ended, self.queue),
            }
        )
        self.live_line.bind(self.act(Command.LIVE, lambda: model.live.set_on(not model.live.on)))
        self._bind_takes()
        self._letters = Letters(self.takes.list, self)
        unit = bar.addMenu(self.tr("&Unit"))
        assert unit is not None
        unit.addAction(self.act(Command.UNIT, self.show_unit))
        self.unit_status.bind(self.actions_[Command.UNIT])
        self.order_form.models_wanted.connect(self._show_model)
        self._order_button.clicked.connect(self.actions_[Command.ORDER].trigger)
        self._cut_in_button.clicked.connect(self.actions_[Command.CUT_IN].trigger)

    def _bind_takes(self) -> None:
        """Their letters and numbers work in the takes and over the picture."""
        bar = self.menuBar()
        assert bar is not None
        menu = bar.addMenu(self.tr("&Takes"))
        assert menu is not None
        commands = {**self.takes.commands, Command.SHEET: self._toggle_sheet}
        actions = {command: self.act(command, do, self.takes) for command, do in commands.items()}
        self.takes.bind(actions)
        menu.addActions(list(actions.values()))
        for number, key in enumerate(Command.TAKE.value.keys):
            action = QAction(Command.TAKE.words, self)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _, number=number: self._model.takes.choose_nth(number))
            self.takes.addAction(action)
            self.seen.addAction(action)
        self.seen.addActions(list(actions.values()))
        self._model.compare.changed.connect(self._show_seen)

    def _toggle_sheet(self) -> None:
        sheet = not self.takes.list.isWrapping()
        self.takes.list.show_sheet(sheet)
        tall = self.height() // 2 if sheet else max(_STRIP, self.height() // 4)
        self.resizeDocks([self._takes_dock], [tall], Qt.Orientation.Vertical)

    def _show_seen(self) -> None:
        comparing = self._model.compare.mode is not None
        shown = self.compare if comparing else self.viewer
        if self.seen.currentWidget() is not shown:
            self.seen.setCurrentWidget(shown)
            if comparing:
                self.compare.setFocus()

    def _playback_commands(self) -> dict[Command, Callable[[], None]]:
        playback = self._model.playback
        return {
            Command.PLAY: playback.toggle,
            Command.PLAY_AROUND: playback.play_span,
            Command.PLAY_BACKWARD: lambda: playback.shuttle(-1),
            Command.STOP: playback.stop,
            Command.PLAY_FORWARD: lambda: playback.shuttle(1),
            Command.FRAME_BACK: lambda: playback.step(-1),
            Command.FRAME_ON: lambda: playback.step(1),
            Command.MARK_IN: lambda: playback.mark("in"),
            Command.MARK_OUT: lambda: playback.mark("out"),
            Command.CLEAR_MARKS: playback.clear_marks,
            Command.LOOP: lambda: playback.set_loop(not playback.loop),
        }

    def _place_commands(self) -> dict[Command, Callable[[], None]]:
        model, area = self._model, self.timeline.area

        return {
            Command.FIND: self.timeline.write_name,
            Command.PLACE_BEFORE: lambda: model.step_place(-1),
            Command.PLACE_AFTER: lambda: model.step_place(1),
            Command.EDIT_BEFORE: lambda: model.go_to_edit(-1),
            Command.EDIT_AFTER: lambda: model.go_to_edit(1),
            Command.CUT_START: lambda: model.go_to(0),
            Command.CUT_END: lambda: model.go_to(-1),
            Command.ZOOM_IN: lambda: area.zoom(1),
            Command.ZOOM_OUT: lambda: area.zoom(-1),
            Command.FIT: area.fit,
        }

    def _choose_cut(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Open cut"), "", self.tr("Cuts ({files})").format(files=CUTS)
        )
        if path:
            self._model.open_cut(Path(path))

    def _export(self) -> None:
        from secondunit_plugin.panel.views.exporting import export

        export(self, self._model)

    def _quit(self) -> None:
        self.close()

    def _cancel(self) -> None:
        running = [order.order.id for order in self._model.orders.orders.values() if not order.ended]
        order_id = self.queue.selected or (running[0] if running else None)
        if order_id is not None:
            self._model.cancel(order_id)

    def _show_cut(self) -> None:
        from secondunit_plugin.panel.model.cut import NoCut, OpenCut, Reading, Unreadable

        match self._model.cut.state:
            case NoCut():
                title = self.tr("no cut")
            case Reading(path):
                title = self.tr("reading {name}").format(name=path.name)
            case Unreadable(path):
                title = self.tr("{name} cannot be read").format(name=path.name)
            case OpenCut(path, saved_as=saved_as):
                title = (saved_as or path).name
        self.setWindowTitle(f"{title} – Second Unit")
        self._enable_commands()

    def _enable_commands(self) -> None:
        from secondunit_plugin.panel.model.draft import Needless

        opened = self._model.cut.open
        drafted, chosen = self._model.draft.draft is not None, self._model.takes.chosen is not None
        enabled = {
            Command.ORDER: opened is not None and drafted,
            **dict.fromkeys((Command.CUT_IN, *_WAYS), opened is not None and chosen),
            **dict.fromkeys((Command.RELOAD, Command.EXPORT), opened is not None),
            Command.UNDO: opened is not None and opened.place > 0,
            Command.REDO: opened is not None and opened.place + 1 < len(opened.versions),
        }
        for command, yes in enabled.items():
            self.actions_[command].setEnabled(yes)
        if isinstance(self._model.draft.controls, Needless):
            said, does = self.tr("Use camera frames"), self.tr("Places the shot's own frames; nothing is generated")
        else:
            said, does = Command.ORDER.words, self.tr("The unit makes them, also while the panel is closed")
        self.actions_[Command.ORDER].setText(said)
        asks = self.tr("Open a cut first") if opened is None else self.tr("Choose a place in the cut first")
        self._show_button(self._order_button, Command.ORDER, does, asks)
        does, asks = self.tr("Puts the chosen take into a new version of the cut"), self.tr("Choose a take first")
        self._show_button(self._cut_in_button, Command.CUT_IN, does, asks)

    def _enable_remaking(self) -> None:
        """What is approved, or made already, is said when it is asked for."""
        from secondunit_plugin.panel.model.states import Locked, MakeVersion

        states = self._model.states
        self.actions_[Command.NEW_VERSION].setEnabled(states.remedy(self._model.place) is not None)
        stale = [one for one in states.remedies if isinstance(one, MakeVersion | Locked)]
        again = self.actions_[Command.STALE_AGAIN]
        again.setText(f"{Command.STALE_AGAIN.words} ({len(stale)})" if stale else Command.STALE_AGAIN.words)
        again.setEnabled(bool(stale))

    def _show_button(self, button: QPushButton, command: Command, does: str, asks: str) -> None:
        """`asks`: what is to be done before."""
        action = self.actions_[command]
        button.setText(action.text())
        button.setEnabled(action.isEnabled())
        button.setToolTip(f"{does} ({action.shortcut().toString()})" if action.isEnabled() else asks)


def _over(*widgets: QWidget, tall: QWidget) -> QWidget:
    """One over the other; `tall` gets the room that the others leave."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(6, 6, 6, 6)
    for widget in widgets:
        column.addWidget(widget, int(widget is tall))
    return holder
