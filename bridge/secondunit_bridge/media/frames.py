"""Which frames a file shows, found from the timestamps of its packets, and at which exact rate."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from secondunit_bridge.errors import MediaUnreadable
from secondunit_bridge.rates import NTSC_BASES, exact_rate

_STANDARD = tuple(Fraction(n) for n in (*range(1, 241), Fraction(25, 2), Fraction(15, 2))) + tuple(
    Fraction(base * 1000, 1001) for base in (12, 15, *NTSC_BASES)
)


@dataclass(frozen=True, slots=True)
class FrameMap:
    """`times`: the frames' presentation timestamps, ascending, edit list applied.

    `key_times` and `key_seeks`: for each packet where decoding can start, its presentation timestamp and the
    timestamp to seek to. `counted`: timestamps cannot be trusted, so frames are found by decoding from the start.
    """

    time_base: Fraction
    times: NDArray[np.int64]
    key_times: NDArray[np.int64]
    key_seeks: NDArray[np.int64]
    counted: bool

    @property
    def intra(self) -> bool:
        return len(self.key_times) >= len(self.times)


def shown_at(frames: FrameMap, rate: Fraction) -> NDArray[np.int64]:
    """For each frame at the constant `rate`, the number of the file's frame that is shown then: the last that began.

    The file's last frame lasts as long as the others do on average; only whole frames at `rate` count.
    """
    ticks = frames.times - frames.times[0]
    mean = int(ticks[-1]) / Fraction(max(1, len(ticks) - 1))
    step = 1 / (rate * frames.time_base)
    count = max(1, floor((int(ticks[-1]) + mean) / step))
    begins = np.array([number * step.numerator // step.denominator for number in range(count)], np.int64)
    return np.asarray(np.searchsorted(ticks, begins, "right") - 1, np.int64)


def scan(container: InputContainer, stream: VideoStream, path: str) -> FrameMap:
    """Reads every packet of `stream`. A file that ends in the middle of a packet or before its index is refused."""
    indexed = _intra_index(container, stream, path)
    if indexed is not None:
        return indexed
    shown: list[int] = []
    keys: list[tuple[int, int]] = []
    packets, counted, end = 0, False, 0
    vp8 = stream.codec_context.name in ("vp8", "libvpx")
    for packet in container.demux(stream):
        packets += packet.dts is not None or packet.pts is not None
        if packet.size == 0:
            continue
        if packet.is_corrupt:
            raise MediaUnreadable(f"{path} is cut short at frame {len(shown)}: copy it again from its source")
        if packet.pts is None:
            counted = True
            continue
        if packet.is_keyframe:
            keys.append((packet.pts, packet.pts if packet.dts is None else packet.dts))
        end = max(end, packet.pts + (packet.duration or 0))
        if not packet.is_discard and not (vp8 and not bytes(packet)[0] & 0x10):  # RFC 6386 9.1: show_frame
            shown.append(packet.pts)
    time_base = stream.time_base or Fraction(1, 1000)
    _refuse_cut_short(container, stream, path, packets, end * time_base)
    keys.sort()
    times = np.unique(np.array(shown, np.int64))
    return FrameMap(
        time_base,
        times,
        np.array([pts for pts, _ in keys], np.int64),
        np.array([dts for _, dts in keys], np.int64),
        counted or len(times) != len(shown) or not keys,
    )


def _intra_index(container: InputContainer, stream: VideoStream, path: str) -> FrameMap | None:
    """The map of a MOV whose codec has intra frames only, from its index: such files are too large to read through."""
    entries = list(stream.index_entries) if container.format.name.startswith("mov") else []
    if not entries or not stream.codec_context.codec.intra_only or stream.time_base is None:
        return None
    size = Path(path).stat().st_size
    cut = next((number for number, entry in enumerate(entries) if entry.pos + entry.size > size), None)
    if cut is not None:
        raise MediaUnreadable(f"{path} is cut short at frame {cut}: copy it again from its source")
    first = next((packet for packet in container.demux(stream) if packet.pts is not None), None)
    if first is None or first.pts != entries[0].timestamp:
        return None
    every = np.array([entry.timestamp for entry in entries], np.int64)
    times = np.array([entry.timestamp for entry in entries if not entry.is_discard], np.int64)
    if len(times) == 0 or (np.diff(every) <= 0).any():
        return None
    return FrameMap(stream.time_base, times, every, every, False)


def _refuse_cut_short(container: InputContainer, stream: VideoStream, path: str, packets: int, end: Fraction) -> None:
    message = f"{path} is cut short: {{}}; copy it again from its source"
    if packets == 0:
        raise MediaUnreadable(message.format("it holds no frames"))
    # The index of MOV and MP4 leaves out what edit lists hide at the end; its header does not.
    named = {"mov": len(stream.index_entries), "avi": stream.frames}.get(container.format.name.split(",")[0], 0)
    if named > packets:
        raise MediaUnreadable(message.format(f"its index names {named} frames, {packets} are there"))
    if container.format.name.startswith("matroska"):
        missing = _matroska_bytes_missing(path)
        if missing > 0:
            raise MediaUnreadable(message.format(f"{missing} bytes are missing after {float(end):.3f} s"))


def _matroska_bytes_missing(path: str) -> int:
    """The Segment's size against the file's (RFC 8794: element id, then a size of 1 to 8 bytes)."""

    def number(data: bytes, at: int) -> tuple[int, int, bool]:
        width = 9 - data[at].bit_length()
        value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
        return value, at + width, value == (1 << 7 * width) - 1

    with Path(path).open("rb") as file:
        head = file.read(4096)
    size = Path(path).stat().st_size
    try:
        header, at, _ = number(head, 4)
        at += header
        if head[at : at + 4] != b"\x18\x53\x80\x67":
            return 0
        segment, at, unknown = number(head, at + 4)
    except IndexError:
        return 0
    return 0 if unknown else at + segment - size


def find_rate(times: NDArray[np.int64], time_base: Fraction, declared: tuple[Fraction, ...]) -> tuple[Fraction, bool]:
    """The exact rate of frames at `times`, and whether their rate varies.

    A rate fits when every timestamp lies within one tick of the grid of that rate: timestamps are rounded to the
    container's time base. A standard rate that fits is preferred to an odd one. Jitter of up to two ticks or 2 ms
    (Matroska counts milliseconds, phones 1/600 s), but below a quarter frame, is still a constant rate.
    """
    declared = tuple(exact_rate(rate) for rate in declared if rate)
    if len(times) < 2:
        return (declared[0] if declared else Fraction(25)), False
    ticks = int(times[-1] - times[0])
    mean = Fraction(len(times) - 1) / (ticks * time_base)
    steps = np.diff(times)
    near = sorted((rate for rate in _STANDARD if abs(rate - mean) * 50 < mean), key=lambda rate: abs(rate - mean))
    odd = [Fraction(1) / (int(steps[0]) * time_base)] if steps.min() == steps.max() else [mean]
    candidates = [rate for rate in declared if rate in near] + near + list(declared) + odd

    def spread(rate: Fraction) -> float:
        """Of the timestamps about the grid of `rate`, in ticks."""
        step = 1 / (rate * time_base)
        grid = np.arange(len(times), dtype=np.float64) * float(step)
        off = (times - times[0]).astype(np.float64) - grid
        return float(off.max() - off.min())

    for rate in candidates:
        if spread(rate) <= 1 + 1e-6 and spread(rate) * float(time_base * rate) < 0.25:
            return rate, False
    for rate in candidates:
        jitter = spread(rate) * float(time_base)
        if jitter <= min(max(2 * float(time_base), 0.002), 0.25 / float(rate)):
            return rate, False
    return exact_rate(mean), True
