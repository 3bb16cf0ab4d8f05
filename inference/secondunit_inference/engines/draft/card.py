"""What the draft engine can do, and what an order would cost it."""

from pathlib import Path

from secondunit_bridge.controls import (
    CameraMoveControl,
    Control,
    Controls,
    ImageControl,
    NumberControl,
    SeedControl,
    ShotControl,
    SoundControl,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    CameraMove,
    Card,
    FramesAfter,
    FramesBefore,
    Look,
    Order,
    Parameter,
    Plan,
    ReferenceImage,
    ReferenceShot,
    SourceShot,
    Strokes,
    Task,
    TaskLimit,
    Text,
)

from secondunit_inference.store import disk_bytes

CAMERA_MOVES = ("push-in", "pull-out", "pan-left", "pan-right", "tilt-up", "tilt-down", "orbit", "handheld")
TRUSTED_FRAMES = 8
"""Extrapolated motion was measured to beat a frozen frame clearly for about so many frames on real shots."""

CARD = Card(
    engine="draft",
    model="draft",
    title="Draft",
    description=(
        "Works without weights on any machine: motion continuation, smooth-cut joins, colour, grain and sharpness "
        "matching, camera moves over a still, a slate for text."
    ),
    limits=(
        TaskLimit(Task.GENERATE, 0),
        TaskLimit(Task.EXTEND, 480),
        TaskLimit(Task.JOIN, 480),
        TaskLimit(Task.MATCH, 0),
    ),
    camera_moves=CAMERA_MOVES,
)

_SEEDS = Control("seed", "Seed", "Other seeds give other takes.", "takes", SeedControl(16), ())
_SOUND = Control("sound", "Sound", "Made of the shot's own sound.", "sound", SoundControl(made=False), ())
_CONTROLS = {
    Task.EXTEND: (_SEEDS, _SOUND),
    Task.JOIN: (_SEEDS, _SOUND),
    Task.MATCH: (
        Control("like", "Look of", "Shots whose look is taken over.", "look", ShotControl(16), ()),
        Control("image", "Look of a still", "Stills whose look is taken over.", "look", ImageControl(16), ()),
        Control("strength", "Strength", "How much of the look is taken over.", "look", NumberControl(1, 0, 1), ()),
        Control("grain", "Grain", "Take over the grain.", "look", ToggleControl(True), ()),
        Control("sharpness", "Sharpness", "Take over the sharpness.", "look", ToggleControl(True), ()),
        _SEEDS,
    ),
    Task.GENERATE: (
        Control("prompt", "Text", "Without a picture, it is written on a slate.", "content", TextControl(False), ()),
        Control("image", "Picture", "The still that is shown.", "content", ImageControl(1), ()),
        Control("camera", "Camera", "A move over the still.", "camera", CameraMoveControl(CAMERA_MOVES, True), ()),
        _SEEDS,
    ),
}
_MATCH_PARAMETERS = {"strength": float, "grain": bool, "sharpness": bool}
# Measured on two cores: seconds to look at the shots of 1080p once, seconds a frame of any size, seconds more a frame
# of 1080p; and the 16-bit R'G'B' frames that are held at once.
_COST = {
    Task.GENERATE: (0.5, 0.01, 0.08, 12),
    Task.EXTEND: (4.0, 0.05, 0.30, 40),
    Task.JOIN: (8.0, 0.20, 0.35, 64),
    Task.MATCH: (1.5, 0.01, 0.07, 48),
}
_NOMINAL_PIXELS = 1920 * 1080
_BASE_MEMORY = 200_000_000


def cards(models: Path) -> tuple[Card, ...]:  # noqa: ARG001  every engine is told where weights lie
    return (CARD,)


def controls(order: Order, intent: str) -> Controls:  # noqa: ARG001  there is one way to ask the draft engine
    """What the draft engine takes for the order's task."""
    return Controls(_CONTROLS.get(order.task, ()))


def plan(order: Order, models: Path | None = None) -> Plan:  # noqa: ARG001  every engine is told where weights lie
    """Raises OrderRefused with what is missing or too long; reads no media."""
    if order.task not in _COST:
        raise OrderRefused(
            f"the draft engine does not do {order.task.value!r}: it does {', '.join(task.value for task in _COST)}"
        )
    if order.slot.encoding:
        raise OrderRefused(
            f"{order.shot}: the draft engine works on the codes of the files and takes no encoding, not"
            f" {order.slot.encoding!r}: leave it out, or order from another engine"
        )
    _check_conditions(order)
    _check_parameters(order.task, order.parameters)
    slot = order.slot
    frames = slot.head + slot.frames + slot.tail
    if slot.frames < 1 or slot.head < 0 or slot.tail < 0:
        raise OrderRefused(
            f"{order.shot}: a slot of {slot.frames} frames with handles of {slot.head} and {slot.tail} cannot be made:"
            " ask for at least one frame and no negative handle"
        )
    limit = next(limit.frames for limit in CARD.limits if limit.task == order.task)
    if limit and frames > limit:
        raise OrderRefused(
            f"{order.shot}: the slot has {frames} frames with its handles, the draft engine does at most {limit}"
            f" for {order.task.value!r}: ask for fewer"
        )
    looking, fixed, a_frame, held = _COST[order.task]
    pixels = slot.width * slot.height
    takes = len(order.seeds)
    size = pixels / _NOMINAL_PIXELS
    return Plan(
        frames=frames,
        seconds=takes * (looking * size + frames * (fixed + a_frame * size)),
        memory_bytes=_BASE_MEMORY + held * pixels * 6,
        disk_bytes=disk_bytes(order),
        warnings=_warnings(order),
    )


def _check_conditions(order: Order) -> None:
    kinds = [type(condition) for condition in order.conditions]
    before, after = kinds.count(FramesBefore), kinds.count(FramesAfter)
    match order.task:
        case Task.EXTEND if before + after != 1:
            raise OrderRefused(
                f"{order.shot}: an extension needs either frames before it (tail) or frames after it (head),"
                f" the order has {before} and {after}"
            )
        case Task.JOIN if (before, after) != (1, 1):
            raise OrderRefused(
                f"{order.shot}: a join needs the frames before and the frames after it,"
                f" the order has {before} and {after}"
            )
        case Task.MATCH if SourceShot not in kinds:
            raise OrderRefused(f"{order.shot}: a match needs the source shot")
        case Task.MATCH if not {ReferenceImage, ReferenceShot} & set(kinds):
            raise OrderRefused(f"{order.shot}: a match needs a reference shot or a reference image")
        case Task.GENERATE if not {ReferenceImage, ReferenceShot, Text} & set(kinds):
            raise OrderRefused(f"{order.shot}: give a reference image, a reference shot or a text to generate from")
    for condition in order.conditions:
        match condition:
            case FramesBefore(span, into) | FramesAfter(span, into):
                handle = order.slot.head if isinstance(condition, FramesBefore) else order.slot.tail
                if span.range.duration < handle + into or span.range.duration < 1:
                    raise OrderRefused(
                        f"{order.shot}: the order gives {span.range.duration} camera frames of {span.path},"
                        f" its handle and what reaches into the slot need {max(1, handle + into)}"
                    )
                if into < 0 or into > order.slot.frames:
                    raise OrderRefused(
                        f"{order.shot}: {into} camera frames reach into a slot of {order.slot.frames} frames"
                    )
            case SourceShot(span):
                wanted = order.slot.head + order.slot.frames + order.slot.tail
                if span.range.duration != wanted:
                    raise OrderRefused(
                        f"{order.shot}: the source shot has {span.range.duration} frames, the slot with its handles"
                        f" {wanted}: they must be equal"
                    )
            case Strokes():
                raise OrderRefused(
                    f"{order.shot}: the draft engine takes no strokes: leave them out, or order from another engine"
                )
            case CameraMove() if order.task is not Task.GENERATE:
                raise OrderRefused(
                    f"{order.shot}: the draft engine moves the camera over a still alone: leave the move out, or order "
                    "from another engine"
                )
            case CameraMove(move, amount):
                if move not in CAMERA_MOVES:
                    raise OrderRefused(
                        f"{order.shot}: unknown camera move {move!r}: the draft engine knows {', '.join(CAMERA_MOVES)}"
                    )
                if not 0 <= amount <= 1:
                    raise OrderRefused(f"{order.shot}: a camera move's amount is 0 to 1, not {amount}")
            case _:
                pass


def _check_parameters(task: Task, parameters: tuple[Parameter, ...]) -> None:
    known = _MATCH_PARAMETERS if task == Task.MATCH else {}
    for parameter in parameters:
        if parameter.name not in known:
            names = ", ".join(known) or "none"
            raise OrderRefused(f"unknown parameter {parameter.name!r}: for {task.value!r} the engine knows {names}")
        wanted = (int, float) if known[parameter.name] is float else bool
        if not isinstance(parameter.value, wanted) or (wanted is not bool and isinstance(parameter.value, bool)):
            raise OrderRefused(
                f"parameter {parameter.name!r} is {parameter.value!r}: give a {known[parameter.name].__name__}"
            )
        if parameter.name == "strength" and not 0 <= parameter.value <= 1:
            raise OrderRefused(f"parameter 'strength' is {parameter.value}: give 0 to 1")


def _warnings(order: Order) -> tuple[str, ...]:
    warnings = []
    slot = order.slot
    kinds = {type(condition) for condition in order.conditions}
    if Look in kinds or (Text in kinds and order.task is not Task.GENERATE):
        warnings.append("the draft engine reads no text here and no looks: what they say changes nothing")
    match order.task:
        case Task.EXTEND:
            made = slot.frames + (slot.tail if FramesBefore in kinds else slot.head)
            if made > TRUSTED_FRAMES:
                warnings.append(
                    f"{made} frames are generated; motion is rarely to be trusted beyond about {TRUSTED_FRAMES}:"
                    " the take's record says for how many it is"
                )
        case Task.JOIN:
            into = [c.into for c in order.conditions if isinstance(c, FramesBefore | FramesAfter)]
            missing = slot.frames - sum(into)
            if missing > TRUSTED_FRAMES:
                warnings.append(f"{missing} frames have no camera picture on either side and are only extrapolated")
        case Task.GENERATE if not {ReferenceImage, ReferenceShot} & kinds:
            warnings.append("without a picture the engine makes a slate with the text: a placeholder")
        case _:
            pass
    return tuple(warnings)
