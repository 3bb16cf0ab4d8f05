"""What DaVinci Resolve gets on each system, and what `secondunit doctor` says where it cannot be reached."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from secondunit_bridge.errors import HostUnreachable
from secondunit_plugin.checks import LEFT_OUT
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts import installing
from secondunit_plugin.hosts.resolve import connecting
from secondunit_plugin.hosts.resolve.installing import checks, scripts

from tests.plugin.hosts.resolve.model import World
from tests.plugin.hosts.resolve.program import scriptapp

MODULE = """
def scriptapp(name):
    assert name == "Resolve"
    return {returns}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a user on whose machine Resolve lies."""
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "unit"))
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(tmp_path / "fusionscript.so"))
    monkeypatch.setenv("RESOLVE_SCRIPT_API", str(tmp_path / "api"))
    (tmp_path / "fusionscript.so").write_bytes(b"no library")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "user")
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path / "user"


def module(folder: Path, text: str) -> None:
    """Resolve's own module, in place of the program."""
    sys.modules.pop("DaVinciResolveScript", None)
    (folder / "api" / "Modules").mkdir(parents=True, exist_ok=True)
    (folder / "api" / "Modules" / "DaVinciResolveScript.py").write_text(text)


@pytest.mark.parametrize(
    ("system", "environment", "folder"),
    [
        ("linux", {}, ".local/share/DaVinciResolve/Fusion/Scripts/Utility"),
        (
            "darwin",
            {},
            "Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
        ),
        (
            "win32",
            {"APPDATA": "HOME/AppData/Roaming"},
            "AppData/Roaming/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility",
        ),
        ("win32", {}, "AppData/Roaming/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility"),
    ],
)
def test_scripts_lie_where_each_system_looks_for_them(
    tmp_path: Path, system: str, environment: dict[str, str], folder: str
) -> None:
    told = {name: value.replace("HOME", str(tmp_path)) for name, value in environment.items()}
    assert scripts(system, told, tmp_path) == tmp_path / folder


def test_the_menu_gets_an_entry_and_gives_it_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    utility = home / ".local/share/DaVinciResolve/Fusion/Scripts/Utility"
    utility.mkdir(parents=True)
    (utility / "mine.lua").write_text("-- mine")
    assert run(["install", "resolve", "--dry-run"]) == 0
    assert sorted(path.name for path in utility.iterdir()) == ["mine.lua"]
    assert run(["install", "resolve"]) == 0
    assert "Workspace > Scripts > Second Unit" in capsys.readouterr().out
    (one,) = installing.find("resolve")
    assert installing.standing(one) == installing.CONNECTED
    script = utility / "Second Unit.py"
    assert repr([sys.executable, "-m", "secondunit_plugin", "panel", "--resolve"]) in script.read_text()
    assert run(["install", "resolve", "--uninstall"]) == 0
    assert sorted(path.name for path in utility.iterdir()) == ["mine.lua"]


def test_the_entry_starts_the_panel_without_the_programs_own_python(tmp_path: Path, home: Path) -> None:
    assert run(["install", "resolve"]) == 0
    script = home / ".local/share/DaVinciResolve/Fusion/Scripts/Utility/Second Unit.py"
    stand_in = tmp_path / "panel.py"
    stand_in.write_text(
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], 'PYTHONHOME' in os.environ], open({str(tmp_path / 'ran')!r}, 'w'))\n"
    )
    command = [sys.executable, "-m", "secondunit_plugin", "panel", "--resolve"]
    text = script.read_text().replace(repr(command), repr([sys.executable, str(stand_in), "--resolve"]))
    script.write_text(text)
    code = f"import os; os.environ['PYTHONHOME'] = '/opt/resolve'; exec({text!r})"  # the menu gives it no __file__
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    end = time.monotonic() + 20
    while not (ran := tmp_path / "ran").exists() or not ran.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert json.loads(ran.read_text()) == [["--resolve"], False]


def test_without_resolve_there_is_nothing_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(tmp_path / "nowhere.so"))
    assert installing.find("resolve") == ()
    assert list(checks()) == []
    assert run(["install", "resolve"]) == 5
    assert "no resolve was found" in capsys.readouterr().err


def unanswered(folder: Path) -> None:
    module(folder, MODULE.format(returns=None))


def unreadable(folder: Path) -> None:
    """As of Resolve 18 in Python 3.12: its module imports `imp`."""
    module(folder, "raise ImportError('imp')")


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (unanswered, "Preferences > System > General > External scripting using"),
        (unreadable, f"cannot be loaded into Python {sys.version_info[0]}.{sys.version_info[1]}"),
    ],
)
@pytest.mark.usefixtures("home")
def test_doctor_says_what_keeps_the_panel_from_it(
    tmp_path: Path, happens: Callable[[Path], None], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    happens(tmp_path)
    (one,) = checks()
    assert one.mark == LEFT_OUT
    assert says in one.says
    assert run(["doctor", "--host", "resolve"]) == 0
    assert says in capsys.readouterr().out


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("product", "version", "says"),
    [
        ("DaVinci Resolve", (21, 1, 0), "not DaVinci Resolve Studio"),
        ("DaVinci Resolve Studio", (18, 1, 4), "older than 18.5"),
        ("DaVinci Resolve Studio", (21, 0, 4), "answers: DaVinci Resolve Studio 21.0.4.7"),
        ("DaVinci Resolve Studio", (22, 0, 0), "newer than 21.1"),
    ],
)
def test_edition_and_version_are_checked(product: str, version: tuple[int, int, int], says: str) -> None:
    def reach() -> object:
        app = scriptapp(World(version, product))
        connecting.check(app)
        return app

    (one,) = checks(reach)
    assert says in one.says


@pytest.mark.usefixtures("home")
def test_a_dialog_holds_doctor_up_for_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secondunit_plugin.hosts.resolve.installing._SECONDS", 0.2)
    world = World((21, 0, 4))
    world.dialog.clear()
    (one,) = checks(lambda: partial(connecting.check, scriptapp(world))())
    world.dialog.set()
    assert "close its dialogs" in one.says


@pytest.mark.usefixtures("home")
def test_the_program_is_reached_through_its_own_module(tmp_path: Path) -> None:
    module(
        tmp_path,
        "from tests.plugin.hosts.resolve import model, program\n"
        + MODULE.format(returns="program.scriptapp(model.World((21, 0, 4)))"),
    )
    before = hashlib.sha256(repr(sys.path).encode()).hexdigest()
    assert connecting.version_of(connecting.connect()) == (21, 0, 4)
    assert hashlib.sha256(repr(sys.path).encode()).hexdigest() == before
    unanswered(tmp_path)
    with pytest.raises(HostUnreachable, match="needs DaVinci Resolve Studio"):
        connecting.connect()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--resolve", "--kdenlive"], "two programs"), (["--resolve", "nowhere.otio"], "is no folder")],
)
def test_what_the_panel_cannot_be_opened_for_is_said(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["panel", *arguments]) in (2, 3)
    assert says in capsys.readouterr().err
