"""What a person sets on the controls: one value a control, by its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
    ControlKind,
    FrameRangeControl,
    ImageControl,
    IntegerControl,
    KeyframesControl,
    LookControl,
    MaskControl,
    NumberControl,
    SeedControl,
    ShotControl,
    SoundControl,
    StrokesControl,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.messages import (
    CameraMove,
    Look,
    Point,
    ReferenceImage,
    ReferenceShot,
    SoundKind,
    Strokes,
    Text,
    Value,
)
from secondunit_bridge.rates import FrameTime


@dataclass(frozen=True, slots=True)
class Seeds:
    """`takes` takes with the seeds from `first` on."""

    first: int
    takes: int


@dataclass(frozen=True, slots=True)
class Keyframe:
    """`at`: the frame of what is made that shows the still, from its first as 0 without handles, at the cut's rate."""

    path: str
    at: FrameTime


class MarkForm(StrEnum):
    BRUSH = "brush"
    BOX = "box"
    LASSO = "lasso"


@dataclass(frozen=True, slots=True)
class Mark:
    """One gesture of a painted mask.

    `points`: the brush's way, two opposite corners, or the lasso's outline. `width`: of the brush, as a share of the
    picture's width. `erases`: takes away what the marks before have painted.
    """

    form: MarkForm
    points: tuple[Point, ...]
    width: float = 0.0
    erases: bool = False


@dataclass(frozen=True, slots=True)
class PaintedMask:
    """`soft`: over how much of the picture's width its edges fade."""

    marks: tuple[Mark, ...]
    soft: float = 0.0


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A still or a video file, white where pictures are made again."""

    path: str


@dataclass(frozen=True, slots=True)
class Beside:
    """How many camera frames the model sees on each side."""

    frames: int


ControlValue = (
    Value
    | Seeds
    | Beside
    | Text
    | SoundKind
    | CameraMove
    | MaskFile
    | PaintedMask
    | Strokes
    | tuple[ReferenceImage, ...]
    | tuple[Keyframe, ...]
    | tuple[ReferenceShot, ...]
    | tuple[Look, ...]
)
Values = Mapping[str, ControlValue]
"""By the names of controls; those that nobody touched have none."""


def default_of(kind: ControlKind) -> ControlValue | None:
    """What a control stands at before anyone touches it; None: it adds nothing to the order."""
    match kind:
        case NumberControl() | IntegerControl() | ChoiceControl() | ToggleControl():
            return kind.default
        case SeedControl():
            return Seeds(0, 1)
        case TextControl():
            return Text("")
        case SoundControl():
            return SoundKind.ROOM_TONE
        case (
            ImageControl()
            | KeyframesControl()
            | ShotControl()
            | FrameRangeControl()
            | MaskControl()
            | StrokesControl()
            | CameraMoveControl()
            | LookControl()
        ):
            return None
        case _:
            assert_never(kind)


def fits(kind: ControlKind, value: ControlValue) -> bool:
    """Whether a value that another model's control was given can stand on this one."""
    match kind:
        case NumberControl():
            return isinstance(value, int | float) and kind.minimum <= value <= kind.maximum
        case IntegerControl():
            return type(value) is int and kind.minimum <= value <= kind.maximum
        case ChoiceControl():
            return value in kind.choices
        case ToggleControl():
            return isinstance(value, bool)
        case SeedControl():
            return isinstance(value, Seeds) and value.takes <= kind.most
        case TextControl():
            return isinstance(value, Text) and (kind.negative or not value.negative)
        case ImageControl():
            return _all(value, ReferenceImage, kind.most)
        case KeyframesControl():
            return _all(value, Keyframe, kind.most)
        case ShotControl():
            return _all(value, ReferenceShot, kind.most)
        case FrameRangeControl():
            return isinstance(value, Beside) and (not kind.most or value.frames <= kind.most)
        case MaskControl():
            return isinstance(value, MaskFile | PaintedMask)
        case StrokesControl():
            return isinstance(value, Strokes) and len(value.strokes) <= kind.most
        case CameraMoveControl():
            return isinstance(value, CameraMove) and value.move in kind.moves
        case SoundControl():
            return isinstance(value, SoundKind)
        case LookControl():
            return isinstance(value, tuple) and all(isinstance(one, Look) for one in value)
        case _:
            assert_never(kind)


def carried(values: Values, controls: tuple[Control, ...]) -> tuple[dict[str, ControlValue], tuple[str, ...]]:
    """The values that still fit on other controls, and the names of those that do not."""
    kinds = {control.name: control.kind for control in controls}
    kept = {name: value for name, value in values.items() if name in kinds and fits(kinds[name], value)}
    return kept, tuple(name for name in values if name not in kept)


def shown(control: Control, values: Values, controls: tuple[Control, ...]) -> bool:
    """Whether what has to hold for the control to be shown does."""
    kinds = {one.name: one.kind for one in controls}
    return all(
        when.control in kinds and values.get(when.control, default_of(kinds[when.control])) in when.values
        for when in control.shown_when
    )


def _all(value: ControlValue, kind: type, most: int) -> bool:
    return isinstance(value, tuple) and len(value) <= most and all(isinstance(one, kind) for one in value)
