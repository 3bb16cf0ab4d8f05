"""The camera files of an order, looked at before it is accepted."""

from secondunit_bridge.errors import MediaUnsupported
from secondunit_bridge.messages import (
    Card,
    FramesAfter,
    FramesBefore,
    Mask,
    Order,
    ReferenceShot,
    SourceShot,
)


def refuse_sources(order: Order, card: Card) -> None:
    """Raises MediaError for files that are not there, and for what the model's card does not say that it takes."""
    # PyAV is needed by orders alone: the unit answers before it is loaded.
    from secondunit_bridge.media.probe import probe, refuse_unsupported

    seen = set()
    for condition in order.conditions:
        if not isinstance(condition, FramesBefore | FramesAfter | SourceShot | ReferenceShot | Mask):
            continue
        span = condition.span
        if (span.path, span.range.rate) in seen:
            continue
        seen.add((span.path, span.range.rate))
        info = probe(span.path, span.range.rate)
        refuse_unsupported(info, hdr=card.hdr, variable_rate=card.variable_rate, interlaced=card.interlaced)
        if info.field_order != "progressive" and info.rate != span.range.rate:
            raise MediaUnsupported(
                f"{span.path} is interlaced, {float(info.rate):g} frames a second: that gives as many pictures or twice"
                f" as many, but not {float(span.range.rate):g}: deinterlace it first"
            )
