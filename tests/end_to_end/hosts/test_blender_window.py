"""The Blender of this machine with its window: `secondunit install`, its timer, its buttons, a take as one step."""

import json
import os
import shutil
import subprocess
import time
from fractions import Fraction
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from secondunit_plugin.cli.main import run
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.placement import Placed, place
from secondunit_plugin.hosts.probing import Probing
from secondunit_timeline.edits import edit
from secondunit_timeline.operations import Overwrite

from tests.end_to_end.desktop import screen
from tests.end_to_end.hosts.blender import FOLDER
from tests.plugin.hosts.conformance import frame_map
from tests.timeline.cuts import at
from tests.timeline.media_cuts import MakeClip, shot

pytestmark = pytest.mark.long
SECONDS = 240
_CUT = """
scene.render.fps, scene.frame_start, scene.frame_end = 24, 86400, 86800
scene.render.resolution_x, scene.render.resolution_y = 1280, 720
frame = 86400
for path, first, used in {rolls!r}:
    if path:
        for make, channel in (("new_movie", 3), ("new_sound", 1)):
            one = getattr(strips, make)(path.rpartition("/")[2][:4], path, channel, frame - first)
            api.put(one, "left_handle", frame)
            api.put(one, "right_handle", frame + used)
    frame += used
window = bpy.context.window_manager.windows[0]
area = max(window.screen.areas, key=lambda one: one.width * one.height)
area.type, space = "SEQUENCE_EDITOR", None
if hasattr(window.workspace, "sequencer_scene"):
    window.workspace.sequencer_scene = scene
space = area.spaces.active
space.view_type, space.show_region_ui = "SEQUENCER_PREVIEW", True
space.timeline_overlay.waveform_display_type = "NO_WAVEFORMS"
region = next(one for one in area.regions if one.type == "WINDOW")
with bpy.context.temp_override(window=window, area=area, region=region):
    bpy.ops.sequencer.view_all()
bpy.ops.wm.save_as_mainfile(filepath={file!r})
"""


def test_a_take_lands_in_the_window(tmp_path: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch) -> None:
    """SECONDUNIT_SAMPLE: the folder `media` of a demo's sample cut, for the page's picture, put into out/hosts."""
    if shutil.which("blender") is None:
        pytest.skip("Blender is not installed")
    sample = os.environ.get("SECONDUNIT_SAMPLE")
    if sample is not None:
        shutil.copytree(sample, tmp_path / "media")
        files = [str(tmp_path / "media" / f"A00{number}.mp4") for number in range(1, 7)]
    else:
        files = [str(make_clip(120, name=f"A00{number}")) for number in range(1, 7)]
    used = ((8, 72), (12, 76), (6, 52), (14, 52), (2, 60), (10, 68))
    rolls = [(path, *numbers) for path, numbers in zip(files, used, strict=True)]
    rolls.insert(5, ("", 0, 16))
    talk, home = tmp_path / "talk", tmp_path / "home"
    talk.mkdir()
    for name, value in (
        *(("SECONDUNIT_HOME", home), ("BLENDER_USER_RESOURCES", tmp_path / "blender"), ("SECONDUNIT_TALK", talk)),
        ("LIBGL_ALWAYS_SOFTWARE", 1),
    ):
        monkeypatch.setenv(name, str(value))
    assert run(["install", "blender"]) == 0

    def do(code: str) -> Any:
        (talk / "do.part").write_text(code)
        (talk / "do.part").rename(talk / "do.py")
        answer, end = talk / "did.json", time.monotonic() + SECONDS
        while not answer.exists():
            assert time.monotonic() < end and program.poll() is None, "Blender does not answer"
            time.sleep(0.05)
        told = json.loads(answer.read_text())
        answer.unlink()
        assert "error" not in told, told["error"]
        return told["result"]

    came: Queue[Connection] = Queue()
    with screen(1280, 800) as display, Links(home, came.put):
        script = Path(__file__).with_name("blender_startup.py")
        arguments = ["blender", "--window-geometry", "0", "0", "1280", "800", "--python", str(script)]
        program = subprocess.Popen(arguments, env=os.environ | {"DISPLAY": display}, stdout=subprocess.DEVNULL)
        try:
            do(_CUT.format(rolls=rolls, file=str(tmp_path / "film.blend")))
            connection = came.get(timeout=SECONDS)
            host, commands = LinkedHost(connection), Queue[str]()
            connection.follow(lambda method, told: commands.put(told["name"]) if method == "command" else None)
            before = host.read()
            do("for one in strips: one.select = one.name == 'A005'")
            do("bpy.ops.secondunit.extend()")
            assert commands.get(timeout=SECONDS) == "extend"
            assert host.attention().selected == ("A005",)
            take = shot(Path(files[4]), 66, 40, 16, "A005_v001")
            take.media_reference.target_url = files[3]
            planned, done = edit(before.cut, [Overwrite("V3", at(312, Fraction(24)), take)])
            placed = place(host, before, done, "Second Unit: extend A005", Probing())
            assert isinstance(placed, Placed)
            assert frame_map(host.read().cut) == frame_map(planned)
            do("scene.frame_current = 86400 + 206; strips['A005_v001'].color_tag = 'COLOR_06'")
            if sample is not None:
                _show(display, do)
            do("with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]): bpy.ops.ed.undo()")
            assert frame_map(host.read().cut) == frame_map(before.cut)
        finally:
            program.kill()
            program.wait()


def _show(display: str, do: Any) -> None:
    """The tab of the sidebar is clicked: scripts cannot choose it in every version."""
    left, top = do(
        "areas = bpy.context.window_manager.windows[0].screen.areas\n"
        "area = next(one for one in areas if one.type == 'SEQUENCE_EDITOR')\n"
        "side = next(one for one in area.regions if one.type == 'UI')\n"
        "result = [side.x + side.width, 800 - side.y - side.height]"
    )
    environment = os.environ | {"DISPLAY": display}
    time.sleep(10)
    place = (str(left - 12), str(top + 185))
    subprocess.run(["xdotool", "mousemove", *place, "sleep", "1", "click", "1"], env=environment, check=True)
    time.sleep(10)
    FOLDER.mkdir(parents=True, exist_ok=True)
    subprocess.run(["import", "-window", "root", str(FOLDER / "blender.png")], env=environment, check=True)
