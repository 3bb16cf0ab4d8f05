"""Objects that nobody reaches any more end on the UI thread.

Python collects them in whichever thread allocates next. A widget or model that ends in another thread than Qt's own
leaves Qt with what is not there any more, and the process ends.
"""

import gc

from PyQt5.QtCore import QObject, QTimer

_EVERY_MS = 500


class Collector(QObject):
    """In place of Python's own collections, from when it is made until it is closed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def close(self) -> None:
        self._timer.stop()
        gc.enable()

    def _collect(self) -> None:
        """The oldest generation whose turn it is, by Python's own thresholds."""
        counts, limits = gc.get_count(), gc.get_threshold()
        due = [generation for generation in range(3) if counts[generation] > limits[generation]]
        if due:
            gc.collect(due[-1])
