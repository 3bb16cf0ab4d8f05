"""Strokes and a camera move: what a model's own adapter takes, what is rendered for it, and what it cannot take."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import CameraMove, Order, ReferenceImage, Stroke, Task

from secondunit_inference.cards import CAMERA_MOVE, Adapter, Entry, Input, ModelCard
from secondunit_inference.engines.diffusion.canvas import Canvas, Known

RENDERED_MOVES = (
    "push-in",
    "pull-out",
    "pan-left",
    "pan-right",
    "tilt-up",
    "tilt-down",
    "dolly-left",
    "dolly-right",
    "jib-up",
    "jib-down",
)
_PARALLAX = ("push-in", "pull-out", "dolly-left", "dolly-right", "jib-up", "jib-down")
_MOST_STROKES = 16
_FASTEST = 4.0


@dataclass(frozen=True, slots=True)
class Moved:
    """A picture that strokes and a camera move over the slot: the source shot frame by frame, or one picture.

    `base`: where the one picture lies. `anchor`: the take's frame at which nothing is moved yet; `end`: the frame at
    which the camera's move is done, before `anchor` where the move leads up to it.
    """

    strokes: tuple[Stroke, ...]
    camera: CameraMove | None
    base: Known | ReferenceImage
    anchor: int
    end: int
    moving: bool

    @property
    def parallax(self) -> bool:
        return self.camera is not None and self.camera.move in _PARALLAX


@dataclass(frozen=True, slots=True)
class Tracked:
    """Points in the strokes' regions, drawn on black as they move. `anchor`: the frame at which they begin."""

    strokes: tuple[Stroke, ...]
    anchor: int


Guide = Moved | Tracked


def camera_adapters(card: ModelCard) -> dict[str, Adapter]:
    """The card's LoRAs of camera moves by the moves' names."""
    return {adapter.name: adapter for adapter in card.adapters if adapter.kind == CAMERA_MOVE}


def takes(card: ModelCard, task: Task, condition: Input) -> tuple[Entry, ...]:
    return tuple(entry for entry in card.entries if entry.task is task and condition in {*entry.needs, *entry.takes})


def most_strokes(card: ModelCard, task: Task) -> int:
    return _MOST_STROKES if takes(card, task, Input.MOTION) or takes(card, task, Input.TRACKS) else 0


def moves(card: ModelCard, task: Task) -> tuple[str, ...]:
    """Those that the model's adapters make, and those that are rendered for it."""
    rendered = RENDERED_MOVES if takes(card, task, Input.MOTION) else ()
    return tuple(dict.fromkeys((*camera_adapters(card), *rendered)))


def guide(card: ModelCard, order: Order, scene: Canvas) -> Guide | None:
    """What is rendered for the order. Raises OrderRefused for what the model cannot be shown."""
    strokes = scene.strokes.strokes if scene.strokes is not None else ()
    camera = scene.camera
    _refuse_impossible(order, strokes, camera)
    if camera is not None and camera.move not in (known := moves(card, order.task)):
        one = f"{order.shot}: {card.title} cannot make the camera move {camera.move!r} to {order.task.value}: it has "
        raise OrderRefused(one + (", ".join(known) or "none"))
    if camera is not None and camera.move in camera_adapters(card):
        camera = None
    if not strokes and camera is None:
        return None
    forward = scene.after is None or order.task is Task.JOIN
    if camera is None and forward and takes(card, order.task, Input.TRACKS):
        return Tracked(strokes, _anchor(scene))
    if not takes(card, order.task, Input.MOTION):
        raise OrderRefused(
            f"{order.shot}: {card.title} takes no strokes to {order.task.value}: neither the model nor a guide that "
            "could be rendered for it; leave them out, or order from a model whose controls offer strokes"
        )
    if scene.source is not None:
        return Moved(strokes, camera, scene.source, 0, scene.total - 1, moving=True)
    if scene.before is not None:
        return Moved(strokes, camera, scene.before, scene.first - 1, scene.total - 1, moving=False)
    if scene.after is not None:
        return Moved(strokes, camera, scene.after, scene.end, 0, moving=False)
    stills = [(image, image.at.frame) for image in scene.keyframes if image.at is not None]
    stills += [(image, 0) for image in scene.images]
    if not stills:
        raise OrderRefused(
            f"{order.shot}: there is no picture for strokes or a camera to move: give an image, or a still at a frame"
        )
    image, at = stills[0]
    end = scene.total - 1 if at < scene.total - 1 else 0
    return Moved(strokes, camera, image, at, end, moving=False)


def _anchor(scene: Canvas) -> int:
    return scene.first - 1 if scene.before is not None else 0


def _refuse_impossible(order: Order, strokes: tuple[Stroke, ...], camera: CameraMove | None) -> None:
    if camera is not None and not 0 <= camera.amount <= 1:
        raise OrderRefused(f"{order.shot}: a camera move's amount is 0 to 1, not {camera.amount:g}")
    if len(strokes) > _MOST_STROKES:
        raise OrderRefused(f"{order.shot}: {len(strokes)} strokes: give at most {_MOST_STROKES}")
    for number, stroke in enumerate(strokes, 1):
        here = f"{order.shot}: stroke {number}"
        if len(stroke.region) < 3 or _area(stroke) < 1e-4:
            raise OrderRefused(f"{here} has no area: give the corners of its region, three or more")
        if not all(0 <= share <= 1 for point in stroke.region for share in (point.x, point.y)):
            raise OrderRefused(f"{here} lies outside the picture: corners are shares of its width and height, 0 to 1")
        if not isfinite(stroke.direction) or not 0 < stroke.speed <= _FASTEST:
            raise OrderRefused(
                f"{here} has the direction {stroke.direction:g} and the speed {stroke.speed:g}: give degrees, and more "
                f"than 0 and up to {_FASTEST:g} picture widths a second"
            )


def _area(stroke: Stroke) -> float:
    following = (*stroke.region[1:], stroke.region[0])
    return abs(sum(a.x * b.y - b.x * a.y for a, b in zip(stroke.region, following, strict=True))) / 2


def described(found: Guide) -> Iterator[str]:
    """For the record: what was rendered, from what."""
    count = f"{len(found.strokes)} stroke{'s' if len(found.strokes) > 1 else ''}"
    if isinstance(found, Tracked):
        yield f"{count} rendered as a video of point tracks from frame {found.anchor} of the take's file on"
        return
    base = (
        f"the frames of {found.base.span.path}"
        if found.moving and isinstance(found.base, Known)
        else f"frame {found.anchor - found.base.at + found.base.span.range.start} of {found.base.span.path}"
        if isinstance(found.base, Known)
        else found.base.path
    )
    if found.strokes:
        yield f"{count} rendered as a guide video: {base}, warped from frame {found.anchor} of the take's file on"
    if found.camera is not None:
        move = f"the camera move {found.camera.move}, amount {found.camera.amount:g}"
        yield f"{move}, rendered as a guide video from {base}"
