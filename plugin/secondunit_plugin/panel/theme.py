"""Dark and calm, so that pictures are the brightest thing on the screen."""

from pathlib import Path

from PyQt5.QtGui import QColor, QPalette
from PyQt5.QtWidgets import QApplication, QWidget

_COLOURS = {
    QPalette.Window: "#1e2023",
    QPalette.WindowText: "#c8ccd2",
    QPalette.Base: "#17181a",
    QPalette.AlternateBase: "#1c1e20",
    QPalette.Text: "#d6d9de",
    QPalette.Button: "#2a2d31",
    QPalette.ButtonText: "#d6d9de",
    QPalette.BrightText: "#ffffff",
    QPalette.ToolTipBase: "#2a2d31",
    QPalette.ToolTipText: "#d6d9de",
    QPalette.PlaceholderText: "#8f96a0",
    QPalette.Highlight: "#3d6a94",
    QPalette.HighlightedText: "#ffffff",
    QPalette.Link: "#7fb2e0",
}
_DISABLED = "#868d96"


def apply(target: QApplication | QWidget) -> None:
    """To all of an application, or to a widget in the window of another program, whose look stays its own."""
    palette = QPalette()
    for role, colour in _COLOURS.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText):
        palette.setColor(QPalette.Disabled, role, QColor(_DISABLED))
    palette.setColor(QPalette.Disabled, QPalette.Light, palette.color(QPalette.Window))  # no relief around it
    target.setPalette(palette)
    target.setStyleSheet(Path(__file__).with_name("theme.qss").read_text(encoding="utf-8"))
