"""Metas of real Blenders: what they show is told, shots in an open one are worked on, and takes at another speed lie in
one, which is edited like any other strip."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError, HostError, Misplaced
from secondunit_plugin.hosts.placement import Placed, place
from secondunit_plugin.hosts.steps import Change
from secondunit_plugin.hosts.strips import strips_from
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import Flat
from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Insert, InsertGap, Lift, Operation, Overwrite, Roll, Slice, Slip, Trim
from secondunit_timeline.times import time_range

from tests.end_to_end.hosts.blender import VERSIONS
from tests.end_to_end.hosts.test_blender import numbered, rendered
from tests.plugin.hosts.bpy_editor import BlenderEditor, opened
from tests.plugin.hosts.conformance import film, frame_map, probed
from tests.plugin.hosts.test_conformance import extended, land_in, plays_at, settings_in, v1
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut

pytestmark = pytest.mark.long
RATE = Fraction(24)
START = 86400


@pytest.fixture(scope="module", params=VERSIONS)
def editor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlenderEditor]:
    with opened(tmp_path_factory.mktemp("blender"), request.param) as made:
        yield made


def opened_with(editor: BlenderEditor, *children: otio.core.Item) -> None:
    """Pictures of numbers as large as the frame."""
    editor.open(sounding_cut(*children))
    editor.blender.do("scene.render.resolution_x, scene.render.resolution_y = 128, 32")


def told(editor: BlenderEditor, first: int, frames: int) -> list[int | None]:
    """The frame of the media that the cut says to show on each frame; None where it says nothing."""
    flat = Flat(editor.host.read().cut)
    shown = [flat.picture(first + number) for number in range(frames)]
    return [layers[-1].frame(RATE) if layers else None for layers in shown]


def make_meta(editor: BlenderEditor, *names: str) -> None:
    """As Ctrl G does it, of strips by their names."""
    editor.blender.do(
        f"for one in strips: one.select = one.name in {names!r}\n"
        f"api.editor(scene).active_strip = strips[{names[0]!r}]\n"
        "with api.sequencer(scene): bpy.ops.sequencer.meta_make()\n"
        "api.push_undo('Meta')"
    )


def toggle(editor: BlenderEditor, name: str) -> None:
    """Tab, on a meta; without a name it leaves the one that is open."""
    editor.blender.do(
        f"one = api.all_strips(scene).get({name!r})\n"
        "for other in api.all_strips(scene): other.select = other == one\n"
        "api.editor(scene).active_strip = one\n"
        "with api.sequencer(scene): bpy.ops.sequencer.meta_toggle()\n"
        "api.push_undo('Tab')"
    )


def test_what_is_told_of_a_meta_is_what_blender_renders(editor: BlenderEditor, tmp_path: Path) -> None:
    """Two shots with a gap between them; the meta's ends are trimmed, it is moved, edited, and put into another one."""
    path = numbered(tmp_path / "numbers.mp4", 100, RATE)
    media = otio.schema.ExternalReference(str(path), time_range(0, 100, RATE))
    clips = [otio.schema.Clip(name, media, time_range(first, 20, RATE)) for name, first in (("one", 5), ("two", 50))]
    opened_with(editor, clips[0], otio.schema.Gap(source_range=time_range(0, 4, RATE)), clips[1])
    make_meta(editor, "one", "two")
    editor.blender.do(
        "meta = next(one for one in strips if one.type == 'META')\n"
        "api.put(meta, 'left_handle', 86403); api.put(meta, 'right_handle', 86437)\n"
        "api.put(meta, 'content_start', api.get(meta, 'content_start') + 10)"
    )
    expected = [*range(8, 25), None, None, None, None, *range(50, 63)]
    assert told(editor, 13, 34) == expected
    shown = rendered(editor, tmp_path, START + 13, START + 47)
    assert shown == [number or 0 for number in expected]
    track, third = v1(editor.host.read().cut), otio.schema.Clip("three", media, time_range(0, 5, RATE))
    for operation in (Insert(track, at(0), third), Overwrite(track, at(16), third), Lift(track, at(50), 10)):
        sequence = editor.host.read()
        planned, done = edit(sequence.cut, [operation])
        placed = place(editor.host, sequence, done, "Edit", probed)
        assert isinstance(placed, Placed)
        assert frame_map(placed.sequence.cut) == frame_map(planned)
    expected = [*range(5), *range(11, 25), None, None, None, None, *range(50, 61)]
    assert told(editor, 16, 34) == expected
    shown = rendered(editor, tmp_path, START + 16, START + 50)
    assert shown == [number or 0 for number in expected]
    make_meta(editor, *editor.blender.do("result = [one.name for one in strips]"))
    assert told(editor, 16, 34) == expected


def test_shots_in_an_open_meta_are_worked_on_like_others(editor: BlenderEditor, make_clip: MakeClip) -> None:
    made = film(make_clip)
    editor.open(made.cut)
    before = editor.host.read()
    make_meta(editor, "A", "B")
    name = editor.blender.do("result = next(one.name for one in strips if one.type == 'META')")
    outside = editor.host.read()
    assert frame_map(outside.cut)[0] == frame_map(before.cut)[0]
    said = editor.blender.do(
        f"for one in strips: one.select = one.name == {name!r}\n"
        "try: bpy.ops.secondunit.extend()\n"
        "except RuntimeError as error: result = str(error)"
    )
    assert f"{name} is a meta: open it (Tab), and select a shot in it" in said
    toggle(editor, name)
    inside = editor.host.read()
    assert inside.id.sequence == f"{outside.id.sequence} / {name}"
    ordered = extended(inside.cut, settings_in(made))
    assert ordered.order is not None
    take = made.take(ordered.order)
    toggle(editor, "")
    assert editor.host.read().revision == outside.revision
    with pytest.raises(HostError, match="open the former"):
        land_in(editor, inside.id, ordered, (take,))
    toggle(editor, name)
    placed = land_in(editor, inside.id, ordered, (take,))
    assert isinstance(placed, Placed)
    assert plays_at(placed.sequence.cut, take) == [40]
    toggle(editor, "")
    seen = editor.host.read()
    nest = next(item.child for item in Index(seen.cut).tracks[0].items if isinstance(item.child, otio.schema.Stack))
    assert plays_at(nest_as_cut(nest), take) == [40]
    toggle(editor, name)
    editor.host.undo(editor.host.read().revision)
    editor.host.undo(editor.host.read().revision)
    editor.host.undo(editor.host.read().revision)
    assert editor.host.read().revision == inside.revision


def nest_as_cut(nest: otio.schema.Stack) -> otio.schema.Timeline:
    cut = otio.schema.Timeline("nest", global_start_time=otio.opentime.RationalTime(0, 24))
    cut.tracks = nest.deepcopy()
    return cut


@pytest.mark.parametrize(
    "speed", [Fraction(1, 2), Fraction(4, 5), Fraction(2), Fraction(-1), Fraction(0), Fraction(-1, 2), Fraction(-2)]
)
def test_a_strip_at_another_speed_is_one_that_is_edited_like_others(
    editor: BlenderEditor, tmp_path: Path, speed: Fraction
) -> None:
    """Placed, slipped, trimmed at both ends, moved by a ripple and by hand, split; always rendered as it is told."""
    path = numbered(tmp_path / "numbers.mp4", 100, RATE)
    media = otio.schema.ExternalReference(str(path), time_range(0, 100, RATE))
    opened_with(editor, otio.schema.Clip("one", media, time_range(5, 20, RATE)))
    warp = otio.schema.LinearTimeWarp(time_scalar=float(speed))
    other = otio.schema.Clip("two", media, time_range(50, 16, RATE), effects=[warp])
    third = otio.schema.Clip("three", media, time_range(0, 5, RATE))
    track = v1(editor.host.read().cut)
    operations: tuple[Operation, ...] = (
        *(Overwrite(track, at(30), other), Slip(track, at(35), 3), Trim(track, at(35), End.HEAD, 2)),
        *(Trim(track, at(35), End.TAIL, -3), Trim(track, at(35), End.HEAD, -4), Insert(track, at(0), third)),
        Slice(track, at(40)),
    )
    for number, operation in enumerate(operations):
        sequence = editor.host.read()
        planned, done = edit(sequence.cut, [operation])
        placed = place(editor.host, sequence, done, f"Edit {number}", probed)
        assert isinstance(placed, Placed)
        assert frame_map(placed.sequence.cut) == frame_map(planned)
        if number in (0, 4, 6):
            first, last = (30, 46) if number == 0 else (28, 43) if number == 4 else (33, 48)
            assert told(editor, first, last - first) == rendered(editor, tmp_path, START + first, START + last)
            assert editor.blender.do("result = [one.channel for one in strips if one.type == 'SPEED']") == []
    editor.blender.do("one = strips['two']; api.put(one, 'content_start', api.get(one, 'content_start') + 50)")
    assert told(editor, 83, 7) == rendered(editor, tmp_path, START + 83, START + 90)
    editor.blender.do(
        "for one in strips: one.select = one.name == 'two'\n"
        "with api.sequencer(scene): bpy.ops.sequencer.split(frame=86487, type='SOFT', side='BOTH')"
    )
    split = [one.frames for one in strips_from(editor.host.read().cut, probed).strips if one.start in (83, 87)]
    assert (split, told(editor, 83, 7)) == ([4, 3], rendered(editor, tmp_path, START + 83, START + 90))


@pytest.mark.parametrize("other", [Fraction(1), Fraction(3, 4), Fraction(-1), Fraction(-2)])
@pytest.mark.parametrize(
    "change",
    [
        "pass",
        "one.use_reverse_frames = True",
        "api.put(one, 'left_handle', int(api.get(one, 'content_start'))); api.put(one, 'right_handle', 86495)\n"
        "api.editor(scene).active_strip = one\n"
        "with api.sequencer(scene): bpy.ops.sequencer.retiming_segment_speed_set(speed=50)",
    ],
    ids=["plain", "reverse", "retimed"],
)
def test_a_strip_gets_another_speed(editor: BlenderEditor, tmp_path: Path, change: str, other: Fraction) -> None:
    path = numbered(tmp_path / "numbers.mp4", 100, RATE)
    media = otio.schema.ExternalReference(str(path), time_range(0, 100, RATE))
    opened_with(editor, otio.schema.Clip("one", media, time_range(5, 20, RATE)))
    editor.blender.do(
        f"one = strips['one']; one.select = True\n{change}\n"
        "api.put(one, 'left_handle', 86400); api.put(one, 'right_handle', 86420)"
    )
    sequence = editor.host.read()
    (strip,) = strips_from(sequence.cut, probed).strips
    assert strip.media is not None
    after = replace(strip, media=replace(strip.media, first=Fraction(60), speed=other))
    editor.host.apply((Change(strip, after),), RATE, sequence.revision, "Speed")
    seen = told(editor, strip.start, strip.frames)
    assert seen == [int(60 + number * other // 1) for number in range(strip.frames)]
    first = START + strip.start
    assert rendered(editor, tmp_path, first, first + strip.frames) == seen


def test_keyframes_go_with_a_slow_strip(editor: BlenderEditor, tmp_path: Path) -> None:
    """They stay on the frames of the media where it is trimmed, and move with it in a ripple."""
    path = numbered(tmp_path / "numbers.mp4", 100, RATE)
    media = otio.schema.ExternalReference(str(path), time_range(0, 100, RATE))
    warp = otio.schema.LinearTimeWarp(time_scalar=0.5)
    opened_with(editor, otio.schema.Clip("one", media, time_range(5, 20, RATE)))
    track = v1(editor.host.read().cut)
    slow = otio.schema.Clip("two", media, time_range(50, 16, RATE), effects=[warp])
    third = otio.schema.Clip("three", media, time_range(0, 5, RATE))

    def keyed() -> list[int]:
        frames: list[int] = editor.blender.do(
            "movie = api.all_strips(scene)['two media']\n"
            "result = [int(p.co[0]) for p in api.curves(scene, movie)['blend_alpha', 0].keyframe_points]"
        )
        return frames

    for operation, moved in ((Overwrite(track, at(30), slow), 0), (Trim(track, at(35), End.HEAD, 4), 0)):
        sequence = editor.host.read()
        place(editor.host, sequence, edit(sequence.cut, [operation])[1], "Edit", probed)
        if isinstance(operation, Overwrite):
            editor.blender.do("api.all_strips(scene)['two media'].keyframe_insert('blend_alpha', frame=86438)")
        assert keyed() == [86438 + moved]
    sequence = editor.host.read()
    place(editor.host, sequence, edit(sequence.cut, [Insert(track, at(0), third)])[1], "Insert", probed)
    assert keyed() == [86443]
    assert rendered(editor, tmp_path, START + 39, START + 51) == told(editor, 39, 12)


def test_random_edits_beside_metas_end_in_the_same_frames(editor: BlenderEditor, make_clip: MakeClip) -> None:
    """B and C lie in a meta; every fourth clip that is placed is slow."""
    made = film(make_clip)
    editor.open(made.cut)
    make_meta(editor, "B", "C")
    path = make_clip(96, name="film-d")
    random, landed, nested = np.random.default_rng(int(editor.blender.version[0])), 0, 0
    for number in range(48):
        sequence = editor.host.read()
        track, end = v1(sequence.cut), int(Index(sequence.cut).end)
        frame, by = at(int(random.integers(0, end))), int(random.integers(-8, 9)) or 3
        starts = [int(item.start) for item in Index(sequence.cut).track(track).items]
        point = at(starts[int(random.integers(0, len(starts)))])
        other = shot(path, 96, 40, 12, "D")
        if number % 4 == 0:
            other.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
        operations = (
            *(Overwrite(track, frame, other), Lift(track, frame, 5 + abs(by)), Slip(track, frame, by)),
            *(Roll(track, point, by), InsertGap(track, point, abs(by)), Trim(track, frame, End.HEAD, by)),
        )
        try:
            planned, done = edit(sequence.cut, [operations[int(random.integers(0, len(operations)))]])
            place(editor.host, sequence, done, f"Edit {number}", probed)
        except CutError:
            continue
        except HostError as error:
            assert not isinstance(error, Misplaced), str(error)
            continue
        landed += 1
        seen = editor.host.read().cut
        assert frame_map(seen) == frame_map(planned)
        nested += any(isinstance(child, otio.schema.Stack) for child in seen.tracks[0])
    assert landed > 8
    assert nested > 0
