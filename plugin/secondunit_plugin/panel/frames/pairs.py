"""The other picture of a pair, and the two as one. In the frames process."""

from fractions import Fraction
from typing import assert_never

from av.video.frame import VideoFrame
from secondunit_bridge.media.probe import MediaInfo
from secondunit_bridge.media.read import VideoReader

from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.compare.pictures import difference, false_colour, wiped
from secondunit_plugin.panel.frames.messages import Apart, Composition, Run
from secondunit_plugin.panel.frames.pictures import Bgra


class Beside:
    """The frames of `runs`, one after the other, read at `rate`."""

    def __init__(self, runs: tuple[Run, ...], rate: Fraction | None) -> None:
        self._frames = [(run.path, run.first + (0 if run.held else step)) for run in runs for step in range(run.count)]
        self._rate = rate
        self._readers: dict[str, VideoReader] = {}

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    def frame(self, number: int) -> tuple[VideoFrame, MediaInfo]:
        """Raises MediaError, BadInput."""
        path, frame = self._frames[min(number, len(self._frames) - 1)]
        if path not in self._readers:
            self._readers[path] = VideoReader(path, self._rate)
        return self._readers[path].frame(frame), self._readers[path].info


def put_together(take: Bgra, other: Bgra, canvas: Bgra, how: Composition) -> Apart | None:
    """Over all of `canvas`, of the same shape as both."""
    a, b, seen = take[..., 2::-1], other[..., 2::-1], canvas[..., 2::-1]
    canvas[..., 3] = 255
    if how.flipped:
        seen[:] = b
        return None
    match Mode(how.mode):
        case Mode.WIPE:
            seen[:] = wiped(a, b, how.at)
        case Mode.FLIP:
            seen[:] = a
        case Mode.DIFFERENCE:
            found = difference(a, b, how.gain)
            seen[:] = found.picture
            return Apart(found.mean, found.largest)
        case Mode.FALSE_COLOUR:
            seen[:] = false_colour(wiped(a, b, how.at))
        case _:
            assert_never(how.mode)
    return None
