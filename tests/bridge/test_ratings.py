"""Ratings of takes: one file each, whoever writes them and whenever that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from secondunit_bridge.errors import BadInput
from secondunit_bridge.ratings import Rating, rate, ratings

WRITER = """
import sys
from itertools import cycle
from pathlib import Path
from secondunit_bridge.ratings import Rating, rate
for number, rating in enumerate(cycle((Rating.STARRED, None, Rating.REJECTED))):
    rate(Path(sys.argv[1]), sys.argv[2], rating)
    if number == 20:
        print("busy", flush=True)
"""


def rated(folder: Path) -> dict[str, Rating]:
    return {take_id: one.rating for take_id, one in ratings([folder]).items()}


def test_ratings_are_kept_changed_and_taken_back(tmp_path: Path) -> None:
    assert rated(tmp_path) == {}
    rate(tmp_path, "t1", Rating.STARRED)
    rate(tmp_path, "t2", Rating.STARRED)
    rate(tmp_path, "t2", Rating.REJECTED)
    assert rated(tmp_path) == {"t1": Rating.STARRED, "t2": Rating.REJECTED}
    assert rate(tmp_path, "t1", None) is None
    assert rated(tmp_path) == {"t2": Rating.REJECTED}


def test_an_approved_take_is_locked_until_the_approval_is_withdrawn(tmp_path: Path) -> None:
    rate(tmp_path, "t1", Rating.APPROVED)
    for rating in (Rating.STARRED, Rating.REJECTED):
        with pytest.raises(BadInput, match=r"t1 is approved since .*: withdraw the approval first"):
            rate(tmp_path, "t1", rating)
    assert rated(tmp_path) == {"t1": Rating.APPROVED}
    rate(tmp_path, "t1", None)
    rate(tmp_path, "t1", Rating.REJECTED)
    assert rated(tmp_path) == {"t1": Rating.REJECTED}


def test_an_id_that_would_lead_elsewhere_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not the id of a take"):
        rate(tmp_path / "takes", "../../elsewhere", Rating.STARRED)
    rate(tmp_path, "t1", Rating.STARRED)
    (path,) = (tmp_path / ".secondunit-ratings").iterdir()
    path.write_bytes(b'{"take": "t1", "rating": "sta')
    with pytest.raises(BadInput, match=r"t1\.json cannot be read as a rating"):
        ratings([tmp_path])


def test_killed_between_writes_every_rating_is_whole_and_the_others_stand(tmp_path: Path) -> None:
    """Two programs write; one of them is killed at some moment, again and again."""
    rate(tmp_path, "kept", Rating.APPROVED)
    for number in range(4):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), take], stdout=subprocess.PIPE, text=True)
            for take in ("one", "two")
        ]
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "busy\n"
        time.sleep(0.003 * number)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            writer.communicate()
        found = rated(tmp_path)
        assert found["kept"] is Rating.APPROVED
        assert {found.get(take) for take in ("one", "two")} <= {None, Rating.STARRED, Rating.REJECTED}
    rate(tmp_path, "one", None)
    rate(tmp_path, "one", Rating.APPROVED)
    assert rated(tmp_path)["one"] is Rating.APPROVED
