"""Single pictures of media files, and pictures as PNG, for the work of an `Operation`."""

from fractions import Fraction
from typing import TYPE_CHECKING

from PyQt5.QtCore import QBuffer, QIODevice, Qt
from PyQt5.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def still(path: str, frame: int, rate: Fraction | None, width: int | None = None) -> QImage:
    """Frame `frame` of the file, from its first as 0, at most `width` pixels wide, as sRGB codes. Raises MediaError.

    `rate`: of an image sequence, which names none.
    """
    from secondunit_bridge.media.read import VideoReader, picture

    with VideoReader(path, rate) as reader:
        codes = picture(reader.frame(frame), reader.info.encoding) >> 8
    return _image(codes.astype("uint8"), width)


def _image(pixels: "NDArray[np.uint8]", width: int | None) -> QImage:
    height, across = pixels.shape[:2]
    image = QImage(pixels.tobytes(), across, height, across * 3, QImage.Format_RGB888)
    return image.scaledToWidth(min(width or across, across), Qt.TransformationMode.SmoothTransformation).copy()


def thumbnail(path: str, width: int) -> QImage:
    """Of a picture file, at most `width` wide, as sRGB codes. Raises MediaError."""
    from secondunit_bridge.media.read import read_still

    return _image((read_still(path) >> 8).astype("uint8"), width)


def png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())
