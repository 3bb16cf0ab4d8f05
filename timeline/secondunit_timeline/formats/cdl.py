"""ASC colour decisions as cuts and lists hold them.

In a cut they lie in `metadata["cdl"]` of a clip, in the form of the published EDL reader (otio-cmx3600-adapter).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import opentimelineio as otio

_NUMBER = r"([-+]?\d*\.?\d+)"
_TRIPLE = rf"\(\s*{_NUMBER}[\s,]+{_NUMBER}[\s,]+{_NUMBER}\s*\)"
_SOP = re.compile(rf"ASC_SOP:?\s*{_TRIPLE}\s*{_TRIPLE}\s*{_TRIPLE}")
_SAT = re.compile(rf"ASC_SAT:?\s*{_NUMBER}")


@dataclass(frozen=True, slots=True)
class Cdl:
    """Slope, offset and power of red, green and blue, and the saturation."""

    slope: tuple[float, ...]
    offset: tuple[float, ...]
    power: tuple[float, ...]
    saturation: float

    @property
    def sop(self) -> str:
        """`(1.0 1.0 1.0)(0.0 0.0 0.0)(1.0 1.0 1.0)`, as EDL and ALE write it; some readers need the decimal point."""
        return "".join(f"({' '.join(map(_decimal, row))})" for row in (self.slope, self.offset, self.power))

    @property
    def sat(self) -> str:
        return _decimal(self.saturation)

    @property
    def metadata(self) -> dict[str, Any]:
        rows = {"slope": list(self.slope), "offset": list(self.offset), "power": list(self.power)}
        return {"asc_sat": self.saturation, "asc_sop": rows}


def _decimal(value: float) -> str:
    text = f"{value:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def cdl_of(clip: otio.schema.Clip) -> Cdl | None:
    given: Any = clip.metadata.get("cdl")
    if not hasattr(given, "get"):
        return None
    sop: Any = given.get("asc_sop")
    try:
        slope, offset, power = (tuple(float(value) for value in sop[key]) for key in ("slope", "offset", "power"))
        saturation = float(given.get("asc_sat", 1.0))
    except (TypeError, KeyError, ValueError):
        return None
    return Cdl(slope, offset, power, saturation) if len(slope) == len(offset) == len(power) == 3 else None


def cdl_in(comments: Iterable[str]) -> tuple[Cdl | None, list[str]]:
    """The decision that an EDL's comments hold, and the other comments. What is not wholly one stays a comment."""
    sop: list[float] = []
    saturation: float | None = None
    rest: list[str] = []
    for comment in comments:
        if match := _SOP.fullmatch(comment.strip()):
            sop = [float(value) for value in match.groups()]
        elif match := _SAT.fullmatch(comment.strip()):
            saturation = float(match[1])
        else:
            rest.append(comment)
    if not sop and saturation is None:
        return None, rest
    values = sop or [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    found = Cdl(tuple(values[:3]), tuple(values[3:6]), tuple(values[6:]), 1.0 if saturation is None else saturation)
    return found, rest
