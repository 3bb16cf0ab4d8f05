"""Where the unit lives on this machine: finding it, starting one when there is none, stopping it.

Its home is a private folder with the database, logs, and `unit.json`, which the running unit writes once it listens.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs
import psutil

from secondunit_bridge.errors import UnitUnreachable

__all__ = ["Address", "ensure_running", "find", "home", "stop"]

LOCK = "unit.lock"
_POLL_SECONDS = 0.02
_TAIL_LINES = 20
_LOG_BYTES = 4 * 1024 * 1024
_DETACHED = 0x00000208 if sys.platform == "win32" else 0  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP


@dataclass(frozen=True, slots=True)
class Address:
    """`created` is the process's start time, so that another process of the same number is not taken for the unit."""

    target: str
    token: str
    pid: int
    created: float
    home: str


def home() -> Path:
    """The folder in SECONDUNIT_HOME, else one in the user's data folder."""
    named = os.environ.get("SECONDUNIT_HOME")
    return Path(named).absolute() if named else platformdirs.user_data_path("secondunit", appauthor=False)


def models_folder(home: Path) -> Path:
    """Where weights lie: the folder in SECONDUNIT_MODELS, else `models` in the unit's home."""
    named = os.environ.get("SECONDUNIT_MODELS")
    return Path(named).absolute() if named else home / "models"


def make_private(home: Path) -> None:
    """Raises UnitUnreachable if the home cannot be made this user's alone; a folder with other contents is let be."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix" and home.stat().st_mode & 0o077:
            if any(home.iterdir()) and not (home / LOCK).exists():
                raise UnitUnreachable(
                    f"the unit's home {home} holds other things and is open to others: set SECONDUNIT_HOME to a folder"
                    " of its own"
                )
            home.chmod(0o700)
    except OSError as error:
        raise UnitUnreachable(f"the unit's home {home} cannot be made private: {error}; set SECONDUNIT_HOME") from error


def address_file(home: Path) -> Path:
    return home / "unit.json"


def log_file(home: Path) -> Path:
    return home / "unit.log"


def stopped_by(home: Path) -> str | None:
    """Who ended the last unit there on purpose; None while one runs, and after one that ended in any other way."""
    try:
        return _stopped_file(home).read_text(encoding="utf-8") if find(home) is None else None
    except OSError:
        return None


def note_stop(home: Path, by: str) -> None:
    """For `stopped_by`; who is noted already stays. Of a home that was removed nobody asks."""
    with suppress(FileExistsError, FileNotFoundError), _stopped_file(home).open("x", encoding="utf-8") as file:
        file.write(by)


def forget_stop(home: Path) -> None:
    """By a unit that starts."""
    _stopped_file(home).unlink(missing_ok=True)


def _stopped_file(home: Path) -> Path:
    return home / "stopped"


def find(home: Path) -> Address | None:
    """The unit that runs there, or None."""
    try:
        address = Address(**json.loads(address_file(home).read_text()), home=str(home))
    except (OSError, ValueError, TypeError):
        return None
    return address if process_of(address.pid, address.created) else None


def process_of(pid: int, created: float) -> psutil.Process | None:
    """The living process of that number and start time."""
    try:
        process = psutil.Process(pid)
        alive = abs(process.create_time() - created) < 0.05 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if alive else None


def ensure_running(home: Path, timeout: float = 30.0) -> Address:
    """Finds the unit or starts one; of clients that do this at once, one starts it. Raises UnitUnreachable."""
    if found := find(home):
        return found
    make_private(home)
    deadline = time.monotonic() + timeout
    try:
        with filelock.FileLock(home / "start.lock", timeout=timeout):
            return find(home) or _start(home, deadline)
    except filelock.Timeout as error:
        raise UnitUnreachable(f"another program has been starting the unit for {timeout:g} s; {_tail(home)}") from error


def _start(home: Path, deadline: float) -> Address:
    log = log_file(home)
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        shutil.move(log, log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "secondunit_inference", "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            start_new_session=True,
            creationflags=_DETACHED,
        )
    while time.monotonic() < deadline:
        if found := find(home):
            return found
        if (status := process.poll()) is not None:
            raise UnitUnreachable(f"the unit ended with status {status} while starting; {_tail(home)}")
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.wait()
    raise UnitUnreachable(f"the unit did not start in time; {_tail(home)}")


def _tail(home: Path) -> str:
    with suppress(OSError):
        lines = log_file(home).read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"its log {log_file(home)} ends with:", *lines])
    return f"it left no log at {log_file(home)}"


def stop(home: Path, timeout: float = 15.0, by: str = "another program") -> bool:
    """Ends the unit there, of whatever version it is; False if there was none. Queued orders stay queued.

    `by`: who stops it, in words, for the programs that were connected to it.
    """
    found = find(home)
    process = found and process_of(found.pid, found.created)
    if not process:
        return False
    note_stop(home, by)
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(timeout)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout)
    return True
