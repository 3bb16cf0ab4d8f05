"""The camera files of an order, looked at before it is accepted."""

from fractions import Fraction

from secondunit_bridge.errors import MediaUnsupported
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

# The linear spaces of OpenColorIO's studio configuration, by the beginnings of their names.
LINEAR = ("ACEScg", "ACES2065-1", "Linear ")


def look_at_sources(order: Order, card: Card) -> tuple[str, ...]:
    """Warnings. Raises MediaError for files that are not there, and for what the model's card does not say it takes."""
    # PyAV is needed by orders alone: the unit answers before it is loaded.
    from secondunit_bridge.media.probe import probe, refuse_unsupported

    seen: dict[tuple[str, Fraction], str] = {}
    for condition in order.conditions:
        if not isinstance(condition, FramesBefore | FramesAfter | SourceShot | ReferenceShot | Mask):
            continue
        span = condition.span
        if (span.path, span.range.rate) in seen:
            continue
        info = probe(span.path, span.range.rate)
        seen[span.path, span.range.rate] = info.encoding.transfer
        refuse_unsupported(info, hdr=card.hdr, variable_rate=card.variable_rate, interlaced=card.interlaced)
        if info.field_order != "progressive" and info.rate != span.range.rate:
            raise MediaUnsupported(
                f"{span.path} is interlaced, {float(info.rate):g} frames a second: that gives as many pictures or twice"
                f" as many, but not {float(span.range.rate):g}: deinterlace it first"
            )
    linear = "linear" in seen.values() or order.slot.encoding.startswith(LINEAR)
    codec = order.delivery.codec
    if linear and codec is not Codec.EXR:
        return (f"{codec} holds no light above white: highlights of these linear pictures are cut off; use exr",)
    if not linear and codec is Codec.EXR:
        return ("the OpenEXR files hold the pictures as they are encoded, not scene-linear: their headers say so",)
    return ()
