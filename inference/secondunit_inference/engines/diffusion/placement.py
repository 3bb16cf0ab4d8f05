"""A recipe carried out: components laid onto the device, or made to be streamed there while they work."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

import torch
from diffusers.hooks import apply_group_offloading

from secondunit_inference.engines.diffusion.recipes import (
    Fp8,
    FromDisk,
    Int8,
    Recipe,
    Resident,
    Streamed,
    TextStreamed,
    streams,
)
from secondunit_inference.engines.diffusion.sizes import streams_by_block

STREAMED = ".streamed"
"""The folder, in that of the models, of what `FromDisk` reads; it is written when a model is loaded so."""


def place(components: Mapping[str, Any], recipe: Recipe, device: torch.device, dtype: Any, models: Path) -> None:
    modules = {name: one for name, one in components.items() if isinstance(one, torch.nn.Module)}
    shutil.rmtree(models / STREAMED, ignore_errors=True)
    for name, module in modules.items():
        match recipe:
            case Resident():
                module.to(device)
            case TextStreamed():
                if streams(name) and not streams_by_block(name):
                    _stream(name, module, device, None)
                else:
                    module.to(device)
            case Fp8():
                if streams_by_block(name):
                    module.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
                module.to(device)
            case Int8():
                if streams_by_block(name):
                    _as_int8(module)
                module.to(device)
            case Streamed() | FromDisk():
                folder = models / STREAMED / name if isinstance(recipe, FromDisk) else None
                if streams(name):
                    _stream(name, module, device, folder)
                else:
                    module.to(device)
            case _:
                assert_never(recipe)


def _as_int8(module: Any) -> None:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_  # takes a second, for this recipe alone

    quantize_(module, Int8WeightOnlyConfig())


def _stream(name: str, module: Any, device: torch.device, folder: Path | None) -> None:
    """The next block is copied while one works, where the device can."""
    blocks = streams_by_block(name)
    if folder is not None:
        folder.mkdir(parents=True)
        _untie(module)
    apply_group_offloading(
        module,
        onload_device=device,
        offload_device=torch.device("cpu"),
        offload_type="block_level" if blocks else "leaf_level",
        num_blocks_per_group=1 if blocks else None,
        use_stream=device.type == "cuda",
        offload_to_disk_path=str(folder) if folder is not None else None,
    )


def _untie(module: Any) -> None:
    """Gives each module its own copy of a parameter that several hold.

    diffusers 0.42 empties a parameter once the first of its holders is in a file, and writes that into the next file.
    """
    seen: set[int] = set()
    for holder in module.modules():
        for name, parameter in list(holder.named_parameters(recurse=False)):
            if id(parameter) in seen:
                parameter = torch.nn.Parameter(parameter.detach().clone(), requires_grad=parameter.requires_grad)
                setattr(holder, name, parameter)
            seen.add(id(parameter))
