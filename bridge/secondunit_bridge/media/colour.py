"""The names of colour encodings in ffmpeg, and how its scaler is told of them."""

import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from numpy.typing import NDArray

# ISO/IEC 23091-2 code points under the names that ffmpeg gives them.
MATRICES = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc"}
MATRICES |= {10: "bt2020c", 14: "ictcp"}
PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100"}
TRANSFERS |= {10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12"}
TRANSFERS |= {16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}

# Matrices that the scaler converts from and to R'G'B'.
SWS_MATRICES = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
}

# Without ACCURATE_RND the scaler's fast paths round chroma and truncate 10 bits.
PRECISE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND


def code(names: dict[int, str], name: str) -> int:
    """The code point of `name`; 2, unspecified, when it has none."""
    return next((number for number, known in names.items() if known == name), 2)


_ROWS = 16
"""Rows that are worked on at once, few enough to stay in the processor's cache."""


def stretch(picture: NDArray[np.uint16], bits: int) -> None:
    """In place, from the scaler's white, `bits` ones shifted up to 16 bits, to 65535; what is brighter is clipped."""
    white = np.full((_ROWS, *picture.shape[1:]), 65535 - (65535 >> bits), np.uint16)
    part = np.empty_like(white)
    for row in range(0, len(picture), _ROWS):
        codes = picture[row : row + _ROWS]
        rest = part[: len(codes)]
        np.minimum(codes, white[: len(codes)], out=codes)
        np.right_shift(codes, np.uint16(bits), out=rest)
        np.add(codes, rest, out=codes)


def shrink(picture: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The inverse of `stretch` with 8 bits, which is what the scaler takes for white when it makes limited range."""
    shrunk = np.empty(picture.shape, np.uint16)
    part = np.empty((_ROWS, *picture.shape[1:]), np.uint16)
    for row in range(0, len(picture), _ROWS):
        codes = picture[row : row + _ROWS]
        rest = part[: len(codes)]
        np.right_shift(codes, np.uint16(8), out=rest)
        np.subtract(codes, rest, out=shrunk[row : row + _ROWS])
    return shrunk
