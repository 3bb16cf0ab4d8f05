"""One family of icons: Material Design Icons, drawn from the font that qtawesome brings."""

from functools import cache
from typing import Any, assert_never

from PyQt5.QtGui import QIcon

from secondunit_plugin.panel.model.states import OfflineGrade, Stale

_FAMILY = ("mdi6", "materialdesignicons6-webfont-6.9.96.ttf", "materialdesignicons6-webfont-charmap-6.9.96.json")


def icon(name: str, colour: str = "#c8ccd2") -> QIcon:
    """By its name in the family, e.g. "content-cut"."""
    active = "#ffffff" if colour == "#c8ccd2" else colour
    drawn: QIcon = _font().icon(f"mdi6.{name}", color=colour, color_disabled="#5b6068", color_active=active)
    return drawn


def icon_of(state: Stale | OfflineGrade) -> str:
    """The name of what marks a take that does not fit."""
    match state:
        case Stale():
            return "sync-alert"
        case OfflineGrade():
            return "quality-low"
        case _:
            assert_never(state)


@cache
def _font() -> Any:
    # Imported after the window shows; qtawesome.icon() would load the fonts of ten families.
    from qtawesome.iconic_font import IconicFont

    return IconicFont(_FAMILY)
