"""What is sensible to order at a place, worked out from the cut alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from secondunit_plugin.panel.model.draft import USUAL, Asking, Extend, Generate, Join, Match, Replace
from secondunit_plugin.panel.model.layout import Around, Bar, Blend, Hole, Kind, Layout, Track
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace

_OVER_CUT = 4
"""Frames that a join over a cut takes of each shot where nobody says how many."""

# What it is good for, as a person is told.


@dataclass(frozen=True, slots=True)
class ForDissolve:
    """`shot` is grown by `frames`, so that its dissolve has frames to the end; the dissolve moves by as many."""

    shot: str
    frames: int


@dataclass(frozen=True, slots=True)
class DissolveHandle:
    """`frames` that the dissolve lacks, as a handle: nothing moves."""

    shot: str
    frames: int


@dataclass(frozen=True, slots=True)
class FillGap:
    frames: int


@dataclass(frozen=True, slots=True)
class JoinAcross:
    before: str
    after: str
    frames: int


@dataclass(frozen=True, slots=True)
class IntoGap:
    """`made` of the `frames` are generated, the others are the shot's own; None: nobody knows."""

    shot: str
    frames: int
    made: int | None


@dataclass(frozen=True, slots=True)
class Longer:
    """`made` as with `IntoGap`; `moves`: what follows moves."""

    frames: int
    made: int | None
    moves: bool


@dataclass(frozen=True, slots=True)
class SmoothJumpCut:
    pass


@dataclass(frozen=True, slots=True)
class JoinThese:
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MatchTo:
    """`like`: the shot that is taken for the look."""

    shot: str
    like: ShotPlace


@dataclass(frozen=True, slots=True)
class Again:
    pass


Purpose = (
    ForDissolve | DissolveHandle | FillGap | JoinAcross | IntoGap | Longer | SmoothJumpCut | JoinThese | MatchTo | Again
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`place`: where it is ordered, which is not always the place that it was suggested at."""

    place: Place
    asking: Asking
    purpose: Purpose


def suggestions(layout: Layout, place: Place, one_set_up: bool = False) -> tuple[Suggestion, ...]:
    """The most likely first; none on a locked track. `one_set_up`: the pictures that meet at a cut point show one."""
    around = layout.around(place)
    if around is None or around.track.locked:
        return ()
    match place:
        case JoinPlace():
            found = _at_cut(around, place, layout.rate, one_set_up)
        case GapPlace():
            found = _in_gap(around, place)
        case ShotPlace():
            found = _at_shot(around, place)
        case _:
            assert_never(place)
    return tuple(found)


def is_jump_cut(before: Bar, after: Bar, rate: Fraction) -> bool:
    """Whether two shots that meet are of one set-up, and the second does not go on where the first ends."""
    if before.media and before.media == after.media:
        return not _goes_on(before, after, rate)
    set_up = _set_up(before.name)
    return set_up != "" and set_up == _set_up(after.name)


def _at_cut(around: Around, place: JoinPlace, rate: Fraction, one_set_up: bool) -> Iterator[Suggestion]:
    before, after = around.before, around.after
    if not isinstance(before, Bar) or not isinstance(after, Bar):
        return
    if around.blend_after is not None:
        yield from _for_dissolve(around.blend_after, before, after)
    elif all(_joins(around.track, bar) for bar in (before, after)):
        jumps = is_jump_cut(before, after, rate) or one_set_up
        yield Suggestion(place, Join(), SmoothJumpCut() if jumps else JoinThese(before.name, after.name))
    yield from _matched(after, before)
    yield from _matched(before, after)


def _in_gap(around: Around, place: GapPlace) -> Iterator[Suggestion]:
    track, before, after, frames = around.track, around.before, around.after, place.frames
    if isinstance(before, Bar) and before.place and _grows(track, before):
        made = None if before.tail is None else max(0, frames - before.tail)
        yield Suggestion(before.place, Extend("tail", frames), IntoGap(before.name, frames, made))
    if isinstance(before, Bar) and isinstance(after, Bar) and all(_joins(track, bar) for bar in (before, after)):
        yield Suggestion(place, Join(), JoinAcross(before.name, after.name, frames))
    yield Suggestion(place, Generate(frames), FillGap(frames))
    if isinstance(after, Bar) and after.place and _grows(track, after):
        made = None if after.head is None else max(0, frames - after.head)
        yield Suggestion(after.place, Extend("head", frames), IntoGap(after.name, frames, made))


def _at_shot(around: Around, place: ShotPlace) -> Iterator[Suggestion]:
    before, here, after = around.before, around.here, around.after
    if not isinstance(here, Bar) or not _has_media(here):
        return
    if around.blend_after is not None and isinstance(after, Bar):
        yield from _for_dissolve(around.blend_after, here, after)
    if around.blend_before is not None and isinstance(before, Bar):
        yield from _for_dissolve(around.blend_before, before, here)
    if _grows(around.track, here):
        if isinstance(after, Hole):
            made = None if here.tail is None else max(0, after.frames - here.tail)
            yield Suggestion(place, Extend("tail", after.frames), IntoGap(here.name, after.frames, made))
        elif around.blend_after is None:
            made = None if here.tail is None else max(0, USUAL - here.tail)
            moves = after is not None
            yield Suggestion(place, Extend("tail", USUAL, "ripple" if moves else None), Longer(USUAL, made, moves))
    if isinstance(before, Bar):
        yield from _matched(here, before)
    if here.kind is not Kind.TAKE:
        yield Suggestion(place, Replace(), Again())


def _for_dissolve(blend: Blend, before: Bar, after: Bar) -> Iterator[Suggestion]:
    """A take carries all of a dissolve, so it grows by as much of it as lies within the shot."""
    if blend.short_before and before.place is not None and _has_media(before):
        if 0 < blend.before < after.frames - blend.after:
            yield Suggestion(before.place, Extend("tail", blend.before, "over"), ForDissolve(before.name, blend.before))
        handle = DissolveHandle(before.name, blend.short_before)
        yield Suggestion(before.place, Extend("tail", blend.after, "handles"), handle)
    elif blend.short_after and after.place is not None and _has_media(after):
        if 0 < blend.after < before.frames - blend.before:
            yield Suggestion(after.place, Extend("head", blend.after, "over"), ForDissolve(after.name, blend.after))
        handle = DissolveHandle(after.name, blend.short_after)
        yield Suggestion(after.place, Extend("head", blend.before, "handles"), handle)


def _matched(shot: Bar, like: Bar) -> Iterator[Suggestion]:
    if shot.place is None or like.place is None or not _has_media(shot) or not _has_media(like):
        return
    if shot.media != like.media or shot.name != like.name:
        yield Suggestion(shot.place, Match(), MatchTo(shot.name, like.place))


def _has_media(bar: Bar) -> bool:
    return bar.kind in (Kind.CAMERA, Kind.TAKE) and bar.speed is not None


def _grows(track: Track, bar: Bar) -> bool:
    """Not a freeze, nor a shot with a dissolve that lacks frames: an edit of that is refused until it has them."""
    blends = (track.blend_at(bar.at), track.blend_at(bar.end))
    short = any(blend is not None and (blend.short_before or blend.short_after) for blend in blends)
    return _has_media(bar) and bar.speed != 0 and not short


def _joins(track: Track, bar: Bar) -> bool:
    return _grows(track, bar) and bar.speed == 1 and bar.frames > _OVER_CUT


def _goes_on(before: Bar, after: Bar, rate: Fraction) -> bool:
    """Whether a cut lies between frames that follow one another in the media."""
    if before.media != after.media or before.speed is None or before.speed != after.speed:
        return False
    return abs(before.begins + before.frames * before.speed / rate - after.begins) < 1 / (2 * rate)


# "12A-3", "12A/3"; "SC12_T03", "kitchen take 2", "Wide_tk4".
_SLATE = re.compile(r"(\d+[A-Za-z]{1,2})[-/_ ]\d{1,3}")
_TAKE = re.compile(r"(.*[^\W_])[\s_.-]+(?:take|tk|t)[\s_.-]*\d{1,3}", re.IGNORECASE)


def _set_up(name: str) -> str:
    """What the names of the takes of one set-up begin with; empty where a name does not say."""
    name = re.sub(r"\.\w{2,4}$", "", name.strip())
    found = _SLATE.fullmatch(name) or _TAKE.fullmatch(name)
    return found[1].lower() if found is not None else ""
