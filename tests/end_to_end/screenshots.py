"""`make screenshots`: the panel's states on the sample cut, as docs/images/panel-*.png. Needs Xvfb and xdotool."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from rich.console import Console
from secondunit_bridge import spawn
from secondunit_plugin.demo.sample import make_sample

from tests.end_to_end.desktop import Desk, screen

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "out" / "demo" / "sample"
_COLOURS = 256


class Album:
    """Small files: the interface has few colours, and its pictures bear being dithered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bytes = 0

    def take(self, desk: Desk, name: str) -> None:
        raw = self._folder / f"{name}.png"
        desk.save(raw)
        target = IMAGES / f"panel-{name}.png"
        Image.open(raw).convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE).save(target, optimize=True)
        self.bytes += target.stat().st_size


def main() -> int:
    if not (SAMPLE / "sample.otio").exists():
        make_sample(SAMPLE, lambda _done, _total: None)
    with TemporaryDirectory(prefix="secondunit-") as kept, screen(1280, 800) as display:
        home = Path(kept)
        shutil.copytree(SAMPLE, home / "cut")
        album = Album(home)
        try:
            _pictures(album, display, home)
        finally:
            spawn.stop(home / "unit")
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
        _controls(album, desk)
        _unit(album, desk)
    finally:
        desk.kill()


def _take(album: Album, desk: Desk, name: str) -> None:
    desk.rest()
    album.take(desk, name)


def _order(album: Album, desk: Desk) -> None:
    desk.click("A005")
    desk.find("A005, 60 frames")
    desk.write_into("Number of takes", "3")
    desk.find("* 3 takes *memory")
    _take(album, desk, "shot")
    desk.click("Order takes")
    desk.find("take 1 in the making*")
    album.take(desk, "making")
    desk.click("Queue")
    _take(album, desk, "queue")


def _controls(album: Album, desk: Desk) -> None:
    desk.click("A003")
    desk.find("A003, 52 frames")
    desk.rest()
    desk.choose("Task", "Make the shot again")
    desk.choose("Model", "Wan 2.1 VACE, 1.3B*")
    desk.write_into("Text", "the balloon is striped red and white, evening light")
    _take(album, desk, "controls")
    desk.scroll("Content", "Paint the mask on the picture")
    desk.click("Paint the mask on the picture")
    desk.rest()
    view = desk.field("Viewer")
    x, y = view.middle
    desk.hands.drag((x - 60, y - 20), (x - 20, y - 40), (x + 20, y - 20), (x + 20, y + 10), (x - 30, y + 10))
    _take(album, desk, "mask")
    desk.hands.keys("Escape")


def _choose(album: Album, desk: Desk) -> None:
    desk.click("Takes", beside="Queue")
    desk.click("A005")
    desk.click("A005_v003")
    desk.hands.keys("s")
    desk.find("A005_v003 · starred")
    _take(album, desk, "takes")
    desk.click("Compare")
    desk.click("Wipe")
    desk.find("Compared with")
    _take(album, desk, "wipe")
    desk.click("False colour")
    _take(album, desk, "false-colour")
    desk.hands.keys("Escape")
    desk.gone("Compared with")
    desk.click("Cut in")
    desk.find("*sample_edit01*")
    _take(album, desk, "cut-in")


def _unit(album: Album, desk: Desk) -> None:
    desk.hands.keys("ctrl+u")
    desk.find("Main memory")
    _take(album, desk, "unit")
    desk.click("Models", beside="Checks")
    _take(album, desk, "models")


sys.exit(main())
