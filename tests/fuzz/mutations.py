"""Small damage to cuts: to the JSON of .otio files value by value, to text files piece by piece."""

import copy
import random
from collections.abc import Iterator
from typing import Any

from tests.timeline.documents import clip, effect, item, marker, media, time, timeline, times, track

HOSTILE: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        7,
        2**31,
        2**53,
        2**63,
        2**64 - 1,
        1.5,
        -0.0,
        1e300,
        5e-324,
        0.1,
        "",
        "x",
        "\0",
        "é" * 40,
    ),
    *([], {}, [None], [[]], [{}], {"OTIO_SCHEMA": None}, {"OTIO_SCHEMA": 7}, {"OTIO_SCHEMA": "Clip"}),
    *(time(), time(3, 0), time(0, 0), time(-5, 23.976), time(2**52, 1e5), times(), times(3, 0), times(-3, 9, 23.98)),
    {"OTIO_SCHEMA": "Clip.1", "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1"}}},
    {"OTIO_SCHEMA": "Timeline.1", "tracks": None},
    {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "a"},
    {"OTIO_SCHEMA": "UnknownSchema.1", "name": "a"},
    {"OTIO_SCHEMA": "RationalTime.1", "value": None, "rate": 24},
    {"OTIO_SCHEMA": "Color.1", "r": 1, "g": 0, "b": 0, "a": 1},
    {"OTIO_SCHEMA": "Glow.1", "name": "glow", "inner": {"OTIO_SCHEMA": "Marker.3"}},
    {"OTIO_SCHEMA": "Caption.1", "source_range": times(0, 9)},
    *(clip(), item("Gap.1", source_range=times()), item("Stack.1", children=[]), track(clip()), marker(), effect()),
    *(media(), media("MissingReference.1"), effect("LinearTimeWarp.1", time_scalar=-2), timeline(track(clip()))),
)
SCHEMAS = (
    *(
        "Clip.1",
        "Clip.2",
        "Clip.3",
        "Gap.1",
        "Track.1",
        "Track.2",
        "Stack.1",
        "Transition.1",
        "Effect.1",
        "FreezeFrame.1",
    ),
    *(
        "TimeEffect.1",
        "LinearTimeWarp.1",
        "Marker.1",
        "Marker.2",
        "Marker.3",
        "ExternalReference.1",
        "MissingReference.1",
    ),
    *("GeneratorReference.1", "ImageSequenceReference.1", "Timeline.1", "Timeline.2", "RationalTime.1", "TimeRange.1"),
    *(
        "SerializableCollection.1",
        "SerializableObjectRef.1",
        "Sequence.1",
        "Filler.1",
        "Item.1",
        "Unheard.4",
        "Clip.x",
        ".",
    ),
)
ADDRESSES = (
    "file://",
    "file:////",
    "http://[::1",
    "a\0b",
    "C:",
    "//",
    "\\\\",
    "%",
    "%00",
    "?",
    "#",
    "../" * 60,
    "é",
    "~",
)


_DEEPEST = 330
"""A document nested deeper is not damaged further: `copy.deepcopy` and `json` recurse, and Python ends that at 1000."""


def seeds() -> Iterator[Any]:
    """Cuts that hold one of everything."""
    warp, glow = effect("LinearTimeWarp.1", time_scalar=0.5), effect("Glow.1")
    plates = {
        **media("ImageSequenceReference.1"),
        **{
            "target_url_base": "plates",
            "name_prefix": "a.",
            "name_suffix": ".exr",
            "start_frame": 1001,
            "frame_step": 1,
        },
        **{"rate": 23.976, "frame_zero_padding": 4, "missing_frame_policy": "error"},
    }
    bars = {**media("GeneratorReference.1"), "generator_kind": "bars", "parameters": {"a": [1, {"b": None}]}}
    fade = {"OTIO_SCHEMA": "Transition.1", "name": "", "metadata": {}, "transition_type": "SMPTE_Dissolve"}
    fade |= {"in_offset": time(2), "out_offset": time(3)}
    nest = item("Stack.1", source_range=times(0, 9), children=[track(clip("inner"))])
    yield timeline(
        track(clip(effects=[warp, glow]), fade, clip(reference=plates, markers=[marker(), marker("Marker.3")]), nest),
        track(item("Gap.1", source_range=times()), clip(reference=bars, metadata={"Resolve_OTIO": {"Channels": [{}]}})),
        track({**clip("old"), "OTIO_SCHEMA": "Clip.2"}, kind="Audio", name="A1"),
    )
    old = {**item("Clip.1", source_range=times(0, 5, 23.976)), "media_reference": media(target_url="a%20b.mov")}
    kdenlive = clip(markers=[marker(metadata={"kdenlive": {"type": 0}})])
    hiero = clip(
        source_range=times(0, 9), reference=media(available_range=times(1000, 90), metadata={"foundry.source.x": "1"})
    )
    yield timeline(track(old, kdenlive, hiero, source_range=times(0, 100)), global_start_time=None)


def damaged(document: Any, choose: random.Random) -> Any:
    """`document` with one to four values replaced, removed, moved, doubled, renamed or nested."""
    changed = copy.deepcopy(document)
    for _ in range(choose.randint(1, 4)):
        if _depth(changed) > _DEEPEST:
            break
        holder, key = choose.choice(list(_places(changed)))
        value = holder[key]
        match choose.randrange(9):
            case 0 | 1:
                holder[key] = copy.deepcopy(choose.choice(HOSTILE))
            case 2:
                del holder[key]
            case 3:
                holder[key] = copy.deepcopy(choose.choice(list(_places(changed)))[0])
            case 4 if isinstance(value, list):
                value.append(copy.deepcopy(choose.choice((*HOSTILE, *value))))
            case 5 if isinstance(value, dict):
                value["OTIO_SCHEMA"] = choose.choice(SCHEMAS)
            case 6 if isinstance(value, dict):
                name = choose.choice(("children", "metadata", "OTIO_REF_ID", "secondunit", "x", "media_reference"))
                value[name] = copy.deepcopy(choose.choice(HOSTILE))
            case 7 if isinstance(value, str):
                holder[key] = choose.choice(ADDRESSES) + value * choose.randrange(2)
            case 8:
                for _ in range(choose.choice((1, 30, 300))):
                    value = [value] if choose.random() < 0.5 else {"x": value}
                holder[key] = value
            case _:
                if isinstance(value, float):
                    holder[key] = value * choose.choice((-1, 1e-9, 1.0000001, 1e12, 23.976))
    return changed


def _depth(document: Any) -> int:
    deepest, stack = 0, [(document, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        values = node.values() if isinstance(node, dict) else node
        stack += [(value, depth + 1) for value in values if isinstance(value, (dict, list))]
    return deepest


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    stack = [document]
    while stack:
        node = stack.pop()
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield node, key
            if isinstance(value, (dict, list)) and value:
                stack.append(value)


def garbled(text: bytes, choose: random.Random) -> bytes:
    """`text` with one to six pieces removed, doubled, exchanged or replaced."""
    pieces = (
        b"",
        b"0",
        b"-1",
        b"99999999999",
        b"1/0s",
        b"00:00:00:00",
        b";",
        b"<",
        b"&",
        b"\xff",
        b"nan",
        b"1e999",
        b"\0",
    )
    for _ in range(choose.randint(1, 6)):
        low = choose.randrange(len(text) + 1)
        high = min(len(text), low + choose.choice((0, 1, 2, 8, 40, 400)))
        match choose.randrange(5):
            case 0:
                text = text[:low] + text[high:]
            case 1:
                text = text[:high] + text[low:]
            case 2:
                text = text[:low] + choose.choice(pieces) + text[high:]
            case 3:
                other = choose.randrange(len(text) + 1)
                text = text[:other] + text[low:high] + text[other:]
            case _:
                digits = [place for place in range(low, high) if text[place : place + 1].isdigit()]
                for place in digits:
                    text = text[:place] + b"%d" % choose.randrange(10) + text[place + 1 :]
    return text
