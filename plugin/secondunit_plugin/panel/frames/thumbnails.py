"""Thumbnails and waveforms, made by two threads of the frames process: what is soon made before what takes long."""

import io
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from itertools import count

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.media.container import is_pattern, open_media, picture_stream
from secondunit_bridge.media.probe import Encoding, encoding_of, orientation, timecode_of
from secondunit_bridge.media.read import Upright, VideoReader
from secondunit_bridge.media.sound import SoundReader
from secondunit_bridge.rates import FrameTime, exact_rate
from secondunit_bridge.takes import sound_of

from secondunit_plugin.panel.frames.cache import Cache
from secondunit_plugin.panel.frames.messages import (
    Answer,
    MediaTime,
    Peaks,
    Thumbnail,
    Unshown,
    WantPeaks,
    WantThumbnail,
)
from secondunit_plugin.panel.frames.pictures import fitted, scaled

PEAKS_PER_SECOND = 100
_THREADS = 2
_OPEN = 4
_PEAKS_AT_ONCE = 10  # seconds
_SOUND_RATE = 48_000
_QUALITY = 4  # of ffmpeg's JPEG: 2 best, 31 worst
_SOON, _PEAKS, _EXACT = range(3)

Want = WantThumbnail | WantPeaks


class Thumbnails:
    """`wait` is called before what takes long, and returns when the viewer does not play."""

    def __init__(self, cache: Cache, send: Callable[[Answer, bytes], None], wait: Callable[[], None]) -> None:
        self._cache, self._send, self._wait = cache, send, wait
        self._queue: queue.PriorityQueue[tuple[int, int, Want]] = queue.PriorityQueue()
        self._order = count()
        self._wanted: set[int] = set()
        for _ in range(_THREADS):
            threading.Thread(target=self._work, name="thumbnails", daemon=True).start()

    def ask(self, want: Want) -> None:
        self._wanted.add(want.number)
        self._put(_PEAKS if isinstance(want, WantPeaks) else _SOON, want)

    def leave(self, number: int) -> None:
        self._wanted.discard(number)

    def _put(self, when: int, want: Want) -> None:
        self._queue.put((when, next(self._order), want))

    def _work(self) -> None:
        readers = _Readers()
        while True:
            when, _, want = self._queue.get()
            if want.number not in self._wanted:
                continue
            if when != _SOON:
                self._wait()
            try:
                match want:
                    case WantPeaks():
                        self._peaks(want)
                    case WantThumbnail():
                        self._thumbnail(want, readers, when == _EXACT)
            except SecondUnitError as error:
                self._send(Unshown(want.number, str(error)), b"")
            except (OSError, av.error.FFmpegError) as error:
                path = want.path if isinstance(want, WantPeaks) else want.of.path
                self._send(Unshown(want.number, f"{path} cannot be read ({error.strerror}): relink it"), b"")

    def _thumbnail(self, want: WantThumbnail, readers: "_Readers", exact: bool) -> None:
        key = self._cache.key(want.of.path, want.of.seconds, want.of.timecoded, want.of.rate, want.width)
        jpeg = self._cache.get(key)
        if jpeg is None and not exact:
            soon = None if is_pattern(want.of.path) else _near(want, readers.container(want.of.path))
            if soon is None:
                self._put(_EXACT, want)
                return
            jpeg, exact = soon
            if not exact:
                self._send(Thumbnail(want.number, False), jpeg)
                self._put(_EXACT, want)
                return
            self._cache.put(key, jpeg)
        elif jpeg is None:
            jpeg = _exact(want, readers.reader(want.of.path, want.of.rate))
            self._cache.put(key, jpeg)
        self._wanted.discard(want.number)
        self._send(Thumbnail(want.number, True), jpeg)

    def _peaks(self, want: WantPeaks) -> None:
        key = self._cache.key(want.path, "peaks", want.stream)
        found = self._cache.get(key)
        if found is None:
            found = peaks(want.path, want.stream)
            self._cache.put(key, found)
        self._wanted.discard(want.number)
        self._send(Peaks(want.number), found)


class _Readers:
    """Those of one thread, the last few of them kept open."""

    def __init__(self) -> None:
        self._containers: OrderedDict[str, InputContainer] = OrderedDict()
        self._readers: OrderedDict[tuple[str, Fraction | None], VideoReader] = OrderedDict()

    def container(self, path: str) -> InputContainer:
        if path not in self._containers:
            while len(self._containers) >= _OPEN:
                self._containers.popitem(last=False)[1].close()
            self._containers[path] = open_media(path)
        self._containers.move_to_end(path)
        return self._containers[path]

    def reader(self, path: str, rate: Fraction | None) -> VideoReader:
        key = (path, rate)
        if key not in self._readers:
            while len(self._readers) >= _OPEN:
                self._readers.popitem(last=False)[1].close()
            self._readers[key] = VideoReader(path, rate)
        self._readers.move_to_end(key)
        return self._readers[key]


def _near(want: WantThumbnail, container: InputContainer) -> tuple[bytes, bool] | None:
    """The key frame at or before the time, and whether it is the frame itself; None where it cannot be told fast."""
    stream = picture_stream(container, want.of.path)
    rate, tick = stream.average_rate, stream.time_base
    if rate is None or tick is None:
        return None
    seconds = _seconds(want.of, timecode_of(container, exact_rate(rate))[0] if want.of.timecoded else None)
    wanted = (stream.start_time or 0) + int(seconds / tick)
    stream.codec_context.skip_frame = "NONKEY"
    container.seek(wanted, stream=stream)
    frame = next(container.decode(stream), None)
    if frame is None or frame.pts is None:
        return None
    aspect, turned = stream.sample_aspect_ratio or Fraction(1), orientation(frame)
    if turned.rotation in (90, 270):
        aspect = 1 / aspect
    made = jpeg(Upright(turned).turn(frame), encoding_of(frame, stream), aspect, want.width)
    return made, 0 <= wanted - frame.pts < 1 / (rate * tick)


def _exact(want: WantThumbnail, reader: VideoReader) -> bytes:
    info = reader.info
    number = min(max(int(_seconds(want.of, info.start) * info.rate), 0), info.frames - 1)
    return jpeg(reader.frame(number), info.encoding, info.pixel_aspect, want.width)


def _seconds(of: MediaTime, start: FrameTime | None) -> Fraction:
    return of.seconds - start.seconds if of.timecoded and start and of.seconds >= start.seconds else of.seconds


def jpeg(frame: VideoFrame, encoding: Encoding, pixel_aspect: Fraction, width: int) -> bytes:
    """`width` pixels across, square ones."""
    across, down = fitted(frame.width * pixel_aspect / frame.height, width, 16 * width)
    small = VideoFrame.from_ndarray(scaled(frame, encoding, across, down, VideoReformatter()), format="bgra")
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as output:
        stream = output.add_stream("mjpeg", rate=1, options={"qmin": str(_QUALITY), "qmax": str(_QUALITY)})
        stream.width, stream.height, stream.pix_fmt = across, down, "yuvj444p"
        codes = VideoReformatter().reformat(
            small, format="yuvj444p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG
        )
        codes.pts = 0
        output.mux(stream.encode(codes))
        output.mux(stream.encode(None))
    return file.getvalue()


def peaks(path: str, stream: int) -> bytes:
    """Over all channels; see `messages.Peaks`. Raises BadInput where there is no such sound."""
    path, stream = sound_of(path, stream)
    with SoundReader(path, stream, _SOUND_RATE) as reader, open_media(path) as container:
        sound = container.streams.audio[stream]
        tick, length = sound.time_base or Fraction(0), sound.duration
        seconds = length * tick if length is not None else Fraction(container.duration or 0, av.time_base)
        each = _SOUND_RATE // PEAKS_PER_SECOND
        made = [np.empty((0, 2), np.int8)]
        for begin in range(0, end := int(seconds * _SOUND_RATE), _SOUND_RATE * _PEAKS_AT_ONCE):
            samples = reader.read(begin, min(_SOUND_RATE * _PEAKS_AT_ONCE, -(-(end - begin) // each) * each))
            parts = samples.reshape(len(samples), -1, each)
            extremes = np.stack((parts.min(axis=(0, 2)), parts.max(axis=(0, 2))), axis=1)
            made.append(np.clip(np.rint(extremes * 127), -127, 127).astype(np.int8))
    return np.concatenate(made).tobytes()
