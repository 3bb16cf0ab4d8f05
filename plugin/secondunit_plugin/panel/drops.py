"""What is dragged onto the panel, and from one view of it to another."""

import json
from collections.abc import Sequence

from PyQt5.QtCore import QMimeData
from PyQt5.QtGui import QImage

from secondunit_plugin.panel.model.places import Place, ShotPlace

_PLACE = "application/x-secondunit-place"
PICTURES = "*.png *.jpg *.jpeg *.tif *.tiff"
MOVIES = "*.mov *.mp4 *.mkv *.webm *.mxf *.avi *.mpg"


def of_place(place: ShotPlace) -> QMimeData:
    data = QMimeData()
    data.setData(_PLACE, json.dumps([place.track, place.at.frame]).encode())
    return data


def holds(data: QMimeData | None) -> bool:
    """Whether there is anything in it that can be referred to."""
    return data is not None and (data.hasFormat(_PLACE) or data.hasImage() or bool(files_in(data)))


def place_in(data: QMimeData, places: Sequence[Place]) -> ShotPlace | None:
    if not data.hasFormat(_PLACE):
        return None
    track, frame = json.loads(bytes(data.data(_PLACE)))
    shots = (place for place in places if isinstance(place, ShotPlace))
    return next((shot for shot in shots if (shot.track, shot.at.frame) == (track, frame)), None)


def files_in(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def picture_in(data: QMimeData) -> QImage | None:
    image = data.imageData() if data.hasImage() and not files_in(data) else None
    return image if isinstance(image, QImage) and not image.isNull() else None
