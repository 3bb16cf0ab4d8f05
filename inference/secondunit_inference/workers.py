"""One thread for each device: it keeps a warm worker process, gives it orders, and publishes what it makes."""

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
from secondunit_bridge._pb import worker_pb2
from secondunit_bridge.errors import OrderFailed
from secondunit_bridge.messages import Record, Take
from secondunit_bridge.spawn import process_of
from secondunit_bridge.wire import event_from_proto, from_proto, to_proto

from secondunit_inference.framing import frame, read_frames
from secondunit_inference.orders import MOST_ATTEMPTS, Claim, Orders, TakeSlot
from secondunit_inference.store import TakeFiles, publish, sweep

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""A worker that is silent for so long is ended; its heartbeat comes every 2 s."""
START_SECONDS = 120.0
START_AGAIN_SECONDS = 30.0
MOST_FAILED_STARTS = 3
MOST_BROKEN = 2  # an engine's own error mostly comes again, and loading a large model takes minutes
"""In a row; then it is not the start that failed by chance, and waiting orders fail."""
SOFT_CANCEL_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_START_OVER_SECONDS = 5.0


class WorkerProcess:
    """A child in its own process group. What it sends is put into `inbox`, and None once it has ended."""

    def __init__(
        self, engines: dict[str, str], models: Path, log_path: Path, inbox: "queue.SimpleQueue[Message]"
    ) -> None:
        with log_path.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "secondunit_inference.worker", str(models)),
                    *(f"{name}={package}" for name, package in engines.items()),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.created = psutil.Process(self.pid).create_time()
        self._inbox = inbox
        threading.Thread(target=self._read, name=f"worker-{self.pid}", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for body in read_frames(self._process.stdout):
            self._inbox.put((self, worker_pb2.FromWorker.FromString(body)))
        self._inbox.put((self, None))

    def send(self, message: worker_pb2.ToWorker) -> None:
        """To a worker that has ended, nothing is sent: its end is in the inbox."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(frame(message))
            self._process.stdin.flush()

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> str:
        """Ends the process and its children; returns, once that is confirmed, how the process ended."""
        kill_group(self.pid)
        status = self._process.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        return f"signal {-status}" if status < 0 else f"status {status}"


Message = tuple[WorkerProcess | None, worker_pb2.FromWorker | None]


def order_log(logs: Path, order_id: str) -> Path:
    return logs / f"{order_id}.log"


def kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            psutil.Process(pid).kill()
        else:
            os.killpg(pid, signal.SIGKILL)


def end_leftover(orders: Orders, device: str) -> None:
    """Ends the worker of a unit that was killed, and waits until it is gone."""
    last = orders.worker_of(device)
    process = last and process_of(*last)
    if process:
        log.warning("ending worker %d, left by the unit before", process.pid)
        kill_group(process.pid)
        process.wait()


class Device(threading.Thread):
    def __init__(self, name: str, orders: Orders, engines: dict[str, str], models: Path, logs: Path) -> None:
        super().__init__(name=f"device-{name}")
        self._device = name
        self._orders = orders
        self._engines = engines
        self._models = models
        self._logs = logs
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._worker_log = logs / f"worker-{name}.log"
        self._worker: WorkerProcess | None = None
        self.loaded: tuple[str, ...] = ()
        """Models that the worker keeps in memory, as its last heartbeat says."""
        self._start_again = 0.0
        self._failed_starts = 0
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Has the thread look at its orders again."""
        self._inbox.put((None, None))

    def stop(self) -> None:
        """Ends the worker; the order that it had is taken up when a unit starts again."""
        self._stopping.set()
        self.wake()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve()
            except Exception:  # the edge of the thread: a full disk must not end it for good
                log.exception("the device %s starts over in %g s", self._device, _START_OVER_SECONDS)
                self._end_worker()
                self._stopping.wait(_START_OVER_SECONDS)
        self._end_worker()

    def _serve(self) -> None:
        """Begins as after a crash, whatever was left."""
        end_leftover(self._orders, self._device)
        self._start_worker()
        for interrupted in self._orders.interrupted():
            if not self._stopping.is_set():
                self._recover(interrupted)
        while not self._stopping.is_set():
            if self._worker is not None and not self._worker.alive():
                self._end_worker()
            if self._worker is None and time.monotonic() >= self._start_again:
                self._start_worker()
            may_claim = self._worker is not None or self._failed_starts >= MOST_FAILED_STARTS
            claim = self._orders.claim() if may_claim else None
            if claim is None:
                self._next(_LOOK_SECONDS if may_claim else self._start_again - time.monotonic())
            elif self._worker is not None:
                self._run(claim, self._worker)
            else:
                message = f"no worker process could be started in {self._failed_starts} attempts: its log tells more"
                self._orders.failed(claim, OrderFailed.__name__, message, str(self._worker_log))
                self._start_again = 0.0  # for the next order

    def _start_worker(self) -> None:
        """Leaves no worker behind where it does not report in time that it is ready."""
        worker = WorkerProcess(self._engines, self._models, self._worker_log, self._inbox)
        self._orders.set_worker(self._device, worker.pid, worker.created)
        self._worker = worker
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping.is_set() and (left := deadline - time.monotonic()) > 0:
            message = self._next(left)
            match message and message.WhichOneof("message"):
                case "ready":
                    self._failed_starts = 0
                    return
                case None if message is not None:
                    break
        ended = self._end_worker()
        if not self._stopping.is_set():
            self._failed_starts += 1
            pause = _LOOK_SECONDS if self._failed_starts < MOST_FAILED_STARTS else START_AGAIN_SECONDS
            self._start_again = time.monotonic() + pause
            log.error("no worker process could be started (%s): see %s", ended, self._worker_log)

    def _end_worker(self) -> str:
        if self._worker is None:
            return "it was not running"
        ended = self._worker.kill()
        self._worker = None
        self.loaded = ()
        return ended

    def _next(self, timeout: float) -> worker_pb2.FromWorker | None:
        """The worker's next message, an empty one once it has ended, None after a wake or the timeout."""
        try:
            sender, message = self._inbox.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None
        if sender is None or sender is not self._worker:
            return None
        if message is not None and message.WhichOneof("message") == "heartbeat":
            self.loaded = tuple(message.heartbeat.loaded)
        return message if message is not None else worker_pb2.FromWorker()

    def _log_of(self, claim: Claim) -> Path:
        return order_log(self._logs, claim.order.id)

    def _run(self, claim: Claim, worker: WorkerProcess) -> None:
        worker.send(_begin(claim, self._log_of(claim)))
        lease = time.monotonic() + LEASE_SECONDS
        kill_at: float | None = None
        while True:
            if self._stopping.is_set():
                self._end_worker()
                return
            if kill_at is None and self._orders.cancel_asked(claim):
                kill_at = time.monotonic() + SOFT_CANCEL_SECONDS
                worker.send(worker_pb2.ToWorker(cancel=worker_pb2.Cancel(fence=claim.fence)))
            limit = lease if kill_at is None else min(lease, kill_at)
            message = self._next(limit - time.monotonic())
            if message is None and time.monotonic() < limit:
                continue
            if message is None:
                ended = self._end_worker()
                if kill_at is not None:
                    self._cancelled(claim)
                else:
                    self._lost(
                        claim, f"the worker gave no sign of life for {LEASE_SECONDS:g} s and was ended ({ended})"
                    )
                return
            lease = time.monotonic() + LEASE_SECONDS
            if self._heard(claim, message, kill_at is not None):
                return

    def _heard(self, claim: Claim, message: worker_pb2.FromWorker, cancelling: bool) -> bool:
        """True once the claim is over."""
        kind = message.WhichOneof("message")
        if kind is None:
            ended = self._end_worker()
            if cancelling:
                self._cancelled(claim)
            else:
                self._lost(claim, f"the worker ended unexpectedly ({ended})")
            return True
        if kind in ("heartbeat", "ready"):
            return False
        content = getattr(message, kind)
        if content.fence != claim.fence:
            log.warning("a %s under the stale fence %d is dropped", kind, content.fence)
            return False
        match kind:
            case "progress":
                if not cancelling:
                    event = event_from_proto(content.event)
                    self._orders.passed(claim, event)  # type: ignore[arg-type]
            case "written":
                if not cancelling and not self._publish(claim, content.index, from_proto(Take, content.take)):
                    return True
            case "stopped":
                self._cancelled(claim)
                return True
            case "refused":
                self._sweep(claim)
                self._orders.failed(claim, content.error, content.message, str(self._log_of(claim)))
                return True
            case "broken":
                self._end_worker()
                if cancelling:
                    self._cancelled(claim)
                else:
                    self._lost(claim, f"the engine {claim.order.engine} broke off: {content.error}", MOST_BROKEN)
                return True
            case "finished":
                if cancelling:
                    self._cancelled(claim)
                return True
        return False

    def _publish(self, claim: Claim, index: int, take: Take) -> bool:
        slot = next(slot for slot in claim.unpublished if slot.index == index)
        files = _files(claim, slot)
        try:
            publish(files)
        except OSError as error:
            self._end_worker()
            self._lost(claim, f"the take {slot.name} could not be published: {error}")
            return False
        lut = str(files.final_cube) if take.lut else ""
        self._orders.published(claim, index, replace(take, path=files.media(files.final), lut=lut))
        return True

    def _cancelled(self, claim: Claim) -> None:
        self._sweep(claim)
        self._orders.cancelled(claim)

    def _lost(self, claim: Claim, reason: str, attempts: int = MOST_ATTEMPTS) -> None:
        log.error("%s: %s", claim.order.id, reason)
        self._sweep(claim)
        self._orders.requeue(claim, reason, str(self._log_of(claim)), attempts)

    def _sweep(self, claim: Claim) -> None:
        for slot in claim.unpublished:
            sweep(_files(claim, slot))

    def _recover(self, claim: Claim) -> None:
        """Stores takes that had their final names when the unit ended, and queues what is left of the order."""
        for slot in claim.unpublished:
            files = _files(claim, slot)
            if files.final.exists() and (take := self._inspect(claim, files)) and take.record.take_id == slot.take_id:
                publish(files)
                lut = str(files.final_cube) if files.final_cube.exists() else ""
                self._orders.published(claim, slot.index, replace(take, lut=lut))
                log.info("adopted %s", files.final)
            sweep(files)
        if self._orders.cancel_asked(claim):
            self._orders.cancelled(claim)
        else:
            self._orders.resume(claim)

    def _inspect(self, claim: Claim, files: TakeFiles) -> Take | None:
        worker = self._worker
        if worker is None:
            return None
        slot = claim.order.slot
        worker.send(worker_pb2.ToWorker(inspect=worker_pb2.Inspect(path=str(files.final))))
        deadline = time.monotonic() + START_SECONDS
        while (left := deadline - time.monotonic()) > 0 and not self._stopping.is_set():
            message = self._next(left)
            if message is None:
                continue
            match message.WhichOneof("message"):
                case "inspected":
                    if not message.inspected.HasField("record"):
                        return None
                    record = from_proto(Record, message.inspected.record)
                    return Take(
                        files.media(files.final),
                        slot.head + slot.frames + slot.tail,
                        message.inspected.sha256,
                        "",
                        record,
                    )
                case None:
                    break
                case _:
                    continue
        self._end_worker()
        self._start_worker()
        return None


def _files(claim: Claim, slot: TakeSlot) -> TakeFiles:
    return TakeFiles(claim.order.delivery, slot.take_id, slot.name, slot.reel, claim.fence)


def _begin(claim: Claim, log_path: Path) -> worker_pb2.ToWorker:
    begin = worker_pb2.Begin(order=to_proto(claim.order), fence=claim.fence, log=str(log_path))
    for slot in claim.unpublished:
        begin.takes.add(
            index=slot.index, take_id=slot.take_id, name=slot.name, reel=slot.reel, start=to_proto(slot.start)
        )
    return worker_pb2.ToWorker(begin=begin)
