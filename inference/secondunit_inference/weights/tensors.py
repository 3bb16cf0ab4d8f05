"""The header of a .safetensors file, read before anything else may read the file.

The format: https://github.com/huggingface/safetensors#format. Eight bytes give the header's length, the header is a
JSON object of tensors with their offsets, and the tensors follow without gaps.
"""

import os
from math import prod
from pathlib import Path
from typing import Any

import orjson

HEADER_BYTES = 8 * 1024 * 1024
MOST_TENSORS = 100_000
_MOST_DIMENSIONS = 16
_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "I64": 64,
    "U64": 64,
    "F64": 64,
}


def fault(path: Path) -> str:
    """What is wrong with the file, empty if nothing is."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length < 2 or length > size - 8:
            return "is no .safetensors file: its header would be longer than it is"
        if length > HEADER_BYTES:
            return f"has a header of {length} bytes: more than {HEADER_BYTES} are not read"
        raw = file.read(length)
    if not raw.startswith(b"{"):
        return "is no .safetensors file: its header is no JSON object"
    if (tensors := raw.count(b'"data_offsets"')) > MOST_TENSORS:
        return f"names {tensors} tensors: more than {MOST_TENSORS} are not read"
    try:
        header = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return f"has a header that is no JSON: {error}"
    header.pop("__metadata__", None)
    return _layout_fault(header, size - 8 - length)


def lora_fault(path: Path) -> str:
    """Why the file is no LoRA, told by its header; empty if it is one."""
    if said := fault(path):
        return f"{said}: give a LoRA as .safetensors"
    names = list(named(path))
    return "" if any("lora" in name for name in names) else f"holds no LoRA: its tensors are {', '.join(names[:3])} …"


def metadata(path: Path) -> dict[str, str]:
    """What a file in which `fault` finds nothing says of itself."""
    with path.open("rb") as file:
        header: dict[str, Any] = orjson.loads(file.read(int.from_bytes(file.read(8), "little")))
    return {str(name): str(value) for name, value in header.get("__metadata__", {}).items()}


def named(path: Path) -> dict[str, Any]:
    """The tensors of a file in which `fault` finds nothing, by name, as its header describes them."""
    with path.open("rb") as file:
        header: dict[str, Any] = orjson.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    return header


def _layout_fault(header: dict[str, Any], size: int) -> str:
    """The tensors have to fill `size` bytes, one after the other."""
    ranges = []
    for name, tensor in header.items():
        match tensor:
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if dtype in _BITS:
                pass
            case _:
                return f"has a tensor {name!r} without a known type, a shape and offsets"
        if len(shape) > _MOST_DIMENSIONS or not all(type(side) is int and side >= 0 for side in shape):
            return f"has a tensor {name!r} of no possible shape"
        if (end - begin) * 8 != prod(shape) * _BITS[dtype]:
            return f"has a tensor {name!r} whose offsets do not fit its shape"
        ranges.append((begin, end, name))
    at = 0
    for begin, end, name in sorted(ranges):
        if begin != at:
            return f"has a gap or an overlap before the tensor {name!r}"
        at = end
    return "" if at == size else f"holds {size} bytes of tensors, its header says {at}"
