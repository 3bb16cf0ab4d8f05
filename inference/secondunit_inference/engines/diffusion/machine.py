"""The device and the memory that are there, asked without torch: the unit's process never loads it."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from secondunit_inference.engines.diffusion.recipes import Room


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


def _gpu(ours: set[int]) -> tuple[str, int] | None:
    """Name and free bytes of the first device that CUDA shows, from its driver."""
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
        free = int(pynvml.nvmlDeviceGetMemoryInfo(handle).free)
        held = [
            one.usedGpuMemory or 0 for one in pynvml.nvmlDeviceGetComputeRunningProcesses(handle) if one.pid in ours
        ]
        return str(pynvml.nvmlDeviceGetName(handle)), free + sum(held)
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()
