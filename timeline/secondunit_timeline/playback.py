"""Playing a cut: pictures and sound by record time, and exporting it as one file."""

import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
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

Picture = NDArray[np.uint16]
Samples = NDArray[np.float32]

_OPEN_READERS = 8
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
# Places of L, R and C in the layouts above.
_LEFT, _RIGHT, _CENTRE = 0, 1, 2
# Half the taps of the windowed sinc that plays retimed sound, at normal speed.
_SINC_REACH = 16


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
        layers = self.flat.picture(number)
        pictures = [self._picture(layer, place) for layer, place in _places(layers)]
        if len(layers) == 1 and layers[0].weight == 1:
            return pictures[0]
        mixed = np.zeros((self.height, self.width, 3), np.float32)
        for layer, image in zip(layers, pictures, strict=True):
            mixed += image * np.float32(layer.weight)
        return np.rint(mixed).astype(np.uint16)

    def native(self, number: int) -> VideoFrame | None:
        """The decoded frame itself where record frame `number` is one, unscaled and in `encoding`'s codes."""
        layers = self.flat.picture(number)
        if len(layers) != 1 or layers[0].weight != 1:
            return None
        run = self._run(layers[0].source, 0)
        if run is None or not self._fits(run.reader.info) or not _same_codes(run.reader.info.encoding, self.encoding):
            return None
        index = self._frame_of(layers[0], run)
        return None if index is None else run.fetch(index)

    def sound(self, start_frame: int, frames: int) -> Samples:
        """The mix under `frames` record frames: float32, shape (channels, samples), not limited to ±1."""
        start = samples_before(FrameTime(start_frame, self.rate), SAMPLE_RATE)
        end = samples_before(FrameTime(start_frame + frames, self.rate), SAMPLE_RATE)
        mix = np.zeros((self.channels, end - start), np.float32)
        for sounding in self._soundings:
            low, high = max(start, sounding.start), min(end, sounding.end)
            if low < high and (samples := self._samples(sounding, low, high)) is not None:
                mix[:, low - start : high - start] += samples * _gain(sounding, low, high)
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

    def _picture(self, layer: Layer, place: int) -> Picture:
        run = self._run(layer.source, place)
        index = self._frame_of(layer, run) if run is not None else None
        if run is None or index is None:
            return _offline(self.width, self.height)
        info = run.reader.info
        image = picture(run.fetch(index), info.encoding, self._convert)
        return image if self._fits(info) else self._fitted(image, info.pixel_aspect)

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
            samples = _retimed(reader, position * SAMPLE_RATE, sounding.speed, low, high)
        return _spread(samples, self.channels)

    def _timecoded(self, sounding: Sounding) -> MediaInfo | None:
        path = sounding.source.path
        if path is not None and path not in self._infos:
            try:
                self._infos[path] = probe(path, sounding.source.rate or self.rate)
            except MediaError:  # sound without a picture has no timecode that a cut counts in
                self._infos[path] = None
        return self._infos[path] if path is not None else None


class _Run:
    """A reader that hands out consecutive frames from one run of the decoder, and repeats a held frame for free."""

    def __init__(self, reader: VideoReader) -> None:
        self.reader = reader
        self._last = -2
        self._frame: VideoFrame | None = None
        self._following: Iterator[VideoFrame] | None = None

    def close(self) -> None:
        self._following = None
        self.reader.close()

    def fetch(self, index: int) -> VideoFrame:
        if self._frame is not None and index == self._last:
            return self._frame
        if index != self._last + 1:
            self._following = None
            self._frame = self.reader.frame(index)
        else:
            if self._following is None:
                self._following = self.reader.frames(index, self.reader.info.frames)
            self._frame = next(self._following)
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


def _offline(width: int, height: int) -> Picture:
    """Dark diagonal stripes: unlike any picture, and not black, which an edit may mean."""
    rows, columns = np.ogrid[:height, :width]
    stripes = (rows + columns) // 32 % 2 == 0
    return np.where(stripes[..., None], np.uint16(0x1400), np.uint16(0x2200)).repeat(3, axis=2)


def _spread(samples: Samples, channels: int) -> Samples:
    """Into the channels of the mix: mono to L and R of stereo, to C of a larger layout; others channel by channel."""
    own = samples.shape[0]
    if own == channels:
        return samples
    spread = np.zeros((channels, samples.shape[1]), np.float32)
    if own == 1:
        spread[[_LEFT, _RIGHT] if channels == 2 else [_CENTRE]] = samples
    else:
        spread[: min(own, channels)] = samples[:channels]
    return spread


def _gain(sounding: Sounding, low: int, high: int) -> Samples:
    gain = np.ones(high - low, np.float32)
    at = np.arange(low, high)
    for fade in sounding.fades:
        progress = np.clip((at - fade.start) / max(1, fade.end - fade.start), 0, 1)
        if not fade.rising:
            progress = 1 - progress
        gain *= np.sin(progress * (np.pi / 2)).astype(np.float32)
    return gain


def _retimed(reader: SoundReader, position: Fraction, speed: Fraction, low: int, high: int) -> Samples:
    """The source at `position` + `speed` × s for each record sample s, by a Hann-windowed sinc: pitch follows speed."""
    # Whole and fractional parts are taken apart exactly, so that a long cut loses no precision.
    first = position + speed * low
    base = int(first // 1)
    at = float(first - base) + float(speed) * np.arange(high - low)
    stretch = max(1.0, abs(float(speed)))
    reach = int(np.ceil(_SINC_REACH * stretch))
    whole = np.floor(at).astype(np.int64)
    start = int(whole.min()) - reach
    source = reader.read(base + start, int(whole.max()) + reach + 2 - start)
    taps = np.arange(-reach + 1, reach + 1)
    distance = (at - whole)[:, None] - taps[None, :]
    window = np.where(np.abs(distance) < reach, 0.5 + 0.5 * np.cos(np.pi * distance / reach), 0)
    kernel = (np.sinc(distance / stretch) * window / stretch).astype(np.float32)
    gathered = source[:, (whole - start)[:, None] + taps[None, :]]
    return np.asarray(np.einsum("cnt,nt->cn", gathered, kernel), np.float32)
