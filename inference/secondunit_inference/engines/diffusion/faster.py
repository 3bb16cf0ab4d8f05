"""Speed options carried out on a pipeline for one call, and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diffusers.hooks import FirstBlockCacheConfig, TaylorSeerCacheConfig

from secondunit_inference.engines.diffusion.speed import Speed

_ATTENTION = r"blocks\.\d+\.attn\d*$"
"""TaylorSeer finds nothing to hook in these transformers by itself."""


@contextmanager
def faster(pipeline: Any, wanted: Speed) -> Iterator[None]:
    names = ("transformer", "transformer_2")
    transformers = [one for name in names if (one := getattr(pipeline, name, None)) is not None]
    cached = []
    try:
        for transformer in transformers:
            if wanted.cache:
                transformer.enable_cache(_CONFIGS[wanted.cache]())
                cached.append(transformer)
        if wanted.tiling:
            pipeline.vae.enable_tiling()
        yield
    finally:
        for transformer in cached:
            transformer.disable_cache()
        if wanted.tiling:
            pipeline.vae.disable_tiling()


_CONFIGS = {
    "first-block": FirstBlockCacheConfig,
    "taylorseer": lambda: TaylorSeerCacheConfig(cache_identifiers=[_ATTENTION]),
}
