"""The names of colour encodings in ffmpeg, and how its scaler is told of them."""

from av.video.reformatter import Colorspace, Interpolation

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
