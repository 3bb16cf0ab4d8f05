"""What the viewer shows, decoded at the size at which it is shown. In the frames process."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import assert_never

import numpy as np
import opentimelineio as otio
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from secondunit_bridge.errors import MediaUnsupported
from secondunit_bridge.media.probe import MediaInfo, probe
from secondunit_bridge.rates import FrameTime, samples_before
from secondunit_timeline.documents import parsed
from secondunit_timeline.flat import SAMPLE_RATE
from secondunit_timeline.interchange import reference_to
from secondunit_timeline.playback import Decoded, Player, offline
from secondunit_timeline.times import time_range

from secondunit_plugin.panel.frames.messages import Apart, Composition, CutScene, Light, MediaScene, PairScene, Scene
from secondunit_plugin.panel.frames.pairs import Beside, put_together
from secondunit_plugin.panel.frames.pictures import Bgra, fitted, light_of, scaled

# L, R, C, LFE and the surrounds of 5.1 and 7.1 in two channels, as ITU-R BS.775 has it.
_DOWN = np.array([[1, 0], [0, 1], [0.707, 0.707], [0, 0], [0.707, 0], [0, 0.707], [0.707, 0], [0, 0.707]], np.float32)


@dataclass(frozen=True, slots=True)
class Painted:
    """As `Shown` has them."""

    light: Light | None
    apart: Apart | None


class Stage:
    """A scene that is open: frames from its first as 0, and stereo sound."""

    def __init__(self, scene: Scene) -> None:
        self._beside: Beside | None = None
        self._pair: tuple[int, Bgra, Bgra, Light | None] | None = None
        """The pictures of a frame that were put together last."""
        match scene:
            case CutScene(path):
                self.player = Player(parsed(Path(path).read_bytes()))
            case MediaScene(path, rate):
                self.player = Player(_cut_of(path, rate))
            case PairScene(MediaScene(path, rate), runs):
                self.player = Player(_cut_of(path, rate))
                self._beside = Beside(runs, rate)
            case _:
                assert_never(scene)
        self._fit = VideoReformatter()
        self._said: set[str] = set()

    def close(self) -> None:
        self.player.close()
        if self._beside is not None:
            self._beside.close()

    def notes(self) -> list[str]:
        """Those that were not told yet."""
        fresh = [note for note in self.player.notes if note not in self._said]
        self._said.update(fresh)
        return fresh

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Of the picture in a box of that size, with square pixels; no more than the ring holds."""
        player = self.player
        return fitted(player.width * player.pixel_aspect / player.height, width, height)

    def paint(self, number: int, canvas: Bgra, how: Composition) -> Painted:
        """Frame `number` over all of `canvas`, which has the shape that `size` says. Raises MediaError, BadInput.

        `how`: of a pair.
        """
        if self._beside is None:
            return Painted(self._paint_layers(number, canvas), None)
        if self._pair is None or self._pair[0] != number or self._pair[1].shape != canvas.shape:
            take, other = np.empty_like(canvas), np.empty_like(canvas)
            light = self._paint_layers(number, take)
            frame, info = self._beside.frame(number)
            self._pair = number, take, other, self._put(frame, info, other) or light
        _, take, other, light = self._pair
        return Painted(light, put_together(take, other, canvas, how))

    def _paint_layers(self, number: int, canvas: Bgra) -> Light | None:
        layers = self.player.layers(number)
        if len(layers) == 1 and layers[0].weight == 1:
            return self._paint(layers[0], canvas)
        light = None
        mixed = np.zeros(canvas.shape, np.uint16)
        part = np.empty_like(canvas)
        for layer in layers:
            light = self._paint(layer, part) or light
            mixed += part * np.uint16(round(layer.weight * 256))
        np.right_shift(mixed, 8, out=mixed)
        canvas[:] = mixed
        canvas[..., 3] = 255
        return light

    def sound(self, frames: range, position: int) -> bytes:
        """The sound under frames that lie evenly apart, as those of positions from `position` on; 16 bits, stereo."""
        low, high = min(frames[0], frames[-1]), max(frames[0], frames[-1])
        every = abs(frames.step)
        mix = self.player.sound(low, high - low + every)
        if len(mix) > 2:
            mix = _DOWN[: len(mix)].T @ mix
        if frames.step < 0:
            mix = mix[:, ::-1]
        if every > 1:
            mix = mix[:, : mix.shape[1] // every * every].reshape(len(mix), -1, every).mean(axis=2)
        rate = self.player.rate
        count = samples_before(FrameTime(position + len(frames), rate), SAMPLE_RATE)
        count -= samples_before(FrameTime(position, rate), SAMPLE_RATE)
        even = np.zeros((2, count), np.float32)
        even[:, : mix.shape[1]] = mix[:, :count]
        return (np.clip(even.T, -1, 1) * 32767).astype("<i2").tobytes()

    def _paint(self, layer: Decoded, canvas: Bgra) -> Light | None:
        if layer.frame is None or layer.info is None:
            _paint_offline(canvas)
            return None
        return self._put(layer.frame, layer.info, canvas)

    def _put(self, frame: VideoFrame, info: MediaInfo, canvas: Bgra) -> Light | None:
        height, width = canvas.shape[:2]
        across, down = fitted(Fraction(info.width) * info.pixel_aspect / info.height, width, height)
        left, top = (width - across) // 2, (height - down) // 2
        if (across, down) != (width, height):
            canvas[:] = (0, 0, 0, 255)
        try:
            image = scaled(frame, info.encoding, across, down, self._fit)
        except MediaUnsupported as error:
            self.player.notes[str(error)] = None
            _paint_offline(canvas)
            return None
        canvas[top : top + down, left : left + across] = image
        return light_of(info.encoding)


def _paint_offline(canvas: Bgra) -> None:
    canvas[..., :3] = offline(canvas.shape[1], canvas.shape[0]) >> 8
    canvas[..., 3] = 255


def _cut_of(path: str, rate: Fraction | None) -> otio.schema.Timeline:
    """The file by itself, from its first frame to its last, with its first sound."""
    info = probe(path, rate)
    start = info.start.frame if info.start is not None else 0
    whole = time_range(start, info.frames, info.rate)
    cut = otio.schema.Timeline(Path(path).name, global_start_time=whole.start_time)
    for kind in (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio)[: 2 if info.sound else 1]:
        media = reference_to(path, whole, info.first_number or 0)
        cut.tracks.append(otio.schema.Track(kind=kind, children=[otio.schema.Clip(cut.name, media, whole)]))
    return cut
