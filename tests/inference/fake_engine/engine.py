import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from secondunit_bridge.errors import MediaMissing
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.messages import Order
from secondunit_bridge.rates import FrameTime
from secondunit_inference.job import Job, Made, Make, Picture, SoundStream

RGB = Encoding("rgb48le", 16, "bt709", "bt709", "bt709", True)


def engine() -> Make:
    return make


def make(order: Order, index: int, seed: int, job: Job) -> Made:
    """Parameters: `at` (make, frame) and `what` (crash, exit, missing, full, hang, stop, sleep); `frame_seconds`;
    `holds`: the model that it says to keep in memory; `offline`: what the environment says of the network is noted;
    `busy`: they are worked, not slept; `stamp`: steps are named after the time."""
    given: dict[str, Any] = {parameter.name: parameter.value for parameter in order.parameters}
    _note(given, f"make {order.id} {index} {os.getpid()}")
    if given.get("offline"):
        _note(given, " ".join(f"{name}={os.environ.get(name)}" for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")))
    if "holds" in given:
        job.holds(given["holds"])
    job.progress.loading("test")
    if given.get("at") == "make":
        _misbehave(given, job)
    slot = order.slot
    total = slot.head + slot.frames + slot.tail
    rate = 48000
    samples = np.zeros((2, int(total * rate / slot.rate) + 1), np.float32)

    def frames() -> Iterator[Picture]:
        for number in range(total):
            if given.get("at") == "frame" and number == total // 2:
                _misbehave(given, job)
            picture = np.full((slot.height, slot.width, 3), (seed * 1000 + number * 500) % 65536, np.uint16)
            if number == 0:
                job.progress.preview(FrameTime(0, slot.rate), picture)
            seconds = float(given.get("frame_seconds", 0.0))
            if given.get("busy"):
                _work(seconds, job)
            else:
                _sleep(seconds, job)
            job.progress.step(number + 1, total, str(time.monotonic_ns()) if given.get("stamp") else "frames")
            yield picture

    cube = 'TITLE "test"\n' if given.get("cube") else ""
    sound = (SoundStream(samples, rate, "stereo"),) if given.get("sound") else ()
    return Made(frames(), RGB, sound, (), None, None, False, (), cube)


def _note(given: dict[str, Any], line: str) -> None:
    if "notes" in given:
        with Path(str(given["notes"])).open("a") as notes:
            notes.write(line + "\n")


def _sleep(seconds: float, job: Job) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        job.check()
        time.sleep(min(left, 0.1))


def _work(seconds: float, job: Job) -> None:
    """Keeps every core busy, as an engine does."""
    picture = np.zeros((1080, 1920), np.float32)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job.check()
        picture = cv2.GaussianBlur(picture, (0, 0), 2)


def _misbehave(given: dict[str, Any], job: Job) -> None:
    first = given.get("once")
    if first is not None:
        if Path(str(first)).exists():
            return
        Path(str(first)).touch()
    match given["what"]:
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            raise RuntimeError("an engine's mistake")
        case "missing":
            raise MediaMissing("clip.mov is missing: relink it")
        case "full":
            raise OSError(errno.ENOSPC, "no space left on device")
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "hang":
            time.sleep(1000)
        case "sleep":
            _sleep(1000, job)
