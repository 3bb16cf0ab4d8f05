"""The page of the unit with a real unit: memory, models from a small hub, checks, folders, earlier orders."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge import spawn

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")
pytest.importorskip("huggingface_hub", reason="the diffusion engine's packages are not installed")

import threading

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.model.draft import Extend
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.snapshot import Found
from secondunit_plugin.panel.model.unit import Ended, Reached
from secondunit_plugin.panel.model.weights import AtWork
from secondunit_plugin.panel.model.weights import Ended as Over
from secondunit_plugin.panel.views.unit_page import UnitPage
from secondunit_plugin.panel.window import Window

from tests.end_to_end.test_panel import SECONDS, Panels, cut, panels
from tests.inference.small_hub import Hub, small_hub
from tests.inference.test_weights_hub import MODEL, REPOSITORY, VAE, published

__all__ = ["cut", "panels"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with small_hub(published(tmp_path / "published"), REPOSITORY) as hub:
        yield hub


@pytest.fixture
def unit_home(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SECONDUNIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("SECONDUNIT_MODELS", raising=False)
    yield tmp_path / "home"
    spawn.stop(tmp_path / "home")


def opened(panels: Panels, cut: Path) -> tuple[PanelModel, UnitPage, Window]:
    model, window = panels.open(cut)
    window.actions_[Command.UNIT].trigger()
    assert window.unit_page is not None
    return model, window.unit_page, window


def press(qtbot: QtBot, button: QPushButton | None) -> None:
    assert button is not None and button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_model_is_downloaded_stopped_gone_on_with_checked_removed_and_taken_from_a_folder(
    cut: Path, qtbot: QtBot, panels: Panels, hub: Hub, tmp_path: Path
) -> None:
    model, page, _window = opened(panels, cut)
    table = page.models
    page.tabs.setCurrentWidget(table)
    qtbot.waitUntil(lambda: MODEL in model.weights.models, timeout=SECONDS)
    assert table.list.texts(MODEL)[1:] == ["generate, replace, match", "832×480", "Apache-2.0", "not there"]
    table.list.select(MODEL)
    assert "Commercial use: yes" in table.said.text() and not table.check.isEnabled()

    press(qtbot, table.get)
    assert "Apache-2.0" in table.question.text() and not model.weights.transfers
    press(qtbot, table.question.button(QMessageBox.StandardButton.Cancel))  # type: ignore[arg-type]
    assert not model.weights.transfers
    hub.stall[VAE] = threading.Event()
    press(qtbot, table.get)
    press(qtbot, table.question.button(QMessageBox.StandardButton.Ok))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: VAE not in hub.stall, timeout=SECONDS)
    qtbot.waitUntil(lambda: _progress(model) > 0, timeout=SECONDS)
    assert table.bar.isVisible() and not table.get.isEnabled() and "% done" in table.list.texts(MODEL)[4]
    press(qtbot, table.stop)
    qtbot.waitUntil(lambda: model.weights.transfers[MODEL] == Over("stopped; what has come stays", False))
    qtbot.waitUntil(lambda: model.weights.models[MODEL].weights.accepted != "", timeout=SECONDS)

    press(qtbot, table.get)
    done = Over("downloaded", False)
    qtbot.waitUntil(lambda: model.weights.transfers[MODEL] == done, timeout=SECONDS)
    qtbot.waitUntil(lambda: "ready" in table.list.texts(MODEL)[4], timeout=SECONDS)
    assert table.said.text().endswith("downloaded") and not table.get.isEnabled() and not table.bar.isVisible()
    folder = Path(model.weights.models[MODEL].weights.folder)

    press(qtbot, table.check)
    checked = Over("every hash is the recorded one", False)
    qtbot.waitUntil(lambda: model.weights.transfers[MODEL] == checked, timeout=SECONDS)
    (folder / VAE).write_bytes((folder / VAE).read_bytes()[:-1] + b"x")
    press(qtbot, table.check)
    qtbot.waitUntil(lambda: _failed(model), timeout=SECONDS)
    assert VAE in table.said.text()

    press(qtbot, table.remove)
    press(qtbot, table.question.button(QMessageBox.StandardButton.Ok))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: model.weights.transfers[MODEL] == Over("removed", False), timeout=SECONDS)
    qtbot.waitUntil(lambda: table.list.texts(MODEL)[4] == "not there", timeout=SECONDS)
    assert not (folder / VAE).exists()
    copy = tmp_path / "copy"
    shutil.copytree(hub.folder, copy)
    table.take_from(copy)
    if table.question.isVisible():
        press(qtbot, table.question.button(QMessageBox.StandardButton.Ok))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: model.weights.transfers[MODEL] == Over(f"taken from {copy}", False), timeout=SECONDS)


def _progress(model: PanelModel) -> int:
    transfer = model.weights.transfers.get(MODEL)
    return transfer.progress.done if isinstance(transfer, AtWork) and transfer.progress is not None else 0


def _failed(model: PanelModel) -> bool:
    transfer = model.weights.transfers.get(MODEL)
    return isinstance(transfer, Over) and transfer.failed


def test_what_the_unit_uses_what_is_missing_where_files_lie_and_what_was_ordered(
    cut: Path, qtbot: QtBot, panels: Panels, unit_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, page, _window = opened(panels, cut)
    qtbot.waitUntil(lambda: isinstance(model.use.state, Found), timeout=SECONDS)
    assert isinstance(model.unit, Reached) and page.use.device.text() == ", ".join(model.unit.info.devices)
    assert "used" in page.use.bars[0].format() and page.use.bars[0].value() > 0 and "python" in page.use.versions.text()

    version = model.cut.open
    assert version is not None
    model.select(version.version.places[0])
    model.draft.ask(Extend(frames=4, into="handles"))
    model.order()
    qtbot.waitUntil(lambda: len(model.takes.ids) == 1, timeout=SECONDS)
    (order_id,) = model.orders.orders
    page.tabs.setCurrentWidget(page.earlier)
    qtbot.waitUntil(lambda: isinstance(model.earlier.state, Found), timeout=SECONDS)
    date, show, what, state, takes = page.earlier.list.texts(order_id)
    assert date.startswith("20") and show == tmp_path.name and what == "A: Extend the shot"
    assert (state, takes) == ("made", "1/1")
    page.earlier.list.select(order_id)
    revealed = list[str]()
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: revealed.append(url.toLocalFile()))
    press(qtbot, page.earlier.open)

    page.tabs.setCurrentWidget(page.folders)
    qtbot.waitUntil(lambda: isinstance(model.folders.state, Found), timeout=SECONDS)
    takes_folder = str(cut.parent / "takes")
    assert page.folders.list.texts(takes_folder)[0] == "Takes" and revealed == [takes_folder]
    (tmp_path / "cache").mkdir(exist_ok=True)
    (tmp_path / "cache" / "picture").write_bytes(b"x" * 3_000_000)
    press(qtbot, page.folders.again)
    cache = str(tmp_path / "cache")
    qtbot.waitUntil(lambda: page.folders.list.texts(cache)[1] in ("3 MB", "4 MB"), timeout=SECONDS)
    press(qtbot, page.folders.clear)
    qtbot.waitUntil(lambda: not (tmp_path / "cache" / "picture").exists(), timeout=SECONDS)

    page.tabs.setCurrentWidget(page.earlier)
    qtbot.waitUntil(page.earlier.forget.isEnabled, timeout=SECONDS)
    press(qtbot, page.earlier.forget)
    qtbot.waitUntil(lambda: page.earlier.list.topLevelItemCount() == 0, timeout=SECONDS)
    assert len(model.takes.ids) == 1

    page.tabs.setCurrentWidget(page.checks)
    qtbot.waitUntil(lambda: isinstance(model.checks.state, Found), timeout=SECONDS)
    assert page.checks.list.texts("codecs")[1] == "in order" and page.checks.list.texts("unit")[1] == "in order"
    page.tabs.setCurrentWidget(page.use)
    press(qtbot, page.use.stop)
    qtbot.waitUntil(lambda: model.unit == Ended("this panel"), timeout=SECONDS)
    page.tabs.setCurrentWidget(page.checks)
    press(qtbot, page.checks.again)
    qtbot.waitUntil(lambda: page.checks.list.texts("unit")[1] == "missing", timeout=SECONDS)
    assert spawn.find(unit_home) is None, "to look does not start it"
    press(qtbot, page.use.start)
    qtbot.waitUntil(lambda: spawn.find(unit_home) is not None, timeout=SECONDS)
