import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import UnitUnreachable
from secondunit_bridge.messages import UnitInfo
from secondunit_bridge.server import unix_path

from tests.inference.running_unit import start_unit, wait_until

# numpy is there, and its "libscipy_openblas" with it
HEAVY = ("torch", "cv2", "av.libs", "/av/", "opencv", "/scipy/")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home"
    yield path
    spawn.stop(path)


async def greet(address: spawn.Address) -> UnitInfo:
    async with Client(address) as unit:
        return await unit.hello()


def units_at(home: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "secondunit_inference" in (process.info["cmdline"] or ()) and str(home) in process.info["cmdline"]
    ]


def test_ten_clients_at_once_start_one_unit(home: Path) -> None:
    ask = "import sys, pathlib, secondunit_bridge.spawn as s; print(s.ensure_running(pathlib.Path(sys.argv[1])).pid)"
    clients = [
        subprocess.Popen([sys.executable, "-c", ask, str(home)], stdout=subprocess.PIPE, text=True) for _ in range(10)
    ]
    pids = {int(client.communicate(timeout=60)[0]) for client in clients}
    assert len(pids) == 1
    assert units_at(home) == list(pids)
    # it has outlived those that started it, in a session of its own
    assert os.getsid(pids.pop()) != os.getsid(0)


def test_a_running_unit_is_found_and_stopped(home: Path) -> None:
    assert spawn.find(home) is None
    assert spawn.stop(home) is False
    address = spawn.ensure_running(home)
    assert spawn.find(home) == address == spawn.ensure_running(home)
    assert asyncio.run(greet(address)).pid == address.pid
    assert spawn.stop(home) is True
    assert spawn.find(home) is None
    assert not psutil.pid_exists(address.pid) or psutil.Process(address.pid).status() == psutil.STATUS_ZOMBIE
    assert not (home / "unit.json").exists()
    again = spawn.ensure_running(home)
    assert again.token != address.token


def test_a_client_can_stop_the_unit(home: Path) -> None:
    process = start_unit(home)
    address = spawn.find(home)
    assert address is not None

    async def stop() -> None:
        async with Client(address) as unit:
            await unit.stop()

    asyncio.run(stop())
    assert process.wait(10) == 0


def test_a_unit_whose_home_was_removed_ends_when_it_is_told_to(home: Path) -> None:
    process = start_unit(home)
    shutil.rmtree(home)
    process.terminate()
    assert process.wait(10) == 0


def test_a_second_unit_at_a_home_ends_at_once(home: Path) -> None:
    first = start_unit(home)
    second = subprocess.run(
        [sys.executable, "-m", "secondunit_inference", "--home", str(home)], capture_output=True, text=True, timeout=30
    )
    assert second.returncode == 4
    assert "runs at" in second.stderr
    assert first.poll() is None
    assert spawn.find(home) is not None


def test_an_address_left_by_a_killed_unit_is_not_believed(home: Path) -> None:
    process = start_unit(home)
    process.kill()
    process.wait()
    assert (home / "unit.json").exists()
    assert spawn.find(home) is None
    assert asyncio.run(greet(spawn.ensure_running(home))).home == str(home)


def test_another_process_of_the_same_number_is_not_the_unit(home: Path) -> None:
    spawn.make_private(home)
    address = {"target": "unix:x", "token": "t", "pid": os.getpid(), "created": psutil.Process().create_time()}
    spawn.address_file(home).write_text(json.dumps(address))
    assert spawn.find(home) is not None
    spawn.address_file(home).write_text(json.dumps(address | {"created": address["created"] - 10}))  # type: ignore[operator]
    assert spawn.find(home) is None


def test_a_unit_that_cannot_start_says_why(home: Path) -> None:
    spawn.make_private(home)
    (home / "orders.sqlite").mkdir()
    with pytest.raises(UnitUnreachable, match=r"(?s)ended with status 1 while starting.*CantOpenError"):
        spawn.ensure_running(home)


@pytest.mark.parametrize("name", ["long-" * 30, "a b", "100%41", "ü", "a#b?c"])
def test_homes_of_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    process = start_unit(home)
    address = spawn.find(home)
    assert address is not None
    socket = unix_path(address.target)
    assert socket is not None
    try:
        assert asyncio.run(greet(address)).home == str(home)
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    finally:
        process.terminate()
        assert process.wait(10) == 0
    assert socket.parent == home or not socket.parent.exists()


def test_loopback_where_unix_sockets_do_not_exist(home: Path) -> None:
    start_unit(home, "--tcp")
    address = spawn.find(home)
    assert address is not None
    assert address.target.startswith("127.0.0.1:")
    assert asyncio.run(greet(address)).pid == address.pid


def test_home_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "x"))
    assert spawn.home() == tmp_path / "x"
    monkeypatch.delenv("SECONDUNIT_HOME")
    assert spawn.home().name == "secondunit"


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnitUnreachable, match="set SECONDUNIT_HOME"):
        spawn.ensure_running(tmp_path / "file" / "home")


def test_files_that_hold_the_token_are_private(home: Path) -> None:
    start_unit(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "unit.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_daemon_loads_nothing_heavy(home: Path) -> None:
    process = start_unit(home)
    wait_until(lambda: bool(psutil.Process(process.pid).children()))
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    assert "cygrpc" in maps
    assert not [name for name in HEAVY if name in maps]


def test_finding_a_unit_loads_nothing_heavy() -> None:
    ask = (
        "import sys, secondunit_bridge.client, secondunit_bridge.spawn;"
        "print([m for m in ('av', 'cv2', 'torch', 'numpy', 'secondunit_inference') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_folder_of_other_things_is_not_made_a_home(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "clip.mov").touch()
    with pytest.raises(UnitUnreachable, match="holds other things"):
        spawn.ensure_running(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
