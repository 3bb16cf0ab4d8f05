"""Where files lie and how much they take, for the work of operations."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from secondunit_bridge import spawn
from secondunit_bridge.messages import Order

from secondunit_plugin.panel.files import data_folder


class Holds(Enum):
    TAKES = auto()
    MODELS = auto()
    LOGS = auto()
    HOME = auto()
    PANEL = auto()
    PICTURES = auto()
    """Small pictures and waveforms, which are made again."""


@dataclass(frozen=True, slots=True)
class Folder:
    holds: Holds
    path: Path
    bytes: int


def folders(home: Path, orders: Iterable[Order]) -> list[Folder]:
    """Those of the unit at `home`, of the panel, and where takes of `orders` are; what is not there takes nothing."""
    from secondunit_plugin.panel.frames import cache

    takes = sorted({Path(order.delivery.folder) for order in orders if Path(order.delivery.folder).is_dir()})
    models, logs = spawn.models_folder(home), home / "logs"
    return [
        *(Folder(Holds.TAKES, folder, _size(folder)) for folder in takes),
        Folder(Holds.MODELS, models, _size(models)),
        Folder(Holds.LOGS, logs, _size(logs)),
        Folder(Holds.HOME, home, _size(home, apart=(models, logs))),
        Folder(Holds.PANEL, data_folder(), _size(data_folder())),
        Folder(Holds.PICTURES, cache.folder(), _size(cache.folder())),
    ]


def clear_pictures() -> None:
    """Of the frames process's cache alone, and only files: whatever else lies there stays."""
    from secondunit_plugin.panel.frames import cache

    with suppress(OSError):
        for file in list(cache.folder().iterdir()):
            if file.is_file() and not file.is_symlink():
                file.unlink(missing_ok=True)


def _size(folder: Path, apart: tuple[Path, ...] = ()) -> int:
    """On the disk, a file that has several names counted once."""
    seen: dict[tuple[int, int], int] = {}
    for state in _files(folder, apart):
        seen[state.st_dev, state.st_ino] = getattr(state, "st_blocks", 0) * 512 or state.st_size
    return sum(seen.values())


def _files(folder: Path, apart: tuple[Path, ...]) -> Iterator[os.stat_result]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if Path(entry.path) not in apart:
                    yield from _files(Path(entry.path), ())
            else:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
