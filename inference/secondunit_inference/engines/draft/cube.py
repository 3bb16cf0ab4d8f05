"""A three-dimensional table of colours: as a .cube file, applied to pictures and to decoded frames."""

import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import PyOpenColorIO as ocio
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray
from secondunit_bridge.media.colour import PRECISE
from secondunit_bridge.media.probe import Encoding

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

SIZE = 33


def lattice() -> Floats:
    """The table that changes nothing: shape (33, 33, 33, 3), R'G'B' 0..1, indexed by red, green, blue."""
    steps = np.linspace(0, 1, SIZE, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)


def cube_text(table: Floats | Doubles, title: str) -> str:
    """Adobe's Cube LUT Specification 1.0: red varies fastest. Values are 0..1."""
    name = title.replace('"', "'").replace("\n", " ")
    header = f'TITLE "{name}"\nLUT_3D_SIZE {len(table)}\nDOMAIN_MIN 0.0 0.0 0.0\nDOMAIN_MAX 1.0 1.0 1.0\n'
    # Each entry as `1.234567` and a separator: formatting numbers one by one would take as long as several frames.
    values = np.rint(table.transpose(2, 1, 0, 3).reshape(-1, 3) * 1e6).astype(np.int64)
    characters = np.full((*values.shape, 9), ord(" "), np.uint8)
    characters[..., 0], characters[..., 1] = values // 1_000_000 + ord("0"), ord(".")
    for place in range(6):
        characters[..., 7 - place] = values // 10**place % 10 + ord("0")
    characters[:, 2, 8] = ord("\n")
    return header + characters.tobytes().decode("ascii")


def applier(table: Floats) -> Callable[[Picture], Picture]:
    """Tetrahedral, by OpenColorIO, 16 bits in and out; may be called by several threads at once."""
    depth = ocio.BIT_DEPTH_UINT16
    cpu = _lut(table).getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)

    def apply(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        source, result = np.ascontiguousarray(picture), np.empty((height, width, 3), np.uint16)
        cpu.apply(
            ocio.PackedImageDesc(source, width, height, 3, depth, 2, 6, 6 * width),
            ocio.PackedImageDesc(result, width, height, 3, depth, 2, 6, 6 * width),
        )
        return result

    return apply


def _lut(table: Floats) -> ocio.Processor:
    lut = ocio.Lut3DTransform(SIZE)
    lut.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    lut.setData(np.ascontiguousarray(table, np.float32).ravel())
    return ocio.Config.CreateRaw().getProcessor(lut)


def plane(frame: av.VideoFrame, index: int) -> NDArray[np.uint16]:
    """A view of a plane of 16-bit samples; writing to it writes to the frame."""
    samples = frame.planes[index]
    codes: NDArray[np.uint16] = np.frombuffer(memoryview(samples), np.uint16)
    return codes.reshape(samples.height, -1)[:, : samples.width]


_MATRICES = {"bt470bg": "smpte170m", "bt2020nc": "bt2020"}


def frame_table(text: str, table: Floats, frame: av.VideoFrame, encoding: Encoding) -> "FrameTable | PairTable":
    """For frames like `frame`; `text` is the table as a .cube file."""
    subsampled = len(frame.format.components) == 3 and 2 * frame.format.components[1].width == frame.width
    if subsampled and encoding.matrix in _WEIGHTS:
        return PairTable(table, frame, encoding)
    return FrameTable(text, frame, encoding)


def _lut3d(graph: Graph, text: str) -> FilterContext:
    with tempfile.TemporaryDirectory(prefix="secondunit-") as folder:
        file = Path(folder, "look.cube")
        file.write_text(text)
        escaped = str(file).replace("\\", "/").replace(":", "\\:").replace("'", "\\'")
        return graph.add("lut3d", f"file={escaped}:interp=tetrahedral")


class FrameTable:
    """Applies a .cube file's text to decoded frames without packing them: ffmpeg's lut3d, also tetrahedral.

    Gives frames of the same encoding: 10 bit 4:2:2 (`yuv422p10le`), or planar R'G'B' of 16 bits for R'G'B' sources.
    """

    def __init__(self, text: str, frame: av.VideoFrame, encoding: Encoding) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)
        )
        matrix = _MATRICES.get(encoding.matrix, encoding.matrix)
        limits = "full" if encoding.full_range else "limited"
        rgb = encoding.matrix == "gbr"
        given = "" if rgb else f"in_color_matrix={matrix}:in_range={limits}:"
        nodes = [
            self._graph.add("scale", given + "flags=bicubic"),
            self._graph.add("format", "gbrp16le"),
            _lut3d(self._graph, text),
        ]
        if not rgb:
            back = f"out_color_matrix={matrix}:out_range={limits}:flags=bicubic"
            nodes += [self._graph.add("scale", back), self._graph.add("format", "yuv422p10le")]
        self._graph.link_nodes(source, *nodes, self._graph.add("buffersink")).configure()

    def apply(self, frame: av.VideoFrame) -> av.VideoFrame:
        self._graph.vpush(frame)
        return self._graph.vpull()


# Kr and Kb of ITU-T H.273.
_WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
    "smpte240m": (0.212, 0.087),
}
_PAIR_SIZE = 49
# The inner share of each axis, dark or near grey, where most of a picture is, and the share of the steps it gets.
_INNER, _INNER_STEPS = 0.25, 0.5


class PairTable:
    """Applies a table to frames whose chroma has half their width: gives `yuv422p10le` of the same encoding.

    The table is carried over to Y'CbCr on a lattice of its own, and read once for the two pixels that share a chroma
    sample, at the first, where that sample is sited. How far the other's luma is from the first one's goes through the
    table's greys.
    """

    def __init__(self, table: Floats, frame: av.VideoFrame, encoding: Encoding) -> None:
        red, blue = _WEIGHTS[encoding.matrix]
        self._limits = ColorRange.JPEG if encoding.full_range else ColorRange.MPEG
        self._low, self._span, self._chroma = (0, 1023, 1023) if encoding.full_range else (64, 876, 896)
        self._reformatter = VideoReformatter()
        codes = np.arange(65536, dtype=np.float64)
        self._light_places = _places(np.clip((codes - self._low) / self._span, 0, 1))
        apart = np.clip((codes - 512) / self._chroma, -0.5, 0.5) * 2
        self._chroma_places = _places((1 + np.sign(apart) * _bent(np.abs(apart))) / 2, bend=False)
        steps = np.linspace(0, 1, _PAIR_SIZE)
        light = _straight(steps)
        apart = np.sign(steps - 0.5) * _straight(np.abs(2 * steps - 1)) / 2
        y, b, r = np.meshgrid(light, apart, apart, indexing="ij")
        rgb = np.stack([y + 2 * (1 - red) * r, np.zeros_like(y), y + 2 * (1 - blue) * b], axis=-1)
        green = 1 - red - blue
        rgb[..., 1] = (y - red * rgb[..., 0] - blue * rgb[..., 2]) / green
        inside = np.clip(rgb, 0, 1).astype(np.float32)
        # Codes outside R'G'B' keep their distance from it: cells on its surface stay straight.
        graded = _applied(table, inside.reshape(-1, 3)).reshape(rgb.shape) + (rgb - inside)
        y = graded @ np.array([red, green, blue])
        b, r = (graded[..., 2] - y) / (2 * (1 - blue)), (graded[..., 0] - y) / (2 * (1 - red))
        values = np.stack([self._low + self._span * y, 512 + self._chroma * b, 512 + self._chroma * r], axis=-1)
        # Sixteen bits that are rounded to ten by taking away the last six.
        lattice = np.clip((64 * values + 32) / 65535, 0, 1)
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=frame.width // 2, height=frame.height, format=av.VideoFormat("gbrp16le"), time_base=Fraction(1)
        )
        lut = _lut3d(self._graph, cube_text(lattice, ""))
        self._graph.link_nodes(source, lut, self._graph.add("buffersink")).configure()
        # Luma goes as red, Cb as green, Cr as blue; the planes are green, blue, red.
        self._first = av.VideoFrame(frame.width // 2, frame.height, "gbrp16le")
        greys = np.einsum("iiic->ic", table) @ np.array([red, green, blue])
        grey = np.interp((codes - self._low) / self._span, np.linspace(0, 1, SIZE), greys)
        self._greys = np.rint(self._low + self._span * grey).astype(np.int16)
        self._luma = np.empty((frame.height, frame.width // 2), np.uint16)
        self._grey = self._half = self._both = np.empty((0, 0), np.int16)

    def apply(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Changes `frame`, or gives another whose samples nobody else holds."""
        frame = self._reformatter.reformat(
            frame,
            format="yuv422p10le",
            src_color_range=self._limits,
            dst_color_range=self._limits,
            interpolation=PRECISE,
            threads=1,
        )
        frame.make_writable()
        luma, first = plane(frame, 0), self._luma
        np.copyto(first, luma[:, ::2])
        cv2.LUT(first, self._light_places, plane(self._first, 2))
        for index in (1, 2):
            cv2.LUT(plane(frame, index), self._chroma_places, plane(self._first, index - 1))
        self._graph.vpush(self._first)
        graded = self._graph.vpull()
        for index in (1, 2):
            np.right_shift(plane(graded, index - 1), 6, out=plane(frame, index))
        # These are kept from frame to frame: fresh memory costs more than the arithmetic.
        self._half = cv2.LUT(first, self._greys, self._half)
        np.right_shift(plane(graded, 2), 6, out=first)
        np.subtract(first.view(np.int16), self._half, out=self._half)
        self._both = cv2.merge([self._half, self._half], self._both)
        self._grey = cv2.LUT(luma, self._greys, self._grey)
        result = luma.view(np.int16)
        cv2.add(self._grey, self._both.reshape(luma.shape), dst=result)
        np.clip(result, 0, 1023, out=result)
        return frame


def _bent(shares: Doubles) -> Doubles:
    return np.interp(shares, (0, _INNER, 1), (0, _INNER_STEPS, 1))


def _straight(steps: Doubles) -> Doubles:
    return np.interp(steps, (0, _INNER_STEPS, 1), (0, _INNER, 1))


def _places(shares: Doubles, *, bend: bool = True) -> NDArray[np.uint16]:
    return np.rint(65535 * (_bent(shares) if bend else shares)).astype(np.uint16)


def _applied(table: Floats, colours: Floats) -> Floats:
    """Shape (colours, 3), 0..1."""
    result = colours.copy()
    _lut(table).getDefaultCPUProcessor().applyRGB(result)
    return result
