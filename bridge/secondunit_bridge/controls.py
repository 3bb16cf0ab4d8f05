"""What can be set on an order for a model, as data that a form is drawn from: the card brings its own.

A control of a `Parameter` kind sets the order's parameter of its name; each other kind adds a condition.
"""

from dataclasses import dataclass

from secondunit_bridge.messages import Value

# Parameters.


@dataclass(frozen=True, slots=True)
class NumberControl:
    default: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class IntegerControl:
    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class ChoiceControl:
    default: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToggleControl:
    default: bool


# What an order has of its own.


@dataclass(frozen=True, slots=True)
class SeedControl:
    """The order's seeds; `most` takes at once, weights loaded once."""

    most: int


# Conditions.


@dataclass(frozen=True, slots=True)
class TextControl:
    """`Text`."""

    negative: bool


@dataclass(frozen=True, slots=True)
class ImageControl:
    """`ReferenceImage` without a time; up to `most`."""

    most: int


@dataclass(frozen=True, slots=True)
class KeyframesControl:
    """`ReferenceImage` at chosen frames; up to `most`. `ends_only`: the first and the last frame only."""

    most: int
    ends_only: bool


@dataclass(frozen=True, slots=True)
class ShotControl:
    """`ReferenceShot`; up to `most`."""

    most: int


@dataclass(frozen=True, slots=True)
class FrameRangeControl:
    """`FramesBefore` and `FramesAfter`: how many camera frames the model sees on each side, up to `most`.

    A `most` of 0: no limit of its own.
    """

    most: int


@dataclass(frozen=True, slots=True)
class MaskControl:
    pass


@dataclass(frozen=True, slots=True)
class StrokesControl:
    """`native`: the model takes them; else they are rendered into a guide."""

    most: int
    native: bool


@dataclass(frozen=True, slots=True)
class CameraMoveControl:
    """`native`: the model takes them; else they are rendered into a guide."""

    moves: tuple[str, ...]
    native: bool


@dataclass(frozen=True, slots=True)
class SoundControl:
    """`made`: the model makes sound with the picture; else it is made of the shot's own."""

    made: bool


@dataclass(frozen=True, slots=True)
class LookControl:
    pass


ControlKind = (
    NumberControl
    | IntegerControl
    | ChoiceControl
    | ToggleControl
    | SeedControl
    | TextControl
    | ImageControl
    | KeyframesControl
    | ShotControl
    | FrameRangeControl
    | MaskControl
    | StrokesControl
    | CameraMoveControl
    | SoundControl
    | LookControl
)


@dataclass(frozen=True, slots=True)
class ShownWhen:
    """The control `control` has one of `values`."""

    control: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """`shown_when`: all have to hold."""

    name: str
    label: str
    description: str
    group: str
    kind: ControlKind
    shown_when: tuple[ShownWhen, ...]


@dataclass(frozen=True, slots=True)
class Controls:
    """For one order and intent, in the order in which they are shown."""

    controls: tuple[Control, ...]
