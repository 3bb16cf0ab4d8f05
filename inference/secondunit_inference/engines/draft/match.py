"""A shot in the look of others: colours through a table, then grain and sharpness."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import VideoReader, picture, read_still
from secondunit_bridge.messages import LookChange, Order, ReferenceImage, ReferenceShot, Sound, SourceShot
from secondunit_bridge.rates import FrameTime

from secondunit_inference.engines.draft import cube, look
from secondunit_inference.engines.draft.ahead import Ahead
from secondunit_inference.engines.draft.detail import Detail
from secondunit_inference.engines.draft.footage import ignored, parameter, reader, sound_along, span_frames
from secondunit_inference.engines.draft.grain import Grain
from secondunit_inference.job import Job, Made, Picture

Floats = NDArray[np.float32]

_SAMPLES = 3
_SHARPEST, _SOFTEST = 0.8, -0.5
_MOST_CORING = 0.8
# Grain that differs by less than this (a seventh of an 8-bit code) is the same.
_SAME_GRAIN = 0.15 / 255
_PREVIEW_SECONDS = 0.25
_PREVIEW_WIDTH = 480
_HELD_BYTES = 150_000_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was looked at of one shot or still: small pictures, lumas of its middle, pairs of those in time."""

    width: int
    height: int
    smalls: list[Picture]
    lumas: list[Floats]
    pairs: list[tuple[Floats, Floats]]
    frames: list[av.VideoFrame]


def match(order: Order, seed: int, job: Job) -> Made:
    source = next(c for c in order.conditions if isinstance(c, SourceShot)).span
    references = [c for c in order.conditions if isinstance(c, ReferenceShot | ReferenceImage)]
    strength = float(parameter(order, "strength", 1.0))
    job.progress.loading(f"the look of {source.path}")
    with ThreadPoolExecutor(1) as pool:
        others_seen = pool.submit(lambda: [_see_reference(reference, job) for reference in references])
        opened = reader(source)
        span_frames(opened, source, order)  # refuses what does not fit before anything is measured
        encoding = opened.info.encoding
        own = _see(
            opened,
            source.range.start,
            source.range.end,
            job,
            lambda place, small: job.progress.preview(FrameTime(place - source.range.start, order.slot.rate), small),
        )
        others = others_seen.result()
    # From here on only this thread reads the source: while the looks are measured, its frames are decoded.
    held = int(np.clip(_HELD_BYTES // (own.width * own.height * 4), 3, 16))
    incoming = Ahead(span_frames(opened, source, order), held)
    job.check()

    seen = look.seen_pixels(own.smalls, (own.height, own.width), ignored(order))
    own_pixels = look.pixels(own.smalls, seen)
    wanted = np.concatenate(
        [look.pixels(item.smalls, look.seen_pixels(item.smalls, (item.height, item.width), ())) for item in others]
    )
    table = look.colour_table(own_pixels, wanted, strength)
    text = cube.cube_text(table, f"{order.show} {order.shot}")
    job.check()
    coloured = cube.frame_table(text, table, own.frames[0], encoding)
    width = min(own.width, *(item.width for item in others))
    factor = width / own.width
    edges = look.sharpness(own.lumas[:1], factor)
    wanted_edges = float(np.median([look.sharpness(item.lumas[:1], width / item.width) for item in others]))
    grain = look.shot_grain(own.pairs)
    wanted_grain = look.shot_grain([pair for item in others for pair in item.pairs])
    job.check()
    after = [coloured.apply(frame) for frame in own.frames]
    after_lumas = [look.luma(frame, encoding) for frame in after]
    has_grain = look.shot_grain([(after_lumas[0], after_lumas[1])]) if len(after) > 1 else grain
    detail = _detail(
        order,
        strength,
        seed,
        (has_grain, wanted_grain),
        (look.sharpness(after_lumas[:1], factor), wanted_edges),
        after_lumas[:1],
        factor,
    )
    job.check()
    total = source.range.duration
    finished = [look.luma(detail.apply(frame, encoding, total + index), encoding) for index, frame in enumerate(after)]
    final_grain = look.shot_grain([(finished[0], finished[1])]) if len(after) > 1 else grain
    by_table = cube.applier(table)
    colours_after = look.colours(look.pixels([by_table(item) for item in own.smalls], seen))
    reference_colours = look.colours(wanted)
    change = LookChange(
        look.measured(
            look.colours(own_pixels), reference_colours, (_level(grain), _level(wanted_grain)), (edges, wanted_edges)
        ),
        look.measured(
            colours_after,
            reference_colours,
            (_level(final_grain), _level(wanted_grain)),
            (look.sharpness(finished[:1], factor), wanted_edges),
        ),
    )

    def frames() -> Iterator[av.VideoFrame]:
        previewed = 0.0
        with opened, closing(incoming):
            for number, frame in enumerate(incoming):
                job.check()
                result = detail.apply(coloured.apply(frame), encoding, number)
                job.progress.step(number + 1, total, "frames")
                if time.monotonic() - previewed > _PREVIEW_SECONDS:
                    previewed = time.monotonic()
                    job.progress.preview(FrameTime(number, order.slot.rate), _preview(result, encoding))
                yield result

    sound = next((c for c in order.conditions if isinstance(c, Sound)), None)
    return Made(
        frames=Ahead(frames(), 3),
        encoding=encoding,
        sound=sound_along(sound, order) if sound else (),
        seams=(),
        look=change,
        trusted=None,
        placeholder=False,
        notes=(),
        cube=text,
    )


def _see_reference(reference: ReferenceShot | ReferenceImage, job: Job) -> _Seen:
    if isinstance(reference, ReferenceImage):
        still = read_still(reference.path)
        height, width = still.shape[:2]
        luma = (cv2.cvtColor(still, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(65535))[
            max(0, (height - 544) // 2) :, max(0, (width - 960) // 2) :
        ][:544, :960]
        # Without a neighbour in time, the picture's own surroundings stand in for it; only half of that is noise.
        beside = luma + (cv2.GaussianBlur(luma, (0, 0), 2.0) - luma) * np.float32(np.sqrt(2))
        size = (min(width, _PREVIEW_WIDTH), max(8, round(height * min(width, _PREVIEW_WIDTH) / width)))
        small = np.asarray(cv2.resize(still, size, interpolation=cv2.INTER_AREA), np.uint16)
        return _Seen(width, height, [small], [luma], [(luma, beside)], [])
    limits = reference.span.range
    with reader(reference.span) as opened:
        return _see(opened, limits.start, min(limits.end, opened.info.frames), job)


def _see(
    opened: VideoReader, start: int, stop: int, job: Job, seen: Callable[[int, Picture], None] | None = None
) -> _Seen:
    """Frames spread over the range, and the one behind the middle one for grain. `seen` is told the first picture."""
    encoding = opened.info.encoding
    count = stop - start
    places = sorted({start + int((index + 0.5) * count / _SAMPLES) for index in range(_SAMPLES)})
    middle = places[len(places) // 2]
    smalls, kept = [], []
    for place in places:
        job.check()
        frame = opened.frame(place)
        smalls.append(look.small(frame, encoding))
        if seen and len(smalls) == 1:
            seen(place, smalls[0])
        if place == middle:
            kept.append(frame)
            if place + 1 < stop:
                kept.append(opened.frame(place + 1))
    lumas = [look.luma(frame, encoding) for frame in kept]
    pairs = [(lumas[0], lumas[1])] if len(lumas) > 1 else []
    return _Seen(opened.info.width, opened.info.height, smalls, lumas, pairs, kept)


def _level(grain: Grain) -> float:
    return float(np.median(grain.deviations[32:224]))


def _detail(
    order: Order,
    strength: float,
    seed: int,
    grains: tuple[Grain, Grain],
    edges: tuple[float, float],
    lumas: list[Floats],
    factor: float,
) -> Detail:
    """Pairs hold what the coloured shot has and what the reference has."""
    size = 3 if factor > 0.7 else 5
    sharpen = core = 0.0
    added: Grain | None = None
    have, want = grains
    if parameter(order, "sharpness", True) and strength:
        # Gradients grow with the square root of their energy; box blur leaves about a quarter of the finest.
        trial = 0.4
        more = [item + trial * (item - cv2.blur(item, (size, size))) for item in lumas]
        effect = (np.sqrt(look.sharpness(more, factor)) - np.sqrt(edges[0])) / trial
        if effect > 1e-6:
            amount = float((np.sqrt(edges[1]) - np.sqrt(edges[0])) / effect)
            # Half of the way: edges also differ because the shots do.
            sharpen = 0.5 * strength * float(np.clip(amount, _SOFTEST, _SHARPEST))
        sharpen = sharpen if abs(sharpen) > 0.03 else 0.0
    if parameter(order, "grain", True) and strength:
        # Sharpening raises grain as well.
        box = 1 - 1 / (size * size)
        present = have.deviations * np.float32(max(0.0, 1 + sharpen * box))
        missing = np.square(want.deviations) - np.square(present)
        usual = float(np.median(missing[32:224]))
        if usual > _SAME_GRAIN**2:
            added = Grain(np.sqrt(np.maximum(missing, 0)) * np.float32(strength), (0.0, 0.0), want.spectra)
        elif usual < -(_SAME_GRAIN**2):
            core = strength * float(
                np.clip((1 - _level(want) / max(float(np.median(present[32:224])), 1e-6)) / box, 0, _MOST_CORING)
            )
    return Detail(sharpen, core, _level(have), size, added, seed)


def _preview(frame: av.VideoFrame, encoding: Encoding) -> Picture:
    return look.small(frame, encoding) if frame.width > _PREVIEW_WIDTH else picture(frame, encoding)
