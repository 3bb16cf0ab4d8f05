"""Playing a cut: pictures and sound by record time, and exporting it as one file."""

import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import opentimelineio as otio
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray
from secondunit_bridge.errors import BadInput, CutError, MediaError, MediaUnsupported
from secondunit_bridge.media.probe import Encoding, MediaInfo, SoundInfo, probe, refuse_unsupported
from secondunit_bridge.media.read import VideoReader, picture
from secondunit_bridge.media.sound import SoundReader
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime, samples_before

from secondunit_timeline.flat import SAMPLE_RATE, Flat, Layer, Sounding, Source
from secondunit_timeline.interchange import media_files, media_path, refuse_input
from secondunit_timeline.mixing import Samples, gain, retimed, spread

Picture = NDArray[np.uint16]

_OPEN_READERS = 8
# Frames that a run goes on over rather than seek.
_SKIP = 8
_NOWHERE = -_SKIP - 1
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one clip adds to a record frame: its frame as it was decoded, None where it is offline, and its share."""

    frame: VideoFrame | None
    info: MediaInfo | None
    weight: Fraction


class Player:
    """Pictures are R'G'B', uint16, 0..65535 full range, at the size and pixel aspect of the first clip's media.

    Media of another size is fitted with bars. Sound is float32 at 48 kHz, in stereo or in the layout of the media
    with the most channels. What cannot be shown is a dark striped picture or silence, and `notes` says why.
    """

    def __init__(self, cut: otio.schema.Timeline) -> None:
        self.flat = Flat(cut)
        self.rate = self.flat.rate
        self.frames = self.flat.frames
        self.notes: dict[str, None] = {
            f"the transition {item.before.name or item.before.transition_type!r} at "
            f"{self.flat.index.timecode(int(item.start))} on {track.name} is played as a dissolve": None
            for track in self.flat.index.tracks
            for item in track.items
            if item.before is not None and item.before.transition_type != otio.schema.TransitionTypes.SMPTE_Dissolve
        }
        self._readers: OrderedDict[tuple[str, int], _Run] = OrderedDict()
        self._sounds: OrderedDict[tuple[str, int], SoundReader] = OrderedDict()
        self._infos: dict[str, MediaInfo | None] = {}
        self._soundings = self.flat.sound()
        self._channels: int | None = None
        self._fit = VideoReformatter()
        self._convert = VideoReformatter()
        first = self._first_media(cut)
        self.width, self.height = first.width, first.height
        self.pixel_aspect, self.encoding = first.pixel_aspect, first.encoding

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        while self._readers:
            self._readers.popitem()[1].close()
        while self._sounds:
            self._sounds.popitem()[1].close()

    @property
    def channels(self) -> int:
        """Channels of the mix: 2, or those of the media with the most."""
        if self._channels is None:
            found = {self._sound_channels(sounding) for sounding in self._soundings}
            self._channels = max((count for count in found if count in _LAYOUTS), default=2)
            self._channels = max(2, self._channels)
        return self._channels

    @property
    def has_sound(self) -> bool:
        return bool(self._soundings)

    def frame(self, number: int) -> Picture:
        """Record frame `number`, counted from the cut's first as 0."""
        if not 0 <= number < self.frames:
            raise BadInput(f"the cut has frames 0 to {self.frames - 1}: frame {number} cannot be shown")
        layers = self.layers(number)
        pictures = [self._picture(layer) for layer in layers]
        if len(layers) == 1 and layers[0].weight == 1:
            return pictures[0]
        mixed = np.zeros((self.height, self.width, 3), np.float32)
        for layer, image in zip(layers, pictures, strict=True):
            mixed += image * np.float32(layer.weight)
        return np.rint(mixed).astype(np.uint16)

    def native(self, number: int) -> VideoFrame | None:
        """The decoded frame itself where record frame `number` is one, unscaled and in `encoding`'s codes."""
        shown = self.flat.picture(number)
        if len(shown) != 1 or shown[0].weight != 1:
            return None
        (layer,) = self.layers(number)
        if layer.info is None or not self._fits(layer.info) or not _same_codes(layer.info.encoding, self.encoding):
            return None
        return layer.frame

    def layers(self, number: int) -> "list[Decoded]":
        """What adds up to record frame `number`, bottom first, for who fits and mixes it by itself."""
        return [self._decoded(layer, place) for layer, place in _places(self.flat.picture(number))]

    def sound(self, start_frame: int, frames: int) -> Samples:
        """The mix under `frames` record frames: float32, shape (channels, samples), not limited to ±1."""
        start = samples_before(FrameTime(start_frame, self.rate), SAMPLE_RATE)
        end = samples_before(FrameTime(start_frame + frames, self.rate), SAMPLE_RATE)
        mix = np.zeros((self.channels, end - start), np.float32)
        for sounding in self._soundings:
            low, high = max(start, sounding.start), min(end, sounding.end)
            if low < high and (samples := self._samples(sounding, low, high)) is not None:
                mix[:, low - start : high - start] += samples * gain(sounding, low, high)
        return mix

    def _first_media(self, cut: otio.schema.Timeline) -> MediaInfo:
        for track in self.flat.index.tracks:
            if track.kind != otio.schema.TrackKind.Video:
                continue
            for clip in track.track.find_clips():
                path = media_path(clip.media_reference)
                if path is not None and (info := self._info(path, self.rate)) is not None:
                    return info
        raise CutError(f"the cut {cut.name!r} has no picture that can be read: relink its media")

    def _info(self, path: str, rate: Fraction | None) -> MediaInfo | None:
        if path not in self._infos:
            try:
                self._infos[path] = info = probe(path, rate or self.rate)
                if info.field_order != "progressive":
                    self.notes[f"{path} is interlaced: it is shown deinterlaced"] = None
                refuse_unsupported(info, variable_rate=True, interlaced=True)
            except MediaUnsupported as error:
                self.notes[f"{error} (played as it is)"] = None
            except MediaError as error:
                self.notes[str(error)] = None
                self._infos[path] = None
        return self._infos[path]

    def _fits(self, info: MediaInfo) -> bool:
        return (info.width, info.height, info.pixel_aspect) == (self.width, self.height, self.pixel_aspect)

    def _decoded(self, layer: Layer, place: int) -> "Decoded":
        run = self._run(layer.source, place)
        index = self._frame_of(layer, run) if run is not None else None
        if run is None or index is None:
            return Decoded(None, None, layer.weight)
        return Decoded(run.fetch(index), run.reader.info, layer.weight)

    def _picture(self, layer: "Decoded") -> Picture:
        if layer.frame is None or layer.info is None:
            return offline(self.width, self.height)
        image = picture(layer.frame, layer.info.encoding, self._convert)
        return image if self._fits(layer.info) else self._fitted(image, layer.info.pixel_aspect)

    def _run(self, source: Source, place: int) -> "_Run | None":
        if source.path is None:
            self.notes[f"{source.clip!r} has no media: it is shown as offline"] = None
            return None
        key = (source.path, place)
        if key not in self._readers:
            if self._info(source.path, source.rate) is None:
                return None
            while len(self._readers) >= _OPEN_READERS:
                self._readers.popitem(last=False)[1].close()
            self._readers[key] = _Run(VideoReader(source.path, source.rate or self.rate))
        self._readers.move_to_end(key)
        return self._readers[key]

    def _frame_of(self, layer: Layer, run: "_Run") -> int | None:
        info = run.reader.info
        index = 0 if info.frames == 1 else layer.frame(info.rate, info.start, info.first_number)
        if 0 <= index < info.frames:
            return index
        self.notes[
            f"{layer.source.clip!r} shows frames of {info.path} that it does not hold (0 to {info.frames - 1}): "
            "they are shown as offline"
        ] = None
        return None

    def _fitted(self, image: Picture, pixel_aspect: Fraction) -> Picture:
        """Scaled to fit, centred on black."""
        wide = Fraction(image.shape[1]) * pixel_aspect / self.pixel_aspect
        scale = min(self.width / wide, Fraction(self.height, image.shape[0]))
        width, height = max(1, round(wide * scale)), max(1, round(image.shape[0] * scale))
        scaled = self._fit.reformat(
            VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb48le"),
            width=width,
            height=height,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        ).to_ndarray()
        fitted = np.zeros((self.height, self.width, 3), np.uint16)
        left, top = (self.width - width) // 2, (self.height - height) // 2
        fitted[top : top + height, left : left + width] = scaled
        return fitted

    def _sound_reader(self, sounding: Sounding) -> SoundReader | None:
        path = sounding.source.path
        if path is None:
            self.notes[f"{sounding.source.clip!r} has no media: it is silent"] = None
            return None
        key = (path, sounding.stream)
        if key not in self._sounds:
            while len(self._sounds) >= _OPEN_READERS:
                self._sounds.popitem(last=False)[1].close()
            try:
                self._sounds[key] = SoundReader(path, sounding.stream, SAMPLE_RATE)
            except BadInput as error:
                self.notes[f"{sounding.source.clip!r} is silent: {error}"] = None
                return None
        self._sounds.move_to_end(key)
        return self._sounds[key]

    def _sound_channels(self, sounding: Sounding) -> int:
        reader = self._sound_reader(sounding)
        return 0 if reader is None else reader.channels

    def _samples(self, sounding: Sounding, low: int, high: int) -> Samples | None:
        """What `sounding` plays over the record samples [low, high), in the channels of the mix."""
        reader = self._sound_reader(sounding)
        if reader is None:
            return None
        position = sounding.position
        info = self._timecoded(sounding) if sounding.source.origin is None else None
        first = position + sounding.speed * Fraction(sounding.start, SAMPLE_RATE)
        position += sounding.source.from_first_frame(first, info.start if info is not None else None) - first
        if sounding.speed == 1:
            # Source and record time differ by one constant, so a clip that is split still plays the same samples.
            samples = reader.read(low + round(position * SAMPLE_RATE), high - low)
        else:
            samples = retimed(reader, position * SAMPLE_RATE, sounding.speed, low, high)
        return spread(samples, self.channels)

    def _timecoded(self, sounding: Sounding) -> MediaInfo | None:
        path = sounding.source.path
        if path is not None and path not in self._infos:
            try:
                self._infos[path] = probe(path, sounding.source.rate or self.rate)
            except MediaError:  # sound without a picture has no timecode that a cut counts in
                self._infos[path] = None
        return self._infos[path] if path is not None else None


class _Run:
    """A reader that hands out frames a few apart from one run of the decoder, and repeats a held frame for free."""

    def __init__(self, reader: VideoReader) -> None:
        self.reader = reader
        self._last = _NOWHERE
        self._frame: VideoFrame | None = None
        self._following: Iterator[VideoFrame] | None = None

    def close(self) -> None:
        self._following = None
        self.reader.close()

    def fetch(self, index: int) -> VideoFrame:
        if self._frame is not None and index == self._last:
            return self._frame
        last, self._last = self._last, _NOWHERE  # where it stays if this fails
        if not last < index <= last + _SKIP:
            self._following = None
            self._frame = self.reader.frame(index)
        else:
            if self._following is None:
                self._following = self.reader.frames(index, self.reader.info.frames)
                last = index - 1
            for _ in range(last, index):
                self._frame = next(self._following)
        assert self._frame is not None
        self._last = index
        return self._frame


def export(
    cut: otio.schema.Timeline, path: Path | str, progress: Callable[[int, int], None] | None = None
) -> tuple[str, ...]:
    """Writes the cut, played through, as .mp4 (H.264) or .mov (ProRes 422 HQ); complete or not at all.

    `progress` is told the frames done and their total. Refused where `path` is media of the cut. Returns what could
    not be shown or heard as the cut means it.
    """
    path = Path(path)
    codec = {".mp4": Codec.H264, ".mov": Codec.PRORES_HQ}.get(path.suffix.lower())
    if codec is None:
        raise BadInput(f"{path} is neither .mp4 nor .mov: name the output so")
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent} is not a folder: make it, or write elsewhere")
    refuse_input(path, media_files(cut))
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            unfinished = Path(folder) / path.name
            with Player(cut) as player:
                _write(player, codec, unfinished, progress)
            unfinished.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror}): check the disk's space and permissions") from None
    return tuple(player.notes)


def _write(player: Player, codec: Codec, path: Path, progress: Callable[[int, int], None] | None) -> None:
    sound: tuple[SoundInfo, ...] = ()
    if player.has_sound:
        sound = (SoundInfo(SAMPLE_RATE, player.channels, _LAYOUTS[player.channels]),)
    index = player.flat.index
    with MediaWriter(
        str(path),
        codec,
        player.rate,
        player.width,
        player.height,
        player.pixel_aspect,
        player.encoding,
        index.start,
        index.drop_frame,
        sound=sound,
    ) as writer:
        for number in range(player.frames):
            native = player.native(number)
            writer.write(native if native is not None else player.frame(number))
            if sound:
                writer.write_sound(0, np.clip(player.sound(number, 1), -1, 1))
            if progress is not None:
                progress(number + 1, player.frames)


def _places(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, int]]:
    """Each layer with its number among those of the same file, so that both sides of a dissolve keep a reader."""
    counts: dict[str | None, int] = {}
    for layer in layers:
        place = counts.get(layer.source.path, 0)
        counts[layer.source.path] = place + 1
        yield layer, place


def _same_codes(one: Encoding, other: Encoding) -> bool:
    return (one.matrix, one.primaries, one.transfer, one.full_range) == (
        other.matrix,
        other.primaries,
        other.transfer,
        other.full_range,
    )


def offline(width: int, height: int) -> Picture:
    """Dark diagonal stripes: unlike any picture, and not black, which an edit may mean."""
    rows, columns = np.ogrid[:height, :width]
    stripes = (rows + columns) // 32 % 2 == 0
    return np.where(stripes[..., None], np.uint16(0x1400), np.uint16(0x2200)).repeat(3, axis=2)
