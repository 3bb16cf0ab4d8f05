"""The report of a demo: one page that needs no network, for an editor to read."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2
import orjson
from secondunit_bridge.files import write_bytes
from secondunit_bridge.messages import Measure, Take, Task
from secondunit_bridge.rates import FrameTime, format_timecode
from secondunit_bridge.wire import record_to_json


@dataclass(frozen=True, slots=True)
class Still:
    """A frame to show; `picture` is a JPEG or a PNG."""

    caption: str
    picture: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """`changes`: what the edit did, a line each."""

    takes: tuple[Take, ...]
    changes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was started."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An accepted order ended without its takes; `log` is a path, or empty."""

    reason: str
    log: str


Outcome = Done | Refused | Broken


@dataclass(frozen=True, slots=True)
class OrderReport:
    """`asked`: one sentence; `command`: the command line that does the same; `at`: a record timecode to look at."""

    title: str
    asked: str
    command: str
    at: FrameTime | None
    outcome: Outcome
    stills: tuple[Still, ...] = ()


@dataclass(frozen=True, slots=True)
class CutReport:
    """A cut and the film made of it: a path, which the page refers to relatively, or None. `poster`: JPEG or PNG."""

    path: Path
    frames: int
    video: Path | None
    poster: bytes = b""


@dataclass(frozen=True, slots=True)
class Report:
    """`start`: record timecode of both cuts' first frame. `contact`: the contact sheet, referred to relatively."""

    title: str
    start: FrameTime
    drop_frame: bool
    before: CutReport
    after: CutReport
    contact: Path | None
    orders: tuple[OrderReport, ...]
    unit: str
    notes: tuple[str, ...] = ()


def write_report(path: Path, report: Report) -> None:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("secondunit_plugin.demo", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = path.parent

    def timecode(time: FrameTime) -> str:
        return format_timecode(time, report.drop_frame)

    def address(file: Path) -> str:
        return quote(Path(os.path.relpath(file, folder)).as_posix())

    environment.filters |= {
        "timecode": timecode,
        "take_timecode": _take_timecode,
        "address": address,
        "data_uri": _data_uri,
        "figures": _figures,
        "trust": _trust,
        "record": _record,
        "length": len,
    }
    environment.tests |= {
        "done": lambda outcome: isinstance(outcome, Done),
        "refused": lambda outcome: isinstance(outcome, Refused),
    }
    page = environment.get_template("report.html.j2").render(report=report, totals=_totals(report))
    write_bytes(path, page.encode())


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    before: str
    after: str
    words: str


def _figures(pair: tuple[Measure, Measure]) -> list[Figure]:
    before, after = pair
    return [
        Figure("Luma, difference in L*", _signed(before.luma), _signed(after.luma), _seen(abs(after.luma))),
        Figure("Colour, ΔE (CIE76)", f"{before.colour:.2f}", f"{after.colour:.2f}", _seen(after.colour)),
        Figure("Grain, ratio", f"{before.grain:.2f}", f"{after.grain:.2f}", _alike(after.grain, "finer", "coarser")),
        Figure(
            "Sharpness, ratio",
            f"{before.sharpness:.2f}",
            f"{after.sharpness:.2f}",
            _alike(after.sharpness, "softer", "sharper"),
        ),
    ]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _seen(difference: float) -> str:
    """2.3 is one just noticeable difference of CIE76 (Mahy, Van Eycken, Oosterlinck, Color Res. Appl. 19, 1994)."""
    if difference < 1:
        return "equal to the eye"
    return "below a just noticeable difference" if difference < 2.3 else "noticeable"


def _alike(ratio: float, less: str, more: str) -> str:
    """Within a tenth and within a quarter: words chosen for this page, not thresholds of vision."""
    if abs(ratio - 1) <= 0.10:
        return "alike"
    word = less if ratio < 1 else more
    return f"slightly {word}" if abs(ratio - 1) <= 0.25 else word


def _trust(take: Take) -> str:
    record = take.record
    if record.placeholder:
        return "This is a placeholder: no frame of it is meant to stay in a film."
    if record.order.task is Task.MATCH:
        return "Camera frames, processed; none is generated."
    if record.trusted is None:
        return "All generated frames can be trusted."
    return (
        f"Trusted generated frames: {record.trusted}, counted from the camera's side. "
        "Look at the later ones before they stay in a film."
    )


def _take_timecode(take: Take) -> str:
    record = take.record
    last = FrameTime(record.start.frame + take.frames - 1, record.start.rate)
    return f"{format_timecode(record.start, record.drop_frame)} to {format_timecode(last, record.drop_frame)}"


def _record(take: Take) -> str:
    return orjson.dumps(orjson.loads(record_to_json(take.record)), option=orjson.OPT_INDENT_2).decode()


def _data_uri(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _totals(report: Report) -> Sequence[tuple[str, str]]:
    outcomes = [order.outcome for order in report.orders]
    done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    takes = [take for outcome in done for take in outcome.takes]
    totals = [
        ("Orders done", f"{len(done)} of {len(outcomes)}"),
        ("Takes", str(len(takes))),
        ("Frames in takes", str(sum(take.frames for take in takes))),
        ("Making", f"{sum(outcome.seconds for outcome in done):.1f} s"),
    ]
    refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
    broken = sum(isinstance(outcome, Broken) for outcome in outcomes)
    totals += [("Refused", str(refused))] if refused else []
    totals += [("Failed", str(broken))] if broken else []
    return totals
