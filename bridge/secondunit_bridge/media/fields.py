"""Fields of interlaced frames as frames of their own, by ffmpeg's `bwdif` filter."""

from collections.abc import Callable

from av.filter import Graph
from av.video.frame import VideoFrame


class Deinterlacer:
    """A frame is made from its stored frame and the two beside it, so any order of access gives the same pictures.

    `bottom_first`: which field of a frame is the earlier one. `fields`: two pictures for each frame, else one.
    """

    def __init__(self, count: int, bottom_first: bool, fields: bool, fetch: Callable[[int], VideoFrame]) -> None:
        self._count, self._fields, self._fetch = count, fields, fetch
        mode, parity = ("send_field" if fields else "send_frame"), ("bff" if bottom_first else "tff")
        self._arguments = f"mode={mode}:parity={parity}:deint=all"
        self._held: dict[int, VideoFrame] = {}
        self._made: tuple[int, list[VideoFrame]] = (-1, [])

    def picture(self, number: int) -> VideoFrame:
        stored, field = divmod(number, 2) if self._fields else (number, 0)
        if self._made[0] != stored:
            self._made = stored, self._pictures(stored)
        return self._made[1][field]

    def _pictures(self, stored: int) -> list[VideoFrame]:
        around = range(max(0, stored - 1), min(stored + 2, self._count))
        self._held = {near: self._held[near] if near in self._held else self._fetch(near) for near in around}
        frames = list(self._held.values())
        graph = Graph()
        source = graph.add_buffer(
            width=frames[0].width, height=frames[0].height, format=frames[0].format, time_base=frames[0].time_base
        )
        graph.link_nodes(source, graph.add("bwdif", self._arguments), graph.add("buffersink")).configure()
        for frame in frames:
            graph.vpush(frame)
        graph.vpush(None)
        each = 2 if self._fields else 1
        made = [graph.vpull() for _ in range(each * len(frames))]
        first = (stored - around.start) * each
        return made[first : first + each]
