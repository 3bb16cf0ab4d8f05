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
    return _narrowed(image(codes.astype("uint8")), width)


def image(pixels: "NDArray[np.uint8]") -> QImage:
    """Of shape (height, width, 3), as a copy that outlives the array."""
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, width * 3, QImage.Format_RGB888).copy()


def _narrowed(picture: QImage, width: int | None) -> QImage:
    across = picture.width()
    return picture.scaledToWidth(min(width or across, across), Qt.TransformationMode.SmoothTransformation)


def thumbnail(path: str, width: int) -> QImage:
    """Of a picture file, at most `width` wide, as sRGB codes. Raises MediaError."""
    from secondunit_bridge.media.read import read_still

    return _narrowed(image((read_still(path) >> 8).astype("uint8")), width)


def png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data())
