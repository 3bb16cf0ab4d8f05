"""What an editing program, or a folder that one exports into, has to do so that takes land in its open timeline.

Every decision is made on this side: a host reads, carries steps out and shows. What it cannot do stands in
`About.supports` and `About.limits`, so that it is said before anything is made.

Identity: every strip has an id that the host keeps with it through saving and loading. A host issues ids when it is
read: to a strip that has none, and to one whose id an earlier strip of the same reading has, since programs copy what
they keep with a strip when it is split or duplicated. Earlier means by time, then from the lowest track up.

Threads: a host is called from one thread at a time, never the panel's UI thread; `changed` may be called from any.
"""

from collections.abc import Callable
from collections.abc import Sequence as Series
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

import opentimelineio as otio
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime

from secondunit_plugin.hosts.steps import Step


class Support(StrEnum):
    """What a host may be able to do; the first group is what a step may need, see `placement.needs`."""

    TRACKS = "add tracks"
    PLACE = "place clips"
    REMOVE = "remove clips"
    MOVE = "move and trim clips"
    MEDIA = "replace a clip's media"
    SPEED = "change a clip's speed"
    TRANSITIONS = "place transitions"
    STATE = "keep takes with a clip"

    VERSIONS = "put a version of the sequence beside it"
    UNDO = "undo a placement as one step"
    HISTORY = "have a placement as one step of its own history"
    BIN = "put media into the bin"
    MARKERS = "tell markers"
    TIMECODE = "tell the timecode that the cut starts at"
    PLAYHEAD = "tell the playhead"
    SELECTION = "tell selected clips"
    EVENTS = "tell when something changes"
    REVEAL = "show a frame"


@dataclass(frozen=True, slots=True)
class About:
    """`program` and `version` as a person reads them. `limits`: sentences on what does not work here, and why.

    `codec`: what takes for it are written as.
    """

    program: str
    version: str
    supports: frozenset[Support]
    limits: tuple[str, ...] = ()
    codec: Codec = Codec.PRORES_HQ


@dataclass(frozen=True, slots=True)
class SequenceId:
    """How a sequence is found again after a restart: the project's file and the sequence's name or id in it."""

    project: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """The open sequence. `cut`: every item carries its id, see `strips.id_of`; nothing of it is ever changed.

    `revision`: another one whenever anything in `cut` is another; only to be compared. `name`: as a person knows it,
    where `id` does not say. `notes`: sentences on what an `apply` or `add_version` has done that its user may not
    expect.
    """

    id: SequenceId
    cut: otio.schema.Timeline
    revision: str
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """What the editor looks at: ids of selected clips, and the playhead, counted from the cut's first frame as 0.

    `playhead` is None where the host does not tell.
    """

    selected: tuple[str, ...]
    playhead: FrameTime | None


@dataclass(frozen=True, slots=True)
class CutChanged:
    """The open sequence is another, or was edited; the host's own `apply` may be told of, too."""


@dataclass(frozen=True, slots=True)
class AttentionChanged:
    attention: Attention


@dataclass(frozen=True, slots=True)
class Gone:
    """The host ended, or its project was closed. `why` as a person reads it; nothing follows."""

    why: str


Changed = CutChanged | AttentionChanged | Gone


class Host(Protocol):
    """Methods raise HostUnreachable where the program does not answer, HostError where it refuses.

    A method that needs a capability which `about` lacks is never called.
    """

    def about(self) -> About: ...

    def read(self) -> Sequence: ...

    def attention(self) -> Attention: ...

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        """Tells changes until the function that is returned is called; changes in quick succession may be told once."""
        ...

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        """Carries `steps` out, in order, as one entry of the host's history; all of them or none.

        `rate`: that of the frames in them. Raises CutMoved, and changes nothing, where the open sequence is not the one
        that was read as `revision`; Unplaceable, and changes nothing, where just these steps have to go into a version.
        Returns the sequence as it is read right after, before an editor can touch it.
        """
        ...

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        """Puts `cut` beside the open sequence, under its name with a number; what is there stays as it is.

        Raises CutMoved, and adds nothing, where the open sequence is not the one that was read as `revision`. Returns
        the version as it is read back; whether it is open from then on, as the newest file of a folder is, `read`
        tells.
        """
        ...

    def undo(self, revision: str) -> None:
        """Takes back the `apply` or `add_version` that left `revision`; CutMoved where something followed it."""
        ...

    def to_bin(self, files: Series[str]) -> None:
        """Media that has no place in the cut goes where the editor finds it."""
        ...

    def reveal(self, at: FrameTime) -> None:
        """Moves the playhead there, counted from the cut's first frame as 0."""
        ...
