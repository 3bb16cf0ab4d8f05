"""An offline edit on proxies, conformed to the originals: takes found again, listed, made again at full size."""

import json
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest
from secondunit_plugin.cli.main import run
from secondunit_timeline import read_cut, write_cut
from secondunit_timeline.interchange import media_path
from secondunit_timeline.takes import record_of
from secondunit_timeline.times import time_range

from tests.timeline.cuts import RATE, gap
from tests.timeline.media_cuts import TEN_HOURS, sounding_cut

START = TEN_HOURS * 24


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", *map(str, arguments)], check=True)


def original_and_proxy(folder: Path, reel: str, shift: int) -> Path:
    """The original begins ten frames before its proxy, under another name."""
    for name in ("originals", "proxies"):
        (folder / name).mkdir(exist_ok=True)
    original, proxy = folder / f"originals/{reel}_R1AB.mov", folder / f"proxies/{reel}.mov"
    picture = f"testsrc2=size=320x180:rate=24,trim=start_frame={shift}:end_frame={shift + 62},setpts=PTS-STARTPTS"
    tags = ("-metadata:s:v", f"reel_name={reel}")
    lossless = ("-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv420p")
    ffmpeg("-f", "lavfi", "-i", picture, *lossless, *tags, "-timecode", "09:59:59:14", original)
    half = "trim=start_frame=10:end_frame=60,setpts=PTS-STARTPTS,scale=160:90"
    ffmpeg("-i", original, "-vf", half, "-c:v", "mpeg4", "-q:v", "2", *tags, "-timecode", "10:00:00:00", proxy)
    return proxy


def clip(proxy: Path, first: int, frames: int) -> otio.schema.Clip:
    media = otio.schema.ExternalReference(str(proxy), time_range(START, 50, RATE))
    return otio.schema.Clip(proxy.stem, media, time_range(START + first, frames, RATE))


def takes(cut: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert run(["takes", str(cut), "--json", *options]) == 0
    return {take["name"]: take for take in json.loads(capsys.readouterr().out)["takes"]}


def pictures(path: str) -> list[np.ndarray[Any, Any]]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def test_takes_from_proxies_are_made_again_from_the_originals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (original_and_proxy(tmp_path, reel, shift) for reel, shift in (("A003", 0), ("B007", 40)))
    cut = sounding_cut(clip(first, 10, 40), gap(12), clip(second, 10, 24))
    cut.name = tmp_path.name  # a show of its own: version names and timecode start anew
    paths = {name: str(tmp_path / f"{name}.otio") for name in ("cut", "one", "two", "approved", "full", "out", "again")}
    write_cut(cut, paths["cut"])
    options = ("--shot", "A003", "--tail", "12", "--takes", "2", "--seed", "5", "--quiet")
    assert run(["extend", paths["cut"], *options, "-o", paths["one"]]) == 0
    assert run(["match", paths["one"], "--shot", "B007", "--like", "A003", "--quiet", "-o", paths["two"]]) == 0
    assert run(["takes", paths["two"], "--approve", "A003_v002", "-o", paths["approved"]]) == 0
    assert {take["state"] for take in takes(Path(paths["approved"]), capsys).values()} == {"fresh"}

    assert run(["relink", paths["approved"], "--to", str(tmp_path / "originals"), "-o", paths["full"], "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [take["name"] for take in document["offline_grade"]] == ["A003_v001", "A003_v002", "B007_v001"]
    assert run(["make", paths["full"], "--offline-grade", "--list", "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [(step["take"], step["state"], step["wanted"]) for step in steps] == [
        ("A003_v002", "offline grade", True),
        ("B007_v001", "offline grade", True),
    ]
    assert run(["make", paths["full"], "--offline-grade", "--quiet", "-o", paths["out"]]) == 0

    made = takes(Path(paths["out"]), capsys)
    assert {name: take["state"] for name, take in made.items()} == {
        **dict.fromkeys(("A003_v001", "A003_v002", "B007_v001"), "offline grade"),
        **dict.fromkeys(("A003_v003", "B007_v002"), "fresh"),
    }
    assert {name for name, take in made.items() if take["active"]} == {"A003_v003", "B007_v002"}
    assert made["A003_v002"]["approved"] and not made["A003_v003"]["approved"]
    conformed = read_cut(paths["out"])
    before = list(read_cut(paths["full"]).find_clips())
    after = list(conformed.find_clips())
    assert [one.source_range for one in before] == [one.source_range for one in after]
    again, old = (record_of(after[1], made[name]["key"]) for name in ("A003_v003", "A003_v002"))
    assert again is not None and old is not None
    assert (again.seed, again.order.parameters, again.start) == (6, old.order.parameters, old.start)
    assert (again.order.slot.width, again.order.slot.height) == (320, 180)
    # The take's head handle is the original's last frames, pixel for pixel but for ProRes.
    shown = pictures(made["A003_v003"]["path"])
    held = again.order.slot.head
    assert len(shown) == again.order.slot.head + again.order.slot.frames + again.order.slot.tail
    path = media_path(after[0].media_reference)
    assert path == str(tmp_path / "originals/A003_R1AB.mov")
    camera = pictures(path)
    offset = again.start.frame - (START - 10)
    for number in range(held):
        assert np.abs(shown[number] - camera[offset + number]).mean() < 1.5

    # Nothing is left to do, and a list that holds nothing but reels still knows the new versions.
    assert run(["make", paths["out"], "--offline-grade", "-o", paths["again"]]) == 0
    assert "nothing is missing" in capsys.readouterr().out
    listed = tmp_path / "out.edl"
    write_cut(conformed, listed)
    found = takes(listed, capsys)
    assert {name: take["found_by"] for name, take in found.items() if take["active"]} == {
        "A003_v003": "reel and timecode",
        "B007_v002": "reel and timecode",
    }


def test_an_extension_of_a_matched_shot_follows_the_match_to_full_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (original_and_proxy(tmp_path, reel, shift) for reel, shift in (("A003", 0), ("B007", 40)))
    cut = sounding_cut(clip(first, 10, 40), gap(12), clip(second, 10, 24))
    cut.name = tmp_path.name
    paths = {name: str(tmp_path / f"{name}.otio") for name in ("cut", "one", "two", "full", "match", "both", "again")}
    write_cut(cut, paths["cut"])
    assert run(["match", paths["cut"], "--shot", "A003", "--like", "B007", "--quiet", "-o", paths["one"]]) == 0
    assert run(["extend", paths["one"], "--shot", "A003", "--tail", "12", "--quiet", "-o", paths["two"]]) == 0
    assert run(["relink", paths["two"], "--to", str(tmp_path / "originals"), "-o", paths["full"]]) == 0
    assert run(["make", paths["full"], "--offline-grade", "--quiet", "-o", paths["match"]]) == 0
    assert run(["make", paths["match"], "--offline-grade", "--quiet", "-o", paths["both"]]) == 0
    made = takes(Path(paths["both"]), capsys)
    active = [take for take in made.values() if take["active"]]
    assert [(take["name"], take["state"]) for take in active] == [("A003_v003", "fresh"), ("A003_v004", "fresh")]
    for take in active:
        with av.open(take["path"]) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 180)
    assert run(["make", paths["both"], "--offline-grade", "-o", paths["again"]]) == 0
    assert "nothing is missing" in capsys.readouterr().out
