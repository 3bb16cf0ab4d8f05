"""Whether the unit answers."""

from dataclasses import dataclass

from secondunit_bridge.messages import Card, UnitInfo


@dataclass(frozen=True, slots=True)
class Searching:
    pass


@dataclass(frozen=True, slots=True)
class Reached:
    info: UnitInfo

    def card(self, engine: str, model: str) -> Card | None:
        """That of the model, where the unit has it."""
        return next((card for card in self.info.cards if (card.engine, card.model) == (engine, model)), None)


@dataclass(frozen=True, slots=True)
class Lost:
    """`why`: the error's message. It is being looked for."""

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Stopped on purpose, `by` whom in words. It is not started again before somebody asks for it."""

    by: str


UnitState = Searching | Reached | Lost | Ended
