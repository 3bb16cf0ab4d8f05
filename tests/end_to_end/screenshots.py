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
_COLOURS = 160


class Album:
    """Small files: the interface has few colours, and its pictures bear being dithered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bytes = 0

    def take(self, desk: Desk, name: str) -> None:
        raw = self._folder / f"{name}.png"
        desk.save(raw)
        target = IMAGES / f"panel-{name}.png"
        Image.open(raw).convert("RGB").quantize(_COLOURS).save(target, optimize=True)
        self.bytes += target.stat().st_size


def main() -> int:
    if not (SAMPLE / "sample.otio").exists():
        make_sample(SAMPLE, lambda _done, _total: None)
    with TemporaryDirectory() as kept, screen(1280, 800) as display:
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
        desk.rest()
        album.take(desk, "empty")
    finally:
        desk.kill()
    desk = Desk(display, home, home / "cut" / "sample.otio")
    try:
        desk.find("Unit ready*")
        desk.rest()
        album.take(desk, "cut")
        desk.click("A005")
        desk.find("A005, 60 frames")
        desk.write_into("Number of takes", "3")
        desk.find("* 3 takes *memory")
        desk.rest()
        album.take(desk, "shot")
        desk.click("Order takes")
        desk.find("take 1 in the making*")
        album.take(desk, "making")
        desk.click("Queue")
        desk.rest()
        album.take(desk, "queue")
        desk.click("Takes", beside="Queue")
        desk.click("A005_v003")
        desk.rest()
        album.take(desk, "takes")
        desk.hands.keys("s")
        desk.hands.keys("w")
        desk.find("Compared with")
        desk.rest()
        album.take(desk, "wipe")
        desk.hands.keys("e")
        desk.rest()
        album.take(desk, "false-colour")
        desk.hands.keys("Escape")
        desk.click("Cut in")
        desk.find("*sample_edit01.otio*")
        desk.rest()
        album.take(desk, "cut-in")
    finally:
        desk.kill()


sys.exit(main())
