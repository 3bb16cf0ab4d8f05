"""The main job as its user does it: commands on cuts of real media, through a real unit, out to files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import opentimelineio as otio
import psutil
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.media.record import extract
from secondunit_bridge.wire import record_from_json
from secondunit_plugin.cli.main import run
from secondunit_timeline import Unit, read_cut, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.playback import Player

from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut


@pytest.fixture
def cut(make_clip: MakeClip, tmp_path: Path) -> Path:
    """Two shots with their sound, and a gap between them; the first has two unused frames behind its out point."""
    first, second = make_clip(42, size="320x180"), make_clip(60, size="320x180", name="other")
    path = tmp_path / "cut.otio"
    children = [(shot(first, 42, 10, 30), gap(12), shot(second, 60, 10, 30, "B")) for _ in range(2)]
    made = sounding_cut(*children[0], sound=children[1])
    made.name = tmp_path.name  # a show of its own: version names and timecode start anew
    write_cut(made, path)
    return path


def frames_of(path: Path) -> int:
    command = [
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=nb_read_frames",
    ]
    return int(
        subprocess.run([*command, "-of", "csv=p=0", str(path)], capture_output=True, text=True, check=True).stdout
    )


def test_an_extension_into_the_gap_plays_right(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, film = tmp_path / "out.otio", tmp_path / "out.mp4"
    before = cut.read_bytes()
    assert run(["extend", str(cut), "--shot", "A", "--tail", "12", "-o", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (take,) = document["takes"]
    assert cut.read_bytes() == before
    assert frames_of(Path(take["path"])) == take["frames"] == 12 + 10 + 12

    opened = otio.adapters.read_from_file(str(out))
    picture, sound = opened.tracks
    assert [(clip.name, clip.duration().value) for clip in picture] == [("A", 32), ("A_v001", 10), ("B", 30)]
    assert [(clip.name, clip.duration().value) for clip in sound] == [("A", 32), ("A_v001", 10), ("B", 30)]
    address = picture[1].media_reference.target_url
    assert (tmp_path / address).samefile(take["path"]), "written relative to the cut"

    record = record_from_json(extract(take["path"]) or "")
    assert record.take_id == take["record"]["take_id"] and record.order.shot == "A"
    assert len(record.seams) == 1

    assert run(["export", str(out), "-o", str(film), "--quiet"]) == 0
    assert frames_of(film) == 72


def test_frames_that_no_edit_claimed_show_and_sound_what_they_did(cut: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.otio"
    assert run(["extend", str(cut), "--shot", "A", "--tail", "20", "--into", "ripple", "-o", str(out), "--quiet"]) == 0
    with Player(read_cut(cut)) as old, Player(read_cut(out)) as new:
        for frame in (0, 15, 29, 42, 60, 71):
            moved = frame if frame < 30 else frame + 20
            np.testing.assert_array_equal(old.frame(frame), new.frame(moved))
        np.testing.assert_array_equal(old.sound(0, 30), new.sound(0, 30))
        np.testing.assert_array_equal(old.sound(42, 30), new.sound(62, 30))
        made = new.sound(36, 10)
        camera = new.sound(10, 10)
    level, wanted = np.sqrt(np.mean(made**2)), np.sqrt(np.mean(camera**2))
    assert wanted / 2 < level < wanted * 2, "room tone is as loud as the shot"


def test_what_cannot_be_placed_is_refused_before_it_is_made(
    cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked, out = read_cut(cut), tmp_path / "out.otio"
    locked.tracks[0].metadata["Resolve_OTIO"] = {"Locked": True}
    write_cut(locked, tmp_path / "locked.otio")
    assert run(["extend", str(tmp_path / "locked.otio"), "--shot", "A", "--tail", "12", "-o", str(out)]) == 3
    assert "V1 is locked" in capsys.readouterr().err
    assert not out.exists() and not (tmp_path / "takes").exists()


def test_quiet_prints_nothing(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.otio"
    assert run(["extend", str(cut), "--shot", "A", "--tail", "12", "-o", str(out), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_camera_frames_inside_a_take_are_the_cameras(cut: Path, tmp_path: Path, make_clip: MakeClip) -> None:
    out = tmp_path / "out.otio"
    assert run(["extend", str(cut), "--shot", "A", "--tail", "12", "-o", str(out), "--quiet"]) == 0
    (take,) = (tmp_path / "takes").glob("*.mov")

    def luma(path: Path, first: int, count: int) -> np.ndarray:
        select = f"select='between(n,{first},{first + count - 1})',format=gray10le"
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(path),
            "-vf",
            select,
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
        ]
        return np.frombuffer(subprocess.run([*command, "-"], capture_output=True, check=True).stdout, np.uint16)

    camera = luma(make_clip(42, size="320x180"), 30, 12).astype(float)
    inside = luma(take, 0, 12).astype(float)
    assert camera.shape == inside.shape
    assert 10 * np.log10(1023**2 / np.mean((camera - inside) ** 2)) > 45, "the codec's error and no more"


def test_takes_are_listed_and_switched(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, back = tmp_path / "out.otio", tmp_path / "back.otio"
    assert run(["match", str(cut), "--shot", "B", "--like", "A", "--takes", "2", "-o", str(out), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["takes"]
    assert Path(first["lut"]).read_text().count("\n") > 33**3
    assert run(["takes", str(out), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["takes"]
    assert [(take["name"], take["active"]) for take in listed] == [("B_v001", True), ("B_v002", False)]
    assert run(["takes", str(out), "--use", second["record"]["reel"], "-o", str(back)]) == 0
    with Player(read_cut(out)) as matched, Player(read_cut(back)) as switched, Player(read_cut(cut)) as old:
        assert matched.frame(50).shape == switched.frame(50).shape
        np.testing.assert_array_equal(old.frame(10), switched.frame(10))


def test_a_join_and_a_generated_clip(cut: Path, tmp_path: Path) -> None:
    joined, slated = tmp_path / "joined.otio", tmp_path / "slated.otio"
    assert run(["join", str(cut), "--at", "01:00:01:08", "-o", str(joined), "--quiet"]) == 0
    command = ["generate", str(joined), "--at", "+50", "--frames", "10", "--prompt", "a train", "-o", str(slated)]
    assert run([*command, "--quiet"]) == 0
    tracks = {track.name: [item.child.name for item in track.items] for track in Index(read_cut(slated)).tracks}
    assert tracks["V1"] == ["A", "A_v001", "B"]
    assert tracks["A1"] == ["A", "A_v001", "B"]
    assert tracks["V2"] == ["", f"{tmp_path.name}_000050_v001"]
    records = [record_from_json(extract(str(path)) or "") for path in (tmp_path / "takes").glob("*.mov")]
    assert len({record.start for record in records}) == 2, "timecode of a show's block is used once"


def test_the_python_interface_does_the_same(cut: Path, tmp_path: Path) -> None:
    read = read_cut(cut)
    with Unit(tmp_path / "takes") as unit:
        done = unit.extend(read, "A", tail=6)
    write_cut(done.cut, tmp_path / "out.otio")
    assert [str(change) for change in done.edit] == [
        "V1 01:00:01:06 extend tail gap 2 'A'",
        "V1 01:00:01:08 place gap 4 'A_v001'",
        "A1 01:00:01:06 extend tail gap 2 'A'",
        "A1 01:00:01:08 place gap 4 'A_v001'",
    ]
    assert Index(read).tracks[0].items[1].duration == 12, "the cut that was given stays as it is"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["extend", "{cut}", "--shot", "A", "-o", "{out}"], 2, "--tail N or --head N"),
        (["extend", "{cut}", "--shot", "A", "--tail", "12", "-o", "{cut}"], 3, "another"),
        (["extend", "{cut}", "--shot", "C", "--tail", "12", "-o", "{out}"], 3, "no shot is named 'C'"),
        (["extend", "{cut}", "--shot", "A", "--tail", "40", "-o", "{out}"], 3, "holds 12 frames, 40 were asked"),
        (["extend", "{cut}", "--shot", "A", "--tail", "5000", "--into", "ripple", "-o", "{out}"], 3, "does at most"),
        (["extend", "{cut}", "--shot", "A", "--tail", "9", "--engine", "none", "-o", "{out}"], 3, "draft"),
        (["extend", "nowhere.otio", "--shot", "A", "--tail", "12", "-o", "{out}"], 3, "does not exist"),
        (["extend", "{cut}", "--shot", "A", "--tail", "12", "-o", "{out}.xml"], 3, ".otio"),
        (["join", "{cut}", "--at", "00:00:00:00", "-o", "{out}"], 3, "before the cut"),
        (["generate", "{cut}", "--gap", "2", "--prompt", "x", "-o", "{out}"], 3, "no gap 2"),
        (["generate", "{cut}", "--gap", "1", "--camera", "fly", "--prompt", "x", "-o", "{out}"], 3, "fly"),
        (["generate", "{cut}", "--gap", "1", "--image", "{cut}", "-o", "{out}"], 3, "cut.otio"),
        (["generate", "{cut}", "--gap", "1", "--image", "no.png", "-o", "{out}"], 3, "no.png"),
        (["export", "{cut}", "-o", "{out}"], 3, ".mp4"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    filled = [argument.format(cut=cut, out=tmp_path / "out.otio") for argument in arguments]
    assert run(filled) == code
    assert said in capsys.readouterr().err
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != ".secondunit-takes"] == before


def test_media_that_is_cut_short_is_refused(cut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "short.mov"
    read = read_cut(cut)
    media = Path(read.tracks[0][0].media_reference.target_url)
    broken.write_bytes(media.read_bytes()[: media.stat().st_size // 2])
    read.tracks[0][0].media_reference.target_url = str(broken)
    write_cut(read, tmp_path / "broken.otio")
    command = ["extend", str(tmp_path / "broken.otio"), "--shot", "A", "--tail", "12", "-o", str(tmp_path / "out.otio")]
    assert run(command) == 3
    assert "short.mov" in capsys.readouterr().err


def test_an_interrupt_cancels_the_order_at_the_unit(cut: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.otio"
    command = ["extend", str(cut), "--shot", "A", "--tail", "400", "--into", "ripple", "--takes", "20", "-o", str(out)]
    process = subprocess.Popen([sys.executable, "-m", "secondunit_plugin", *command], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "takes").glob("*.mov")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 130
    assert not out.exists()
    listing = subprocess.run(
        [sys.executable, "-m", "secondunit_plugin", "unit", "orders", "--json"], capture_output=True, check=True
    )
    last = json.loads(listing.stdout)[-1]
    assert (len(last["takes"]) < 20 and "cancelled" in json.dumps(last).lower()) or last["last"].keys() == {
        "order_id",
        "number",
    }


def test_an_order_that_kills_its_worker_is_set_aside(cut: Path, tmp_path: Path, unit_home: Path) -> None:
    out = tmp_path / "out.otio"
    command = ["extend", str(cut), "--shot", "A", "--tail", "400", "--into", "ripple", "--takes", "40", "-o", str(out)]
    process = subprocess.Popen([sys.executable, "-m", "secondunit_plugin", *command], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        address = spawn.find(unit_home)
        unfinished = [path for path in (tmp_path / "takes").glob(".*") if path.name != ".secondunit-takes"]
        for worker in psutil.Process(address.pid).children() if address and unfinished else []:
            os.kill(worker.pid, signal.SIGKILL)
            unfinished[0].unlink(missing_ok=True)  # so that the next worker is killed for a file of its own
        time.sleep(0.1)
    assert process.wait(1) == 5
    assert process.stderr is not None and "3 times" in process.stderr.read()
    assert not out.exists()


def test_no_unit_is_said_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "none"))
    assert run(["unit", "status"]) == 4


def test_real_cuts_are_extended_joined_and_matched(footage: Path, tmp_path: Path) -> None:
    e01 = footage / "e01_own_media.otio"
    commands = [
        ["extend", str(e01), "--shot", "A001", "--tail", "12", "--into", "ripple"],
        ["join", str(e01), "--at", "01:00:02:04"],
        ["match", str(e01), "--shot", "A004", "--like", "A001"],
        ["extend", str(footage / "s07_tos_battle_part1.otio"), "--shot", "V1@+10", "--tail", "8", "--into", "over"],
        ["join", str(footage / "s08_city_night.otio"), "--at", "+116"],
    ]
    lengths = [502, 490, 490, 715, 190]
    for number, (command, length) in enumerate(zip(commands, lengths, strict=True)):
        out = tmp_path / f"{number}.otio"
        assert run([*command, "-o", str(out), "--quiet"]) == 0
        index = Index(read_cut(out))
        assert round(index.end) == length
        with Player(index.cut) as player:
            assert player.frames == length
            assert player.frame(length // 3).std() > 500
            assert player.sound(0, 24).shape[1] == 24 * 48000 // index.rate
