"""A real Blender as the conformance suite works with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from itertools import count
from pathlib import Path
from queue import Queue

import opentimelineio as otio
import pytest
from secondunit_plugin.hosts.link import Connection, Links
from secondunit_plugin.hosts.linked import LinkedHost
from secondunit_plugin.hosts.strips import Kind, Strips, identified, strips_from

from tests.end_to_end.hosts.blender import Blender, python_with_bpy
from tests.plugin.hosts.conformance import probed


@contextmanager
def opened(folder: Path, version: str) -> Iterator["BlenderEditor"]:
    """`version`: the beginning of a Blender's."""
    if (python := python_with_bpy(version)) is None:
        pytest.skip(f"no Python with bpy {version}: `make hosts` installs it")
    came: Queue[Connection] = Queue()
    with pytest.MonkeyPatch.context() as patch, Links(folder / "home", came.put):
        patch.setenv("SECONDUNIT_HOME", str(folder / "home"))
        editor = BlenderEditor(Blender(python, folder), came, folder)
        try:
            yield editor
        finally:
            editor.blender.close()


opened_4_5 = partial(opened, version="4.5")
opened_5_0 = partial(opened, version="5.0")
opened_5_3 = partial(opened, version="5.3")


class BlenderEditor:
    """V1 is channel 2, each track above it three higher: what a dissolve leads to and the dissolve lie between."""

    def __init__(self, blender: Blender, came: "Queue[Connection]", folder: Path) -> None:
        self.blender, self._folder = blender, folder
        self.host = LinkedHost(came.get(timeout=30))
        self._numbers = count()
        self._file = folder / "none.blend"
        self._base = 0

    def open(self, cut: otio.schema.Timeline) -> None:
        strips = strips_from(identified(cut)[0], probed)
        self._file = self._folder / f"film{next(self._numbers)}.blend"
        self._base = strips.start
        self.blender.do(made_by_hand(strips, self._file))

    def trim(self, on: int, frames: int) -> None:
        self._edit(f"one = clip({on}); api.put(one, 'right_handle', api.get(one, 'right_handle') - {frames})")

    def insert_gap(self, at: int, frames: int) -> None:
        self._edit(
            "plain = [one for one in strips if not api.inputs(one)]\n"
            "for one in sorted(plain, key=lambda one: -api.get(one, 'left_handle')):\n"
            f"    if api.get(one, 'left_handle') >= {self._base + at}:\n"
            f"        api.put(one, 'content_start', api.get(one, 'content_start') + {frames})"
        )

    def duplicate(self, on: int, to: int) -> None:
        """As Blender does it: properties and all."""
        self._edit(
            f"one = clip({on})\n"
            "for other in strips: other.select = other == one\n"
            "with api.sequencer(scene): bpy.ops.sequencer.duplicate()\n"
            "copy = next(other for other in strips if other.select)\n"
            f"by = {self._base + to} - api.get(copy, 'left_handle')\n"
            "api.put(copy, 'content_start', api.get(copy, 'content_start') + by)\n"
            "copy.channel = 2"
        )

    def delete(self, on: int) -> None:
        self._edit(f"strips.remove(clip({on}))")

    def select(self, on: tuple[int, ...], playhead: int) -> None:
        self.blender.do(
            f"{_CLIP.format(base=self._base)}"
            f"chosen = [clip(frame).name for frame in {on!r}]\n"
            "for one in strips: one.select = one.name in chosen\n"
            f"scene.frame_set({self._base + playhead})"
        )

    def undo(self) -> None:
        self.blender.do("api.undo()")

    def reopen(self) -> None:
        self.blender.do(
            f"bpy.ops.wm.save_as_mainfile(filepath={str(self._file)!r})\n"
            "bpy.ops.wm.read_factory_settings(use_empty=True)\n"
            f"bpy.ops.wm.open_mainfile(filepath={str(self._file)!r})"
        )

    def bin(self) -> set[str]:
        raise NotImplementedError

    def _edit(self, code: str) -> None:
        self.blender.do(f"{_CLIP.format(base=self._base)}{code}\napi.push_undo('By hand')")


_CLIP = """
def clip(frame):
    return next(
        one for one in strips
        if one.channel in (2, 3) and not api.inputs(one)
        and api.get(one, "left_handle") <= {base} + frame < api.get(one, "right_handle")
    )
"""


def made_by_hand(strips: Strips, file: Path) -> str:
    """Python that makes the cut as a person with a mouse would."""
    lines = [
        "bpy.ops.wm.read_factory_settings(use_empty=True)",
        "scene = api.open_scene()",
        f"scene.render.fps, scene.render.fps_base = {round(strips.rate)}, {float(round(strips.rate) / strips.rate)}",
        f"scene.frame_end, scene.frame_start = {strips.start + 1000}, {strips.start}",
        "api.editor(scene)",
        "strips = api.strips(api.editor(scene))",
    ]
    channels = {}
    for kind, first, apart in ((Kind.PICTURE, 2, 3), (Kind.SOUND, 21, 1)):
        names = [track.name for track in strips.tracks if track.kind is kind]
        channels |= {name: first + number * apart for number, name in enumerate(names)}
    for strip in strips.strips:
        assert strip.media is not None
        first = strip.media.first / strip.media.rate * strips.rate
        assert first.denominator == 1 and strip.media.speed == Fraction(1)
        start, end = strips.start + strip.start, strips.start + strip.end
        left, right = start, end
        channel = channels[strip.track]
        for one in strips.transitions:
            if one.right == strip.id:
                left, channel = start - one.into, channel + 1
            if one.left == strip.id:
                right = end + one.out
        make = "new_sound" if strip.kind is Kind.SOUND else "new_movie"
        lines += [
            f"one = strips.{make}({strip.name!r}, {strip.media.path!r}, {channel}, {start - int(first)})",
            f"api.put(one, 'left_handle', {left}); api.put(one, 'right_handle', {right})",
        ]
    names = {strip.id: strip.name for strip in strips.strips}
    for one in strips.transitions:
        assert one.left is not None and one.right is not None
        at = strips.start + one.at
        lines.append(
            f"api.new_effect(api.editor(scene), 'cross', 'CROSS', {channels[one.track] + 2}, {at - one.into}, "
            f"{at + one.out}, strips[{names[one.left]!r}], strips[{names[one.right]!r}])"
        )
    lines += [f"scene.timeline_markers.new({one.name!r}, frame={strips.start + one.at})" for one in strips.markers]
    lines += [f"bpy.ops.wm.save_as_mainfile(filepath={str(file)!r})", "api.push_undo('Made')"]
    return "\n".join(lines)
