"""Every interchange file, written to every format and read back: what comes back otherwise stands in the report."""

from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats import reading
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.index import Index

from tests.timeline.corpus import CORPUS, NEEDS_CORPUS, cut_or_skip, files, name_of, read_file, read_here
from tests.timeline.round_trips import Return, rows, there_and_back

DOCS = Path(__file__).parents[2] / "docs" / "survival.md"
FORMATS = (".otio", *(suffix for suffix in WRITERS if suffix != ".mlt"))  # written as .kdenlive is


@pytest.fixture(autouse=True)
def readers_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_document", read_here)


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
    cut = cut_or_skip(path)
    frozen = cut.to_json_string()
    done = [(suffix, result(path, suffix)) for suffix in FORMATS]
    assert not [f"{suffix}: {unsaid}" for suffix, one in done if one is not None for unsaid in one.unsaid]
    assert cut.to_json_string() == frozen


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
