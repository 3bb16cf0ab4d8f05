"""Frames of media files as pictures, for the work of an `Operation`."""

from fractions import Fraction

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QImage


def still(path: str, frame: int, rate: Fraction | None, width: int) -> QImage:
    """Frame `frame` of the file, from its first as 0, at most `width` pixels wide, as sRGB codes. Raises MediaError.

    `rate`: of an image sequence, which names none.
    """
    from secondunit_bridge.media.read import VideoReader, picture

    with VideoReader(path, rate) as reader:
        codes = picture(reader.frame(frame), reader.info.encoding) >> 8
    pixels = codes.astype("uint8")
    height, across = pixels.shape[:2]
    image = QImage(pixels.tobytes(), across, height, across * 3, QImage.Format_RGB888)
    return image.scaledToWidth(min(width, across), Qt.TransformationMode.SmoothTransformation).copy()
