"""The loss report says before writing what does not come back, and nothing else; docs/formats.md shows its table."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from secondunit_timeline.formats.features import FEATURES
from secondunit_timeline.formats.losses import losses, not_kept
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.cuts import clip, cut_of, dissolve, gap, times
from tests.timeline.test_formats_writing import shot, tracks

RATE = Fraction(24)
SOP = ("slope", "offset", "power")
SUFFIXES = tuple({writer: suffix for suffix, writer in reversed(WRITERS.items())}.values())[::-1]
DOCS = Path(__file__).parents[2] / "docs" / "formats.md"


def holding(*children: otio.core.Composable) -> otio.schema.Timeline:
    return cut_of([shot("A", 10, 40, RATE), *children], start=86400)


def altered(change: Callable[[otio.schema.Clip], object]) -> otio.schema.Timeline:
    made = shot("B", 30, 40, RATE)
    change(made)
    return holding(made)


def dissolved(into: int, out: int) -> otio.schema.Timeline:
    return holding(dissolve(into, out), shot("B", 40, 40, RATE))


def sounding(count: int) -> otio.schema.Timeline:
    cut = holding()
    for number in range(1, count + 1):
        track = otio.schema.Track(f"A{number}", kind=otio.schema.TrackKind.Audio)
        track.append(shot(f"S{number}", number, 40, RATE))
        cut.tracks.append(track)
    return cut


def wiped() -> otio.schema.Timeline:
    cut = dissolved(0, 12)
    cut.tracks[0][1].transition_type = "SMPTE_Wipe"
    return cut


def marked(colour: str, frame: float = 35) -> otio.schema.Timeline:
    marker = otio.schema.Marker("look", times(864000 + frame, 0), colour)
    return altered(lambda made: made.markers.append(marker))


def off_track() -> otio.schema.Timeline:
    cut = sounding(1)
    cut.tracks[1].enabled = False
    return cut


def cut_marked(on_track: bool) -> otio.schema.Timeline:
    cut = holding()
    (cut.tracks[0] if on_track else cut.tracks).markers.append(otio.schema.Marker("here", times(5, 0)))
    return cut


def titled() -> otio.schema.Clip:
    return otio.schema.Clip("END", otio.schema.GeneratorReference("END", "text"), times(0, 24))


def sequence(step: int = 1) -> otio.schema.Clip:
    pictures = otio.schema.ImageSequenceReference(
        "/media/", "pic.", ".exr", 1001, step, 24.0, 4, available_range=times(1001, 100)
    )
    return otio.schema.Clip("SEQ", pictures, times(1010, 24))


def slow_sequence() -> otio.schema.Clip:
    made = sequence()
    made.media_reference.rate, made.media_reference.available_range = 25.0, times(1001, 100, Fraction(25))
    made.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(1010, 25), otio.opentime.RationalTime(24, 24)
    )
    return made


def marked_title() -> otio.schema.Clip:
    made = titled()
    made.markers.append(otio.schema.Marker("here", times(5, 0)))
    return made


def taken(made: otio.schema.Clip) -> None:
    take = otio.schema.ExternalReference("/takes/B_v001.mov", times(864000, 400))
    made.set_media_references({"DEFAULT_MEDIA": made.media_reference, "take.1": take}, "DEFAULT_MEDIA")


def other_rate() -> otio.schema.Clip:
    made = shot("B", 40, 50, Fraction(30))
    made.source_range = otio.opentime.TimeRange(made.source_range.start_time, otio.opentime.RationalTime(48, 24))
    return made


def named_track() -> otio.schema.Timeline:
    cut = holding()
    cut.tracks[0].name = "hero"
    return cut


def two_pictures() -> otio.schema.Timeline:
    return cut_of([shot("A", 10, 40, RATE)], [shot("B", 10, 20, RATE)], start=86400)


def nested() -> otio.schema.Stack:
    return otio.schema.Stack("NEST", [otio.schema.Track("V1", [clip("X", 0, 50)])], times(10, 30))


def sounding_nest() -> otio.schema.Stack:
    nest = nested()
    nest.append(otio.schema.Track("A1", [clip("X", 0, 50)], kind=otio.schema.TrackKind.Audio))
    return nest


def renamed() -> otio.schema.Timeline:
    second = shot("A", 60, 40, RATE)
    second.name = "A again"
    return holding(second)


def retimed(made: otio.core.Item) -> otio.core.Item:
    made.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    return made


def ramp(made: otio.schema.Clip) -> None:
    made.effects.append(otio.schema.TimeEffect("ramp", "TimeEffect"))


CUTS: dict[str, otio.schema.Timeline] = {
    "cut points": holding(gap(10), shot("B", 20, 30, RATE)),
    "exact rates, NTSC included": cut_of([shot("A", 10, 40, Fraction(24000, 1001))], rate=Fraction(24000, 1001)),
    "start timecode": holding(),
    "source timecode": holding(),
    "reel": holding(),
    "reel of several words": altered(
        lambda made: made.media_reference.metadata.update({"cmx_3600": {"reel": "CARD 7 B"}})
    ),
    "media address": holding(),
    "length of the media": holding(),
    "media of unknown length": holding(shot("B", 20, 30, RATE, media=None)),
    "media shorter than what plays": holding(shot("B", 390, 30, RATE)),
    "other name for the same media": renamed(),
    "missing media": holding(otio.schema.Clip("LOST", otio.schema.MissingReference(), times(100, 24))),
    "image sequence": holding(sequence()),
    "image sequence that counts in steps": holding(sequence(step=2)),
    "image sequence of another rate": holding(slow_sequence()),
    "title or generator": holding(titled()),
    "constant speed": holding(shot("B", 30, 20, RATE, speed=2.0)),
    "speed between tenths of a frame a second": holding(shot("B", 30, 24, RATE, speed=1.03)),
    "retimed clip that begins between its own frames": holding(shot("B", 31, 20, RATE, speed=2.0)),
    "frames that another speed or rate repeats or skips": holding(shot("B", 30, 20, RATE, speed=1.5)),
    "retimed image sequence": holding(retimed(sequence())),
    "retimed nest": holding(retimed(nested())),
    "speed ramp": altered(ramp),
    "dissolve": dissolved(0, 12),
    "dissolve across its cut point": dissolved(6, 6),
    "dissolve unevenly across its cut point": dissolved(3, 9),
    "fade that reaches into a gap": holding(dissolve(6, 6), gap(20), shot("B", 40, 40, RATE)),
    "wipe or other transition": wiped(),
    "disabled clip": altered(lambda made: setattr(made, "enabled", False)),
    "several video tracks": two_pictures(),
    "more than four sound tracks": sounding(5),
    "name of a track": named_track(),
    "disabled track": off_track(),
    "nest": holding(nested()),
    "nest with pictures and sound": holding(sounding_nest()),
    "effect other than a speed": altered(lambda made: made.effects.append(otio.schema.Effect("blur", "Blur"))),
    "colour decision (ASC CDL)": altered(
        lambda made: made.metadata.update({"cdl": {"asc_sat": 0.9, "asc_sop": {key: [1.0, 0.5, 0.1] for key in SOP}}})
    ),
    "clip marker": marked("BLUE"),
    "marker of a title": holding(marked_title()),
    "marker outside the frames that play": marked("BLUE", 100),
    "marker before the media": marked("BLUE", -1),
    "marker between frames": marked("BLUE", 35.5),
    "marker colour": marked("CYAN"),
    "marker of the cut": cut_marked(on_track=False),
    "marker of a track": cut_marked(on_track=True),
    "edit point between frames of the cut": holding(shot("B", 30, 20.5, RATE)),
    "source time between frames of the media": holding(shot("B", 30.5, 20, RATE)),
    "media of another rate": holding(other_rate()),
    "gap at the start of the cut": cut_of([gap(10), shot("A", 10, 40, RATE)], start=86400),
    "gap at the end of a track": holding(gap(10)),
    "other media references, takes among them": altered(taken),
    "metadata": altered(lambda made: made.metadata.update({"house": {"shot": "sc010"}})),
}


def test_every_feature_has_a_cut() -> None:
    assert tuple(CUTS) == FEATURES


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_speaks_of_features(suffix: str) -> None:
    assert set(not_kept(suffix)) <= set(FEATURES)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_report_says_what_is_lost_and_nothing_of_what_is_kept(suffix: str) -> None:
    for name, cut in CUTS.items():
        told = {loss.feature for loss in losses(cut, suffix)}
        quiet = ("exact rates, NTSC included",)  # an EDL's rate is said when it is read
        if name not in quiet:
            assert (name in told) == (name in not_kept(suffix)), (name, suffix)
    assert losses(CUTS["metadata"], ".otio") == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_the_report_does_not_name_comes_back(tmp_path: Path, suffix: str) -> None:
    for number, cut in enumerate(CUTS.values()):
        if any(loss.feature not in ("media address", "length of the media") for loss in losses(cut, suffix)):
            continue
        path = tmp_path / f"{number}{suffix}"
        write_cut(cut, path)
        wanted, found = tracks(cut), tracks(read_cut(path, Index(cut).rate if suffix == ".edl" else None))
        if suffix == ".edl":
            for row in [row for rows in (*wanted.values(), *found.values()) for row in rows]:
                row.pop("url", None)
        assert found == wanted


def test_a_loss_names_clip_track_and_time() -> None:
    (loss,) = (one for one in losses(CUTS["disabled clip"], ".edl") if one.feature == "disabled clip")
    assert (loss.track, loss.at, loss.name, loss.fate) == ("V1", "01:00:01:16", "B", "lost")


def table() -> str:
    columns = (".otio", *SUFFIXES)
    fates = [not_kept(suffix) for suffix in columns]
    head = [f"| in the cut | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    rows = [f"| {name} | {' | '.join(one[name][1] if name in one else '✓' for one in fates)} |" for name in FEATURES]
    return "\n".join([*head, *rows])


def test_the_documented_table_is_the_reports() -> None:
    """After a change: `python -m tests.timeline.test_formats_losses` writes it."""
    assert table() in DOCS.read_text()


if __name__ == "__main__":
    text = DOCS.read_text()
    head, tail = text.split("<!-- table: begin -->")[0], text.split("<!-- table: end -->")[1]
    DOCS.write_text(f"{head}<!-- table: begin -->\n{table()}\n<!-- table: end -->{tail}")
