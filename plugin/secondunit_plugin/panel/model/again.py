"""What an order says, as values of the controls of a form: for another order like it."""

from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
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
    Codec,
    Condition,
    FramesAfter,
    FramesBefore,
    IgnoreRegion,
    Look,
    Mask,
    Order,
    ReferenceImage,
    ReferenceShot,
    Slot,
    Sound,
    SourceShot,
    Strokes,
    Text,
)
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.panel.model.values import ControlValue, Keyframe, MaskFile, Seeds, fits

_OF_THE_PLACE = (FramesBefore, FramesAfter, SourceShot)


def values_of(
    order: Order, controls: tuple[Control, ...], codec: Codec
) -> tuple[dict[str, ControlValue], tuple[str, ...]]:
    """The values, and what of the order no control here takes: a parameter by its name, a condition by its class.

    `codec`: what takes are written as here.
    """
    parameters = {one.name: one.value for one in order.parameters}
    conditions: list[Condition] = [one for one in order.conditions if not isinstance(one, _OF_THE_PLACE)]
    values: dict[str, ControlValue] = {}
    for control in controls:
        match control.kind:
            case NumberControl() | IntegerControl() | ChoiceControl() | ToggleControl() as kind:
                if control.name in parameters and fits(kind, parameters[control.name]):
                    values[control.name] = parameters.pop(control.name)
            case SeedControl() as kind:
                values[control.name] = Seeds(order.seeds[0], min(len(order.seeds), kind.most))
            case FrameRangeControl():
                pass
            case kind:
                taken = _taken(kind, conditions)
                value = _value(taken, order.slot)
                if value is not None and fits(kind, value):
                    values[control.name] = value
                    conditions = [one for one in conditions if one not in taken]
    left = [*parameters, *dict.fromkeys(type(one).__name__ for one in conditions)]
    if order.delivery.codec is not codec:
        left.append(f"codec {order.delivery.codec}")
    if order.slot.encoding:
        left.append(f"encoding {order.slot.encoding}")
    return values, tuple(left)


_Kind = (
    TextControl
    | ImageControl
    | KeyframesControl
    | ShotControl
    | MaskControl
    | StrokesControl
    | CameraMoveControl
    | SoundControl
    | LookControl
)


def _taken(kind: _Kind, conditions: list[Condition]) -> list[Condition]:
    """The conditions that a control of that kind stands for."""

    def is_of(one: Condition) -> bool:
        match one:
            case Text():
                return isinstance(kind, TextControl)
            case ReferenceImage(at=None):
                return isinstance(kind, ImageControl)
            case ReferenceImage():
                return isinstance(kind, KeyframesControl)
            case ReferenceShot():
                return isinstance(kind, ShotControl)
            case Mask():
                return isinstance(kind, MaskControl)
            case Strokes():
                return isinstance(kind, StrokesControl)
            case CameraMove():
                return isinstance(kind, CameraMoveControl)
            case Sound():
                return isinstance(kind, SoundControl)
            case Look():
                return isinstance(kind, LookControl)
            case FramesBefore() | FramesAfter() | SourceShot() | IgnoreRegion():
                return False

    return [one for one in conditions if is_of(one)]


def _value(taken: list[Condition], slot: Slot) -> ControlValue | None:
    match taken:
        case [Sound(kind)]:
            return kind
        case [Mask(span)]:
            return MaskFile(span.path)
        case [Text() | CameraMove() | Strokes() as one]:
            return one
        case [ReferenceImage(at=FrameTime()), *_]:
            return tuple(
                Keyframe(
                    one.path, FrameTime(round((one.at.frame - slot.head) * slot.cut_rate / slot.rate), slot.cut_rate)
                )
                for one in taken
                if isinstance(one, ReferenceImage) and one.at is not None
            )
        case [ReferenceImage(), *_]:
            return tuple(one for one in taken if isinstance(one, ReferenceImage))
        case [ReferenceShot(), *_]:
            return tuple(one for one in taken if isinstance(one, ReferenceShot))
        case [Look(), *_]:
            return tuple(one for one in taken if isinstance(one, Look))
        case _:
            return None
