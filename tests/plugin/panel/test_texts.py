"""What is to be read in the panel: in any language, by a screen reader, and as its page says."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

import secondunit_bridge
import secondunit_inference
import secondunit_plugin.panel
from PyQt5.QtCore import QTranslator
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel import words
from secondunit_plugin.panel.background import finish
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.compare.canvas import CompareCanvas
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.plurals import EnglishPlurals
from secondunit_plugin.panel.views.unit_page import UnitPage
from secondunit_plugin.panel.window import Window
from secondunit_plugin.panel.words import in_panel

PANEL = Path(secondunit_plugin.panel.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "panel.md"
SHOWN = {
    *("QLabel", "QPushButton", "QAction", "QGroupBox", "QCheckBox", "QRadioButton", "QListWidgetItem", "Notice"),
    *("setText", "setToolTip", "setStatusTip", "setWindowTitle", "setTitle", "setPlaceholderText", "addMenu"),
    *("setAccessibleName", "setAccessibleDescription", "setSpecialValueText", "addItem", "addTab", "addRow"),
    *("tool_button", "action_button", "setPrefix", "setSuffix", "showText"),
}
USED = QAbstractButton | QComboBox | QAbstractSpinBox | QLineEdit | QPlainTextEdit | QAbstractItemView | QAbstractSlider


def literals(node: ast.expr) -> Iterator[str]:
    """Words that are written into it as they stand."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from literals(part)
        case ast.IfExp(body=body, orelse=orelse):
            yield from literals(body)
            yield from literals(orelse)
        case ast.BinOp(left=left, right=right):
            yield from literals(left)
            yield from literals(right)


def test_every_text_can_be_translated() -> None:
    untranslated = []
    for path in sorted(PANEL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            # The name of an icon comes before the words of a button.
            said = node.args[1:] if name in ("tool_button", "action_button") else node.args
            texts = [text for one in said for text in literals(one)] if name in SHOWN else []
            words = [text.replace("Second Unit", "") for text in texts]
            untranslated += [f"{path.name}:{node.lineno}: {one}" for one in words if re.search(r"[A-Za-z]{2}", one)]
    assert not untranslated


class Heard(QTranslator):
    """Translates nothing, and keeps what it was asked for: contexts and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[tuple[str | None, str | None]] = set()
        self._english = EnglishPlurals()

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str | None, sourceText: str | None, disambiguation: str | None = None, n: int = -1
    ) -> str:
        self.texts.add((context, sourceText))
        return self._english.translate(context, sourceText, disambiguation, n)


def test_a_translator_is_given_every_text_under_the_name_that_it_is_looked_up_by(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    listed = tmp_path / "panel.ts"
    files = [str(path) for path in sorted(PANEL.rglob("*.py"))]
    subprocess.run([sys.executable, "-m", "PyQt5.pylupdate_main", *files, "-ts", str(listed)], check=True)
    given = {
        (context.findtext("name"), message.findtext("source"))
        for context in ElementTree.parse(listed).iter("context")
        for message in context.iter("message")
    }
    heard = Heard()
    qapp.installTranslator(heard)
    try:
        model, window = PanelModel(UnitLink()), Window()
        qtbot.addWidget(window)
        window.fill(model)
        qtbot.addWidget(UnitPage(model, window))
        CompareCanvas().tell("", mode=Mode.FALSE_COLOUR)
        said = [words.of_frames(1), *(command.words for command in Command)]
    finally:
        finish()  # what translates in a thread
        qapp.removeTranslator(heard)
    asked = {one for one in heard.texts if not (one[0] or "").startswith("Q")}
    assert said and len(asked) > 150
    missing = sorted(map(str, asked - given))
    assert not missing


def test_one_is_not_many() -> None:
    assert (words.of_frames(1), words.of_frames(2)) == ("1 frame", "2 frames")


def test_what_the_unit_says_names_buttons_and_no_commands() -> None:
    """Of all of its messages that name a command of the command line."""
    said = []
    for package in (secondunit_bridge, secondunit_inference):
        for path in Path(package.__file__ or "").parent.rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
            whole = (node for node in nodes if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in parts)
            said += ["".join(literals(node)) for node in whole]
    commands = [text for text in said if "`secondunit " in text]
    assert len(commands) > 8
    assert not [text for text in commands if "`secondunit" in in_panel(text)]
    assert in_panel("no weights: `secondunit models get ltx` downloads them") == (
        "no weights: “Download” on the page “Models” downloads them"
    )


def nameless(window: QWidget) -> list[str]:
    """What a person can use in it and a screen reader could not name; parts that Qt makes for itself are left out."""
    found = []
    for widget in window.findChildren(QWidget):
        made = widget.metaObject()
        assert made is not None
        qts = widget.objectName().startswith("qt_") or made.className() in ("QComboBoxListView", "QLineEditIconButton")
        if not isinstance(widget, USED) or qts or isinstance(widget, QScrollBar | QHeaderView):
            continue
        if not widget.isVisibleTo(window):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text or widget.toolTip()):
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


def test_a_screen_reader_can_name_everything(qtbot: QtBot) -> None:
    model, window = PanelModel(UnitLink()), Window()
    qtbot.addWidget(window)
    window.fill(model)
    page = UnitPage(model, window)
    qtbot.addWidget(page)
    assert len(window.findChildren(QWidget)) > 100
    assert not nameless(window) and not nameless(page)


def test_the_page_tells_every_key() -> None:
    _, _, keys = PAGE.read_text().partition("\n## Keys\n")
    told = {
        key.strip() for row in re.findall(r"^\| ([^|]+) \|", keys, re.MULTILINE) for key in re.split(", | to ", row)
    }
    first = {command: command.value.keys[0] for command in Command if command.value.keys}
    assert all(not QKeySequence(key).isEmpty() for key in first.values())
    assert not {command: key for command, key in first.items() if key not in told}
