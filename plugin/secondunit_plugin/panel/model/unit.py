"""Whether the unit answers."""

from dataclasses import dataclass

from secondunit_bridge.messages import UnitInfo


@dataclass(frozen=True, slots=True)
class Searching:
    pass


@dataclass(frozen=True, slots=True)
class Reached:
    info: UnitInfo


@dataclass(frozen=True, slots=True)
class Lost:
    """`why`: the error's message. It is being looked for."""

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Stopped on purpose, `by` whom in words. It is not started again before somebody asks for it."""

    by: str


UnitState = Searching | Reached | Lost | Ended
