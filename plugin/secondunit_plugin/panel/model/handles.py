"""How many of the unused frames beside a shot still show it.

In a film that lies in one file, the frames behind a cut are the next shot.
"""

from collections.abc import Mapping
from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal

from secondunit_plugin.panel.background import Operation
from secondunit_plugin.panel.model.cut import Version
from secondunit_plugin.panel.model.layout import Bar, Kind, Layout
from secondunit_plugin.panel.model.places import Place, ShotPlace

Handles = tuple[int | None, int | None]
"""Frames of the cut before a shot and behind it, as `Bar.head` and `Bar.tail`."""


class HandlesModel(QObject):
    """Looked for where a person looks, in the pictures."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[ShotPlace, Handles] = {}

    def narrowed(self, version: Version, place: Place) -> Layout:
        """With what is known of the place and of what lies beside it; what is not is looked for."""
        layout = version.layout
        found = layout.find(place)
        if found is None:
            return layout
        track, position = found
        nearby = track.items[max(0, position - 1) : position + 2]
        self._look(
            version,
            {item.place: item for item in nearby if isinstance(item, Bar) and item.place and _has_handles(item)},
        )
        items = tuple(self._narrowed(item) if isinstance(item, Bar) else item for item in track.items)
        tracks = tuple(replace(one, items=items) if one is track else one for one in layout.tracks)
        return replace(layout, tracks=tracks)

    def _narrowed(self, bar: Bar) -> Bar:
        known = self._known.get(bar.place) if bar.place is not None and _has_handles(bar) else None
        return replace(bar, head=known[0], tail=known[1]) if known is not None else bar

    def _look(self, version: Version, bars: Mapping[ShotPlace, Bar]) -> None:
        missing = {place: bar for place, bar in bars.items() if place not in self._known}
        if not missing:
            return
        self._known |= {place: (bar.head, bar.tail) for place, bar in missing.items()}  # until the pictures are read

        def work() -> dict[ShotPlace, Handles]:
            from secondunit_plugin.panel.model.planning import handles_of

            return {place: handles_of(version, place, (bar.head, bar.tail)) for place, bar in missing.items()}

        def use(found: dict[ShotPlace, Handles]) -> None:
            if any(self._known[place] != handles for place, handles in found.items()):
                self._known |= found
                self.changed.emit()

        Operation(self, work).success(use).run()


def _has_handles(bar: Bar) -> bool:
    return bar.kind is Kind.CAMERA and bool(bar.speed) and bool(bar.head or bar.tail)
