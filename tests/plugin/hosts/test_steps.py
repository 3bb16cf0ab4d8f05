"""Steps make one version of a cut of another, whatever changed, and no two strips ever overlap on the way."""

from dataclasses import replace
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_plugin.hosts.steps import Change, Remove, Step, steps
from secondunit_plugin.hosts.strips import Kind, Media, Strip, Strips, Track, Transition
from secondunit_plugin.hosts.wire import steps_from_json, steps_to_json, strips_from_json, strips_to_json

from tests.plugin.hosts.carried_out import carried_out

RATE = Fraction(24000, 1001)


def strip(name: str, start: int, frames: int, track: str = "V1") -> Strip:
    media = Media(f"/media/{name}.mov", RATE, Fraction(start), Fraction(1))
    return Strip(name, track, Kind.PICTURE, name, start, frames, media)


def cut(*strips: Strip, transitions: tuple[Transition, ...] = (), tracks: tuple[str, ...] = ("V1", "V2")) -> Strips:
    named = tuple(Track(name, Kind.PICTURE) for name in tracks)
    return Strips("cut", RATE, 86400, named, strips, transitions)


@st.composite
def cuts(draw: st.DrawFn) -> Strips:
    """Strips of eight names, each at most once, in some order on two or three tracks."""
    names = draw(st.permutations("abcdefgh"))
    tracks = ("V1", "V2") if draw(st.booleans()) else ("V1", "V2", "V3")
    made: list[Strip] = []
    transitions: list[Transition] = []
    for track in tracks:
        at = 0
        for _ in range(draw(st.integers(0, 3))):
            if not names:
                break
            at += (apart := draw(st.integers(0, 3)))
            frames = draw(st.integers(1, 6))
            last = made[-1] if made and made[-1].track == track else None
            made.append(strip(names.pop(), at, frames, track))
            if last is not None and apart == 0 and draw(st.booleans()):
                transitions.append(Transition(track, at, 1, 1, last.id, made[-1].id))
            at += frames
    return cut(*made, transitions=tuple(transitions), tracks=tracks)


@given(cuts(), cuts())
def test_steps_lead_from_any_cut_to_any_other(before: Strips, after: Strips) -> None:
    assert reduce(carried_out, steps(before, after), before) == after


@given(cuts(), cuts())
def test_json_keeps_everything(before: Strips, after: Strips) -> None:
    made = steps(before, after)
    assert steps_from_json(steps_to_json(made)) == made
    assert strips_from_json(strips_to_json(after)) == after
    assert all(isinstance(one.kind, Kind) for one in strips_from_json(strips_to_json(after)).strips)


def test_equal_cuts_need_no_step() -> None:
    one = cut(strip("a", 0, 5), strip("b", 5, 5), transitions=(Transition("V1", 5, 1, 1, "a", "b"),))
    assert steps(one, one) == ()


def test_what_moves_stays_the_same_strip() -> None:
    """A thousand shots that ripple by a frame: each moves once, the last one first."""
    before = cut(*(strip(str(number), number * 10, 10) for number in range(1000)))
    after = replace(before, strips=tuple(replace(one, start=one.start + 1) for one in before.strips))
    made = steps(before, after)
    assert [one.after.id for one in made if isinstance(one, Change)] == [str(n) for n in reversed(range(1000))]
    assert len(made) == 1000


def test_strips_that_change_places_are_not_taken_out() -> None:
    before = cut(strip("a", 0, 5), strip("b", 5, 7))
    after = cut(replace(before.strips[1], start=0), replace(before.strips[0], start=7))
    made = steps(before, after)
    assert not any(isinstance(one, Remove) for one in made)
    assert reduce(carried_out, made, before) == after


def test_a_sound_strip_is_no_picture_strip() -> None:
    sound = Track("A1", Kind.SOUND)
    one = replace(cut(strip("a", 0, 5)), tracks=(sound, Track("V1", Kind.PICTURE)))
    other = replace(one, strips=(replace(one.strips[0], track="A1", kind=Kind.SOUND),))
    made: tuple[Step, ...] = steps(one, other)
    assert reduce(carried_out, made, one) == other
    assert not any(isinstance(step, Change) for step in made)


def test_another_rate_is_refused() -> None:
    one = cut(strip("a", 0, 5))
    with pytest.raises(CutError, match="rate"):
        steps(one, replace(one, rate=Fraction(25)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"start":0', '"start":0.5'),
        ('"kind":"picture"', '"kind":"film"'),
        ('"24000/1001"', "23.976"),
        ('"24000/1001"', '"24000/0"'),
        ('"name"', '"nom"'),
    ],
)
def test_json_that_is_not_exact_is_refused(old: str, new: str) -> None:
    text = strips_to_json(cut(strip("a", 0, 5))).decode()
    assert old in text
    with pytest.raises(CutError, match="no cut as strips"):
        strips_from_json(text.replace(old, new))
