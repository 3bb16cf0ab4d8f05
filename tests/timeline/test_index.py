"""The one-pass index, held against OTIO's own arithmetic."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.times import exact, frames_of, rational_time

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times

SHARED = Path(__file__).parents[3] / "shared"
CORPUS = sorted((SHARED / "corpus").glob("**/*.otio")) + sorted((SHARED / "footage").glob("*.otio"))
NTSC = Fraction(24000, 1001)


def test_items_starts_and_the_transitions_at_their_ends() -> None:
    index = Index(cut_of([gap(5), clip("A", 0, 20), dissolve(4, 4), clip("B", 10, 30)]))
    (track,) = index.tracks
    assert [(item.start, item.duration) for item in track.items] == [(0, 5), (5, 20), (25, 30)]
    assert track.items[1].before is None
    assert track.items[1].after is track.items[2].before is not None
    assert [track.position(frame) for frame in (-1, 0, 4, 5, 24, 25, 54, 55)] == [None, 0, 0, 1, 1, 2, 2, None]
    assert track.at(30) is track.items[2]
    assert index.end == 55


@pytest.mark.skipif(not CORPUS, reason="the shared corpus is not beside the repository")
def test_every_track_of_the_corpus_agrees_with_otio() -> None:
    indexed = 0
    for path in CORPUS:
        cut = read_cut(path)
        try:
            index = Index(cut)
        except CutError as error:
            assert "does not say its frame rate" in str(error), path
            continue
        for track in index.tracks:
            ranges = track.track.range_of_all_children()
            trim = track.track.source_range
            shift = trim.start_time.to_seconds() if trim is not None else 0.0
            for item in track.items:
                theirs = ranges[item.child]
                assert float(item.start / index.rate) == pytest.approx(theirs.start_time.to_seconds() - shift, abs=1e-9)
                assert float(item.duration / index.rate) == pytest.approx(theirs.duration.to_seconds(), abs=1e-9)
                indexed += 1
    assert indexed > 60


@pytest.mark.parametrize(
    ("rate", "start", "timecode"),
    [
        (Fraction(24), 86400, "01:00:00:10"),
        (NTSC, 86400, "01:00:00:10"),
        (Fraction(25), 90000, "01:00:00:10"),
        (Fraction(30000, 1001), 107892, "01:00:00;10"),
        (Fraction(60000, 1001), 215784, "01:00:00;10"),
    ],
)
def test_rate_start_and_timecode(rate: Fraction, start: int, timecode: str) -> None:
    index = Index(cut_of([clip("A", 0, 20, rate=rate)], rate=rate, start=start))
    assert (index.rate, index.start.frame) == (rate, start)
    assert index.timecode(10) == timecode


def test_without_a_start_the_first_video_clip_gives_the_rate() -> None:
    cut = cut_of([gap(10), clip("A", 0, 20, rate=NTSC)])
    cut.tracks.insert(0, otio.schema.Track("A1", kind="Audio", children=[clip("S", 0, 48000, rate=Fraction(48000))]))
    cut.global_start_time = None
    assert Index(cut).rate == NTSC
    assert [track.end for track in Index(cut).tracks] == [NTSC, 20 + frames_of(gap(10).duration(), NTSC)]


def test_a_clip_of_another_rate_lasts_a_fraction_of_a_frame_exactly() -> None:
    index = Index(cut_of([clip("A", 0, 25, rate=Fraction(25)), clip("B", 0, 10, rate=NTSC)]))
    assert [item.end for item in index.tracks[0].items] == [24, 24 + Fraction(1001, 100)]


def test_tracks_without_a_name_are_numbered_by_kind_and_equal_names_by_order() -> None:
    cut = cut_of([], [], [], [])
    for track, (name, kind) in zip(
        cut.tracks, [("", "Video"), ("", "Audio"), ("Mix", "Video"), ("Mix", "Audio")], strict=True
    ):
        track.name, track.kind = name, kind
    index = Index(cut)
    assert [track.name for track in index.tracks] == ["V1", "A1", "Mix", "Mix#2"]
    assert index.track("A1").kind == "Audio"
    with pytest.raises(CutError, match="no track 'V9': the cut has V1, A1, Mix, Mix#2"):
        index.track("V9")


def test_a_clip_without_any_length_is_refused_by_name() -> None:
    lost = otio.schema.Clip("lost")
    with pytest.raises(CutError, match=r"'lost' on track V1 has no length"):
        Index(cut_of([lost]))


def test_a_clip_without_a_source_range_lasts_as_long_as_its_media() -> None:
    whole = clip("A", 0, 1, (5, 40))
    whole.source_range = None
    assert Index(cut_of([whole])).tracks[0].items[0].duration == 40


def test_transitions_side_by_side_are_refused() -> None:
    with pytest.raises(CutError, match="side by side on track V1"):
        Index(cut_of([clip("A", 0, 20), dissolve(2, 2), dissolve(2, 2), clip("B", 10, 20)]))


@given(
    st.integers(-(10**7), 10**7), st.integers(1, 60), st.sampled_from([Fraction(24), NTSC, Fraction(25), Fraction(50)])
)
@settings(deadline=None)
def test_fractions_of_frames_survive_a_double(whole: int, denominator: int, rate: Fraction) -> None:
    value = whole + Fraction(1, denominator)
    assert exact(rational_time(value, rate).value) == value


def test_gaps_alone_say_the_rate() -> None:
    cut = cut_of([otio.schema.Gap(source_range=times(0, 10, Fraction(25)))])
    cut.global_start_time = None
    assert Index(cut).rate == 25
