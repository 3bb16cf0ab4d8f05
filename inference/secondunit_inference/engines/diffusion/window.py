"""What one pass of a model is given: pictures in its space and size, at its own frames."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil, floor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.colour import parts
from secondunit_bridge.media.read import VideoReader, codes, picture, read_still_codes
from secondunit_bridge.messages import Span

from secondunit_inference.cards import Entry, Input
from secondunit_inference.engines.diffusion.canvas import Known
from secondunit_inference.engines.diffusion.depth import nearness
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.guides import MovedPictures
from secondunit_inference.engines.diffusion.motion import Moved, Tracked
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.retime import Between
from secondunit_inference.engines.diffusion.space import Space, space_of
from secondunit_inference.engines.diffusion.timing import Pass
from secondunit_inference.engines.diffusion.tracks import Tracks
from secondunit_inference.engines.draft.footage import reader


@dataclass(frozen=True, slots=True)
class Window:
    """Pictures: R'G'B', float32, shape (height, width, 3), 0..1, display space of BT.709.

    `head`, `tail`: known frames at its ends. `source`: what is made again or followed, all frames. `masks`: likewise,
    shape (height, width, 1), 1 is made again. `keyframes`: window frame and picture. `references`: pictures without a
    time.
    """

    frames: int
    width: int
    height: int
    rate: Fraction
    head: tuple[Floats, ...]
    tail: tuple[Floats, ...]
    source: tuple[Floats, ...]
    masks: tuple[Floats, ...]
    keyframes: tuple[tuple[int, Floats], ...]
    references: tuple[Floats, ...]
    prompt: str
    negative: str


class Camera:
    """Camera frames as a model sees them, by their position in the take's frames, also between two of them."""

    def __init__(self, known: Known, planned: Planned, encoding: str, check: Callable[[], None]) -> None:
        self._known, self._planned, self._check = known, planned, check
        self._reader: VideoReader = reader(known.span)
        self._space = Space(space_of(encoding, self._reader.info.encoding))
        self._between = Between()
        self._held: dict[int, Floats] = {}

    def close(self) -> None:
        self._reader.close()

    def notes(self) -> Iterator[str]:
        """How pictures were made of a file whose frames are not those of the take one by one."""
        info, limits = self._reader.info, self._known.span.range
        if info.variable_rate:
            stored = self._reader.stored(limits.start, limits.end)
            yield (
                f"{info.path} has a variable frame rate: frames {limits.start} to {limits.end - 1} at "
                f"{float(limits.rate):g} a second are its frames {_counted(stored)}"
            )
        if info.field_order != "progressive":
            each = "field" if self._reader.fields else "frame"
            yield f"{info.path} is interlaced ({info.field_order}): deinterlaced (bwdif), a picture for each {each}"

    def picture(self, position: Fraction) -> Floats:
        """Before the first and after the last frame, that one holds."""
        low = Fraction(self._known.at)
        position = min(max(position, low), Fraction(self._known.end - 1))
        first = floor(position)
        a = self._whole(first)
        if position == first:
            return a
        return self._between.picture((first, first + 1), a, self._whole(first + 1), position - first)

    def _whole(self, frame: int) -> Floats:
        if frame not in self._held:
            self._check()
            span = self._known.span
            found = self._reader.frame(span.range.start + frame - self._known.at)
            # Codes beyond white are light only in spaces that hold such light.
            encoding = self._reader.info.encoding
            shown = codes(found, encoding) if self._space.name else parts(picture(found, encoding))
            self._held = {key: one for key, one in self._held.items() if abs(key - frame) < 2}
            self._held[frame] = self._planned.framing.into(self._space.into(shown))
        return self._held[frame]


class Windows:
    """Reads what the passes of one take need. `made`: model frames that passes have made so far, by number.

    `encoding`: that of the order, see `Slot`.
    """

    def __init__(self, planned: Planned, encoding: str, check: Callable[[], None], models: Path) -> None:
        self._planned = planned
        self._check = check
        scene = planned.canvas
        self._cameras = {
            id(known): Camera(known, planned, encoding, check)
            for known in (scene.before, scene.after, scene.source)
            if known is not None
        }
        self._encoding = encoding
        self._models = models
        self._moved: MovedPictures | None = None
        if isinstance(planned.guide, Moved):
            self._moved = self._guide(planned.guide)
        self._tracks: Tracks | None = None
        if isinstance(planned.guide, Tracked):
            framing, step = planned.framing, planned.timing.step / planned.slot_rate
            self._tracks_from = planned.guide.anchor
            self._tracks = Tracks(planned.guide.strokes, framing.inner_width, framing.inner_height, step)

    def _guide(self, guide: Moved) -> MovedPictures:
        base = guide.base
        picture = self._cameras[id(base)].picture if isinstance(base, Known) else lambda _: self._still(base.path)
        near = partial(nearness, self._models)
        return MovedPictures(guide, self._planned.framing, self._planned.slot_rate, picture, near)

    def close(self) -> None:
        for camera in self._cameras.values():
            camera.close()

    def notes(self) -> tuple[str, ...]:
        """How camera files were read; a file that is read twice is named once."""
        return tuple(dict.fromkeys(note for camera in self._cameras.values() for note in camera.notes()))

    def known(self, frame: int, made: dict[int, Floats]) -> Floats:
        """Model frame `frame` where it is made already, else the camera's picture at its time."""
        if frame in made:
            return made[frame]
        scene, position = self._planned.canvas, self._planned.timing.position(frame)
        side = scene.before if scene.before is not None and position <= scene.first - 1 else scene.after
        assert side is not None
        return self._cameras[id(side)].picture(position)

    def window(self, one: Pass, entry: Entry, made: dict[int, Floats]) -> Window:
        planned, scene, timing = self._planned, self._planned.canvas, self._planned.timing
        used = {*entry.needs, *entry.takes}
        head = tuple(self.known(frame, made) for frame in range(one.first, one.first + one.head))
        tail = tuple(self.known(frame, made) for frame in range(one.end - one.tail, one.end))
        source: tuple[Floats, ...] = ()
        masks = self._masks(one) if Input.MASK in used and scene.mask is not None else ()
        if self._moved is not None:
            source, holes = self._moving(one, head, tail)
            masks = tuple(mask * hole for mask, hole in zip(masks, holes, strict=True)) if masks else holes
        elif self._tracks is not None:
            begin = ceil(timing.model_frame(self._tracks_from))
            source = tuple(self._tracks.frame(frame - begin) for frame in range(one.first, one.end))
            source = tuple(planned.framing.surrounded(picture) for picture in source)
        elif scene.source is not None and used & {Input.SOURCE_SHOT, Input.GUIDE_VIDEO}:
            camera = self._cameras[id(scene.source)]
            source = tuple(camera.picture(timing.position(frame)) for frame in range(one.first, one.end))
        return Window(
            frames=one.frames,
            width=planned.framing.width,
            height=planned.framing.height,
            rate=planned.card.rate,
            head=head,
            tail=tail,
            source=source,
            masks=masks,
            keyframes=tuple(self._keyframes(one, used)),
            references=tuple(self._references()) if Input.REFERENCE_IMAGES in used else (),
            prompt=scene.prompt,
            negative=scene.negative,
        )

    def _moving(
        self, one: Pass, head: tuple[Floats, ...], tail: tuple[Floats, ...]
    ) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
        """The guide's pictures and where nothing was seen; frames that are known stay as they are."""
        assert self._moved is not None
        found = []
        for frame in range(one.first + one.head, one.end - one.tail):
            self._check()
            found.append(self._moved.frame(self._planned.timing.position(frame)))
        size = (self._planned.framing.height, self._planned.framing.width, 1)
        seen = np.zeros(size, np.float32)
        pictures, holes = zip(*found, strict=True)
        return (*head, *pictures, *tail), ((seen,) * one.head + holes + (seen,) * one.tail)

    def _keyframes(self, one: Pass, used: set[Input]) -> list[tuple[int, Floats]]:
        scene, timing = self._planned.canvas, self._planned.timing
        images = [(image.path, image.at.frame) for image in scene.keyframes if image.at is not None]
        if not images and Input.FIRST_IMAGE in used and Input.REFERENCE_IMAGES not in used:
            images = [(image.path, 0) for image in scene.images[:1] if scene.before is None]
        found = []
        for path, frame in images:
            at = min(round(timing.model_frame(frame)), timing.frames - 1)
            if one.first <= at < one.end:
                found.append((at - one.first, self._still(path)))
        return found

    def _references(self) -> list[Floats]:
        scene = self._planned.canvas
        found = [self._still(image.path) for image in scene.images]
        for shot in scene.shots:
            limits = shot.span.range
            middle = Known(Span(shot.span.path, limits), 0)
            camera = Camera(middle, self._planned, self._encoding, self._check)
            found.append(camera.picture(Fraction(limits.duration // 2)))
            camera.close()
        return found

    def _still(self, path: str) -> Floats:
        """Scaled to cover the slot's picture, its middle kept."""
        self._check()
        framing = self._planned.framing
        found, tags = read_still_codes(path)
        # Only floats can be in the order's encoding: other stills are display pictures.
        still = Space(space_of(self._encoding if tags.transfer == "linear" else "", tags)).into(found)
        height, width = still.shape[:2]
        scale = max(framing.inner_width / width, framing.inner_height / height)
        size = (max(framing.inner_width, round(width * scale)), max(framing.inner_height, round(height * scale)))
        covering = cv2.resize(still, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        left, top = (size[0] - framing.inner_width) // 2, (size[1] - framing.inner_height) // 2
        inner = covering[top : top + framing.inner_height, left : left + framing.inner_width]
        return framing.surrounded(np.clip(inner, 0, 1))

    def _masks(self, one: Pass) -> tuple[Floats, ...]:
        """Nearest frames, and hard edges: a mask is not retimed."""
        mask = self._planned.canvas.mask
        assert mask is not None
        span, timing, framing = mask.span, self._planned.timing, self._planned.framing
        with reader(span) as source:
            found = []
            for frame in range(one.first, one.end):
                position = min(max(0, round(timing.position(frame))), span.range.duration - 1)
                self._check()
                white = white_of(source, span.range.start + position).astype(np.float32)
                found.append(np.round(framing.into(white[..., None]).reshape(framing.height, framing.width, 1)))
        return tuple(found)


def white_of(mask: VideoReader, frame: int) -> NDArray[np.bool_]:
    """Where one frame of a mask is white, shape (height, width)."""
    codes = picture(mask.frame(frame), mask.info.encoding)
    return np.asarray(codes.max(axis=-1) >= 32768)


def _counted(numbers: list[int]) -> str:
    """Ascending numbers, in short: `0-3, 4 (3 times), 6`."""
    times = Counter(numbers)
    runs: list[list[int]] = []
    for number in times:
        if runs and times[number] == 1 == times[runs[-1][-1]] and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}-{run[-1]}"
        if len(run) > 1
        else f"{run[0]} ({times[run[0]]} times)"
        if times[run[0]] > 1
        else f"{run[0]}"
        for run in runs
    )
