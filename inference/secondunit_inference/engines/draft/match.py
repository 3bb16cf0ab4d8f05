"""A shot in the look of others: colours through a table, then grain and sharpness."""

from collections.abc import Iterator
from contextlib import closing

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.read import VideoReader, picture, read_still
from secondunit_bridge.messages import LookChange, Order, ReferenceImage, ReferenceShot, Sound, SourceShot
from secondunit_bridge.rates import FrameTime

from secondunit_inference.engines.draft import cube, look
from secondunit_inference.engines.draft.ahead import ahead
from secondunit_inference.engines.draft.footage import ignored, parameter, reader, sound_along, span_frames
from secondunit_inference.engines.draft.grain import Grain, GrainMaker
from secondunit_inference.job import Job, Made, Picture

Floats = NDArray[np.float32]

_SAMPLES = 6
_GRAIN_PAIRS = 2
_SHARPEST, _SOFTEST = 0.6, -0.4
_MOST_CORING = 0.8


def match(order: Order, seed: int, job: Job) -> Made:
    source = next(c for c in order.conditions if isinstance(c, SourceShot)).span
    references = [c for c in order.conditions if isinstance(c, ReferenceShot | ReferenceImage)]
    strength = float(parameter(order, "strength", 1.0))
    ignore = ignored(order)
    with reader(source) as opened:
        span_frames(opened, source, order)  # refuses what does not fit before anything is measured
        encoding = opened.info.encoding
        first = picture(opened.frame(source.range.start), encoding)
        job.progress.preview(FrameTime(0, order.slot.rate), first)
        job.progress.loading(f"the look of {source.path}")
        own, own_pairs = _samples(opened, source.range.start, source.range.end, job)
    own_small = [look.small(item) for item in own]
    own_seen = look.seen_pixels(own_small, (first.shape[0], first.shape[1]), ignore)
    others: list[Picture] = []
    other_pixels: list[Floats] = []
    other_pairs: list[tuple[Picture, Picture]] = []
    for reference in references:
        job.check()
        if isinstance(reference, ReferenceImage):
            pictures = [read_still(reference.path)]
            # Without a neighbour in time the picture's own surroundings stand in for it.
            other_pairs.append((pictures[0], _beside(pictures[0])))
        else:
            with reader(reference.span) as opened:
                limits = reference.span.range
                pictures, pairs = _samples(opened, limits.start, min(limits.end, opened.info.frames), job)
            other_pairs.extend(pairs)
        smalls = [look.small(item) for item in pictures]
        other_pixels.append(look.pixels(smalls, look.seen_pixels(smalls, pictures[0].shape[:2], ())))
        others.extend(pictures)
    job.progress.step(0, order.slot.frames, "colours")
    wanted = _equal_shares(other_pixels)
    source_pixels = look.pixels(own_small, own_seen)
    table = look.colour_table(source_pixels, wanted, strength)
    coloured = cube.applier(table)
    job.check()

    width = min(first.shape[1], min(item.shape[1] for item in others))
    edges = look.sharpness(own, width)
    wanted_edges = look.sharpness(others, width)
    job.check()
    grain, wanted_grain = look.shot_grain(own_pairs), look.shot_grain(other_pairs)
    job.check()
    new_grain = look.shot_grain(own_pairs, coloured)
    detail = _Detail(
        sharpen=_sharpening([coloured(item) for item in own[:2]], width, wanted_edges, strength)
        if parameter(order, "sharpness", True)
        else 0.0,
        radius=first.shape[1] / width,
        have=new_grain,
        want=wanted_grain if parameter(order, "grain", True) and strength > 0 else None,
        strength=strength,
        seed=seed,
    )

    def matched(item: Picture, frame: int) -> Picture:
        return detail.apply(coloured(item), frame)

    job.check()
    samples = [matched(item, -1 - index) for index, item in enumerate(own)]
    job.check()
    after_pixels = look.pixels([look.small(item) for item in samples], own_seen)
    reference_colours = look.colours(wanted)
    made_grain = look.shot_grain([(matched(a, -11), matched(b, -12)) for a, b in own_pairs])
    change = LookChange(
        look.measured(
            look.colours(source_pixels), reference_colours, (_level(grain), _level(wanted_grain)), (edges, wanted_edges)
        ),
        look.measured(
            look.colours(after_pixels),
            reference_colours,
            (_level(made_grain), _level(wanted_grain)),
            (look.sharpness(samples, width), wanted_edges),
        ),
    )
    total = source.range.duration

    def decoded() -> Iterator[Picture]:
        with reader(source) as opened:
            for frame in span_frames(opened, source, order):
                yield picture(frame, encoding)

    def frames() -> Iterator[Picture]:
        with closing(ahead(decoded(), 2)) as incoming:
            for number, item in enumerate(incoming):
                job.check()
                result = matched(item, number)
                job.progress.step(number + 1, total, "frames")
                job.progress.preview(FrameTime(number, order.slot.rate), result)
                yield result

    sound = next((c for c in order.conditions if isinstance(c, Sound)), None)
    return Made(
        frames=ahead(frames(), 2),
        encoding=encoding,
        sound=sound_along(sound, order) if sound else (),
        seams=(),
        look=change,
        trusted=None,
        placeholder=False,
        notes=(),
        cube=cube.cube_text(table, f"{order.show} {order.shot}"),
    )


def _samples(
    opened: VideoReader, start: int, stop: int, job: Job
) -> tuple[list[Picture], list[tuple[Picture, Picture]]]:
    """Pictures spread over the range, and pairs of neighbours for grain."""
    count = stop - start
    places = sorted({start + round((index + 0.5) * count / _SAMPLES - 0.5) for index in range(_SAMPLES)})
    pictures, pairs = [], []
    with_pairs = {places[len(places) * (2 * index + 1) // (2 * _GRAIN_PAIRS)] for index in range(_GRAIN_PAIRS)}
    for place in places:
        job.check()
        item = picture(opened.frame(place), opened.info.encoding)
        pictures.append(item)
        if place in with_pairs and place + 1 < stop:
            pairs.append((item, picture(opened.frame(place + 1), opened.info.encoding)))
    return pictures, pairs


def _beside(item: Picture) -> Picture:
    """A picture that differs from `item` by its grain times the square root of two, as a neighbour in time does."""
    smooth = cv2.GaussianBlur(item, (0, 0), 2.0).astype(np.float32)
    return np.asarray(np.clip(item + (smooth - item) * np.float32(np.sqrt(2)), 0, 65535), np.uint16)


def _equal_shares(parts: list[Floats]) -> Floats:
    """Every reference counts the same, whatever its size and length."""
    count = min(200_000, max(len(part) for part in parts))
    return np.concatenate([part[np.linspace(0, len(part) - 1, count).astype(np.int64)] for part in parts])


def _level(grain: Grain) -> float:
    return float(np.median(grain.deviations[32:224]))


def _sharpening(pictures: list[Picture], width: int, wanted: float, strength: float) -> float:
    """The share of the fine detail to be added (or, negative, taken) that brings the edge energy to `wanted`."""
    trial = 0.3
    radius = pictures[0].shape[1] / width
    none = np.sqrt(look.sharpness(pictures, width))
    changed = [_Detail(trial, radius, None, None, 1.0, 0).apply(item, 0) for item in pictures]
    effect = (np.sqrt(look.sharpness(changed, width)) - none) / trial
    if effect <= 1e-6:
        return 0.0
    amount = float(np.clip((np.sqrt(wanted) - none) / effect, _SOFTEST, _SHARPEST)) * strength
    # Half of the way: edges also differ because the shots do.
    return amount * 0.5 if abs(amount) > 0.04 else 0.0


class _Detail:
    """Sharpness and grain of a picture, by one function of the luma's fine detail and by noise."""

    def __init__(
        self, sharpen: float, radius: float, have: Grain | None, want: Grain | None, strength: float, seed: int
    ) -> None:
        self._sharpen = sharpen
        self._sigma = float(np.clip(radius, 1.0, 3.0))
        self._maker: GrainMaker | None = None
        coring = deviation = 0.0
        if have is not None and want is not None:
            missing = np.square(want.deviations) - np.square(have.deviations)
            if np.median(missing[32:224]) > (0.15 / 255) ** 2:
                lacking = np.sqrt(np.maximum(missing, 0)) * np.float32(strength)
                self._maker = GrainMaker(Grain(lacking, want.colour, want.spectra), seed)
            elif np.median(missing[32:224]) < -((0.15 / 255) ** 2):
                deviation = _level(have)
                coring = float(np.clip(1 - _level(want) / max(deviation, 1e-6), 0, _MOST_CORING)) * strength
        self._table = _detail_table(sharpen, coring, deviation * 65535) if sharpen or coring else None

    def apply(self, item: Picture, frame: int) -> Picture:
        if self._table is not None:
            luma = cv2.cvtColor(item, cv2.COLOR_RGB2GRAY)
            smooth = cv2.GaussianBlur(luma, (0, 0), self._sigma)
            index = cv2.subtract(luma, smooth, dtype=cv2.CV_32S) + 32768
            change = self._table[np.clip(index, 0, 65535)]
            if self._sharpen > 0:
                # No value beyond its surroundings: sharpening makes no rings.
                kernel = np.ones((3, 3), np.uint8)
                top = cv2.subtract(cv2.dilate(luma, kernel), luma, dtype=cv2.CV_16S)
                bottom = cv2.subtract(cv2.erode(luma, kernel), luma, dtype=cv2.CV_16S)
                change = np.clip(change, bottom, top)
            item = cv2.add(item, cv2.merge([change, change, change]), dtype=cv2.CV_16U)
        return self._maker.add(item, frame % 2**32) if self._maker else item


def _detail_table(sharpen: float, coring: float, deviation: float) -> NDArray[np.int16]:
    """What is added for each value of the fine detail + 32768: small values are cored, others sharpened."""
    detail = np.arange(-32768, 32768, dtype=np.float64)
    change = sharpen * detail
    if coring:
        change = change - coring * detail * np.exp(-np.square(detail / (2.5 * max(1.0, deviation))))
    return np.clip(np.rint(change), -32768, 32767).astype(np.int16)
