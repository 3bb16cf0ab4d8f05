"""One family of icons: Material Design Icons, drawn from qtawesome's font."""

from PyQt5.QtGui import QIcon


def icon(name: str) -> QIcon:
    """By its name in the family, e.g. "content-cut"."""
    import qtawesome  # its fonts take longer to load than the window to show

    drawn: QIcon = qtawesome.icon(f"mdi6.{name}", color="#c8ccd2", color_disabled="#5b6068", color_active="#ffffff")
    return drawn
