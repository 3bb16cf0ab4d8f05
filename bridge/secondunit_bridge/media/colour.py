"""The names of colour encodings in ffmpeg, how its scaler is told of them, and conversions that it would clip."""

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


Picture = NDArray[np.uint16]
Floats = NDArray[np.float32]


def whole(picture: Picture | Floats) -> Picture:
    """Floats, 1 full scale, as codes of 16 bits; what lies beyond is clipped."""
    if picture.dtype == np.uint16:
        return np.asarray(picture, np.uint16)
    return np.asarray(np.clip(parts(picture), 0, 1) * np.float32(65535) + np.float32(0.5), np.uint16)


def parts(picture: Picture | Floats) -> Floats:
    """The inverse of `whole`: codes as shares of full scale."""
    if picture.dtype == np.float32:
        return np.asarray(picture, np.float32)
    return np.asarray(picture * np.float32(1 / 65535), np.float32)


# K_R and K_B of ISO/IEC 23091-2, table 4.
_WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}


def rgb_from_yuv(samples: NDArray[np.uint16], matrix: str, full_range: bool, depth: int) -> Floats:
    """R'G'B', shape (height, width, 3), 1 full scale, nothing clipped, from Y'CbCr of the same shape.

    `samples` are codes of `depth` bits shifted up to 16.
    """
    offset, scale = _steps(full_range, depth)
    linear = np.linalg.inv(_to_yuv(matrix)) / scale
    return np.asarray(samples.astype(np.float32) @ _f32(linear.T) - _f32(linear @ offset), np.float32)


def yuv_from_rgb(picture: Floats, matrix: str, full_range: bool, depth: int) -> NDArray[np.uint16]:
    """The inverse, in codes of 16 bits; what the codes cannot hold is clipped, what lies above white is not."""
    offset, scale = _steps(full_range, depth)
    planes = picture @ _f32((_to_yuv(matrix) * scale[:, None]).T) + _f32(offset)
    # Codes of the top and the bottom belong to synchronisation (ITU-R BT.709, BT.2100).
    least, most = (0, 65535) if full_range else (256, 65279)
    return np.asarray(np.clip(np.rint(planes), least, most), np.uint16)


def _to_yuv(matrix: str) -> NDArray[np.float64]:
    red, blue = _WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, (np.array([0, 0, 1]) - luma) / (2 - 2 * blue), (np.array([1, 0, 0]) - luma) / (2 - 2 * red)])


def _steps(full_range: bool, depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Zero and span of Y', Cb and Cr in codes of `depth` bits shifted up to 16."""
    top = ((1 << depth) - 1) << (16 - depth)
    low, luma, chroma = (0, top, top) if full_range else (16 << 8, 219 << 8, 224 << 8)
    return np.array([low, 32768, 32768], np.float64), np.array([luma, chroma, chroma], np.float64)


def _f32(numbers: NDArray[np.float64]) -> Floats:
    return np.asarray(numbers, np.float32)


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


def shrink(picture: NDArray[np.uint16], bits: int = 8) -> NDArray[np.uint16]:
    """The inverse of `stretch`; 8 bits are what the scaler takes for white when it makes limited range."""
    shrunk = np.empty(picture.shape, np.uint16)
    part = np.empty((_ROWS, *picture.shape[1:]), np.uint16)
    for row in range(0, len(picture), _ROWS):
        codes = picture[row : row + _ROWS]
        rest = part[: len(codes)]
        np.right_shift(codes, np.uint16(bits), out=rest)
        np.subtract(codes, rest, out=shrunk[row : row + _ROWS])
    return shrunk
