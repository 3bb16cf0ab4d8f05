"""What a person thinks of takes, kept beside their media: one small file for each take that was rated.

So ratings move with the takes from machine to machine, are there without a unit, and panels that rate different takes
never write the same file; of two that rate the same take, the later one counts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import orjson

from secondunit_bridge.errors import BadInput
from secondunit_bridge.files import sync_folder, write_bytes

_FOLDER = ".secondunit-ratings"
_TAKE_ID = re.compile(r"[A-Za-z0-9_-]+")


class Rating(StrEnum):
    """APPROVED is settled: it is neither starred nor rejected before it is withdrawn."""

    STARRED = "starred"
    REJECTED = "rejected"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Rated:
    """`at`: when, as an ISO 8601 time in UTC."""

    take_id: str
    rating: Rating
    at: str


def ratings(folders: Iterable[Path]) -> dict[str, Rated]:
    """Of the takes in `folders`, by take id. Raises BadInput, with the name of a file that is no rating."""
    found = {}
    for folder in folders:
        place = folder / _FOLDER
        for path in sorted(place.glob("[!.]*.json")) if place.is_dir() else ():
            if (rated := _read(path)) is not None:
                found[rated.take_id] = rated
    return found


def rate(folder: Path, take_id: str, rating: Rating | None) -> Rated | None:
    """Keeps it durably for a take in `folder`, None: takes the rating back; what is kept then.

    Raises BadInput where an approved take would be starred or rejected, and where nothing can be written.
    """
    path = _path(folder, take_id)
    known = _read(path)
    if known is not None and known.rating is Rating.APPROVED and rating in (Rating.STARRED, Rating.REJECTED):
        raise BadInput(f"the take {take_id} is approved since {known.at}: withdraw the approval first")
    try:
        if rating is None:
            if known is not None:
                path.unlink(missing_ok=True)
                sync_folder(path.parent)
            return None
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): check the permissions of {folder}") from None
    rated = Rated(take_id, rating, datetime.now(UTC).isoformat(timespec="seconds"))
    write_bytes(path, orjson.dumps({"take": rated.take_id, "rating": rated.rating, "at": rated.at}) + b"\n")
    return rated


def _path(folder: Path, take_id: str) -> Path:
    if not _TAKE_ID.fullmatch(take_id):  # it comes from a record, which may be anybody's
        raise BadInput(f"{take_id!r} is not the id of a take: it holds other characters than letters, digits, _ and -")
    return folder / _FOLDER / f"{take_id}.json"


def _read(path: Path) -> Rated | None:
    try:
        held = orjson.loads(path.read_bytes())
        return Rated(held["take"], Rating(held["rating"]), held["at"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{path} cannot be read as a rating ({error}): move it away, then rate the take again") from None
