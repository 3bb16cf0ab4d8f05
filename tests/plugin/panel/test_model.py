"""The panel's model without a unit, and what it imports."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")

from secondunit_bridge.controls import (
    CameraMoveControl,
    Control,
    ControlKind,
    NumberControl,
    SeedControl,
    ShownWhen,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.messages import (
    CameraMove,
    Event,
    Failed,
    Loading,
    Order,
    OrderStatus,
    Plan,
    Queued,
    Step,
    TakeReady,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_plugin.panel.commands import Command
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.model.draft import DraftModel, Extend, Generate, Join, Known
from secondunit_plugin.panel.model.orders import Broken, Made, Making, OrdersModel, Preparing, Waiting
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, ShotPlace
from secondunit_plugin.panel.model.takes import TakeId, TakesModel
from secondunit_plugin.panel.model.values import ControlValue, Seeds, carried, shown

from tests.inference.running_unit import order
from tests.timeline.media_cuts import take_for

if TYPE_CHECKING:
    from secondunit_timeline.placing import Ordered

RATE = Fraction(24)
SHOT = ShotPlace("V1", FrameTime(0, RATE), 30, "A", "/a.mov", gap_after=12)
GAP = GapPlace("V1", FrameTime(30, RATE), 12)


def test_the_model_brings_no_widgets_no_grpc_and_no_otio() -> None:
    code = (
        "import sys, pkgutil, secondunit_plugin.panel.model as m\n"
        "bring = ('reading', 'planning', 'finding', 'cutting', 'saved', 'kept', 'exporting', 'remaking', 'hosted')\n"
        "names = [n.name for n in pkgutil.iter_modules(m.__path__) if n.name not in bring]\n"
        "for name in names: __import__(f'secondunit_plugin.panel.model.{name}')\n"
        "heavy = ('PyQt5.QtWidgets', 'PyQt5.QtGui', 'grpc', 'opentimelineio', 'av', 'numpy')\n"
        "print(len(names), [name for name in heavy if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    count, _, heavy = printed.strip().partition(" ")
    assert int(count) >= 8 and heavy == "[]"


def test_the_window_shows_before_anything_heavy_is_imported() -> None:
    heavy = ("grpc", "opentimelineio", "asyncio", "superqt", "qtawesome", "secondunit_bridge.messages")
    code = f"import sys, secondunit_plugin.panel.app; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def control(name: str, kind: ControlKind, *when: ShownWhen) -> Control:
    return Control(name, name, "", "group", kind, when)


def test_values_that_fit_another_model_stay_and_the_others_are_named() -> None:
    values: dict[str, ControlValue] = {
        "prompt": Text("reeds", "people"),
        "strength": 0.9,
        "camera": CameraMove("orbit"),
        "seed": Seeds(7, 4),
        "steps": 30,
    }
    controls = (
        control("prompt", TextControl(negative=True)),
        control("strength", NumberControl(0.5, 0, 0.8)),
        control("camera", CameraMoveControl(("orbit", "pan-left"), native=True)),
        control("seed", SeedControl(2)),
    )
    kept, dropped = carried(values, controls)
    assert kept == {"prompt": Text("reeds", "people"), "camera": CameraMove("orbit")}
    assert dropped == ("strength", "seed", "steps")


def test_a_control_is_shown_by_the_values_of_others_and_by_their_defaults() -> None:
    toggle = control("guide", ToggleControl(default=False))
    shy = control("weight", NumberControl(1, 0, 1), ShownWhen("guide", (True,)))
    assert not shown(shy, {}, (toggle, shy))
    assert shown(shy, {"guide": True}, (toggle, shy))
    assert not shown(shy, {"guide": True}, (shy,))


def test_a_draft_follows_the_place_and_keeps_what_was_said() -> None:
    model, wanted = DraftModel(), []
    model.controls_wanted.connect(lambda: wanted.append(model.draft))
    model.begin(SHOT)
    assert model.draft is not None and model.draft.asking == Extend(frames=12)
    model.ask(Extend("head", 8))
    model.set_value("prompt", Text("reeds"))
    model.begin(ShotPlace("V1", FrameTime(42, RATE), 30, "B", "/b.mov"))
    assert model.draft.asking == Extend("head", 8) and model.draft.values == {"prompt": Text("reeds")}
    model.begin(GAP)
    assert model.draft.asking == Generate(12)
    model.begin(JoinPlace("V1", FrameTime(72, RATE), "B", "C"))
    assert model.draft.asking == Join()
    assert len(wanted) == 5, "for each place and task, not for each value"
    model.set_controls(Known((control("seed", SeedControl(4)),)))
    assert model.controls == Known((control("seed", SeedControl(4)),), dropped=("prompt",))
    model.begin(None)
    assert model.draft is None


def asked(takes: int) -> Order:
    return order("o1", Path("/takes"), takes=takes)


def ready(number: int, index: int, of: Order) -> TakeReady:
    return TakeReady(of.id, number, index, take_for(of, start=FrameTime(0, RATE)))


def test_an_order_goes_from_event_to_event_and_repeated_ones_change_nothing() -> None:
    orders, sent = OrdersModel(), asked(2)
    takes, arrived = TakesModel(orders), list[TakeId]()
    takes.added.connect(arrived.append)
    orders.add(sent, None)
    plan = Plan(8, 1.0, 0, 0, ())
    seen: list[tuple[Event, object]] = [
        (Queued("o1", 1, 3, plan), Waiting(3)),
        (Loading("o1", 2, "draft"), Preparing("draft")),
        (Step("o1", 3, 0, 1, 4, "frames", 2.5), Making(0, 1, 4, "frames", 2.5)),
        (ready(4, 0, sent), Making(0, 1, 4, "frames", 2.5)),
        (ready(4, 0, sent), Making(0, 1, 4, "frames", 2.5)),
        (Loading("o1", 2, "draft"), Making(0, 1, 4, "frames", 2.5)),
        (ready(5, 1, sent), Made()),
    ]
    for event, state in seen:
        orders.take(event)
        assert orders.orders["o1"].state == state
    assert arrived == [TakeId("o1", 0), TakeId("o1", 1)]
    orders.take(Loading("another", 1, "draft"))
    assert list(orders.orders) == ["o1"]


def test_an_order_found_at_the_unit_brings_its_takes_once() -> None:
    orders, sent = OrdersModel(), asked(2)
    takes = TakesModel(orders)
    made = take_for(sent, start=FrameTime(0, RATE))
    status = OrderStatus(sent, Failed("o1", 9, "OrderFailed", "out of memory", "/log"), (made,), 3)
    orders.restore(status)
    orders.restore(status)
    assert takes.ids == [TakeId("o1", 0)]
    assert orders.orders["o1"].state == Broken("OrderFailed", "out of memory", "/log")
    assert orders.orders["o1"].ended and sent.task == Task.GENERATE
    orders.clear()
    takes.clear()
    assert not orders.orders and not takes.ids


@pytest.mark.usefixtures("qapp")
def test_an_order_of_this_session_that_fails_is_said() -> None:
    link = UnitLink()
    model, notices = PanelModel(link), list[Notice]()
    model.noticed.connect(notices.append)
    model.orders.add(asked(1), cast("Ordered", object()))
    model.orders.add(order("earlier", Path("/takes")), None)
    for order_id in ("earlier", "o1"):
        link.event_arrived.emit(Failed(order_id, 2, "OrderFailed", "out of memory: choose a smaller model", "/w.log"))
    assert notices == [Notice("shot: out of memory: choose a smaller model (log: /w.log)", refused=True)]


def test_no_key_stands_for_two_commands() -> None:
    keys = [key for command in Command for key in command.value.keys]
    assert len(keys) == len(set(keys))


def test_filling_the_window_imports_nothing_any_more() -> None:
    code = (
        "import sys\n"
        "from PyQt5.QtWidgets import QApplication\n"
        "from secondunit_plugin.panel import app\n"
        "from secondunit_plugin.panel.window import Window\n"
        "application = QApplication([])\n"
        "app._import_the_rest('window.ini')\n"
        "from secondunit_plugin.panel.events import UnitLink\n"
        "from secondunit_plugin.panel.model.panel import PanelModel\n"
        "before = set(sys.modules)\n"
        "window = Window()\n"
        "window.fill(PanelModel(UnitLink(), window))\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_threads_import_no_module_of_pyqt() -> None:
    """While one makes its classes, another thread that uses PyQt ends the process."""
    code = (
        "import importlib, pkgutil, sys\n"
        "from PyQt5.QtWidgets import QApplication\n"
        "from secondunit_plugin.panel import app, model\n"
        "application = QApplication([])\n"
        "before = set(sys.modules)\n"
        "app._import_the_rest('window.ini')\n"
        "for one in pkgutil.iter_modules(model.__path__, f'{model.__name__}.'): importlib.import_module(one.name)\n"
        "print(sorted(name for name in set(sys.modules) - before if name.startswith('PyQt5')))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only there a desktop is named by the environment")
@pytest.mark.parametrize("display", ["", ":59999"])
def test_without_a_display_it_says_so_and_ends(display: str) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
    code = "import sys; from secondunit_plugin.cli.main import run; sys.exit(run(['panel']))"
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**env, "DISPLAY": display}, capture_output=True, text=True, check=False
    )
    (said,) = ended.stderr.splitlines()
    assert said.startswith("secondunit: the panel cannot open a window (") and "name one's display" in said
    assert ended.returncode == 3


def test_without_its_libraries_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['PyQt5'] = None\nfrom secondunit_plugin.cli.main import run; sys.exit(run(['panel']))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    (said,) = ended.stderr.splitlines()
    assert "install 'secondunit[panel]'" in said and ended.returncode == 3
