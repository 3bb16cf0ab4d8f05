"""Orders, clips and tiny models for the diffusion engine's tests."""

import dataclasses
import functools
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge.messages import (
    Condition,
    Delivery,
    FramesAfter,
    FramesBefore,
    Order,
    Parameter,
    Point,
    ReferenceImage,
    Slot,
    SourceShot,
    Span,
    Stroke,
    Strokes,
    Task,
    Text,
    Value,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_inference import cards
from secondunit_inference.cards import Input, ModelCard
from secondunit_inference.job import Job, Made, Progress

SIDE = 64
_card = cards.card
SHADE = 2
"""Frame n of a numbered clip is grey n × SHADE of 255."""


def distinct() -> tuple[str, ...]:
    """One card of each tiny configuration: cards of one model in several sizes share it."""
    found: dict[str, str] = {}
    for name in cards.names():
        card = _card(name)
        found.setdefault(repr((card.pipeline, card.entries, card.tiny)), name)
    return tuple(found.values())


def small(name: str) -> ModelCard:
    """The card with tiers that its tiny model makes in a blink: two steps at 64 × 64."""
    card = _card(name)
    further: dict[str, Any] = {"max_sequence_length": 32} if card.family not in ("cogvideox", "hunyuan15") else {}
    if card.family == "ltx2":
        further["spatio_temporal_guidance_blocks"] = [1]
    if card.family == "skyreels":
        further |= {"base_num_frames": 17, "overlap_history": 5}
    tiers = {
        name: dataclasses.replace(tier, steps=2, width=SIDE, height=SIDE, call={**tier.call, **further})
        for name, tier in card.tiers.items()
    }
    return dataclasses.replace(card, tiers=tiers)


def numbered(path: Path, frames: int, rate: Fraction, first: int = 0, size: tuple[int, int] = (SIDE, SIDE)) -> str:
    """A lossless R'G'B' clip whose pictures say which frame they are."""
    return lossless(
        path, [np.full((size[1], size[0], 3), (first + number) * SHADE, np.uint8) for number in range(frames)], rate
    )


def lossless(path: Path, pictures: list[NDArray[np.uint8]], rate: Fraction, pixels: str = "bgr0") -> str:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if pixels == "bgr0":
                frame = frame.reformat(format=pixels)
            else:
                frame = frame.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range="MPEG")
                frame.colorspace = 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def still(path: Path, number: int) -> str:
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "rgb24"
        picture = np.full((SIDE, SIDE, 3), number * SHADE, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return str(path)


def number_of(picture: Any) -> int:
    """The frame that a picture of a numbered clip says it is; `picture`: floats 0..1."""
    return round(float(np.asarray(picture).mean()) * 255 / SHADE)


def numbers_of(pictures: Any) -> list[int]:
    return [number_of(picture) for picture in pictures]


def span(path: str, start: int, frames: int, rate: Fraction) -> Span:
    return Span(path, FrameRange(start, frames, rate))


def order(
    card: ModelCard,
    task: Task,
    conditions: tuple[Condition, ...],
    frames: int,
    rate: Fraction,
    handles: tuple[int, int] = (0, 0),
    seeds: tuple[int, ...] = (1,),
    size: tuple[int, int] = (SIDE, SIDE),
    **parameters: Value,
) -> Order:
    slot = Slot(frames, *handles, rate, rate, *size, Fraction(1), None)
    given = tuple(Parameter(name, value) for name, value in parameters.items())
    return Order("a", task, "show", "shot", slot, conditions, "diffusion", card.model, given, seeds, Delivery("/takes"))


def job(models: Path, steps: list[tuple[int, int]] | None = None, cancelled: threading.Event | None = None) -> Job:
    def step(done: int, total: int, _: str) -> None:
        if steps is not None:
            steps.append((done, total))

    progress = Progress(lambda _: None, step, lambda *_: None)
    return Job(progress, cancelled or threading.Event(), models)


def frames_of(made: Made) -> list[Any]:
    return list(made.frames)


def stroke(direction: float = 0.0, speed: float = 0.25, left: float = 0.25, right: float = 0.75) -> Stroke:
    """What lies between `left` and `right`, a quarter of the height from the edges."""
    corners = ((left, 0.25), (right, 0.25), (right, 0.75), (left, 0.75))
    return Stroke(tuple(Point(x, y) for x, y in corners), direction, speed)


def conditions_for(
    needs: set[Input], task: Task, frames: int, rate: Fraction, folder: Path, seen: int = 60
) -> tuple[Condition, ...]:
    """What brings these inputs: the shot before ends with frame 59, the one after begins with frame 90."""
    found: list[Condition] = [Text("a lake", "rain")]
    before, after = {Input.FRAMES_BEFORE, Input.FIRST_IMAGE}, {Input.FRAMES_AFTER, Input.LAST_IMAGE}
    if needs & {Input.MOTION, Input.TRACKS}:
        found.append(Strokes((stroke(),)))
        if task is Task.GENERATE:
            found.append(ReferenceImage(still(folder / "moved.png", 30), FrameTime(0, rate)))
    if task in (Task.EXTEND, Task.JOIN):
        if needs & before:
            path = numbered(folder / "before.mkv", seen, rate)
            found.append(FramesBefore(span(path, 0, seen, rate)))
        if needs & after:
            path = numbered(folder / "after.mkv", 24, rate, first=90)
            found.append(FramesAfter(span(path, 0, 24, rate)))
    elif task in (Task.REPLACE, Task.MATCH) or Input.GUIDE_VIDEO in needs:
        path = numbered(folder / "source.mkv", frames, rate)
        found.append(SourceShot(span(path, 0, frames, rate)))
    else:
        if needs & before:
            found.append(ReferenceImage(still(folder / "first.png", 30), FrameTime(0, rate)))
        if needs & after:
            found.append(ReferenceImage(still(folder / "last.png", 90), FrameTime(frames - 1, rate)))
    return tuple(found)


def recorded(
    monkeypatch: pytest.MonkeyPatch, pipeline: Any, instead: Callable[[dict[str, Any]], Any] | None = None
) -> list[dict[str, Any]]:
    """The arguments of each call of the pipeline's class from here on, and the pipeline. `instead`: its answer."""
    calls: list[dict[str, Any]] = []
    original: Callable[..., Any] = pipeline.__call__

    @functools.wraps(original)
    def wrapped(self: Any, **named: Any) -> Any:
        calls.append(named | {"pipeline": self})
        return instead(named) if instead is not None else original(self, **named)

    monkeypatch.setattr(pipeline, "__call__", wrapped)
    return calls
