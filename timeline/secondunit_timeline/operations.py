"""What can be asked of a cut: the operations of the edit kernel, as values."""

from dataclasses import dataclass
from enum import StrEnum

import opentimelineio as otio
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.times import Frames


class End(StrEnum):
    HEAD = "head"
    TAIL = "tail"


class Into(StrEnum):
    """What makes room for an extension: the gap beside it, everything after it, or the neighbours it covers."""

    GAP = "gap"
    RIPPLE = "ripple"
    OVER = "over"


class Transitions(StrEnum):
    """What becomes of a transition that an edit leaves without the frames that it needs."""

    REFUSE = "refuse"
    SHORTEN = "shorten"
    DROP = "drop"


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Overwrite:
    """Puts `clip` in the place of what plays there; beyond the track's end, behind a gap."""

    track: str
    at: FrameTime
    clip: otio.schema.Clip


@dataclass(frozen=True, slots=True)
class Insert:
    """Splits what lies at `at` and moves the rest. A dissolve there stays with the clip on `dissolve`.

    `sync`, here and below: the other tracks that move along, at their own edit points or in their gaps; None: those
    of `Policies`. Where that would cut through a clip, the edit is refused with the list of those clips.
    """

    track: str
    at: FrameTime
    clip: otio.schema.Clip
    dissolve: Side = Side.LEFT
    sync: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class InsertGap:
    """Moves the rest of a track at one of its own edit points or in a gap; never splits a clip."""

    track: str
    at: FrameTime
    frames: int


@dataclass(frozen=True, slots=True)
class JoinShots:
    """Puts `clip` over the end of one clip and the start of the next, or over the whole gap between them.

    On the tracks of `sound`, it fills a gap that is there. Refused where it would cover more than that.
    """

    track: str
    at: FrameTime
    clip: otio.schema.Clip
    sound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lift:
    """Leaves a gap."""

    track: str
    at: FrameTime
    frames: int


@dataclass(frozen=True, slots=True)
class Extend:
    """The clip under `shot_at` grows by `camera_frames` of its media, and `clip` abuts it there.

    `camera_frames` are counted at the rate of the clip's source range, before a retime. With RIPPLE at the head the
    clip's place in the cut stays and what follows moves. A dissolve at that end moves to the new end. `sync` counts
    with RIPPLE alone.
    """

    track: str
    shot_at: FrameTime
    end: End
    camera_frames: Frames
    clip: otio.schema.Clip | None
    into: Into
    sync: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SwapTake:
    """Makes `key` the active media reference of the clip at `at`."""

    track: str
    at: FrameTime
    key: str


@dataclass(frozen=True, slots=True)
class AddTake:
    """Adds `reference` as `key` and `recipe` as `key`.recipe to the clip at `at`; the active reference stays."""

    track: str
    at: FrameTime
    key: str
    reference: otio.core.MediaReference
    recipe: otio.schema.GeneratorReference | None = None


@dataclass(frozen=True, slots=True)
class AddTrack:
    """An empty track above the track `above`; None: above all others of its kind."""

    name: str
    kind: str = otio.schema.TrackKind.Video
    above: str | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """Takes time out; what follows moves. A transition at one end of it stays where both sides carry it."""

    track: str
    at: FrameTime
    frames: int
    sync: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CloseGap:
    """Takes the gap under `at` out."""

    track: str
    at: FrameTime
    sync: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Makes an edit point; nothing looks different."""

    track: str
    at: FrameTime


@dataclass(frozen=True, slots=True)
class Trim:
    """Moves one end of the clip under `shot_at` by `by` frames, later if positive; here and below.

    No other clip changes: a gap beside it fills what becomes free, or gives what is needed.
    """

    track: str
    shot_at: FrameTime
    end: End
    by: int


@dataclass(frozen=True, slots=True)
class RippleTrim:
    """As `Trim`, and what follows moves; at the head, the clip keeps its place and shows other frames there."""

    track: str
    shot_at: FrameTime
    end: End
    by: int
    sync: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Roll:
    """Moves the edit point at `at`; the track's length stays."""

    track: str
    at: FrameTime
    by: int


@dataclass(frozen=True, slots=True)
class Slip:
    """The clip under `shot_at` shows what plays `by` frames later in its source; its place stays."""

    track: str
    shot_at: FrameTime
    by: int


@dataclass(frozen=True, slots=True)
class Slide:
    """The clip under `shot_at` moves by `by` frames; its neighbours make room and fill up."""

    track: str
    shot_at: FrameTime
    by: int


class FillLength(StrEnum):
    """What a three-point edit takes as its length: the clip's, the cut's, or the cut's by a retime of the clip."""

    SOURCE = "source"
    SEQUENCE = "sequence"
    FIT = "fit"


@dataclass(frozen=True, slots=True)
class Fill:
    """Overwrites [at, at + frames) with `clip` from its first frame on; `frames` None: the gap under `at`.

    With SOURCE the clip lasts as long as its source range; with FIT its source range is played in `frames`.
    """

    track: str
    at: FrameTime
    clip: otio.schema.Clip
    length: FillLength
    frames: int | None = None


@dataclass(frozen=True, slots=True)
class ReplaceShot:
    """Puts `clip` in the place of the clip under `shot_at`, from its own first frame on and for the same length."""

    track: str
    shot_at: FrameTime
    clip: otio.schema.Clip


@dataclass(frozen=True, slots=True)
class ReplaceSlug:
    """As `ReplaceShot`, where a slug is: anything else is refused."""

    track: str
    shot_at: FrameTime
    clip: otio.schema.Clip


@dataclass(frozen=True, slots=True)
class GrowTake:
    """Gives the take `key` of the clip at `at` longer media, which has to hold every frame that it held."""

    track: str
    at: FrameTime
    key: str
    reference: otio.core.MediaReference


@dataclass(frozen=True, slots=True)
class AddRecipe:
    """Adds a recipe to the clip at `at`, as `key`.recipe; nothing is made, and the active reference stays."""

    track: str
    at: FrameTime
    key: str
    recipe: otio.schema.GeneratorReference


@dataclass(frozen=True, slots=True)
class RemoveRecipe:
    """Takes the recipe under `key` from the clip at `at`; nothing that the clip plays is removed."""

    track: str
    at: FrameTime
    key: str


@dataclass(frozen=True, slots=True)
class PlayTake:
    """Makes `key` what the clip at `at` plays, from source time `start` on: for a clip that was only a recipe."""

    track: str
    at: FrameTime
    key: str
    start: otio.opentime.RationalTime


@dataclass(frozen=True, slots=True)
class ApproveTake:
    """Notes on the take `key` of the clip at `at` that it is approved: it is not made again."""

    track: str
    at: FrameTime
    key: str


@dataclass(frozen=True, slots=True)
class FillSlug:
    """Gives the clip at `at` a take in the place of its slug `slug`; how it was trimmed meanwhile stays.

    Where the clip is a slug, it plays the take from then on, and its source range counts in the take's own time; slugs
    of other orders stay beside it. Where the slug lies beside other media, its first frame is the take's, and the clip
    plays the take if it was to.
    """

    track: str
    at: FrameTime
    slug: str
    key: str
    reference: otio.core.MediaReference
    recipe: otio.schema.GeneratorReference | None
    name: str


@dataclass(frozen=True, slots=True)
class RemoveSlug:
    """Takes the slug `slug` from beside what the clip at `at` plays, if need be the slug of another order."""

    track: str
    at: FrameTime
    slug: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Carries `operations` out in the nest under `at`, whose tracks they name and whose first frame they count as 0.

    They count at the cut's rate. The nest's own place and length stay.
    """

    track: str
    at: FrameTime
    operations: "tuple[Operation, ...]"


Operation = (
    Overwrite
    | Insert
    | InsertGap
    | JoinShots
    | Lift
    | Extract
    | CloseGap
    | Slice
    | Trim
    | RippleTrim
    | Roll
    | Slip
    | Slide
    | Fill
    | ReplaceShot
    | ReplaceSlug
    | Extend
    | SwapTake
    | AddTake
    | GrowTake
    | AddRecipe
    | RemoveRecipe
    | PlayTake
    | ApproveTake
    | FillSlug
    | RemoveSlug
    | AddTrack
    | Inside
)
