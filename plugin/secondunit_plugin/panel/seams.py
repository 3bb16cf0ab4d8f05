"""The figures of a seam in words, and as a light: whether a person will see where the camera ends.

The thresholds come from real footage: 649 pairs of consecutive frames of eleven camera shots (still, handheld, macro,
night, film grain), measured as seams are. Of those pairs, 95 % differ by less than 0.73 L* in lightness and 5.8 in
colour, 99 % by less than 1.5 L* and 8.9; grain ratios of 99 % lie within a factor of 1.06 and all within 1.15,
sharpness ratios within 1.21 and 1.40. What differs no more than neighbouring camera frames do is called not visible,
what differs by more than nearly all of them, visible. In a locked-off shot a smaller step may still be seen: the
figures do not replace a look at the cut.
"""

from dataclasses import dataclass
from enum import Enum
from math import exp, log

from secondunit_bridge.messages import FramesAfter, FramesBefore, Measure, Record, Seam

from secondunit_plugin.panel.words import tr


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on a difference is called faint, and from where on visible."""

    faint: float
    visible: float


LUMA = Threshold(0.75, 1.5)
"""L*, CIELAB."""
COLOUR = Threshold(6.0, 9.0)
"""Delta E, CIE 1976; motion counts in it."""
GRAIN = Threshold(1.06, 1.15)
"""A ratio, either way."""
SHARPNESS = Threshold(1.2, 1.4)
"""A ratio, either way."""


class Light(Enum):
    """In the order of how much is seen. `icon` differs in shape, so that no light is told by its colour alone."""

    UNSEEN = ("check-circle-outline", "#7cc48a")
    FAINT = ("circle-half-full", "#e3c063")
    VISIBLE = ("alert-octagon-outline", "#ef8a7a")

    @property
    def icon(self) -> str:
        return self.value[0]

    @property
    def colour(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Judged:
    """`state` in few words, `said` in one line; `numbers`: a line a seam, measured before and after correction."""

    light: Light
    state: str
    said: str
    numbers: tuple[str, ...]


def judge(record: Record) -> Judged | None:
    """By the worst of the take's seams with the camera, as it was corrected; None where there is none."""
    if not record.seams:
        return None
    judged = [(*_light(seam.after), _side(record, number), seam) for number, seam in enumerate(record.seams)]
    light, parts, side, seam = max(judged, key=lambda one: list(Light).index(one[0]))
    state = {Light.UNSEEN: tr("seam: not visible"), Light.FAINT: tr("seam: faint"), Light.VISIBLE: tr("seam: visible")}
    said = [state[light]]
    if light is not Light.UNSEEN:
        said.append(", ".join(_words(part, seam.after, side) for part in parts))
    return Judged(light, state[light], ": ".join(said), tuple(_numbers(one) for one in record.seams))


def _light(measure: Measure) -> tuple[Light, list[str]]:
    """With the names of the figures that make it so, the most telling first."""
    over = {
        "luma": (abs(measure.luma), LUMA),
        "colour": (measure.colour, COLOUR),
        "sharpness": (_ratio(measure.sharpness), SHARPNESS),
        "grain": (_ratio(measure.grain), GRAIN),
    }
    visible = [name for name, (value, limit) in over.items() if value > limit.visible]
    faint = [name for name, (value, limit) in over.items() if value > limit.faint]
    if visible:
        return Light.VISIBLE, visible
    return (Light.FAINT, faint) if faint else (Light.UNSEEN, [])


def _ratio(value: float) -> float:
    return exp(abs(log(value))) if value > 0 else float("inf")


def _side(record: Record, number: int) -> int:
    """1 where the take follows the camera, so that figures go from the camera to the take; -1 where it precedes it."""
    before = any(isinstance(one, FramesBefore) for one in record.order.conditions)
    after = any(isinstance(one, FramesAfter) for one in record.order.conditions)
    if before and after:
        return -1 if number == len(record.seams) - 1 and number > 0 else 1
    return -1 if after else 1


def _words(name: str, measure: Measure, side: int) -> str:
    """As the take is against the camera."""
    if name == "luma":
        lighter = measure.luma * side > 0
        text = tr("brighter by {number:.1f} L*") if lighter else tr("darker by {number:.1f} L*")
        return text.format(number=abs(measure.luma))
    if name == "colour":
        return tr("colour differs by {number:.1f} ΔE").format(number=measure.colour)
    if name == "sharpness":
        return tr("sharper") if (measure.sharpness > 1) == (side > 0) else tr("softer")
    return tr("grainier") if (measure.grain > 1) == (side > 0) else tr("less grain")


def _numbers(seam: Seam) -> str:
    rate, before, after = f"{float(seam.frame.rate):g}", figures(seam.before), figures(seam.after)
    return tr("frame {frame} at {rate} fps: before correction {before}; after {after}").format(
        frame=seam.frame.frame, rate=rate, before=before, after=after
    )


def figures(measure: Measure) -> str:
    return tr("{luma:+.2f} L*, {colour:.2f} ΔE, grain × {grain:.2f}, sharpness × {sharpness:.2f}").format(
        luma=measure.luma, colour=measure.colour, grain=measure.grain, sharpness=measure.sharpness
    )
