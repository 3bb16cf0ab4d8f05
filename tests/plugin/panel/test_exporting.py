"""The cut as another program reads it: what is lost is said before, and nothing is written over."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import BadInput, SecondUnitError
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.operations import Overwrite

from tests.timeline.cuts import at, clip, cut_of, gap
from tests.timeline.test_awaited import asked, ordered

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from PyQt5.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from secondunit_plugin.panel.model import cutting
from secondunit_plugin.panel.model.cut import OpenCut
from secondunit_plugin.panel.model.exporting import examined, written
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.views.exporting import asked as asked_before


@pytest.fixture
def opened(tmp_path: Path) -> OpenCut:
    cut = cut_of([clip("A", 10, 40), gap(12), clip("B", 20, 40)])
    write_cut(cut, tmp_path / "cut.otio")
    opened = OpenCut(tmp_path / "cut.otio", (version_of(cut),))
    return cutting.with_slug(opened, ordered(cut, asked("o1", 12), lambda new: Overwrite("V1", at(40), new)))


def test_slugs_without_a_take_and_what_a_format_loses_are_named_before(opened: OpenCut, qtbot: QtBot) -> None:
    found = examined(opened, opened.path.with_name("for_edl.edl"))
    assert found.slugs == 1 and found.losses and not found.path.exists()
    window = QWidget()
    qtbot.addWidget(window)
    box = asked_before(window, found)
    assert "1 slug without a take" in box.text() and found.losses[0] in box.informativeText()
    assert box.defaultButton() is box.button(QMessageBox.Cancel)
    written(found)
    assert "TITLE" in found.path.read_text()


def test_a_name_without_an_ending_is_otio_and_holds_the_cut(opened: OpenCut) -> None:
    found = examined(opened, opened.path.with_name("again"))
    assert found.path.name == "again.otio" and found.losses == ()
    written(found)
    again = read_cut(found.path)
    assert [child.name for child in again.video_tracks()[0]] == ["A", "A003 (slug)", "B"]
    assert again.video_tracks()[0].trimmed_range().duration == otio.opentime.RationalTime(92, float(Fraction(24)))


def test_the_opened_cut_is_not_written_over_and_other_endings_are_refused(opened: OpenCut) -> None:
    before = opened.path.read_bytes()
    with pytest.raises(SecondUnitError, match="never written"):
        written(examined(opened, opened.path))
    assert opened.path.read_bytes() == before
    with pytest.raises(BadInput, match="give it one of these endings"):
        examined(opened, opened.path.with_name("cut.avi"))
