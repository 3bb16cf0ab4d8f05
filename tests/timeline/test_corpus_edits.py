"""Every operation on every interchange file: what it does not claim stays, and the way back leads to the same bytes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import get_args

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit, apply
from secondunit_timeline.edits import Links, Policies, edit
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.operations import (
    AddRecipe,
    AddTake,
    AddTrack,
    ApproveTake,
    CloseGap,
    End,
    Extend,
    Extract,
    Fill,
    FillLength,
    FillSlug,
    GrowTake,
    Insert,
    InsertGap,
    Inside,
    Into,
    JoinShots,
    Lift,
    Operation,
    Overwrite,
    PlayTake,
    RemoveRecipe,
    RemoveSlug,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    SwapTake,
    Trim,
)
from secondunit_timeline.slugs import slug

from tests.conftest import FOOTAGE
from tests.timeline.corpus import NEEDS_CORPUS, TrackMap, alike, cuts, files, name_of, read_file, sampled, track_maps
from tests.timeline.cuts import clip, times

BY = 2
LENGTH = 8
ADDED = "added"


@dataclass(frozen=True)
class Kept:
    """The frames from `low` to before `high` show afterwards, `moved` frames later, what they showed."""

    low: float
    high: float
    moved: int = 0


@dataclass(frozen=True)
class Asked:
    """`kept` is what the operation's contract leaves as it is on its own track, and `synced` on those in sync."""

    operations: tuple[Operation, ...]
    kept: tuple[Kept, ...] = (Kept(-inf, inf),)
    synced: tuple[Kept, ...] = (Kept(-inf, inf),)

    @property
    def kind(self) -> type[Operation]:
        return type(self.operations[-1])


def without(low: float, high: float) -> tuple[Kept, ...]:
    return Kept(-inf, low), Kept(high, inf)


def pushed(at: float, frames: int, taken: float = 0) -> tuple[Kept, ...]:
    return Kept(-inf, at), Kept(at + taken, inf, frames)


def asked_at(index: Index, track: TrackIndex, item: Item) -> Iterator[Asked]:
    """Each kind of operation once, on `item` or at its ends. The item lies on whole frames."""
    name, rate = track.name, index.rate
    start, end = int(item.start), int(item.end)
    middle = start + (end - start) // 2
    sync = tuple(one.name for one in index.tracks if one is not track and not one.locked)

    def at(frame: int) -> FrameTime:
        return FrameTime(frame, rate)

    new = clip("new", 100, LENGTH, (60, 300), rate)
    yield Asked((Overwrite(name, at(middle), new),), without(middle, middle + LENGTH))
    yield Asked((Insert(name, at(middle), new),), pushed(middle, LENGTH))
    yield Asked((Insert(name, at(start), new, sync=sync),), pushed(start, LENGTH), pushed(start, LENGTH))
    yield Asked((InsertGap(name, at(end), LENGTH),), pushed(end, LENGTH))
    if start >= BY:
        yield Asked((JoinShots(name, at(start - BY), new),), without(start - BY, start - BY + LENGTH))
    if isinstance(item.child, otio.schema.Stack | otio.schema.Track):
        nested = item.child[0].name if isinstance(item.child, otio.schema.Stack) else item.child.name
        yield Asked((Inside(name, at(start), (Overwrite(nested or "V1", at(BY), new),)),), without(start, end))
    wrapped = Inside(name, at(middle), (Overwrite("V1", at(0), new), Slice("V1", at(BY))))
    yield Asked((Overwrite(name, at(middle), nest_of(rate)), wrapped), without(middle, middle + LENGTH))
    yield Asked((Lift(name, at(middle), LENGTH),), without(middle, middle + LENGTH))
    taken = min(LENGTH, int(track.end) - middle)
    yield Asked((Extract(name, at(middle), taken),), pushed(middle, -taken, taken))
    length = end - start
    yield Asked((Extract(name, at(start), length, sync),), *2 * (pushed(start, -length, length),))
    yield Asked((Slice(name, at(middle)),))
    yield Asked((Trim(name, at(start), End.TAIL, -BY),), without(end - BY, end))
    yield Asked((Trim(name, at(start), End.HEAD, BY),), without(start, start + BY))
    yield Asked((RippleTrim(name, at(start), End.TAIL, BY, sync),), *2 * (pushed(end, BY),))
    yield Asked((RippleTrim(name, at(start), End.HEAD, BY),), pushed(start, -BY, BY))
    yield Asked((Roll(name, at(start), BY),), without(start, start + BY))
    yield Asked((Slip(name, at(start), BY),), without(start, end))
    slid = (Kept(-inf, start), Kept(start, end, BY), Kept(end + BY, inf))
    yield Asked((Slide(name, at(start), BY),), slid)
    for fill in FillLength:
        yield Asked((Fill(name, at(start), new, fill, LENGTH),), without(start, start + LENGTH))
    yield Asked((ReplaceShot(name, at(start), new),), without(start, end))
    placeholder = slug("slug", at(100), FrameTime(LENGTH, rate))
    for_slug = Overwrite(name, at(middle), placeholder), ReplaceSlug(name, at(middle), new)
    yield Asked(for_slug, without(middle, middle + LENGTH))
    for into in Into:
        kept = pushed(end, LENGTH) if into is Into.RIPPLE else without(end, end + LENGTH)
        yield Asked((Extend(name, at(start), End.TAIL, 0, new, into),), kept)
        # At the head, ripple keeps the clip's place: what it shows and what follows moves.
        kept = pushed(start, LENGTH) if into is Into.RIPPLE else without(start - LENGTH, start)
        yield Asked((Extend(name, at(start), End.HEAD, 0, new, into),), kept)
    yield Asked((Extend(name, at(start), End.TAIL, BY, None, Into.RIPPLE),), without(end, inf))
    take = otio.schema.ExternalReference("/takes/t.mov", item.child.trimmed_range())
    longer = otio.schema.ExternalReference(
        "/takes/t.mov", take.available_range.extended_by(otio.opentime.TimeRange(end_of(take), end_of(take)))
    )
    yield Asked((AddTake(name, at(start), "take.1", take), SwapTake(name, at(start), "take.1")))
    yield Asked((AddTake(name, at(start), "take.1", take),))
    yield Asked((AddTake(name, at(start), "take.1", take), GrowTake(name, at(start), "take.1", longer)))
    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.extend")
    yield Asked((AddRecipe(name, at(start), "take.1", recipe),))
    added = AddRecipe(name, at(start), "take.1", recipe)
    yield Asked((added, RemoveRecipe(name, at(start), "take.1.recipe")))
    yield Asked((AddTake(name, at(start), "take.1", take), ApproveTake(name, at(start), "take.1")))
    first = take.available_range.start_time
    yield Asked(
        (AddTake(name, at(start), "take.1", take), PlayTake(name, at(start), "take.1", first)), without(start, end)
    )
    yield Asked((AddTrack(ADDED),))
    yield Asked((AddTrack(ADDED, track.kind, name),))
    gap = next((one for one in track.items if isinstance(one.child, otio.schema.Gap)), None)
    if gap is not None and gap.start == int(gap.start) and gap.duration == int(gap.duration):
        here, frames = int(gap.start), int(gap.duration)
        yield Asked((CloseGap(name, at(here)),), pushed(here, -frames, frames))
        yield Asked((CloseGap(name, at(here), sync),), *2 * (pushed(here, -frames, frames),))
    else:
        yield Asked((CloseGap(name, at(start)),))


def nest_of(rate: Fraction) -> otio.schema.Stack:
    track = otio.schema.Track("V1")
    track.append(clip("inside", 100, LENGTH, (60, 300), rate))
    return otio.schema.Stack("nest", [track], times(0, LENGTH, rate))


def end_of(reference: otio.core.MediaReference) -> otio.opentime.RationalTime:
    return reference.available_range.end_time_exclusive()


def places(index: Index, every: bool) -> Iterator[tuple[TrackIndex, Item]]:
    """Clips and nests on whole frames: one a kind of track, in the middle of the longest; or `every` one."""
    for kind in sorted({track.kind for track in index.tracks}):
        found = [
            (track, item)
            for track in sorted(index.tracks, key=lambda track: -len(track.items))
            for item in track.items
            if track.kind == kind and not isinstance(item.child, otio.schema.Gap)
            if Fraction(item.start).denominator == Fraction(item.duration).denominator == 1 and item.start >= 0
        ]
        longest = [place for place in found if place[0] is found[0][0]]
        yield from found if every else longest[len(longest) // 2 : len(longest) // 2 + 1]


def differing(before: TrackMap, after: TrackMap, kept: Kept) -> list[int]:
    """The frames of `kept` that show something else, those aside that lie under a transition at the edit."""
    hidden = [
        (low + moved, high + moved)
        for one, edge, moved in (
            *((before, edge, kept.moved) for edge in (kept.low, kept.high)),
            *((after, edge + kept.moved, 0) for edge in (kept.low, kept.high)),
        )
        for low, high in one.under_transitions(edge, edge)
    ]
    points = {*sampled(before), *(point - kept.moved for point in sampled(after))}
    return [
        point
        for point in sorted(points)
        if kept.low <= point < kept.high and point >= 0
        if not any(low <= point + kept.moved < high for low, high in hidden)
        if not alike(before(point), after(point + kept.moved))
    ]


def check(cut: otio.schema.Timeline, frozen: str, index: Index, track: TrackIndex, asked: Asked) -> bool:
    try:
        new, change = edit(cut, asked.operations, Policies(sync=(), links=Links.IGNORE))
    except CutError as refusal:
        assert len(str(refusal)) > 20, asked
        return False
    assert cut.to_json_string() == frozen, asked
    back = apply(Edit.from_json(change.to_json()).inverse(), new)
    assert back.to_json_string() == frozen, asked
    if new.global_start_time is None and not new.find_clips():
        return True  # without clips such a cut does not say its rate
    sync = getattr(asked.operations[-1], "sync", None) or ()
    now = [one for one in track_maps(Index(new)) if one.track.name != ADDED]
    for was, after in zip(track_maps(index), now, strict=True):
        name, untouched = was.track.name, (Kept(-inf, inf),)
        for kept in asked.kept if name == track.name else asked.synced if name in sync else untouched:
            wrong = differing(was, after, kept)
            assert not wrong, (asked, name, kept, wrong[:5], was(wrong[0]), after(wrong[0] + kept.moved))
    return True


def sweep(cut: otio.schema.Timeline, every: bool) -> Counter[tuple[type[Operation], bool]]:
    index, frozen = Index(cut), cut.to_json_string()
    seen: Counter[tuple[type[Operation], bool]] = Counter()
    for track, item in places(index, every):
        for asked in asked_at(index, track, item):
            seen[asked.kind, check(cut, frozen, index, track, asked)] += 1
    return seen


@NEEDS_CORPUS
def test_every_operation_is_carried_out_or_refused_on_every_file() -> None:
    seen: Counter[tuple[type[Operation], bool]] = Counter()
    for cut in (*cuts().values(), *cuts(FOOTAGE).values()):
        seen += sweep(cut, every=False)
    for kind in {*get_args(Operation)} - {FillSlug, RemoveSlug}:  # no file holds a slug: see test_awaited
        assert seen[kind, True] > 5, f"{kind.__name__} is not tried, or hardly ever carried out"


@NEEDS_CORPUS
@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_operation_on_every_clip_of_every_file(path: Path) -> None:
    cut = read_file(path)
    if isinstance(cut, otio.schema.Timeline):
        sweep(cut, every=True)
