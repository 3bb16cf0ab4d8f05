"""Take files on disk: temporary while they are written, then published under a name that nothing has yet.

A folder that takes go to gets the marker file `.secondunit-takes`. Files are deleted only beside that marker, and only
under the temporary names that are made here.
"""

import errno
import logging
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.files import sync_folder
from secondunit_bridge.messages import Codec, Delivery, Order
from secondunit_bridge.takes import MARKER

log = logging.getLogger(__name__)

SPARE_BYTES = 1_000_000_000
_TEMPORARY = ".secondunit-part-"
_SUFFIXES = {
    Codec.PRORES_HQ: ".mov",
    Codec.H264: ".mp4",
    Codec.PNG: "",
    Codec.DNXHR_HQX: ".mov",
    Codec.FFV1: ".mkv",
    Codec.EXR: "",
}
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


@dataclass(frozen=True, slots=True)
class TakeFiles:
    """Where one take lies under one fence. PNG and EXR takes are folders, the others files."""

    delivery: Delivery
    take_id: str
    name: str
    reel: str
    fence: int

    @property
    def folder(self) -> Path:
        return Path(self.delivery.folder)

    @property
    def stem(self) -> str:
        return f"{self.name}_{self.reel}_{self.fence}"

    @property
    def temporary(self) -> Path:
        return self.folder / f"{_TEMPORARY}{self.take_id}-{self.fence}{_SUFFIXES[self.delivery.codec]}"

    @property
    def temporary_cube(self) -> Path:
        return self.folder / f"{_TEMPORARY}{self.take_id}-{self.fence}.cube"

    @property
    def final(self) -> Path:
        return self.folder / f"{self.stem}{_SUFFIXES[self.delivery.codec]}"

    @property
    def final_cube(self) -> Path:
        return self.folder / f"{self.stem}.cube"

    def media(self, place: Path) -> str:
        """The path that a reader takes: of numbered pictures, their pattern."""
        return str(place / f"frame_%04d.{self.delivery.codec}") if not place.suffix else str(place)


# Upper ends of what pictures take, but for H.264, whose noise has no bound. ProRes and DNxHR: their rates at 1080p.
_BYTES_PER_PIXEL = {
    Codec.PRORES_HQ: 4.5 / 8,
    Codec.H264: 1.0 / 8,
    Codec.PNG: 6.1,
    Codec.DNXHR_HQX: 0.45,
    Codec.FFV1: 7.1,
    Codec.EXR: 6.1,
}


def disk_bytes(order: Order) -> int:
    """What all takes of an order may need."""
    slot = order.slot
    pixels = (slot.head + slot.frames + slot.tail) * slot.width * slot.height
    return int(len(order.seeds) * pixels * _BYTES_PER_PIXEL[order.delivery.codec])


def admit(delivery: Delivery, disk_bytes: int) -> None:
    """Raises OrderRefused where takes could not be stored; writes nothing."""
    folder = Path(delivery.folder)
    if not folder.is_absolute():
        raise OrderRefused(f"the delivery folder {folder} is not an absolute path: give one")
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    if not standing.is_dir():
        raise OrderRefused(f"takes cannot go to {folder}: {standing} is a file; choose another folder")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise OrderRefused(f"takes cannot go to {folder}: {standing} cannot be written; choose another folder")
    free, needed = shutil.disk_usage(standing).free, 2 * disk_bytes + SPARE_BYTES
    if free < needed:
        raise OrderRefused(
            f"takes need {needed / 1e9:.1f} GB free at {folder} (twice their estimated size and 1 GB),"
            f" {free / 1e9:.1f} GB are: make room, or choose another folder"
        )


def prepare(delivery: Delivery) -> None:
    """Makes the folder and its marker. Raises OrderRefused."""
    folder = Path(delivery.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), (folder / MARKER).open("x") as marker:
            marker.write("Second Unit puts takes here and may delete its own unfinished files.\n")
            marker.flush()
            os.fsync(marker.fileno())
    except OSError as error:
        raise OrderRefused(f"takes cannot go to {folder}: {error}; choose another folder") from error


def publish(files: TakeFiles) -> None:
    """Moves a complete take to its final names, media first, and makes that durable; again after a crash in the middle.

    Raises OSError; a file that bears the final name already is never replaced.
    """
    if not (files.temporary.exists() or files.final.exists()):
        raise FileNotFoundError(errno.ENOENT, "the take has vanished before it was published", str(files.temporary))
    for temporary, final in ((files.temporary, files.final), (files.temporary_cube, files.final_cube)):
        if temporary.exists():
            _move(temporary, final)
    sync_folder(files.folder)


def _move(temporary: Path, final: Path) -> None:
    if temporary.is_dir():
        # a folder that is in the way makes rename fail unless it is empty
        temporary.rename(final)
        return
    try:
        os.link(temporary, final)
    except FileExistsError:
        if not final.samefile(temporary):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        log.warning("%s has no hard links: %s is renamed after a check that the name is free", final.parent, final.name)
        if final.exists():
            raise FileExistsError(errno.EEXIST, "a take would replace a file", str(final)) from error
        temporary.rename(final)
        return
    temporary.unlink()


def sweep(files: TakeFiles) -> None:
    """Deletes what a take left unfinished, under any fence."""
    if not (files.folder / MARKER).is_file():
        return
    for left in files.folder.glob(f"{_TEMPORARY}{files.take_id}-*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)
