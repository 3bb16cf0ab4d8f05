"""A three-dimensional table of colours: as a .cube file, applied to pictures and to decoded frames."""

import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PyOpenColorIO as ocio
from av.filter import Graph
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]

SIZE = 33


def lattice() -> Floats:
    """The table that changes nothing: shape (33, 33, 33, 3), R'G'B' 0..1, indexed by red, green, blue."""
    steps = np.linspace(0, 1, SIZE, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)


def cube_text(table: Floats, title: str) -> str:
    """Adobe's Cube LUT Specification 1.0: red varies fastest."""
    entries = table.transpose(2, 1, 0, 3).ravel().tolist()
    name = title.replace('"', "'").replace("\n", " ")
    header = f'TITLE "{name}"\nLUT_3D_SIZE {SIZE}\nDOMAIN_MIN 0.0 0.0 0.0\nDOMAIN_MAX 1.0 1.0 1.0\n'
    return header + "%.6f %.6f %.6f\n" * (len(entries) // 3) % tuple(entries)


def applier(table: Floats) -> Callable[[Picture], Picture]:
    """Tetrahedral, by OpenColorIO, 16 bits in and out; may be called by several threads at once."""
    lut = ocio.Lut3DTransform(SIZE)
    lut.setInterpolation(ocio.INTERP_TETRAHEDRAL)
    lut.setData(np.ascontiguousarray(table, np.float32).ravel())
    depth = ocio.BIT_DEPTH_UINT16
    processor = ocio.Config.CreateRaw().getProcessor(lut)
    cpu = processor.getOptimizedCPUProcessor(depth, depth, ocio.OPTIMIZATION_DEFAULT)

    def apply(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        source, result = np.ascontiguousarray(picture), np.empty((height, width, 3), np.uint16)
        cpu.apply(
            ocio.PackedImageDesc(source, width, height, 3, depth, 2, 6, 6 * width),
            ocio.PackedImageDesc(result, width, height, 3, depth, 2, 6, 6 * width),
        )
        return result

    return apply


_MATRICES = {"bt470bg": "smpte170m", "bt2020nc": "bt2020"}


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
        with tempfile.TemporaryDirectory(prefix="secondunit-") as folder:
            file = Path(folder, "look.cube")
            file.write_text(text)
            escaped = str(file).replace("\\", "/").replace(":", "\\:").replace("'", "\\'")
            table = self._graph.add("lut3d", f"file={escaped}:interp=tetrahedral")
            rgb = encoding.matrix == "gbr"
            given = "" if rgb else f"in_color_matrix={matrix}:in_range={limits}:"
            nodes = [self._graph.add("scale", given + "flags=bicubic"), self._graph.add("format", "gbrp16le"), table]
            if not rgb:
                back = f"out_color_matrix={matrix}:out_range={limits}:flags=bicubic"
                nodes += [self._graph.add("scale", back), self._graph.add("format", "yuv422p10le")]
            self._graph.link_nodes(source, *nodes, self._graph.add("buffersink")).configure()

    def apply(self, frame: av.VideoFrame) -> av.VideoFrame:
        self._graph.vpush(frame)
        return self._graph.vpull()
