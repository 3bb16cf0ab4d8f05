"""The order that is being drafted, and the controls that the unit has for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from PyQt5.QtCore import QObject, pyqtSignal
from secondunit_bridge.controls import Control
from secondunit_bridge.messages import Task

from secondunit_plugin.panel.model.places import JoinPlace, Place, ShotPlace, tasks_at
from secondunit_plugin.panel.model.values import ControlValue, Values, carried

USUAL = 24
"""Frames that are asked for where nothing in the cut says how many."""

# What a task has to be told beside its model's controls.


@dataclass(frozen=True, slots=True)
class Extend:
    """`frames` of the cut. `into` None: the gap beside the shot if there is one, else handles only."""

    end: Literal["head", "tail"] = "tail"
    frames: int = USUAL
    into: Literal["gap", "ripple", "over", "handles"] | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """`frames` of the cut; None: the whole gap, or a few frames over a cut point."""

    frames: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    pass


@dataclass(frozen=True, slots=True)
class Replace:
    pass


@dataclass(frozen=True, slots=True)
class Generate:
    frames: int
    where: Literal["insert", "overwrite", "above"] = "overwrite"


Asking = Extend | Join | Match | Replace | Generate


def asking(task: Task, place: Place) -> Asking:
    """What a task is told where nobody says otherwise."""
    match task:
        case Task.EXTEND:
            gap = place.gap_after if isinstance(place, ShotPlace) else 0
            return Extend(frames=gap or USUAL)
        case Task.JOIN:
            return Join()
        case Task.MATCH:
            return Match()
        case Task.REPLACE:
            return Replace()
        case Task.GENERATE:
            return Generate(USUAL if isinstance(place, JoinPlace) else place.frames)


def task_of(asked: Asking) -> Task:
    match asked:
        case Extend():
            return Task.EXTEND
        case Join():
            return Task.JOIN
        case Match():
            return Task.MATCH
        case Replace():
            return Task.REPLACE
        case Generate():
            return Task.GENERATE


JOINED = 8
"""Frames that are shown for a join over a cut point that asks for as many as are needed."""


def frames_asked(draft: "Draft") -> int:
    """How many frames of the cut are made, as far as the draft says."""
    match draft.asking:
        case Extend() | Generate():
            return draft.asking.frames
        case Join(frames):
            whole = JOINED if isinstance(draft.place, JoinPlace) else draft.place.frames
            return whole if frames is None else frames
        case Match() | Replace():
            return USUAL if isinstance(draft.place, JoinPlace) else draft.place.frames
        case _:
            assert_never(draft.asking)


@dataclass(frozen=True, slots=True)
class Draft:
    place: Place
    asking: Asking
    engine: str = "draft"
    model: str = "draft"
    intent: str = ""
    values: Values = field(default_factory=dict)


# The controls of the draft's task and model.


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not asked for: there is no draft, or no unit."""


@dataclass(frozen=True, slots=True)
class Known:
    """`dropped`: the labels of the controls before whose values no control here takes."""

    controls: tuple[Control, ...]
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needless:
    """The camera's own frames are enough: nothing is generated."""


@dataclass(frozen=True, slots=True)
class Refused:
    why: str


ControlsState = Unknown | Known | Needless | Refused


class DraftModel(QObject):
    """`changed` after anything of the draft; `form_changed` after another set of controls, so that forms are redrawn.

    `controls_wanted`: the place, the task, the model or the intent is another, or what the task is told.
    """

    changed = pyqtSignal()
    form_changed = pyqtSignal()
    controls_wanted = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft: Draft | None = None
        self.controls: ControlsState = Unknown()

    def begin(self, place: Place | None) -> None:
        """At another place, with the task, model and values of before where they make sense there."""
        before = self.draft
        if place is None:
            self.draft = None
            self._set_controls(Unknown())
        elif before is None:
            self.draft = Draft(place, asking(tasks_at(place)[0], place))
        else:
            task = task_of(before.asking)
            keeps = task in tasks_at(place) and isinstance(place, ShotPlace)
            asked = before.asking if keeps else asking(tasks_at(place)[0], place)
            self.draft = replace(before, place=place, asking=asked)
        self.changed.emit()
        self.controls_wanted.emit()

    def move(self, place: Place) -> None:
        """The place has changed, and what is asked for it stays."""
        self._change(place=place)

    def ask(self, asked: Asking) -> None:
        self._change(asking=asked)

    def use_model(self, engine: str, model: str) -> None:
        """Without an intent, which a model may not have."""
        self._change(engine=engine, model=model, intent="")

    def use_intent(self, intent: str) -> None:
        self._change(intent=intent)

    def set_value(self, name: str, value: ControlValue | None) -> None:
        """None: the control adds nothing to the order."""
        if self.draft is None or self.draft.values.get(name) == value:
            return
        values = {**self.draft.values}
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
        self.draft = replace(self.draft, values=values)
        self.changed.emit()

    def load(self, values: Mapping[str, ControlValue]) -> None:
        """Values from elsewhere, such as a take's record; forms are redrawn."""
        if self.draft is not None:
            self.draft = replace(self.draft, values=dict(values))
            self.changed.emit()
            self.form_changed.emit()

    def set_controls(self, state: ControlsState) -> None:
        """As the unit answers. Values that still fit stay; a `Known` gets the names of the others."""
        if isinstance(state, Known) and self.draft is not None:
            before = self.controls.controls if isinstance(self.controls, Known) else ()
            labels = {control.name: control.label for control in before}
            kept, dropped = carried(self.draft.values, state.controls)
            self.draft = replace(self.draft, values=kept)
            state = replace(state, dropped=tuple(labels.get(name, name) for name in dropped))
        self._set_controls(state)

    def _set_controls(self, state: ControlsState) -> None:
        if state != self.controls:
            self.controls = state
            self.form_changed.emit()

    def _change(self, **fields: object) -> None:
        if self.draft is None:
            return
        changed = replace(self.draft, **fields)  # type: ignore[arg-type]
        if changed != self.draft:
            self.draft = changed
            self.changed.emit()
            self.controls_wanted.emit()
