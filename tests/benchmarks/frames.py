"""How soon the panel shows a 1080p frame, the thumbnails of a cut, and whether a take plays at its rate; offscreen."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import grpc
import numpy as np
from secondunit_bridge._pb import unit_pb2
from secondunit_plugin.panel.frames import ring
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import MediaScene, MediaTime, Shown, packed, received
from secondunit_plugin.panel.frames.ring import Filled, RingReader, RingWriter
from secondunit_plugin.panel.model.playback import PlaybackModel, Stopped
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf, ThumbnailsModel
from secondunit_plugin.panel.views.canvas import Canvas

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication

WIDTH, HEIGHT = 1920, 1080
ROUNDS = 30
CLIPS = 100
SECONDS = 8
_METHOD = "/benchmark/Frame"
_LARGE = [("grpc.max_receive_message_length", 2**25), ("grpc.max_send_message_length", 2**25)]


def writer(path: str) -> None:
    """The other process: for each line that it is sent, one frame through the ring."""
    ring_writer, frame = RingWriter(Path(path)), _frame()
    for _ in sys.stdin.buffer:
        slot = ring_writer.begin()
        assert slot is not None
        np.frombuffer(ring_writer.data(slot, WIDTH, HEIGHT), np.uint8)[:] = frame
        filled = ring_writer.end(slot, WIDTH, HEIGHT)
        sys.stdout.buffer.write(packed(Shown(1, 0, 0, filled.slot, filled.sequence)))
        sys.stdout.buffer.flush()


def server() -> None:
    """The other process: for each call, one frame in a `bytes` field."""
    frame = _frame().tobytes()
    handler = grpc.unary_unary_rpc_method_handler(
        lambda _request, _context: unit_pb2.Preview(jpeg=frame), response_serializer=unit_pb2.Preview.SerializeToString
    )
    made = grpc.server(ThreadPoolExecutor(1), options=_LARGE)
    made.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("benchmark", {"Frame": handler}),))
    print(made.add_insecure_port("127.0.0.1:0"), flush=True)  # noqa: T201
    made.start()
    made.wait_for_termination()


def _frame() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, WIDTH * HEIGHT * 4, np.uint8)


def _best(what: Callable[[], None]) -> float:
    """Seconds; what else runs on the machine only ever adds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        what()
        times.append(time.perf_counter() - began)
    return min(times)


def _child(function: str, *arguments: str) -> "subprocess.Popen[bytes]":
    code = f"from tests.benchmarks import frames; frames.{function}({', '.join(map(repr, arguments))})"
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])


def _to_the_screen() -> list[tuple[str, float, float]]:
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.show()
    source, target = _frame(), np.empty(WIDTH * HEIGHT * 4, np.uint8)
    copy = _best(lambda: np.copyto(target, source))
    path = ring.create()
    reader = RingReader(path)
    other = _child("writer", str(path))
    assert other.stdin is not None and other.stdout is not None
    answers, before = received(other.stdout), [Filled(0, 0)]

    def through_the_ring() -> None:
        assert other.stdin is not None
        other.stdin.write(b"\n")
        other.stdin.flush()
        answer, _ = next(answers)
        filled = Filled(answer.slot, answer.sequence)
        pixels = reader.pixels(filled)
        assert pixels is not None
        canvas.show_pixels(pixels)
        canvas.repaint()
        reader.free(before[0])
        before[0] = filled

    ours = _best(through_the_ring)
    other.stdin.close()
    other.wait()
    path.unlink()
    other = _child("server")
    assert other.stdout is not None
    with grpc.insecure_channel(f"127.0.0.1:{int(other.stdout.readline())}", options=_LARGE) as channel:
        call = channel.unary_unary(_METHOD, response_deserializer=unit_pb2.Preview.FromString)

        def through_a_field() -> None:
            data = call(b"", wait_for_ready=True).jpeg
            canvas.show_picture(QImage(data, WIDTH, HEIGHT, WIDTH * 4, QImage.Format_RGB32))
            canvas.repaint()

        field = _best(through_a_field)
    other.kill()
    other.wait()
    canvas.close()
    return [
        ("1080p frame from another process to the screen / its memcpy", ours / copy, 6.0),
        ("1080p frame to the screen / the same through a protobuf bytes field", ours / field, 0.2),
    ]


def _clip(path: Path, seconds: int, *codec: str) -> None:
    source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate=24:duration={seconds}"
    tone = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", tone, *codec]
    subprocess.run([*command, "-c:a", "pcm_s16le", str(path)], check=True)


def _wait(app: QApplication, until: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the frames process does not answer")
        app.processEvents()
        time.sleep(0.001)


def _thumbnails(app: QApplication, link: FramesLink, folder: Path) -> list[tuple[str, float, float]]:
    first = folder / "clip000.mov"
    _clip(first, 3, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-g", "48")
    wanted = []
    for number in range(CLIPS):
        path = folder / f"clip{number:03}.mov"
        if number:
            shutil.copy(first, path)
        wanted.append(ThumbnailOf(MediaTime(str(path), Fraction(30 + number % 20, 24)), 160))
    model, arrived = ThumbnailsModel(link), dict[object, float]()
    began = time.perf_counter()
    model.arrived.connect(lambda one: arrived.setdefault(one, time.perf_counter() - began))
    model.wanted(*wanted)
    _wait(app, lambda: len(arrived) == CLIPS)
    model.left(*wanted)
    return [
        (f"first thumbnail of a cut with {CLIPS} clips, s", min(arrived.values()), 0.3),
        (f"a thumbnail of each of its {CLIPS} clips, s", max(arrived.values()), 3.0),
    ]


def _at_its_rate(app: QApplication, link: FramesLink, folder: Path) -> list[tuple[str, float, float]]:
    take = folder / "take.mov"
    _clip(take, SECONDS, "-pix_fmt", "yuv422p10le", "-c:v", "prores_ks", "-profile:v", "3")
    playback, canvas = PlaybackModel(link), Canvas()
    canvas.resize(960, 540)
    canvas.show()
    playback.resize(960, 540)
    playback.picture_changed.connect(lambda: playback.pixels and canvas.show_pixels(playback.pixels))
    playback.show(MediaScene(str(take)))
    _wait(app, lambda: playback.opened is not None and playback.pixels is not None)
    playback.play(1)
    _wait(app, lambda: playback.state == Stopped())
    canvas.close()
    return [
        ("frames dropped / frames of a 1080p ProRes take, played at 960 × 540", playback.dropped / SECONDS / 24, 0.01)
    ]


def run() -> list[tuple[str, float, float]]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    rows = _to_the_screen()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SECONDUNIT_CACHE"] = str(Path(folder) / "cache")
        link = FramesLink()
        link.start()
        try:
            _wait(app, lambda: link.running is not None)
            rows += _thumbnails(app, link, Path(folder))
            rows += _at_its_rate(app, link, Path(folder))
        finally:
            link.close()
            del os.environ["SECONDUNIT_CACHE"]
    return rows


if __name__ == "__main__":
    for name, measured, bar in run():
        print(f"{name}: {measured:.3f} (at most {bar})")  # noqa: T201
