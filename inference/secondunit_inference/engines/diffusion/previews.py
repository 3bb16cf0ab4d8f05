"""Pictures of a take while its model works: after each step from the latents, while decoding from decoded frames.

Latents become colours by a linear map, fitted once for a VAE: pictures of known colours are encoded and their
averages solved for by least squares. What it leaves out is detail below one latent's size.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKLCogVideoX
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan, unpatchify
from numpy.typing import NDArray
from secondunit_bridge.files import write_whole

from secondunit_inference.cards import ModelCard
from secondunit_inference.engines.diffusion.families import Call
from secondunit_inference.engines.diffusion.framing import Floats, Framing
from secondunit_inference.job import Picture

_WIDTH = 480
"""Previews travel at most this wide."""
_FIT_CELLS = 6
_FIT_PICTURES = 4
_FIT_SEED = 7


@dataclass(frozen=True, slots=True)
class Projection:
    """From latents as the VAE's encoder gives them to R'G'B' of -1..1: shapes (channels, 3) and (3,)."""

    weights: NDArray[np.float32]
    offset: NDArray[np.float32]


def projection(vae: Any, folder: Path, kept: Path) -> Projection:
    """Fitted, or read where it was fitted before for the same weights. `kept`: the folder of what was fitted."""
    digest = hashlib.sha256()
    for file in sorted((folder / "vae").glob("*.safetensors")):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    path = kept / f"{digest.hexdigest()}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Projection(np.array(found["weights"], np.float32), np.array(found["offset"], np.float32))
    except (FileNotFoundError, ValueError, KeyError):
        fitted = fit(vae)
    kept.mkdir(exist_ok=True)
    write_whole(path, json.dumps({"weights": fitted.weights.tolist(), "offset": fitted.offset.tolist()}).encode())
    return fitted


def fit(vae: Any) -> Projection:
    """Encodes still clips of smooth and of hard-edged colours, long enough for a first and a later latent frame."""
    parameter = next(vae.parameters())
    random = np.random.default_rng(_FIT_SEED)
    ratio, frames = _ratios(vae)
    side = _FIT_CELLS * ratio
    latents, colours = [], []
    for number in range(_FIT_PICTURES):
        cells = random.uniform(-1, 1, (_FIT_CELLS // 2, _FIT_CELLS // 2, 3)).astype(np.float32)
        edges = cv2.INTER_NEAREST if number % 2 else cv2.INTER_LINEAR
        still = cv2.resize(cells, (side, side), interpolation=edges)
        clip = torch.from_numpy(still).permute(2, 0, 1)[None, :, None].repeat(1, 1, frames + 1, 1, 1)
        with torch.inference_mode():
            encoded = vae.encode(clip.to(parameter.device, parameter.dtype)).latent_dist.mode()[0]
        flat = encoded.float().cpu().numpy().transpose(1, 2, 3, 0)
        small = cv2.resize(still, (flat.shape[2], flat.shape[1]), interpolation=cv2.INTER_AREA)
        latents.append(flat.reshape(-1, flat.shape[-1]))
        colours.append(np.tile(small.reshape(-1, 3), (flat.shape[0], 1)))
    known = np.concatenate(latents)
    design = np.concatenate([known, np.ones((len(known), 1), np.float32)], axis=1)
    solved, *_ = np.linalg.lstsq(design, np.concatenate(colours), rcond=None)
    return Projection(solved[:-1].astype(np.float32), solved[-1].astype(np.float32))


def _ratios(vae: Any) -> tuple[int, int]:
    """Pixels a latent is wide, and frames that a latent frame after the first one holds."""
    if isinstance(vae, AutoencoderKLWan):
        return int(vae.config.scale_factor_spatial), int(vae.config.scale_factor_temporal)
    if isinstance(vae, AutoencoderKLCogVideoX):
        return 2 ** (len(vae.config.block_out_channels) - 1), int(vae.config.temporal_compression_ratio)
    return int(vae.spatial_compression_ratio), int(vae.temporal_compression_ratio)


class Previews:
    """Those of one pass. `show` gets a frame of the pass and what makes its picture: at most 480 wide, as displayed."""

    def __init__(
        self,
        card: ModelCard,
        fitted: Projection,
        framing: Framing,
        frames: int,
        call: Call,
        show: Callable[[int, Callable[[], Picture]], None],
    ) -> None:
        """`frames`: the pass's."""
        self._card, self._fitted, self._framing = card, fitted, framing
        self._frames, self._call, self._show = frames, call, show
        scale = min(1.0, _WIDTH / framing.slot_width)
        self._map: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self._size = max(1, round(framing.slot_width * scale)), max(1, round(framing.slot_height * scale))

    def step(self, pipeline: Any, latents: torch.Tensor, done: int) -> None:
        """The middle of what is in the making, as it looks after step `done` of the call."""
        ratio, each = _ratios(pipeline.vae)
        video = self._unpacked(pipeline, latents, ratio, each)
        middle = video.shape[1] // 2
        if self._map is None:
            self._map = _normalised(self._card, pipeline.vae, self._fitted)
        weights, offset = self._map
        # A copy: the next step may work in the same memory.
        seen = np.array(video[:, middle].float().cpu().numpy().transpose(1, 2, 0))
        frame = self._call.chunks[self._call.chunk(done)].first + middle * each
        self._at(frame, lambda: self._shown(seen @ weights + offset))

    def _at(self, frame: int, make: Callable[[], Picture]) -> None:
        self._show(min(max(frame, self._call.absent), self._frames - 1), make)

    @contextmanager
    def decoding(self, pipeline: Any) -> Iterator[None]:
        """Frames as they are decoded, where the VAE decodes a few at a time; nothing is decoded twice."""
        vae = pipeline.vae
        done = 0

        def decoded(_: Any, __: Any, made: Any) -> None:
            nonlocal done
            pictures = made[0] if isinstance(made, tuple) else made
            if getattr(vae, "use_tiling", False):
                return  # these are tiles
            if isinstance(vae, AutoencoderKLWan) and vae.config.patch_size is not None:
                pictures = unpatchify(pictures, patch_size=vae.config.patch_size)
            last = pictures[0, :, -1].float().clamp(-1, 1).cpu().numpy().transpose(1, 2, 0)
            done += pictures.shape[2]
            self._at(self._call.chunks[0].first + done - 1, lambda: self._shown(last))

        hook = vae.decoder.register_forward_hook(decoded)
        try:
            yield
        finally:
            hook.remove()

    def _unpacked(self, pipeline: Any, latents: torch.Tensor, ratio: int, each: int) -> torch.Tensor:
        """Shape (channels, latent frames, height, width), without what stands for conditions alone."""
        frames = 1 + (self._frames - 1) // each
        match self._card.family:
            case "ltx" | "ltx2":
                tall, wide = self._framing.height // ratio, self._framing.width // ratio
                tokens = frames * tall * wide
                # Tokens of the conditions stand in front in LTX, behind in LTX-2.
                own = latents[:, -tokens:] if self._card.family == "ltx" else latents[:, :tokens]
                return pipeline._unpack_latents(own, frames, tall, wide, 1, 1)[0]
            case "cogvideox":
                return latents[0].transpose(0, 1)
            case _:
                return latents[0, :, -frames:]  # latent frames of VACE's reference images stand in front

    def _shown(self, picture: Floats) -> Picture:
        """From a model's picture of any scale, -1..1."""
        framing = self._framing
        down, across = picture.shape[0] / framing.height, picture.shape[1] / framing.width
        top, left = round(framing.top * down), round(framing.left * across)
        bottom = max(top + 1, round((framing.top + framing.inner_height) * down))
        right = max(left + 1, round((framing.left + framing.inner_width) * across))
        inner = np.ascontiguousarray(picture[top:bottom, left:right])
        smaller = inner.shape[1] > self._size[0]
        sized = cv2.resize(inner, self._size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
        return np.asarray(np.clip(sized * 32767.5 + 32768, 0, 65535), np.uint16)


def _normalised(card: ModelCard, vae: Any, fitted: Projection) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The map for latents as the pipeline holds them: z = latents × scale + shift is what the encoder gives."""
    config = vae.config
    channels = fitted.weights.shape[0]
    scale, shift = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    named = ("latents_mean", "latents_std")
    # LTX keeps them as buffers, others in the configuration, some have none.
    mean, deviation = (dict(vae.named_buffers()).get(name, config.get(name)) for name in named)
    if mean is not None and deviation is not None:
        scale, shift = _array(deviation), _array(mean)
    if card.family in ("ltx", "ltx2", "cogvideox", "hunyuan15"):
        scale = scale / np.float32(config.get("scaling_factor", 1.0))
    return scale[:, None] * fitted.weights, fitted.offset + shift @ fitted.weights


def _array(values: Any) -> NDArray[np.float32]:
    return np.asarray(values.float().cpu() if isinstance(values, torch.Tensor) else values, np.float32)
