"""Takes as folders: 16-bit PNG or half-float OpenEXR frames, a WAV file for each sound stream, the record as JSON."""

import os
import shutil
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from secondunit_bridge.media.colour import PRIMARIES, TRANSFERS, Floats, Picture, code, parts, whole
from secondunit_bridge.media.exr import Header, write_exr
from secondunit_bridge.media.probe import SoundInfo
from secondunit_bridge.media.prores import FramePool
from secondunit_bridge.media.read import codes, picture
from secondunit_bridge.media.sound import SoundTrack
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import samples_before
from secondunit_bridge.takes import FIRST_NUMBER

FRAMES = {Codec.PNG: "frame_%04d.png", Codec.EXR: "frame_%04d.exr"}
RECORD = "record.json"


class ImageFolder:
    def __init__(
        self,
        path: str,
        codec: Codec,
        header: Header,
        sound: Sequence[SoundInfo],
        record: str,
    ) -> None:
        self._folder, self._header, self._name = Path(path), header, FRAMES[codec]
        self._image = self._exr if codec is Codec.EXR else self._png
        reel, start = header.reel, header.start
        self._folder.mkdir()
        self._pool: FramePool[None] = FramePool()
        self._local = threading.local()
        if record:
            self._durable(RECORD, record.encode())
        self._waves = []
        self._sound = []
        for number, info in enumerate(sound, start=1):
            wave = av.open(f"file:{self._folder}/sound_{number}.wav", "w", format="wav", options={"write_bext": "1"})
            wave.metadata["originator"] = "Second Unit"
            if reel:
                wave.metadata["originator_reference"] = reel  # EBU Tech 3285
            if start is not None:
                wave.metadata["time_reference"] = str(samples_before(start, info.rate))
            self._sound.append(SoundTrack(wave, "pcm_s24le", info))
            self._waves.append(wave)
            wave.start_encoding()

    def write(self, number: int, frame: VideoFrame | Picture | Floats) -> None:
        self._pool.submit(partial(self._image, number, frame))

    def write_sound(self, stream: int, samples: NDArray[np.float32]) -> None:
        self._waves[stream].mux(self._sound[stream].encode(samples))

    def finish(self) -> None:
        self._pool.flush()
        self._pool.stop()
        for wave, track in zip(self._waves, self._sound, strict=True):
            wave.mux(track.flush())
            wave.close()
        for file in (*self._folder.glob("*.wav"), self._folder):
            _sync(file)

    def abandon(self) -> None:
        self._pool.stop()
        for wave in self._waves:
            wave.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _exr(self, number: int, frame: VideoFrame | Picture | Floats) -> None:
        shown = codes(frame, self._header.encoding) if isinstance(frame, VideoFrame) else parts(frame)
        file = self._folder / (self._name % (FIRST_NUMBER + number))
        write_exr(file, np.ascontiguousarray(shown), self._header, number)
        _sync(file)

    def _png(self, number: int, frame: VideoFrame | Picture | Floats) -> None:
        local = self._local
        if not hasattr(local, "to_picture"):
            local.to_picture, local.swap = VideoReformatter(), VideoReformatter()
        header = self._header
        if isinstance(frame, VideoFrame):
            frame = picture(frame, header.encoding, local.to_picture)
        packed = VideoFrame.from_numpy_buffer(np.ascontiguousarray(whole(frame)), format="rgb48le")
        swapped: VideoFrame = local.swap.reformat(packed, format="rgb48be", threads=1)
        swapped.color_range, swapped.colorspace = ColorRange.JPEG, 0
        swapped.color_primaries = code(PRIMARIES, header.encoding.primaries)
        swapped.color_trc = code(TRANSFERS, header.encoding.transfer)
        encoder: VideoCodecContext = av.CodecContext.create("png", "w")
        encoder.width, encoder.height, encoder.pix_fmt = swapped.width, swapped.height, "rgb48be"
        encoder.time_base, encoder.sample_aspect_ratio, encoder.thread_count = 1 / header.rate, header.pixel_aspect, 1
        encoder.options = {"compression_level": "1", "pred": "up"}
        packets = [*encoder.encode(swapped), *encoder.encode(None)]
        self._durable(self._name % (FIRST_NUMBER + number), b"".join(bytes(packet) for packet in packets))

    def _durable(self, name: str, data: bytes) -> None:
        with (self._folder / name).open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
