"""A three-dimensional table of colours, as a .cube file and applied by OpenColorIO."""

from collections.abc import Callable

import numpy as np
import PyOpenColorIO as ocio
from numpy.typing import NDArray

from secondunit_inference.job import Picture

Floats = NDArray[np.float32]

SIZE = 33


def lattice() -> Floats:
    """The table that changes nothing: shape (33, 33, 33, 3), R'G'B' 0..1, indexed by red, green, blue."""
    steps = np.linspace(0, 1, SIZE, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)


def cube_text(table: Floats, title: str) -> str:
    """Adobe's Cube LUT Specification 1.0: red varies fastest."""
    lines = [f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table.transpose(2, 1, 0, 3).reshape(-1, 3).tolist()]
    name = title.replace('"', "'").replace("\n", " ")
    header = [f'TITLE "{name}"', f"LUT_3D_SIZE {SIZE}", "DOMAIN_MIN 0.0 0.0 0.0", "DOMAIN_MAX 1.0 1.0 1.0"]
    return "\n".join(header + lines) + "\n"


def applier(table: Floats) -> Callable[[Picture], Picture]:
    """Tetrahedral, 16 bits in and out; may be called by several threads at once."""
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
