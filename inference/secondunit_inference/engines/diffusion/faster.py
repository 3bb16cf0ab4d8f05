"""Speed options carried out on a pipeline for one call, and taken back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from diffusers.hooks import FirstBlockCacheConfig, TaylorSeerCacheConfig
from diffusers.models.attention_dispatch import attention_backend
from secondunit_bridge.errors import OrderFailed, OrderRefused
from torch._dynamo.exc import TorchDynamoException

from secondunit_inference.engines.diffusion.speed import ATTENTIONS, COMPILE, GRAPHS, Speed

_ATTENTION = r"blocks\.\d+\.attn\d*$"
"""TaylorSeer finds nothing to hook in these transformers by itself."""


@contextmanager
def faster(pipeline: Any, wanted: Speed) -> Iterator[None]:
    """Raises OrderRefused for a package that is too old, OrderFailed where blocks do not compile."""
    names = ("transformer", "transformer_2")
    transformers = [one for name in names if (one := getattr(pipeline, name, None)) is not None]
    with ExitStack() as undone:
        for transformer in transformers:
            if wanted.cache:
                transformer.enable_cache(_CONFIGS[wanted.cache]())
                undone.callback(transformer.disable_cache)
            if wanted.compile:
                undone.enter_context(_compiled(transformer, wanted.compile))
        if wanted.tiling:
            pipeline.vae.enable_tiling()
            undone.callback(pipeline.vae.disable_tiling)
        if wanted.attention:
            try:
                # Not `set_attention_backend`, whose choice stays in the process.
                undone.enter_context(attention_backend(ATTENTIONS[wanted.attention].backend))
            except RuntimeError as error:
                raise OrderRefused(f"the attention {wanted.attention!r} cannot be used: {error}") from error
        yield


@contextmanager
def _compiled(transformer: Any, how: str) -> Iterator[None]:
    """Blocks of one class share what is compiled, and find it again in the next order.

    Their `forward` is, not the modules as `compile_repeated_blocks` does: hooks that look for a cancellation would be
    traced, and others in each order compile all anew.
    """
    mode = "reduce-overhead" if how == GRAPHS else None
    begins = [transformer.register_forward_pre_hook(_begin_step)] if how == GRAPHS else []
    blocks = [one for one in transformer.modules() if type(one).__name__ in transformer._repeated_blocks]
    before = [(block, block.__dict__.get("forward")) for block in blocks]
    try:
        for block in blocks:
            block.forward = torch.compile(block.forward, mode=mode)
        yield
    except TorchDynamoException as error:
        reason = str(error).strip().partition("\n")[0]
        raise OrderFailed(f"torch does not compile this model here ({reason}): leave out {COMPILE}") from error
    finally:
        for hook in begins:
            hook.remove()
        for block, forward in before:
            if forward is None:
                del block.forward
            else:
                block.forward = forward


def _begin_step(*_: Any) -> None:
    """What a graph returned is good until the next step: one pass through all blocks."""
    torch.compiler.cudagraph_mark_step_begin()


_CONFIGS = {
    "first-block": FirstBlockCacheConfig,
    "taylorseer": lambda: TaylorSeerCacheConfig(cache_identifiers=[_ATTENTION]),
}
