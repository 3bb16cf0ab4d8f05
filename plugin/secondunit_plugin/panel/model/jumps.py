"""Which cut points are jump cuts by their pictures: those of two takes of one set-up, whose names do not say so."""

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.layout import Bar
from secondunit_plugin.panel.model.places import JoinPlace, Place


class JumpsModel(QObject):
    """Looked for where a person looks."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[tuple[MediaTime, MediaTime], bool] = {}
        """By the two pictures that meet."""

    def is_at(self, version: Version, place: Place) -> bool:
        """As far as is known; what is not is looked for."""
        layout = version.layout
        around = layout.around(place) if isinstance(place, JoinPlace) else None
        if around is None or not isinstance(around.before, Bar) or not isinstance(around.after, Bar):
            return False
        before, after = around.before, around.after
        pictures = before.picture_at(before.frames - 1, layout.rate), after.picture
        if pictures[0] is None or pictures[1] is None or before.media == after.media:
            return False
        met = pictures[0], pictures[1]
        if met not in self._known:
            self._known[met] = False  # until the pictures are read

            def work() -> bool:
                from secondunit_plugin.panel.model.planning import shows_jump

                return shows_jump(version, place)

            def use(found: bool) -> None:
                self._known[met] = found
                if found:
                    self.changed.emit()

            Operation(self, work).success(use).run()
        return self._known[met]
