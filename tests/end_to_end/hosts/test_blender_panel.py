"""The panel on a real Blender's cut, with the real unit: takes come in by themselves, or are offered after a crash."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

from PyQt5 import sip
from pytestqt.qtbot import QtBot
from secondunit_bridge.messages import Take
from secondunit_plugin.hosts.strips import identified, strips_from
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.cut import NoCut
from secondunit_plugin.panel.model.draft import Extend
from secondunit_plugin.panel.model.panel import PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.programs import ProgramsModel
from secondunit_plugin.panel.model.unit import Reached

from tests.end_to_end.hosts.blender import Blender, python_with_bpy
from tests.plugin.hosts.bpy_editor import made_by_hand
from tests.plugin.hosts.conformance import film, probed
from tests.plugin.hosts.test_conformance import plays_at
from tests.timeline.media_cuts import MakeClip

pytestmark = pytest.mark.long
SECONDS = 60_000


@pytest.fixture
def model(qtbot: QtBot, unit_home: Path) -> Iterator[PanelModel]:
    link = UnitLink(unit_home)
    made = PanelModel(link)
    programs = ProgramsModel(made)
    link.start()
    programs.listen()
    qtbot.waitUntil(lambda: isinstance(made.unit, Reached) and (unit_home / "link.json").exists(), timeout=SECONDS)
    yield made
    made.close_host()
    programs.close()
    link.close()
    made.frames.close()
    sip.delete(made)


@pytest.mark.parametrize("version", ["4.5", "5.0"])
def test_takes_come_in_by_themselves_and_a_killed_blender_is_offered_what_came(
    qtbot: QtBot, model: PanelModel, tmp_path: Path, make_clip: MakeClip, version: str
) -> None:
    if (python := python_with_bpy(version)) is None:
        pytest.skip(f"no Python with bpy {version}: `make hosts` installs it")
    made = film(make_clip)
    made.cut.name = tmp_path.name
    strips, file = strips_from(identified(made.cut)[0], probed), tmp_path / "film.blend"

    def extended(into: str) -> str:
        opened, before = model.cut.open, set(model.orders.orders)
        assert opened is not None
        model.select(next(one for one in opened.version.places if isinstance(one, ShotPlace) and one.name == "A"))
        model.draft.ask(Extend(frames=10, into="gap" if into == "gap" else "ripple"))
        model.order()
        qtbot.waitUntil(lambda: set(model.orders.orders) > before, timeout=SECONDS)
        return next(iter(set(model.orders.orders) - before))

    def take(order_id: str) -> Take:
        qtbot.waitUntil(lambda: bool(model.orders.orders[order_id].takes), timeout=SECONDS)
        return model.orders.orders[order_id].takes[0]

    def shown(what: Take) -> list[int]:
        opened = model.cut.open
        return plays_at(opened.version.index.cut, what) if opened is not None else []

    blender = Blender(python, tmp_path)
    try:
        blender.do(made_by_hand(strips, file))
        qtbot.waitUntil(lambda: model.cut.open is not None, timeout=SECONDS)
        blender.do(f"for one in strips: one.select = one.name == 'B'\nscene.frame_set({strips.start + 70})")
        first = extended("gap")
        qtbot.waitUntil(lambda: shown(take(first)) == [40], timeout=SECONDS)
        rest = f"result = [[one.name for one in strips if one.select], scene.frame_current - {strips.start}]"
        assert blender.do(rest) == [["B"], 70], "what its user looks at stays"
        blender.do("api.undo()")
        qtbot.waitUntil(lambda: shown(take(first)) == [], timeout=SECONDS)

        second = extended("ripple")
        blender.do(
            "for one in sorted(strips, key=lambda one: -api.get(one, 'left_handle')):\n"
            "    api.put(one, 'content_start', api.get(one, 'content_start') + 7)\n"
            "bpy.ops.wm.save_mainfile()"
        )
        blender.kill()
        qtbot.waitUntil(lambda: isinstance(model.cut.state, NoCut), timeout=SECONDS)
        take(second)
        blender = Blender(python, tmp_path, file)
        qtbot.waitUntil(lambda: list(model.pending.offered) == [second], timeout=SECONDS)
        model.pending.cut_in(second)
        qtbot.waitUntil(lambda: shown(take(second)) == [47], timeout=SECONDS)
        left = (
            f"result = sorted(int(api.get(one, 'left_handle')) - {strips.start} for one in strips if one.name == 'B')"
        )
        assert blender.do(left) == [64 + 7 + 10]
        blender.do("api.undo()")
        qtbot.waitUntil(lambda: shown(take(second)) == [], timeout=SECONDS)

        third, saved = extended("gap"), tmp_path / "film_v2.blend"
        blender.do(f"bpy.ops.wm.save_as_mainfile(filepath={str(saved)!r})")
        qtbot.waitUntil(lambda: model.cut.open is not None and model.cut.open.path == saved, timeout=SECONDS)
        qtbot.waitUntil(lambda: third in model.orders.orders, timeout=SECONDS)
        assert model.pending.awaited is not None and third in model.pending.awaited
        take(third)
        model.pending.cut_in(third)
        qtbot.waitUntil(lambda: shown(take(third)) == [47], timeout=SECONDS)
    finally:
        blender.close()
