"""Pull lists as files: CSV and JSON for scripts, Avid Log Exchange for a bin, CMX3600 for a transfer suite.

ALE: Avid, "Avid Log Specifications"; a heading, the names of the columns, a line for each clip, all tab-delimited.
"""

import csv
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import orjson
from secondunit_bridge.errors import BadInput, CutError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode

from secondunit_timeline.formats.edl_writer import reel_name
from secondunit_timeline.interchange import local_path
from secondunit_timeline.pulls import Pull, PullList

_HOURS = 3600
_MOST_EVENTS = 999


def encoded_list(listed: PullList, suffix: str) -> bytes:
    writer = {".csv": _csv, ".json": _json, ".ale": _ale, ".edl": _edl}.get(suffix.lower())
    if writer is None:
        raise BadInput(
            f"{suffix or 'a name without a suffix'} is no pull list: end the name in .csv, .json, .ale or .edl"
        )
    return writer(listed)


def row(pull: Pull) -> dict[str, Any]:
    """`in` and `out` are the handled range in source timecode, `out` the frame after the last; so are the used ones."""
    return {
        "reel": pull.reel,
        "name": pull.name,
        "file": local_path(pull.url) or pull.url,
        "rate": str(pull.frames.rate),
        "in": _code(pull.frames.start, pull.frames.rate),
        "out": _code(pull.frames.end, pull.frames.rate),
        "first_frame": pull.frames.start,
        "frames": pull.frames.duration,
        "used_in": _code(pull.used.start, pull.used.rate),
        "used_out": _code(pull.used.end, pull.used.rate),
        "short_before": pull.short[0],
        "short_after": pull.short[1],
        "clips": list(pull.clips),
        "asc_sop": pull.cdl.sop if pull.cdl is not None else "",
        "asc_sat": pull.cdl.sat if pull.cdl is not None else "",
    }


def duration(listed: PullList) -> str:
    return _code(round(listed.seconds * listed.rate), listed.rate)


def _code(frame: int, rate: Fraction) -> str:
    return format_timecode(FrameTime(frame, rate), can_drop_frames(rate))


def _json(listed: PullList) -> bytes:
    document = {
        "cut": listed.cut,
        "handles": listed.handles,
        "frames": listed.frames,
        "duration": duration(listed),
        "pulls": [row(pull) for pull in listed.pulls],
        "notes": list(listed.notes),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _csv(listed: PullList) -> bytes:
    text = io.StringIO()
    rows = [row(pull) | {"clips": "; ".join(pull.clips)} for pull in listed.pulls]
    names = list(rows[0]) if rows else ["reel", "name", "file", "rate", "in", "out"]
    table = csv.DictWriter(text, names)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def _one_rate(listed: PullList, kind: str) -> Fraction:
    rates = sorted({pull.frames.rate for pull in listed.pulls})
    if len(rates) > 1:
        found = ", ".join(f"{float(rate):.5g}" for rate in rates)
        raise CutError(f"the media run at {found} frames a second, and {kind} has one rate: write .csv or .json")
    return rates[0] if rates else listed.rate


def _ale(listed: PullList) -> bytes:
    rate = _one_rate(listed, "an ALE")
    lines = ["Heading", "FIELD_DELIM\tTABS", "VIDEO_FORMAT\tCUSTOM", f"FPS\t{_fps(rate)}", "", "Column"]
    names = ("Name", "Tracks", "Start", "End", "Duration", "Tape", "Source File", "ASC_SOP", "ASC_SAT", "Comments")
    lines += ["\t".join(names), "", "Data"]
    for pull in listed.pulls:
        shown = row(pull)
        cells = (
            *(pull.name or pull.reel, "V", shown["in"], shown["out"], _code(pull.frames.duration, rate), pull.reel),
            *(shown["file"], shown["asc_sop"], str(shown["asc_sat"]), "; ".join(pull.clips)),
        )
        lines.append("\t".join(" ".join(str(cell).split()) for cell in cells))
    return ("\r\n".join(lines) + "\r\n").encode()


def _fps(rate: Fraction) -> str:
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0")


def _edl(listed: PullList) -> bytes:
    """The ranges one after the other from 01:00:00:00."""
    rate = _one_rate(listed, "an EDL")
    if len(listed.pulls) > _MOST_EVENTS:
        raise CutError(f"the list has {len(listed.pulls)} ranges, an EDL numbers {_MOST_EVENTS}: write .csv or .json")
    drop = "DROP FRAME" if can_drop_frames(rate) else "NON-DROP FRAME"
    lines = [f"TITLE: {' '.join((listed.cut or 'PULL').split())[:70]}", f"FCM: {drop}", *_events(listed, rate)]
    return ("\r\n".join(lines) + "\r\n").encode()


def _events(listed: PullList, rate: Fraction) -> Iterator[str]:
    at = _HOURS * round(rate)
    for number, pull in enumerate(listed.pulls, 1):
        end = at + pull.frames.duration
        source = f"{_code(pull.frames.start, rate)} {_code(pull.frames.end, rate)}"
        yield f"{number:03}  {reel_name(pull.reel):<8} V     C        {source} {_code(at, rate)} {_code(end, rate)}"
        yield f"* FROM CLIP NAME: {' '.join(pull.name.split())}"
        if pull.url:
            yield f"* SOURCE FILE: {' '.join(pull.name.split())}"
        if pull.cdl is not None:
            yield f"* ASC_SOP {pull.cdl.sop}"
            yield f"* ASC_SAT {pull.cdl.sat}"
        for clip in pull.clips:
            yield f"* {' '.join(clip.split())}"
        at = end
