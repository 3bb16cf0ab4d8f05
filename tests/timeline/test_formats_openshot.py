"""Final Cut Pro 7 XML as OpenShot exports and imports it; with the program: end_to_end/hosts/test_watched_folder.py."""

from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

import opentimelineio as otio
from secondunit_timeline.dialects import link_of
from secondunit_timeline.edits import edit
from secondunit_timeline.formats.xml import parse
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path, read_cut, write_cut
from secondunit_timeline.operations import Overwrite

from tests.timeline.cuts import at, clip

NTSC = Fraction(30000, 1001)
OPACITY = """<filter><effect><effectid>opacity</effectid><parameter authoringApp="OpenShot"><parameterid>opacity
</parameterid><keyframe><when>1.0</when><value>100.0</value></keyframe></parameter></effect></filter>"""


def rate_of_the_template(timebase: str = "30", ntsc: str = "TRUE") -> str:
    return f"<rate><timebase>{timebase}</timebase><ntsc>{ntsc}</ntsc></rate>"


def timecode(text: str, frame: int) -> str:
    return f"<timecode>{rate_of_the_template()}<string>{text}</string><frame>{frame}</frame></timecode>"


def item(number: str, name: str, position: float, start: float, length: float) -> str:
    """`number`: its id; those of sounds end in -audio."""
    times = f"<start>{position}</start><end>{position + length}</end><in>{start}</in><out>{start + length}</out>"
    file = f"<name>{name}</name><pathurl>{name}</pathurl>{rate_of_the_template()}<duration>301</duration>"
    file = f'<file id="{name}">{file + timecode("00:00:00:00", 0) if "-audio" not in number else ""}</file>'
    head = f"<name>{name}</name><duration>{length}</duration>{rate_of_the_template()}"
    return f'<clipitem id="{number}">{head}{times}{file}{OPACITY}</clipitem>'


def export(folder: Path, fps: float, pictures: str, sounds: str = "") -> Path:
    rows = (f"<enabled>TRUE</enabled><locked>FALSE</locked>{items}" for items in (pictures, sounds))
    video, audio = (f"<track>{row}</track>" for row in rows)
    path = folder / "film.xml"
    rate = rate_of_the_template(str(fps), "FALSE")
    path.write_text(
        f'<xmeml version="4"><sequence id="one"><uuid/><duration>8.4</duration>{rate}'
        f"<name>film.xml</name><media><video>{video}</video><audio>{audio}</audio></media>"
        f"{timecode('00;00;00;01', 1)}</sequence></xmeml>"
    )
    return path


def rows(cut: otio.schema.Timeline) -> list[list[tuple[str, int, int, float]]]:
    """Of each track: name, record start and end, source start."""
    return [
        [
            (one.child.name, int(one.start), int(one.end), one.child.source_range.start_time.value)
            for one in track.items
            if not isinstance(one.child, otio.schema.Gap)
        ]
        for track in Index(cut).tracks
    ]


def test_times_count_frames_of_the_project_and_later_clips_cover_earlier_ones(tmp_path: Path) -> None:
    """In points are the frames that OpenShot shows: 100/24 s in single precision lie before frame 100."""
    media = tmp_path / "takes" / "b.mov"
    media.parent.mkdir()
    media.touch()
    pictures = item("2", "b.mov", 50.0, 59.125, 30.0) + item("1", "a.mov", 10.0, 100.0, 44.0)
    cut = read_cut(export(tmp_path, 24.0, pictures, item("1-audio", "a.mov", 10.0, 100.0, 44.0)))
    assert Index(cut).rate == 24 and Index(cut).start.frame == 0
    assert rows(cut) == [[("a.mov", 10, 50, 99), ("b.mov", 50, 80, 59)], [("a.mov", 10, 54, 99)]]
    a, b, sound = cut.find_clips()
    assert media_path(b.media_reference) == str(media)
    assert media_path(a.media_reference) == str(tmp_path / "a.mov")
    assert link_of(a) is not None and link_of(a) == link_of(sound) and link_of(b) is None
    assert not any(one.effects for one in (a, b, sound))
    assert all(one.media_reference.available_range is None for one in (a, b))


def test_an_ntsc_rate_is_exact(tmp_path: Path) -> None:
    path = export(tmp_path, 29.97002997002997, item("1", "a.mov", 0.0, 10.125, 20.0))
    assert Index(read_cut(path)).rate == NTSC
    write_cut(read_cut(path), tmp_path / "again.xml")
    assert Index(read_cut(tmp_path / "again.xml")).rate == NTSC


def test_what_is_written_is_what_openshot_imports(tmp_path: Path) -> None:
    """It takes each clip item that has an address of its own, an address being a path, and both kinds of it at once."""
    items = item("1", "a.mov", 0.0, 10.125, 20.0) + item("2", "a.mov", 20.0, 40.125, 20.0)
    sound = item("1-audio", "a.mov", 0.0, 10.125, 20.0)
    cut = read_cut(export(tmp_path, 24.0, items, sound))
    take = clip("take one", 12, 8, media=(0, 60))
    planned, _ = edit(cut, [Overwrite("V1", at(30), take)])
    write_cut(planned, tmp_path / "made.xml")

    def told(one: Element) -> tuple[str | None, ...]:
        return tuple(one.findtext(name) for name in ("file/pathurl", "start", "end", "in", "out"))

    tracks = [[told(one) for one in track.iter("clipitem")] for track in parse(tmp_path / "made.xml").iter("track")]
    a = str(tmp_path / "a.mov")
    assert tracks == [
        [
            (a, "0", "20", "10.125", "30.125"),
            (a, "20", "30", "40.125", "50.125"),
            ("/media/take one.mov", "30", "38", "12.125", "20.125"),
            (a, "38", "40", "58.125", "60.125"),
        ],
        [(None, "0", "20", "10.125", "30.125")],
    ]
    back = read_cut(tmp_path / "made.xml")
    assert [[row[1:] for row in track] for track in rows(back)] == [
        [row[1:] for row in track] for track in rows(planned)
    ]
