"""Text embeddings kept by prompt: a second take of the same words runs no text encoder."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

BYTES = 2_000_000_000
"""Those of LTX-2 take some 0.4 GB each: all hidden states of its text model."""
_PLAIN = (str, int, float, bool, torch.device, torch.dtype, type(None))


class Embeddings:
    """What `encode_prompt` of one model's pipelines returned, in main memory; the longest unused goes first."""

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    @contextmanager
    def used_by(self, pipeline: Any) -> Iterator[None]:
        """The pipeline's calls inside find what calls before encoded, bit for bit."""
        encode = pipeline.encode_prompt

        def kept(*values: Any, **named: Any) -> Any:
            key = _key(type(pipeline).__name__, values, named)
            if key is None:
                return encode(*values, **named)
            if key in self._kept:
                self._kept.move_to_end(key)
            else:
                self._keep(key, _each(encode(*values, **named), lambda one: one.cpu()))
            return _each(self._kept[key], lambda one: one.to(pipeline._execution_device))

        pipeline.encode_prompt = kept
        try:
            yield
        finally:
            del pipeline.encode_prompt

    def _keep(self, key: tuple[Any, ...], encoded: Any) -> None:
        self._kept[key] = encoded
        while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._most:
            self._kept.popitem(last=False)


def _key(pipeline: str, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...] | None:
    """None for what is not told by its value, such as embeddings that were given."""
    parts: list[Any] = [pipeline]
    for name, value in (*enumerate(values), *sorted(named.items())):
        plain = tuple(value) if isinstance(value, list) else value
        if not all(isinstance(one, _PLAIN) for one in (plain if isinstance(plain, tuple) else (plain,))):
            return None
        parts.append((name, type(value).__name__, plain))
    return tuple(parts)


def _each(encoded: Any, change: Any) -> Any:
    """Tensors inside what was returned; absent ones and other values stay."""
    if isinstance(encoded, torch.Tensor):
        return change(encoded)
    if isinstance(encoded, tuple | list):
        return type(encoded)(_each(one, change) for one in encoded)
    return encoded


def _bytes(encoded: Any) -> int:
    if isinstance(encoded, torch.Tensor):
        return int(encoded.nbytes)
    return sum(map(_bytes, encoded)) if isinstance(encoded, tuple | list) else 0
