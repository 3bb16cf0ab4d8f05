"""What has to hold for any file whatever: it is refused with a reason, or it is a cut that can be written again."""

from importlib import import_module
from pathlib import Path

import orjson
from secondunit_bridge.errors import SecondUnitError
from secondunit_timeline.documents import parsed, text_of
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.validation import Validation

# Without AAF: pyaaf2, which parses it, loops without end on some damaged files, so that only the limits of the process
# that reads it hold.
SUFFIXES = {"otio": ".otio", "edl": ".edl", "fcp7": ".xml", "fcpxml": ".fcpxml", "kdenlive": ".kdenlive"}


def check(reader: str, path: Path) -> bool:
    """Whether the file is read. Raises what is no refusal."""
    return _otio(path) if reader == "otio" else _other(reader, path)


def _otio(path: Path) -> bool:
    """What is written for a file that is read, is read again and then written alike."""
    try:
        cut = read_cut(path)
    except SecondUnitError as refusal:
        assert path.name in str(refusal), refusal
        return False
    once, twice = path.with_name("once.otio"), path.with_name("twice.otio")
    write_cut(cut, once)
    write_cut(read_cut(once), twice)
    assert once.read_bytes() == twice.read_bytes()
    return True


def _other(reader: str, path: Path) -> bool:
    """In this process, so that what ends the reader's own process shows here."""
    try:
        read = import_module(f"secondunit_timeline.formats.{reader}").read(path)
    except SecondUnitError:
        return False
    except Exception:
        if reader != "fcp7":  # it rests on a published reader, whose own errors are told as they are
            raise
        return False
    try:
        document = orjson.loads(read.to_json_string(-1))
    except orjson.JSONDecodeError:  # a time that is no number, which `formats.reading` refuses
        return False
    for cut in [document] if document["OTIO_SCHEMA"].startswith("Timeline") else document["children"]:
        try:
            Validation(path, lambda *_: None, dialects=False).cut(cut)
        except SecondUnitError:
            return False
        parsed(text_of(cut))
    return True
