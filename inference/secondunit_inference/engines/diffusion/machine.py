"""The device and the memory that are there, asked without torch: the unit's process never loads it."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
from secondunit_bridge.messages import MemoryUse

from secondunit_inference.engines.diffusion.recipes import Room

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Machine:
    """`device`: names the machine and its device in what was measured on it."""

    device: str
    room: Room


def machine(models: Path) -> Machine:
    """What this process and those that it started hold counts as free: it is given up before other weights come."""
    ours = {process.pid for process in psutil.Process().children(recursive=True)} | {os.getpid()}
    main = psutil.virtual_memory().available
    disk = shutil.disk_usage(models if models.is_dir() else Path.home()).free
    gpu = _gpu(ours)
    if gpu is None:
        return Machine(f"{platform.node()}: cpu", Room(main, main, disk, shared=True))
    name, free = gpu
    return Machine(f"{platform.node()}: {name}", Room(free, main, disk, shared=False))


def device_name() -> str:
    gpu = _gpu(set())
    return gpu[0] if gpu else "cpu"


def memory() -> tuple[MemoryUse, ...]:
    """What all programs use: of the main memory, and of the first device's where it has its own."""
    main = psutil.virtual_memory()

    def used(nvml: Any, handle: Any) -> MemoryUse:
        found = nvml.nvmlDeviceGetMemoryInfo(handle)
        return MemoryUse(str(nvml.nvmlDeviceGetName(handle)), int(found.used), int(found.total))

    gpu = _of_device(used)
    return (MemoryUse("", main.total - main.available, main.total), *((gpu,) if gpu else ()))


def _gpu(ours: set[int]) -> tuple[str, int] | None:
    """Name and free bytes of the first device that CUDA shows, from its driver."""

    def free(nvml: Any, handle: Any) -> tuple[str, int]:
        held = [one.usedGpuMemory or 0 for one in nvml.nvmlDeviceGetComputeRunningProcesses(handle) if one.pid in ours]
        return str(nvml.nvmlDeviceGetName(handle)), int(nvml.nvmlDeviceGetMemoryInfo(handle).free) + sum(held)

    return _of_device(free)


def _of_device(read: Callable[[Any, Any], R]) -> R | None:
    """What `read` makes of pynvml and the first device that CUDA shows; None where there is none."""
    try:
        import pynvml
    except ImportError:  # the extra `diffusion` is not installed
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if visible in ("", "-1"):
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        handle = (
            pynvml.nvmlDeviceGetHandleByIndex(int(visible))
            if visible.isdigit()
            else pynvml.nvmlDeviceGetHandleByUUID(visible)
        )
        return read(pynvml, handle)
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()
