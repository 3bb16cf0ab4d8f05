"""The record of a take inside its media."""

from pathlib import Path

from av.container import InputContainer

from secondunit_bridge.media.container import open_media
from secondunit_bridge.media.images import RECORD

RECORD_KEY = "com.secondunit.record"


def extract(path: str) -> str | None:
    """The record's JSON text; None when the file, or the folder of a PNG or EXR take, holds none.

    It outlives a stream copy into Matroska, and into MOV or MP4 with `-movflags use_metadata_tags`.
    """
    if Path(path).is_dir():
        record = Path(path) / RECORD
        return record.read_text(encoding="utf-8") if record.is_file() else None
    with open_media(path) as container:
        return record_in(container) or None


def record_in(container: InputContainer) -> str:
    return next((value for key, value in container.metadata.items() if key.lower() == RECORD_KEY), "")
