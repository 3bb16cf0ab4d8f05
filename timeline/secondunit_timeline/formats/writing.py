"""Cuts as the bytes of other programs' files."""

from importlib import import_module

import opentimelineio as otio
from secondunit_bridge.errors import BadInput

WRITERS = {
    ".aaf": "aaf_writer",
    ".edl": "edl_writer",
    ".xml": "fcp7_writer",
    ".fcpxml": "fcpxml_writer",
    ".kdenlive": "kdenlive_writer",
    ".mlt": "kdenlive_writer",
}


def encoded(cut: otio.schema.Timeline, suffix: str) -> bytes:
    """The file's content; addresses of media are absolute in it."""
    writer = WRITERS.get(suffix.lower())
    if writer is None:
        raise BadInput(
            f"{suffix or 'a name without a suffix'} is no format that is written: "
            f"end the name in {', '.join(['.otio', '.otioz', '.otiod', *WRITERS])}"
        )
    content: bytes = import_module(f"secondunit_timeline.formats.{writer}").encode(cut)
    return content
