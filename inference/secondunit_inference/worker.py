"""A worker process: takes orders from the unit over its standard input, makes takes, reports over standard output.

Started as `python -m secondunit_inference.worker MODELS NAME=PACKAGE...`, one for each device. It ends at once when the
pipe to the unit closes, and after every error that its engine did not mean: the unit starts another.
"""

import errno
import faulthandler
import importlib.util
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from secondunit_bridge._pb import unit_pb2, worker_pb2
from secondunit_bridge.errors import BadInput, OrderCancelled, OrderFailed, SecondUnitError
from secondunit_bridge.files import sync_folder
from secondunit_bridge.media.probe import SoundInfo
from secondunit_bridge.media.record import extract
from secondunit_bridge.media.write import MediaWriter, lost_mastering
from secondunit_bridge.messages import Loading, Order, Preview, Record, Step, Take, Version
from secondunit_bridge.rates import FrameTime, samples_before
from secondunit_bridge.takes import digest
from secondunit_bridge.wire import from_proto, record_from_json, record_to_json, to_proto

from secondunit_inference.framing import frame, read_frames
from secondunit_inference.job import Job, Made, Make, Picture, Progress
from secondunit_inference.store import TakeFiles

HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 600.0
"""Without a look for a cancellation for so long, an order hangs and there are no more heartbeats. Making a large file
durable on a slow disk takes minutes."""
_NICENESS = 5
"""The editor's programs and the unit's answers come first; on a machine with nothing else to do it changes nothing."""
_STEP_SECONDS = 0.05
_PREVIEW_SECONDS = 0.2
_PREVIEW_WIDTH = 480
_MOST_SAID = 300
_BROKEN = 70  # EX_SOFTWARE of sysexits.h
_PACKAGES = ("secondunit", "numpy", "av", "opencv-python-headless", "scipy", "opencolorio", "openimageio")
_LOADED_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors")
"""Named where an engine has loaded them."""
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Pipe:
    """Messages to the unit, whole, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: worker_pb2.FromWorker) -> None:
        data = frame(message)
        with self._lock:
            self._stream.write(data)
            self._stream.flush()


class _Run:
    """One order under one claim: what its engine reports, thinned out, goes to the unit as events."""

    def __init__(self, begin: worker_pb2.Begin, pipe: Pipe, models: Path, holds: Callable[[str], None]) -> None:
        self.begin = begin
        self.order = from_proto(Order, begin.order)
        self.fence = begin.fence
        self.cancelled = threading.Event()
        self._pipe = pipe
        self._began = time.monotonic()
        self._takes = len(begin.takes)
        self._before = -1
        self._take = 0
        self._last_step = self._last_preview = -1e9
        self._pictures = ThreadPoolExecutor(1, "previews")
        self._encoding: Future[None] | None = None
        self.job = Job(Progress(self._loading, self._step, self._preview), self.cancelled, models, holds)

    def begin_take(self, index: int) -> None:
        self._take = index
        self._before += 1
        self.job.further = tuple(take.index for take in self.begin.takes[self._before + 1 :])
        self._last_step = -1e9

    def _send(self, event: Loading | Step | Preview) -> None:
        progress = worker_pb2.Progress(fence=self.fence, event=to_proto(event, unit_pb2.Event()))
        self._pipe.send(worker_pb2.FromWorker(progress=progress))

    def _loading(self, what: str) -> None:
        self._send(Loading(self.order.id, 0, what))

    def _step(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - self._last_step < _STEP_SECONDS and done < total:
            return
        self._last_step = now
        share = (self._before + done / max(1, total)) / self._takes
        left = (now - self._began) * (1 - share) / share if share > 0 else None
        self._send(Step(self.order.id, 0, self._take, done, total, what, left))

    def _preview(self, frame: FrameTime, picture: Picture | Callable[[], Picture]) -> None:
        """In a thread, so that no step waits for it: the engine goes on and may change a picture that it gave."""
        now = time.monotonic()
        if now - self._last_preview < _PREVIEW_SECONDS or not (self._encoding is None or self._encoding.done()):
            return
        self.shown()
        self._last_preview = now
        if callable(picture):
            self._encoding = self._pictures.submit(self._make, self._take, frame, picture)
        else:
            self._encoding = self._pictures.submit(self._show, self._take, frame, _thinned(picture), picture.shape)

    def _make(self, take: int, frame: FrameTime, make: Callable[[], Picture]) -> None:
        picture = make()
        self._show(take, frame, picture, picture.shape)

    def _show(self, take: int, frame: FrameTime, picture: Picture, shape: tuple[int, ...]) -> None:
        jpeg = _jpeg(picture, shape[1], shape[0], float(self.order.slot.pixel_aspect))
        self._send(Preview(self.order.id, 0, take, frame, jpeg))

    def shown(self) -> None:
        """Once it returns, the preview that was last asked for is sent. Raises what its encoding raised."""
        if self._encoding is not None:
            self._encoding.result()
            self._encoding = None

    def end(self) -> None:
        self.shown()
        self._pictures.shutdown()


def _thinned(picture: Picture) -> Picture:
    """A copy; a quarter of the pixels is enough for so small a picture."""
    skip = max(1, picture.shape[1] // _PREVIEW_WIDTH // 2)
    return picture[::skip, ::skip].copy()


def _jpeg(picture: Picture, width: int, height: int, pixel_aspect: float) -> bytes:
    """`width`, `height`: those of the picture before it was thinned."""
    scale = min(1.0, _PREVIEW_WIDTH / (width * pixel_aspect))
    size = max(1, round(width * pixel_aspect * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    ok, jpeg = cv2.imencode(".jpg", cv2.cvtColor((small >> 8).astype(np.uint8), cv2.COLOR_RGB2BGR))
    assert ok
    return bytes(jpeg)


class Worker:
    def __init__(self, engines: dict[str, str], pipe: Pipe, models: Path) -> None:
        self._packages = engines
        self._engines: dict[str, Make] = {}
        self._models = models
        self._pipe = pipe
        self._asked: queue.SimpleQueue[_Run | worker_pb2.Inspect] = queue.SimpleQueue()
        self._run: _Run | None = None
        self._held: dict[str, str] = {}
        """Models in memory, by the engines that keep them."""

    def _holds(self, engine: str) -> Callable[[str], None]:
        return lambda model: self._held.update({engine: model})

    def listen(self, stream: BinaryIO) -> None:
        """Runs in a thread of its own, so that a cancellation or the unit's end reaches an engine at work."""
        for body in read_frames(stream):
            message = worker_pb2.ToWorker.FromString(body)
            match message.WhichOneof("message"):
                case "begin":
                    self._run = _Run(message.begin, self._pipe, self._models, self._holds(message.begin.order.engine))
                    self._asked.put(self._run)
                case "inspect":
                    self._asked.put(message.inspect)
                case "cancel" if self._run is not None and self._run.fence == message.cancel.fence:
                    self._run.cancelled.set()
        os._exit(0)

    def beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            run = self._run
            if run is None or time.monotonic() - run.job.last_check < STALLED_SECONDS:
                self._pipe.send(
                    worker_pb2.FromWorker(
                        heartbeat=worker_pb2.Heartbeat(loaded=sorted(filter(None, list(self._held.values()))))
                    )
                )

    def work(self) -> None:
        self._pipe.send(worker_pb2.FromWorker(ready=worker_pb2.Ready()))
        while True:
            asked = self._asked.get()
            if isinstance(asked, _Run):
                self._log_to(asked.begin.log)
                answer = self._carry_out(asked)
                asked.end()
                self._run = None
                self._pipe.send(answer)
            else:
                self._pipe.send(worker_pb2.FromWorker(inspected=_inspect(asked)))

    def _carry_out(self, run: _Run) -> worker_pb2.FromWorker:
        fence = run.fence
        try:
            for take in run.begin.takes:
                run.begin_take(take.index)
                self._make(run, take)
        except OrderCancelled:
            return worker_pb2.FromWorker(stopped=worker_pb2.Stopped(fence=fence))
        except SecondUnitError as error:
            refused = worker_pb2.Refused(fence=fence, error=type(error).__name__, message=str(error))
            return worker_pb2.FromWorker(refused=refused)
        except OSError as error:
            if error.errno not in _DISK_FULL:
                raise
            message = f"the disk of {run.order.delivery.folder} is full: make room, then order again"
            refused = worker_pb2.Refused(fence=fence, error=OrderFailed.__name__, message=message)
            return worker_pb2.FromWorker(refused=refused)
        except Exception as error:  # noqa: BLE001 (what is in memory may be damaged: the process ends here)
            traceback.print_exc()  # into the log before the unit reads the message and ends the process
            sys.stderr.flush()
            self._pipe.send(worker_pb2.FromWorker(broken=worker_pb2.Broken(fence=fence, error=_said(error))))
            os._exit(_BROKEN)
        return worker_pb2.FromWorker(finished=worker_pb2.Finished(fence=fence))

    def _make(self, run: _Run, slot: worker_pb2.TakeToMake) -> None:
        order, job = run.order, run.job
        seed = order.seeds[slot.index]
        start = from_proto(FrameTime, slot.start)
        files = TakeFiles(order.delivery, slot.take_id, slot.name, slot.reel, run.fence)
        job.check()
        made = self._engine(order.engine, job)(order, slot.index, seed, job)
        lost = lost_mastering(order.delivery.codec, made.encoding)
        record = Record(
            take_id=slot.take_id,
            name=slot.name,
            reel=slot.reel,
            start=start,
            drop_frame=order.slot.drop_frame,
            order=order,
            seed=seed,
            weights_sha256=made.weights_sha256,
            versions=_versions(),
            seams=made.seams,
            look=made.look,
            trusted=made.trusted,
            placeholder=made.placeholder,
            notes=(*made.notes, *((lost,) if lost else ())),
            fit=made.fit,
            further_weights=made.further_weights,
        )
        frames = _write(files, made, record, job)
        if made.cube:
            with files.temporary_cube.open("x") as cube:
                cube.write(made.cube)
                cube.flush()
                os.fsync(cube.fileno())
        sync_folder(files.folder)
        lut = str(files.temporary_cube) if made.cube else ""
        take = Take(str(files.temporary), frames, digest(files.temporary, job.check), lut, record)
        run.shown()
        written = worker_pb2.Written(fence=run.fence, index=slot.index, take=to_proto(take))
        self._pipe.send(worker_pb2.FromWorker(written=written))

    def _engine(self, name: str, job: Job) -> Make:
        """Imported when its first order comes: torch takes seconds, which nobody waits for who uses another engine.

        Raises OrderFailed where a library that it needs is not installed.
        """
        if name not in self._engines:
            job.progress.loading(f"the engine {name}")
            try:
                self._engines[name] = importlib.import_module(f"{self._packages[name]}.engine").engine()
            except ImportError as error:
                raise OrderFailed(f"the engine {name} cannot be loaded ({error}): install what it needs") from error
        return self._engines[name]

    def _log_to(self, path: str) -> None:
        """The order's log gets what this process, its libraries and a crash print from here on."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)


def _write(files: TakeFiles, made: Made, record: Record, job: Job) -> int:
    """Returns the number of frames written."""
    slot = record.order.slot
    wanted = slot.head + slot.frames + slot.tail
    sound = tuple(SoundInfo(stream.rate, stream.samples.shape[0], stream.layout) for stream in made.sound)
    written = 0
    with MediaWriter(
        str(files.temporary),
        record.order.delivery.codec,
        slot.rate,
        slot.width,
        slot.height,
        slot.pixel_aspect,
        made.encoding,
        record.start,
        record.drop_frame,
        record.reel,
        sound,
        record_to_json(record),
        slot.encoding,
    ) as writer:
        for frame in made.frames:
            job.check()
            writer.write(frame)
            for index, stream in enumerate(made.sound):
                first, last = (samples_before(FrameTime(n, slot.rate), stream.rate) for n in (written, written + 1))
                writer.write_sound(index, stream.samples[:, first:last])
            written += 1
        job.check()
        if written != wanted:
            raise OrderFailed(f"{record.name}: the engine made {written} of {wanted} frames")
    return written


def _inspect(asked: worker_pb2.Inspect) -> worker_pb2.Inspected:
    try:
        text = extract(asked.path)
        record = None if text is None else record_from_json(text)
    except BadInput:
        record = None
    found = None if record is None else to_proto(record)
    return worker_pb2.Inspected(sha256=digest(Path(asked.path)), record=found)


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_MOST_SAID]}" if text else type(error).__name__


def _versions() -> tuple[Version, ...]:
    packages = (*_PACKAGES, *(package for package in _LOADED_PACKAGES if package in sys.modules))
    return tuple(version for package in packages if (version := _version(package)) is not None)


@cache  # reading one takes milliseconds
def _version(package: str) -> Version | None:
    try:
        return Version(package, metadata.version(package))
    except metadata.PackageNotFoundError:
        return None


def main(models: Path, engines: dict[str, str]) -> None:
    """`models`: the folder of weights. `engines`: name to package; `engine()` of its module `engine` gives a `Make`."""
    # weights come from local folders alone, whatever an engine's libraries would fetch
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    # standard output belongs to the messages: whatever prints goes to the log
    pipe = Pipe(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    faulthandler.enable()
    if sys.platform != "win32":
        os.nice(_NICENESS)
    for package in engines.values():
        if importlib.util.find_spec(f"{package}.engine") is None:
            raise ModuleNotFoundError(f"{package} has no module `engine`")
    worker = Worker(engines, pipe, models)
    threading.Thread(target=worker.listen, args=(sys.stdin.buffer,), daemon=True).start()
    threading.Thread(target=worker.beat, daemon=True).start()
    try:
        worker.work()
    except BaseException:  # noqa: BLE001 (the edge of the process)
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(_BROKEN)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(argument.split("=", 1) for argument in sys.argv[2:]))
