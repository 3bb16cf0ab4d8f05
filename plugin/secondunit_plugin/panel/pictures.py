"""Single pictures of media files, and pictures as PNG, for the work of an `Operation`."""

from fractions import Fraction
from typing import TYPE_CHECKING

from PyQt5.QtCore import QBuffer, QIODevice
from PyQt5.QtGui import QImage
from secondunit_bridge.media.decoding import DECODING, Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def still(path: str, frame: int, rate: Fraction | None, width: int | None = None) -> QImage:
    """Frame `frame` of the file, from its first as 0, at most `width` pixels wide, as sRGB codes. Raises MediaError.

    `rate`: of an image sequence, which names none.
    """
    return _image(DECODING.get().picture(path, frame, rate, width))


def thumbnail(path: str, width: int) -> QImage:
    """Of a picture file, at most `width` wide, as sRGB codes. Raises MediaError."""
    return _image(DECODING.get().picture(path, None, None, width))


def image(pixels: "NDArray[np.uint8]") -> QImage:
    """Of shape (height, width, 3), as a copy that outlives the array."""
    height, width = pixels.shape[:2]
    return _image(Picture(width, height, pixels.tobytes()))


def _image(picture: Picture) -> QImage:
    """As a copy that outlives the picture."""
    width, height = picture.width, picture.height
    return QImage(picture.pixels, width, height, width * 3, QImage.Format_RGB888).copy()


def png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data())
