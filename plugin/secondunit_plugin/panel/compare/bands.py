"""The bands of luma that false colour tells apart."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TR_NOOP


@dataclass(frozen=True, slots=True)
class Band:
    """Luma from `low` up to, not including, `high`, in percent of the range from black to white."""

    low: float
    high: float
    colour: tuple[int, int, int]
    name: str


# The levels and colours of ARRI cameras (ALEXA Mini LF user manual, "False Color", signal level table): the ends of the
# range, 18 % grey, and one stop over it, about light skin.
BANDS = (
    Band(0, 2.5, (130, 60, 170), QT_TR_NOOP("black is clipped")),
    Band(2.5, 4, (40, 90, 220), QT_TR_NOOP("just above black")),
    Band(38, 42, (60, 170, 70), QT_TR_NOOP("middle grey")),
    Band(52, 56, (240, 150, 170), QT_TR_NOOP("light skin")),
    Band(97, 99, (240, 220, 60), QT_TR_NOOP("just below white")),
    Band(99, 100.01, (220, 40, 40), QT_TR_NOOP("white is clipped")),
)
