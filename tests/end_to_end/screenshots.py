"""`make screenshots`: the panel's states on the sample cut, as docs/images/panel-*.png. Needs Xvfb and xdotool."""

import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import opentimelineio as otio
from PIL import Image
from rich.console import Console
from secondunit_bridge import spawn
from secondunit_plugin.demo.sample import make_sample
from secondunit_timeline import read_cut

from tests.end_to_end.desktop import Desk, screen
from tests.end_to_end.hosts.openshot_program import Docked, Person

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "out" / "demo" / "sample"
_MAKING = 1200.0
_DRAWN = 5.0
_COLOURS, _FLAT = 256, 96


class Album:
    """Small files: the interface has few colours, and its pictures bear being dithered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bytes = 0

    def take(self, desk: Desk, name: str) -> None:
        raw = self._folder / f"{name}.png"
        desk.save(raw)
        target = IMAGES / f"panel-{name}.png"
        _in_few_colours(Image.open(raw).convert("RGB")).save(target, optimize=True)
        self.bytes += target.stat().st_size


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """The flat colours of the interface as they are, those of pictures in it as near as the rest of a palette comes."""
    codes = np.asarray(picture, np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    inner = codes[1:-1, 1:-1]
    beside = (codes[1:-1, :-2], codes[1:-1, 2:], codes[:-2, 1:-1], codes[2:, 1:-1])
    found, counts = np.unique(inner[np.logical_and.reduce([inner == one for one in beside])], return_counts=True)
    flat = np.sort(found[np.argsort(counts)[-_FLAT:]])
    near = picture.quantize(_COLOURS - len(flat), Image.Quantize.MEDIANCUT)
    place = np.searchsorted(flat, codes).clip(max=len(flat) - 1)
    made = np.where(flat[place] == codes, place + _COLOURS - len(flat), np.asarray(near))
    shown = Image.fromarray(made.astype(np.uint8), "P")
    rest = (near.getpalette() or [])[: 3 * (_COLOURS - len(flat))]
    rest += [0] * (3 * (_COLOURS - len(flat)) - len(rest))
    shown.putpalette(rest + [int(code >> shift & 255) for code in flat for shift in (16, 8, 0)])
    return shown


def main(width: int = 1280, height: int = 800) -> int:
    if not (SAMPLE / "sample.otio").exists():
        make_sample(SAMPLE, lambda _done, _total: None)
    with TemporaryDirectory(prefix="secondunit-") as kept, screen(width, height) as display:
        home = Path(kept)
        shutil.copytree(SAMPLE, home / "cut")
        album = Album(home)
        try:
            _pictures(album, display, home)
            _offered(album, display, home)
        finally:
            spawn.stop(home / "unit")
        _in_openshot(album, home)
    Console().print(f"{album.bytes / 1e6:.1f} MB in {IMAGES}")
    return 0


def _pictures(album: Album, display: str, home: Path) -> None:
    desk = Desk(display, home)
    try:
        desk.find("Unit ready*")
        _take(album, desk, "empty")
    finally:
        desk.kill()
    desk = Desk(display, home, home / "cut" / "sample.otio")
    try:
        desk.find("Unit ready*")
        _take(album, desk, "cut")
        _order(album, desk)
        _choose(album, desk)
        _cut_in(album, desk)
        _export(album, desk, home)
        _controls(album, desk)
        _unit(album, desk)
    finally:
        desk.kill()


def _offered(album: Album, display: str, home: Path) -> None:
    """In a folder that a program exports into."""
    shutil.copytree(SAMPLE, home / "exports")
    desk = Desk(display, home, home / "exports")
    try:
        desk.find("Unit ready*")
        desk.click("A005")
        desk.find("A005, 60 frames")
        desk.click("Order takes")
        desk.click("Pending", beside="Queue")
        desk.find("*its take has come, and is offered")
        _take(album, desk, "offered")
        desk.click("Cut in")
        desk.find("it lies beside the cut*")
    finally:
        desk.kill()


def _in_openshot(album: Album, home: Path) -> None:
    """Where it is installed; its timeline is a web page, which draws when it likes."""
    if shutil.which("openshot-qt") is None:
        return
    (home / "openshot").mkdir()
    with screen(1920, 1080) as display:
        desk = Docked(display, home / "openshot")
        try:
            desk.find("Unit ready*")
            cut = read_cut(home / "cut" / "sample.otio")
            for track in cut.audio_tracks():  # OpenShot has no transitions of sound
                track[:] = [one.deepcopy() for one in track if not isinstance(one, otio.schema.Transition)]
            Person(desk.program, home / "cut").open(cut)
            desk.click("A005")
            desk.find("A005, 60 frames")
            desk.click("Order takes")
            desk.find("Cut in A005_v001*")  # by itself
            desk.program.ask("zoom", 2)
            time.sleep(_DRAWN)
            _take(album, desk, "openshot")
        finally:
            desk.program.quit()
            spawn.stop(home / "openshot" / "unit")


def _take(album: Album, desk: Desk, name: str) -> None:
    desk.rest()
    album.take(desk, name)


def _order(album: Album, desk: Desk) -> None:
    desk.click("A005")
    desk.find("A005, 60 frames")
    desk.write_into("Number of takes", "2")
    desk.find("* 2 takes *memory")
    _take(album, desk, "shot")
    desk.click("Order takes")
    desk.find("take 1 in the making*")
    album.take(desk, "making")
    desk.click("Pending", beside="Queue")
    desk.find("Slug for *")
    album.take(desk, "pending")
    desk.click("Queue", beside="Pending")
    _take(album, desk, "queue")


def _controls(album: Album, desk: Desk) -> None:
    desk.click("A003")
    desk.find("A003, 52 frames")
    desk.rest()
    desk.choose("Task", "Make the shot again")
    desk.choose("Model", "Wan 2.1 VACE, 1.3B*")
    desk.write_into("Text", "the balloon is striped red and white, evening light")
    _take(album, desk, "controls")
    x, y = _draw(desk, "Paint the mask on the picture")
    desk.hands.drag((x - 60, y - 20), (x - 20, y - 40), (x + 20, y - 20), (x + 20, y + 10), (x - 30, y + 10))
    _take(album, desk, "mask")
    desk.hands.keys("Escape", "shift+Tab")
    x, y = _draw(desk, "Draw moving regions on the picture")
    corners = [(x - 60, y - 40), (x + 40, y - 40), (x + 40, y + 40), (x - 60, y + 40), (x - 60, y - 40)]
    desk.hands.drag(*corners)
    desk.hands.drag((x, y), (x + 40, y - 20), (x + 110, y - 40))
    _take(album, desk, "strokes")
    desk.hands.keys("Escape")
    _scroll(desk, "Camera, as a guide")
    desk.choose("Camera, as a guide", "push in")
    _draw(desk, "Show the move on the picture")
    _take(album, desk, "camera")
    desk.hands.keys("Escape")


def _scroll(desk: Desk, to: str) -> None:
    """In the order, with the wheel over its edge, where it turns no field."""
    below = desk.find("Live")
    for _ in range(40):
        if any(one.text == to for one in desk.look()):
            return
        desk.hands.do("mousemove", str(below.x - 18), str(below.y - 60), "click", "5")


def _draw(desk: Desk, tool: str) -> tuple[int, int]:
    """Takes the tool up; the middle of the viewer."""
    _scroll(desk, tool)
    desk.click(tool)
    desk.rest()
    return desk.field("Viewer").middle


def _choose(album: Album, desk: Desk) -> None:
    desk.click("Takes", beside="Queue")
    desk.click("A005")
    desk.find("A005_v002", seconds=_MAKING)
    desk.click("A005_v002")
    desk.hands.keys("s")
    desk.find("A005_v002 · starred")
    _take(album, desk, "takes")
    desk.click("Contact sheet")
    _take(album, desk, "contact-sheet")
    desk.click("Contact sheet")
    desk.click("Compare")
    desk.click("Wipe")
    desk.find("Compared with")
    _take(album, desk, "wipe")
    desk.click("False colour")
    _take(album, desk, "false-colour")
    desk.hands.keys("Escape")
    desk.gone("Compared with")


def _cut_in(album: Album, desk: Desk) -> None:
    desk.click("Edit")
    desk.click("Cut in as")
    desk.find("On a track above")
    album.take(desk, "cut-in-as")
    desk.hands.keys("Escape", "Escape", "Escape")
    desk.click("Cut in")
    desk.find("*sample_edit01*")
    _take(album, desk, "cut-in")


def _export(album: Album, desk: Desk, home: Path) -> None:
    desk.hands.keys("ctrl+shift+e")
    desk.find("File name:")
    desk.hands.keys("ctrl+a")
    desk.hands.write(f"{home}/cut/for_the_online.edl")
    desk.hands.keys("Return")
    desk.find("*does not hold the whole cut*")
    _take(album, desk, "export")
    desk.hands.keys("Escape")


def _unit(album: Album, desk: Desk) -> None:
    desk.hands.keys("ctrl+u")
    desk.find("Main memory")
    _take(album, desk, "unit")
    desk.click("Models", beside="Checks")
    _take(album, desk, "models")


if __name__ == "__main__":
    sys.exit(main())
