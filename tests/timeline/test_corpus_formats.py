"""Every interchange file, written to every format and read back: what comes back otherwise stands in the report."""

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import defusedxml.ElementTree
import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats import reading
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut

from tests.timeline.corpus import CORPUS, NEEDS_CORPUS, files, name_of, read_file, read_here
from tests.timeline.round_trips import Return, rows, there_and_back

DOCS = Path(__file__).parents[2] / "docs" / "survival.md"
FORMATS = (".otio", *(suffix for suffix in WRITERS if suffix != ".mlt"))  # written as .kdenlive is


@pytest.fixture(autouse=True)
def readers_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_document", read_here)


def cut_of(path: Path) -> otio.schema.Timeline:
    cut = read_file(path)
    if not isinstance(cut, otio.schema.Timeline):
        assert len(str(cut)) > 40
        pytest.skip(f"refused: {str(cut)[:120]}")
    return cut


@cache
def result(path: Path, suffix: str) -> Return | None:
    """None where the format cannot hold the cut at all: an EDL lists nothing of one without clips."""
    cut = read_file(path)
    assert isinstance(cut, otio.schema.Timeline)
    with TemporaryDirectory() as folder:
        try:
            return there_and_back(cut, Path(folder, f"cut{suffix}"))
        except CutError as refusal:
            assert "shows nothing" in str(refusal)
            assert not cut.find_clips()
            return None


@NEEDS_CORPUS
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_what_the_report_does_not_name_comes_back(path: Path) -> None:
    cut = cut_of(path)
    frozen = cut.to_json_string()
    done = [(suffix, result(path, suffix)) for suffix in FORMATS]
    assert not [f"{suffix}: {unsaid}" for suffix, one in done if one is not None for unsaid in one.unsaid]
    assert cut.to_json_string() == frozen


def lengths(cut: otio.schema.Timeline, kind: str) -> Counter[tuple[str, int]]:
    """Clips by name and length in milliseconds; a published reader may put sound among the pictures."""
    return Counter(
        (clip.name.removesuffix(" FF"), round(clip.duration().to_seconds() * 1000))
        for track in cut.tracks
        if track.kind == kind
        for clip in track
        if isinstance(clip, otio.schema.Clip)
    )


@NEEDS_CORPUS
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_the_published_readers_see_the_same_clips(path: Path, tmp_path: Path) -> None:
    cut = cut_of(path)
    rate = Index(cut).rate
    if cut.find_clips():
        write_cut(cut, tmp_path / "cut.edl")
        black = re.search(r"^\d+  BL ", (tmp_path / "cut.edl").read_text(), re.MULTILINE)
        if not black:  # of fades from and to black it refuses some, and makes clips of others
            options = {"rate": float(rate), "ignore_timecode_mismatch": True}
            ours, theirs = published(cut, tmp_path / "cut.edl", "cmx_3600", **options)
            assert lengths(theirs, "Video") == lengths(ours, "Video")
    nested = cut.find_children(descended_from_type=otio.core.Composition)
    flat = all(isinstance(one, otio.schema.Track) and one.parent() is cut.tracks for one in nested)
    for suffix, adapter in ((".xml", "fcp_xml"), (".aaf", "AAF")):
        ours, theirs = published(cut, tmp_path / f"cut{suffix}", adapter)
        for kind in ("Video", "Audio") if flat or suffix == ".xml" else ():  # the AAF reader puts nests in tracks
            assert lengths(theirs, kind) == lengths(ours, kind)
    if any(isinstance(clip.media_reference, otio.schema.GeneratorReference) for clip in cut.find_clips()):
        return  # it knows no titles
    ours, theirs = published(cut, tmp_path / "cut.fcpxml", "fcpx_xml")
    both = [sorted((lengths(one, "Video") + lengths(one, "Audio")).elements()) for one in (ours, theirs)]
    # It counts in whole frames of a rate cut off to a whole number.
    for (name, length), (their_name, their_length) in zip(*both, strict=True):
        assert name == their_name
        assert abs(length - their_length) <= max(60, length // 20)


@NEEDS_CORPUS
@pytest.mark.long
@pytest.mark.parametrize("path", files(), ids=name_of)
def test_melt_plays_every_project_for_as_long_as_the_cut(path: Path, tmp_path: Path) -> None:
    cut = cut_of(path)
    write_cut(cut, tmp_path / "cut.kdenlive")
    command = ["melt", str(tmp_path / "cut.kdenlive"), "-consumer", "xml"]
    # Now and then it crashes as it ends, where media is offline: then all has been said already.
    played = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout
    *_, main = defusedxml.ElementTree.fromstring(played).iterfind("tractor")
    assert int(main.get("out")) + 1 == max(1, round(Index(cut).end)), "an empty cut plays one black frame"


def published(
    cut: otio.schema.Timeline, path: Path, adapter: str, **options: object
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    """What we read of what we write, and what the published reader does."""
    write_cut(cut, path)
    found = otio.adapters.read_from_file(str(path), adapter, **options)
    if not isinstance(found, otio.schema.Timeline):
        (found,) = (one for one in found if isinstance(one, otio.schema.Timeline))
    return read_cut(path, Index(cut).rate if path.suffix == ".edl" else None), found


def survival() -> str:
    """The page docs/survival.md: what each file holds, and how much of it comes back from each format."""
    columns = ("tracks", "clips", "transitions", "retimes", "markers", *FORMATS)
    table = [f"| file | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    refused = []
    for path in files():
        name = path.relative_to(CORPUS).as_posix().replace("__", "/", 1)
        cut = read_file(path)
        if isinstance(cut, CutError):
            refused.append(f"- {name}: {str(cut).removeprefix(f'{path}: ').removeprefix(f'{path} ')}")
            continue
        index = Index(cut)
        found = [row for track in index.tracks for row in rows(track, index)]
        kinds = Counter(row.kind for row in found)
        retimes = sum(1 for row in found if row.kind == "clip" and row.fields["speed"] != 1)
        held = (len(index.tracks), kinds["clip"], kinds["transition"], retimes, kinds["marker"])
        cells = [_cell(result(path, suffix)) for suffix in FORMATS]
        table.append(f"| {name} | {' | '.join(map(str, (*held, *cells)))} |")
    return INTRODUCTION + "\n".join(table) + "\n\nRefused, with the reason:\n\n" + "\n".join(refused) + "\n"


INTRODUCTION = """# What survives: the interchange corpus

Real files of other programs, from public repositories, each read, written to every format and read back. A cell counts
clips, nests, transitions and markers of clips together, those inside nests too: how many came back as they were ·
otherwise · not at all. A ✓ alone means that all did as they were: with their place, name, source frames, speed, reel
and enabled state. Whatever is not ✓ is named by `secondunit convert CUT OUT --report` before it is written; a test
compares both, item by item and frame by frame. What each format keeps in general: [formats.md](formats.md).

`make docs` writes this page.

"""


def _cell(done: Return | None) -> str:
    if done is None:
        return "nothing to list"
    counts = [done.fates[fate] for fate in ("kept", "changed", "lost")]
    return "✓" if not any(counts[1:]) else " · ".join(map(str, counts))


@NEEDS_CORPUS
def test_the_published_table_is_up_to_date() -> None:
    assert DOCS.read_text() == survival(), "`make docs` writes it"


if __name__ == "__main__":
    reading.read_document = read_here
    DOCS.write_text(survival())
