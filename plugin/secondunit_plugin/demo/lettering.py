"""Capital letters, digits and signs drawn as strokes, so that pictures can be labelled without a font file."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_UNITS = 6.0  # height of a capital in the units of the table below
_PITCH = 5.7  # from one glyph to the next

# Strokes from point to point, x 0..4 to the right and y 0..6 down; strokes are parted by semicolons.
_GLYPHS = {
    "A": "0,6 0,2 2,0 4,2 4,6;0,4 4,4",
    "B": "0,0 0,6 3,6 4,5 4,4 3,3 0,3;3,3 3.8,2.2 3.8,0.8 3,0 0,0",
    "C": "4,1 3,0 1,0 0,1 0,5 1,6 3,6 4,5",
    "D": "0,0 0,6 2.6,6 4,4.6 4,1.4 2.6,0 0,0",
    "E": "4,0 0,0 0,6 4,6;0,3 3,3",
    "F": "4,0 0,0 0,6;0,3 3,3",
    "G": "4,1 3,0 1,0 0,1 0,5 1,6 3,6 4,5 4,3 2.4,3",
    "H": "0,0 0,6;4,0 4,6;0,3 4,3",
    "I": "2,0 2,6;1,0 3,0;1,6 3,6",
    "J": "4,0 4,5 3,6 1,6 0,5",
    "K": "0,0 0,6;4,0 0,3.4;1.4,2.5 4,6",
    "L": "0,0 0,6 4,6",
    "M": "0,6 0,0 2,2.6 4,0 4,6",
    "N": "0,6 0,0 4,6 4,0",
    "O": "1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0",
    "P": "0,6 0,0 3,0 4,1 4,2.4 3,3.4 0,3.4",
    "Q": "1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0;2.6,4.6 4.2,6.4",
    "R": "0,6 0,0 3,0 4,1 4,2.4 3,3.4 0,3.4;2.2,3.4 4,6",
    "S": "4,1 3,0 1,0 0,1 0,2 1,3 3,3 4,4 4,5 3,6 1,6 0,5",
    "T": "0,0 4,0;2,0 2,6",
    "U": "0,0 0,5 1,6 3,6 4,5 4,0",
    "V": "0,0 2,6 4,0",
    "W": "0,0 0.8,6 2,2.6 3.2,6 4,0",
    "X": "0,0 4,6;4,0 0,6",
    "Y": "0,0 2,2.8 4,0;2,2.8 2,6",
    "Z": "0,0 4,0 0,6 4,6",
    "0": "1,0 3,0 4,1 4,5 3,6 1,6 0,5 0,1 1,0",
    "1": "0.8,1.2 2.2,0 2.2,6;0.9,6 3.5,6",
    "2": "0,1 1,0 3,0 4,1 4,2.2 0,6 4,6",
    "3": "0,0.6 0.8,0 3,0 4,1 4,2 3,3 1.6,3;3,3 4,4 4,5 3,6 1,6 0,5.2",
    "4": "3,6 3,0 0,4.2 4,4.2",
    "5": "4,0 0.4,0 0.2,2.8 1,2.3 3,2.3 4,3.3 4,5 3,6 1,6 0,5.2",
    "6": "3.8,0.6 3,0 1,0 0,1 0,5 1,6 3,6 4,5 4,3.6 3,2.6 1,2.6 0,3.4",
    "7": "0,0 4,0 1.6,6",
    "8": "1,3 0.2,2.2 0.2,0.8 1,0 3,0 3.8,0.8 3.8,2.2 3,3 1,3 0,4 0,5 1,6 3,6 4,5 4,4 3,3",
    "9": "0.2,5.4 1,6 3,6 4,5 4,1 3,0 1,0 0,1 0,2.4 1,3.4 3,3.4 4,2.6",
    ":": "2,1.7 2,1.8;2,4.5 2,4.6",
    ";": "2,1.7 2,1.8;2.2,4.6 1.6,6",
    ".": "2,5.9 2,6",
    ",": "2.2,5.6 1.6,7",
    "-": "0.7,3 3.3,3",
    "–": "0.2,3 3.8,3",
    "+": "0.4,3 3.6,3;2,1.4 2,4.6",
    "/": "0.4,6.4 3.6,-0.4",
    "_": "0,6.6 4,6.6",
    "#": "1.4,0.4 0.9,5.6;3.1,0.4 2.6,5.6;0.2,2 4,2;0,4 3.8,4",
    "(": "2.8,-0.5 1.6,1.4 1.6,4.6 2.8,6.5",
    ")": "1.2,-0.5 2.4,1.4 2.4,4.6 1.2,6.5",
    "|": "2,-0.6 2,6.6",
    "→": "0,3 4,3;2.4,1.4 4,3 2.4,4.6",
    "'": "2,0 1.8,1.4",
    "×": "0.6,1.6 3.4,4.4;3.4,1.6 0.6,4.4",
    "%": "0.4,6 3.6,0;0.4,0.6 1,0 1.6,0.6 1,1.2 0.4,0.6;2.4,5.4 3,4.8 3.6,5.4 3,6 2.4,5.4",
    "?": "0.2,1 1.2,0 3,0 4,1 4,2 2,3.4 2,4.2;2,5.9 2,6",
    "!": "2,0 2,4.1;2,5.9 2,6",
    " ": "",
}


def text_width(text: str, height: float) -> int:
    return round(len(text) * _PITCH * height / _UNITS)


def lettering(text: str, height: float, weight: float = 0.14) -> NDArray[np.float32]:
    """Coverage 0..1 of one line, shape (1.5 × `height`, `text_width`); capitals stand from 0.25 to 1.25 × `height`.

    Small letters are drawn as capitals, unknown characters as a question mark. `weight`: the stroke's share of the
    height.
    """
    scale = height / _UNITS
    rows, columns = round(height * 1.5), max(1, text_width(text, height))
    cover = np.zeros((rows, columns), np.float32)
    half = weight * height / 2
    for index, character in enumerate(text.upper()):
        left = (index * _PITCH + (_PITCH - 4) / 2) * scale
        x0, x1 = max(0, int(left - 2 * scale)), min(columns, int(left + 6 * scale) + 2)
        x = np.arange(x0, x1, dtype=np.float32)[None, :] + 0.5 - left
        y = np.arange(rows, dtype=np.float32)[:, None] + 0.5 - 0.25 * height
        for stroke in _GLYPHS.get(character, _GLYPHS["?"]).split(";"):
            points = [tuple(float(value) * scale for value in point.split(",")) for point in stroke.split()]
            for (ax, ay), (bx, by) in pairwise(points):
                dx, dy = bx - ax, by - ay
                along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
                away = np.hypot(x - ax - along * dx, y - ay - along * dy)
                part = cover[:, x0:x1]
                np.maximum(part, np.clip(half - away + 0.5, 0, 1), out=part)
    return cover
