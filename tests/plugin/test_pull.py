"""`secondunit pull`, run as a program."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

from secondunit_timeline.interchange import write_cut

from tests.timeline.test_formats_writing import plain_cut


def pull(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "secondunit_plugin", "pull", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_list_is_written_shown_and_told_as_json(tmp_path: Path) -> None:
    cut = tmp_path / "cut.otio"
    write_cut(plain_cut(Fraction(24)), cut)
    written = pull(cut, "--handles", 8, "-o", tmp_path / "list.ale")
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "list.ale").read_text().startswith("Heading")
    assert "5 ranges, 195 frames" in written.stdout
    shown = pull(cut, "--handles", 8)
    assert "10:00:00:02" in shown.stdout
    told = json.loads(pull(cut, "--handles", 8, "--json").stdout)
    assert told["frames"] == 30 + 25 + 40 + 20 + 1 + 5 * 16 - 1  # E begins 7 frames after its medium
    assert [row["reel"] for row in told["pulls"]] == ["AREEL", "BREEL", "CREEL", "DREEL", "EREEL"]


def test_an_input_is_never_written_over(tmp_path: Path) -> None:
    write_cut(plain_cut(Fraction(24)), tmp_path / "cut.edl")
    before = (tmp_path / "cut.edl").read_bytes()
    refused = pull(tmp_path / "cut.edl", "-o", tmp_path / "cut.edl")
    assert refused.returncode == 3
    assert (tmp_path / "cut.edl").read_bytes() == before
    assert pull(tmp_path / "cut.edl", "-o", tmp_path / "list.txt").returncode == 3
