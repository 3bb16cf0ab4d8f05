"""Random edits one after the other: what is placed, in the timeline or beside it, is as planned, and is undone."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_plugin.hosts.placement import place
from secondunit_timeline.edits import edit
from secondunit_timeline.operations import End, Insert, Lift, Operation, Overwrite, ReplaceShot, Slip, Trim

from tests.plugin.hosts.conformance import Film, film, frame_map, probed
from tests.plugin.hosts.resolve.editor import ResolveEditor
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot

VERSIONS = [(18, 5, 0), (18, 6, 6), (19, 1, 0), (21, 0, 4)]
V1 = "Video 1"


@st.composite
def operations(draw: st.DrawFn, made: Film) -> Operation:
    frame, frames = at(draw(st.integers(0, 200))), draw(st.integers(1, 36))
    name = draw(st.sampled_from("abcd"))
    clip = shot(made.make_clip(96, name=f"film-{name}"), 96, draw(st.integers(0, 59)), frames, name.upper())
    track = draw(st.sampled_from([V1, V1, "Audio 1"]))
    choices: list[Operation] = [
        *(Overwrite(track, frame, clip), Lift(track, frame, frames), ReplaceShot(V1, frame, clip)),
        *(Trim(V1, frame, End.TAIL, -draw(st.integers(1, 8))), Insert(V1, frame, clip, sync=()), Slip(V1, frame, 3)),
    ]
    return draw(st.sampled_from(choices))


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), version=st.sampled_from(VERSIONS))
def test_random_edits_are_placed_and_undone(
    make_clip: MakeClip, tmp_path: Path, data: st.DataObject, version: tuple[int, int, int]
) -> None:
    made = film(make_clip)
    editor = ResolveEditor(tmp_path, version)
    editor.open(made.cut)
    for _ in range(5):
        before = editor.host.read()
        try:
            planned, done = edit(before.cut, [data.draw(operations(made))])
        except CutError:
            continue
        placement = place(editor.host, before, done, "Edit", probed)
        assert frame_map(placement.sequence.cut) == frame_map(planned)
        if placement.sequence.revision != before.revision and data.draw(st.booleans()):
            editor.host.undo(placement.sequence.revision)
            assert frame_map(editor.host.read().cut) == frame_map(before.cut)
