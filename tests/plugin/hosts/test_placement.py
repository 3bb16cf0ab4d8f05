"""A host that does something else than it was told: reading back shows where, and it is undone."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

import pytest
from secondunit_bridge.errors import CutMoved, HostError, Misplaced, Unplaceable
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.placement import Beside, Placed, place
from secondunit_plugin.hosts.steps import Add, Change, Step
from secondunit_plugin.hosts.strips import Kind, Strip
from secondunit_timeline.changes import Edit
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.operations import Operation, Overwrite, Slip

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.fake import FakeEditor
from tests.plugin.hosts.test_conformance import extended, joined, land_in, settings_in
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot


@pytest.fixture
def shown(make_clip: MakeClip) -> Film:
    return film(make_clip)


def opened(made: Film, supports: Iterable[Support] = Support) -> FakeEditor:
    editor = FakeEditor(supports)
    editor.open(made.cut)
    return editor


def planned(editor: FakeEditor, operation: Operation) -> Edit:
    return edit(editor.host.read().cut, [operation])[1]


def spoiled(step: Step, change: Callable[[Strip], Strip]) -> Step:
    match step:
        case Change(before, after):
            return Change(before, change(after))
        case Add(strip, like):
            return Add(change(strip), like)
        case _:
            return step


def a_frame_late(strip: Strip) -> Strip:
    assert strip.media is not None
    return replace(strip, media=replace(strip.media, first=strip.media.first + 1))


@pytest.mark.parametrize("supports", [set(Support), set(Support) - {Support.UNDO}], ids=["undo", "no undo"])
def test_a_difference_is_said_and_undone(shown: Film, supports: set[Support]) -> None:
    editor = opened(shown, supports)
    editor.host.spoils = lambda step: spoiled(step, a_frame_late) if not editor.host.undo_names else step
    before = editor.host.read()
    with pytest.raises(Misplaced) as told:
        place(editor.host, before, planned(editor, Slip("V1", at(70), 5)), "Slip", probed)
    path = Index(before.cut).tracks[0].items[2].child.media_reference.target_url
    assert str(told.value) == (
        f"Fake did not place what was planned: V1 01:00:02:16 shows frame 26 of {path} instead of frame 25 of {path}. "
        "It was undone"
    )
    assert editor.host.read().revision == before.revision


def test_what_cannot_be_undone_is_said(shown: Film) -> None:
    editor = opened(shown, set(Support) - {Support.UNDO})
    editor.host.spoils = lambda step: spoiled(step, a_frame_late)
    with pytest.raises(Misplaced, match=r"Undoing it has left V1 01:00:02:16 shows frame 21 .* undo it in Fake"):
        place(editor.host, editor.host.read(), planned(editor, Slip("V1", at(70), 5)), "Slip", probed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda strip: replace(strip, id="other"), "'D' on V1 is there, but its id is not"),
        (lambda strip: replace(strip, frames=strip.frames - 1), "V1 01:00:03:14 shows nothing instead of frame 61"),
        (lambda strip: replace(strip, enabled=False), "V1 01:00:03:03 shows nothing instead of frame 50"),
        (lambda strip: replace(strip, media=replace(strip.media, speed=Fraction(2))), "V1 01:00:03:04 shows frame 52"),
    ],
    ids=["id", "length", "off", "speed"],
)
def test_every_kind_of_difference_is_seen(shown: Film, change: Callable[[Strip], Strip], said: str) -> None:
    editor = opened(shown)
    editor.host.spoils = lambda step: spoiled(step, change) if isinstance(step, Add) and not step.like else step
    other = shot(shown.make_clip(96, name="film-d"), 96, 50, 12, "D")
    with pytest.raises(Misplaced, match=said):
        place(editor.host, editor.host.read(), planned(editor, Overwrite("V1", at(75), other)), "Overwrite", probed)
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)


def test_takes_that_the_host_loses_are_seen(shown: Film) -> None:
    editor = opened(shown)
    editor.host.spoils = lambda step: spoiled(step, lambda strip: replace(strip, state=""))
    before = editor.host.read()
    ordered = extended(before.cut, settings_in(shown))
    assert ordered.order is not None
    take = shown.take(ordered.order)
    with pytest.raises(Misplaced, match=f"came back without take.{take.record.take_id}"):
        land_in(editor, before.id, ordered, (take,))
    assert frame_map(editor.host.read().cut) == frame_map(shown.cut)


def test_a_host_that_gives_up_half_way_is_said(shown: Film) -> None:
    editor = opened(shown)

    def fail(_step: Step) -> Step:
        editor.trim(70, 3)
        raise HostError("Fake is out of memory")

    editor.host.spoils = fail
    with pytest.raises(Misplaced, match=r"Fake is out of memory. Fake has carried it out in part: V1 01:00:03:19"):
        place(editor.host, editor.host.read(), planned(editor, Slip("V1", at(10), -5)), "Slip", probed)


def test_a_version_that_differs_is_removed(shown: Film) -> None:
    editor = opened(shown, {Support.VERSIONS})
    editor.host.spoils_version = lambda strips: replace(strips, strips=strips.strips[1:])
    with pytest.raises(Misplaced, match="is not as planned, and was removed: V1 01:00:00:00 shows nothing"):
        place(editor.host, editor.host.read(), planned(editor, Slip("V1", at(70), 5)), "Slip", probed)
    assert editor.host.versions == {}
    editor.host.spoils_version = lambda strips: strips
    done = place(editor.host, editor.host.read(), planned(editor, Slip("V1", at(70), 5)), "Slip", probed)
    assert isinstance(done, Beside)
    assert done.why == "Fake takes every edit as a version"


def test_an_editor_who_works_on_does_not_keep_takes_out(shown: Film) -> None:
    """The cut moves twice between reading and placing; a third time it is given up, and nothing is placed."""
    editor = opened(shown)
    ordered = joined(editor.host.read().cut, settings_in(shown))
    assert ordered.order is not None
    take, where = shown.take(ordered.order), editor.host.read().id
    moves = 2

    class Moving:
        @property
        def host(self) -> "Moving":
            return self

        def __getattr__(self, name: str) -> object:
            return getattr(editor.host, name)

        def apply(self, *told: object) -> object:
            nonlocal moves
            if moves:
                moves -= 1
                editor.insert_gap(64, 1)
            return editor.host.apply(*told)  # type: ignore[arg-type]

    done = land_in(Moving(), where, ordered, (take,))  # type: ignore[arg-type]
    assert isinstance(done, Placed)
    editor.open(shown.cut)
    moves, where = 3, editor.host.read().id
    with pytest.raises(CutMoved):
        land_in(Moving(), where, ordered, (take,))  # type: ignore[arg-type]
    assert not any(one.generated for one in editor.host.strips.strips)


@pytest.mark.parametrize(("plan", "shot_frame"), [(extended, 10), (joined, 70)])
def test_what_is_generated_looks_like_its_shot(shown: Film, plan: Callable[..., object], shot_frame: int) -> None:
    """The host is told whose transform, crop and grade the new clip takes over."""
    editor = opened(shown)
    told: list[Step] = []
    editor.host.spoils = lambda step: (told.append(step), step)[1]
    before = editor.host.read()
    ordered = plan(before.cut, settings_in(shown))
    land_in(editor, before.id, ordered, (shown.take(ordered.order),))  # type: ignore[attr-defined, arg-type]
    (like,) = [step.like for step in told if isinstance(step, Add) and step.strip.kind is Kind.PICTURE]
    item = Index(before.cut).tracks[0].at(shot_frame)
    assert item is not None
    assert like == item.child.metadata["secondunit"]["host_id"]


@pytest.mark.parametrize("versions", [True, False])
def test_what_a_host_can_place_in_a_version_alone_goes_there(shown: Film, versions: bool) -> None:
    editor = opened(shown, set(Support) - (set() if versions else {Support.VERSIONS}))

    def refuse(_step: Step) -> Step:
        raise Unplaceable("not between these frames")

    editor.host.spoils = refuse
    before = editor.host.read()
    done = planned(editor, Slip("V1", at(70), 5))
    if versions:
        placement = place(editor.host, before, done, "Slip", probed)
        assert isinstance(placement, Beside)
        assert placement.why == "not between these frames"
    else:
        with pytest.raises(HostError, match="not between these frames: nothing was placed"):
            place(editor.host, before, done, "Slip", probed)
    assert editor.host.read().revision == before.revision
