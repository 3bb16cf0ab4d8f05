"""The camera files of an order, looked at before it is accepted."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from secondunit_bridge.errors import MediaUnsupported, OrderRefused
from secondunit_bridge.messages import (
    Card,
    Codec,
    FramesAfter,
    FramesBefore,
    Mask,
    Order,
    ReferenceShot,
    SourceShot,
)

if TYPE_CHECKING:
    from secondunit_bridge.media.probe import Encoding

_PROXY = re.compile(r"(?i)(?<![a-z])(prox(y|ies)|offline|low[-_ ]?res)(?![a-z])")
# The linear spaces of OpenColorIO's studio configuration, by the beginnings of their names.
LINEAR = ("ACEScg", "ACES2065-1", "Linear ")


def look_at_sources(order: Order, card: Card) -> tuple[str, ...]:
    """Warnings. Raises MediaError for files that are not there, and for what the model's card does not say it takes;
    OrderRefused for a mask of another size."""
    # PyAV is needed by orders alone: the unit answers before it is loaded.
    from secondunit_bridge.media.probe import probe, refuse_unsupported
    from secondunit_bridge.media.write import lost_mastering

    seen: dict[tuple[str, Fraction], Encoding] = {}
    warnings: list[str] = []
    slot, codec = order.slot, order.delivery.codec
    for condition in order.conditions:
        if not isinstance(condition, FramesBefore | FramesAfter | SourceShot | ReferenceShot | Mask):
            continue
        span = condition.span
        if (span.path, span.range.rate) in seen:
            continue
        info = probe(span.path, span.range.rate)
        seen[span.path, span.range.rate] = info.encoding
        if isinstance(condition, Mask) and (info.width, info.height) != (slot.width, slot.height):
            raise OrderRefused(
                f"{order.shot}: the mask {span.path} is {info.width}×{info.height}, the take "
                f"{slot.width}×{slot.height}: give a mask of its size"
            )
        refuse_unsupported(info, hdr=card.hdr, variable_rate=card.variable_rate, interlaced=card.interlaced)
        if info.field_order != "progressive" and info.rate != span.range.rate:
            raise MediaUnsupported(
                f"{span.path} is interlaced, {float(info.rate):g} frames a second: that gives as many pictures or twice"
                f" as many, but not {float(span.range.rate):g}: deinterlace it first"
            )
        if isinstance(condition, FramesBefore | FramesAfter | SourceShot):
            # A source shot may be smaller on purpose: the take enlarges it.
            size = (slot.width, slot.height) if not isinstance(condition, SourceShot) else (0, 0)
            warnings += _proxy(span.path, (info.width, info.height), size)
            lost = lost_mastering(codec, info.encoding)
            warnings += [lost] if lost else []
    linear = any(one.transfer == "linear" for one in seen.values()) or slot.encoding.startswith(LINEAR)
    if linear and codec is not Codec.EXR:
        warnings.append(f"{codec} holds no light above white: highlights of these linear pictures are cut off; use exr")
    if not linear and codec is Codec.EXR:
        warnings.append(
            "the OpenEXR files hold the pictures as they are encoded, not scene-linear: their headers say so"
        )
    return tuple(dict.fromkeys(warnings))


def _proxy(path: str, size: tuple[int, int], slot: tuple[int, int]) -> Iterator[str]:
    """A file that its name, its folder's name or its size says to stand for a larger one."""
    found = size[0] < slot[0] or size[1] < slot[1]
    if not found and not any(_PROXY.search(name) for name in Path(path).parts[-2:]):
        return
    why = f"smaller than the slot ({slot[0]}×{slot[1]})" if found else "a proxy by its name"
    yield (
        f"{path}, {size[0]}×{size[1]}, is {why}: the take is of offline grade; relink the cut to the originals first, "
        "or make it again from them later (`secondunit make --offline-grade`)"
    )
