"""What part of the tracks is on the screen, and where."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PyQt5.QtGui import QFont

from secondunit_plugin.panel.model.layout import Bar, Hole, Layout, Track
from secondunit_plugin.panel.model.places import Place
from secondunit_plugin.panel.model.states import OfflineGrade, Stale

RULER = 26
HEADER = 104
LANE_GAP = 2
KINDS_GAP = 5
"""Between the video tracks and the audio tracks."""
NARROW = 6
"""Pixels below which a clip has no edges and no name."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a track lies: `top` from the first one's, without what is scrolled."""

    track: Track
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class View:
    """What part of the tracks shows: `scale` pixels a frame, `left` and `above` pixels scrolled away."""

    scale: float
    left: int
    above: int
    width: int
    height: int

    def x_of(self, frame: float) -> float:
        return HEADER + frame * self.scale - self.left

    def frame_at(self, x: float) -> int:
        """The frame under a pixel."""
        return int((x - HEADER + self.left) // self.scale)

    def y_of(self, lane: Lane) -> int:
        return RULER + LANE_GAP + lane.top - self.above


@dataclass(frozen=True, slots=True)
class Scene:
    """`states`: of takes that are stale or of offline grade, by track and first frame."""

    layout: Layout
    lanes: tuple[Lane, ...]
    view: View
    place: Place | None
    frame: int
    mark_in: int | None
    mark_out: int | None
    states: Mapping[tuple[str, int], Stale | OfflineGrade]


def lanes_of(layout: Layout, video: int, audio: int) -> tuple[Lane, ...]:
    """`video` and `audio`: the heights of a track of that kind."""
    lanes: list[Lane] = []
    top, before = 0, True
    for track in layout.tracks:
        if before and not track.video and lanes:
            top += KINDS_GAP
        before = track.video
        height = video if track.video else audio
        lanes.append(Lane(track, top, height))
        top += height + LANE_GAP
    return tuple(lanes)


def items_between(track: Track, view: View, left: int, right: int) -> Iterator[tuple[Bar | Hole, float, float]]:
    """Those that show between two pixels, with their edges; of several within a few pixels the first stands for all."""
    position = max(0, bisect_right(track.starts, view.frame_at(left)) - 1)
    while position < len(track.items):
        item = track.items[position]
        begin, end = view.x_of(item.at), view.x_of(item.end)
        if begin > right:
            return
        following = position + 1
        if end - begin < NARROW:
            following = bisect_left(track.starts, view.frame_at(begin + NARROW), following)
            end = view.x_of(track.items[following - 1].end)
        yield item, begin, end
        position = following


def small_font(base: QFont) -> QFont:
    font = QFont(base)
    font.setPixelSize(11)
    return font
