"""From a window to one call of a pipeline: one function a family of models.

Conventions are those of diffusers 0.42. Pictures go in as floats, and as PIL images of 8 bits where a pipeline takes
nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition, linear_quadratic_schedule
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2VideoCondition
from diffusers.pipelines.ltx2.pipeline_ltx2_ic_lora import LTX2ReferenceCondition
from PIL import Image

from secondunit_inference.cards import Entry, Input
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.planned import Planned
from secondunit_inference.engines.diffusion.window import Window

_GREY = 0.5
"""What VACE takes for a frame that is not there: 0 in -1..1."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a pipeline makes at one time: from window frame `first` on, of which `shared` are the chunk before's."""

    first: int
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """`steps`: how many the pipeline runs in all. `skipped`: frames that it returns before the window's first.

    `absent`: frames at the window's start that it does not return. `chunks`: each takes as many steps, and the first
    begins with the first frame that is decoded. `chunked`: it decodes chunk by chunk and returns up to three frames
    less than it decoded; its noise is drawn on the device.
    """

    arguments: Mapping[str, Any]
    steps: int
    skipped: int = 0
    absent: int = 0
    chunks: tuple[Chunk, ...] = (Chunk(0),)
    chunked: bool = False

    def chunk(self, step: int) -> int:
        """The number, from 0, of the chunk that step `step`, from 1, belongs to."""
        return (step - 1) * len(self.chunks) // self.steps


Family = Callable[[Planned, Entry, Window], Call]


def wan(plan: Planned, entry: Entry, window: Window) -> Call:
    steps = plan.tier.steps
    arguments: dict[str, Any] = _size(window) | {"num_frames": window.frames}
    match entry.pipeline:
        case "WanImageToVideoPipeline":
            # The image encoder of Wan 2.1 scales floats as if they were bytes.
            convert = _pil if "image_encoder" in plan.card.tiny else _tensor
            arguments |= {name: convert(still) for name, still in _ends(entry, window).items()}
        case "WanVACEPipeline":
            arguments |= _vace(plan, window)
        case "WanVideoToVideoPipeline":
            del arguments["num_frames"]  # it is the video's
            steps, strength = _strength(plan)
            arguments |= {"video": _clip(window.source), "strength": strength}
    return Call(arguments, steps)


def _vace(plan: Planned, window: Window) -> dict[str, Any]:
    """Known frames under a black mask, grey ones under a white mask; a guide is given whole under a white mask."""
    grey = np.full((window.height, window.width, 3), _GREY, np.float32)
    open_, known = (np.full((window.height, window.width, 1), value, np.float32) for value in (1.0, 0.0))
    video = list(window.source) if window.source else [grey] * window.frames
    masks = list(window.masks) if window.masks else [open_] * window.frames
    for frame, picture in _known(window).items():
        video[frame], masks[frame] = picture, known
    if window.masks:
        # What is to be made again must not show through.
        video = [np.where(mask > 0, grey, picture) for mask, picture in zip(masks, video, strict=True)]
    scale = plan.parameters.get("conditioning_scale", 1.0)
    arguments: dict[str, Any] = {
        "video": _clip(video)[None],
        "mask": _clip(masks)[None],
        "conditioning_scale": float(scale),
    }
    if window.references:
        arguments["reference_images"] = [_pil(picture) for picture in window.references]
    return arguments


def ltx(plan: Planned, entry: Entry, window: Window) -> Call:  # noqa: ARG001  all families are called alike
    """Indices count pixel frames; a clip has 8k + 1 frames and begins at a multiple of 8, a still lies anywhere."""
    steps = plan.tier.steps
    arguments: dict[str, Any] = _size(window) | {"num_frames": window.frames, "frame_rate": float(window.rate)}
    conditions = []
    if window.source:
        # Noise and source are mixed as the first step that is run expects them.
        steps, arguments["denoise_strength"] = _strength(plan)
        noise = float(linear_quadratic_schedule(plan.tier.steps)[plan.tier.steps - steps])
        conditions.append(LTXVideoCondition(video=_clip(window.source), frame_index=0, strength=1 - noise))
    if window.head:
        conditions.append(LTXVideoCondition(video=_clip(window.head), frame_index=0))
    conditions += [LTXVideoCondition(image=picture, frame_index=frame) for frame, picture in window.keyframes]
    if window.tail:
        first = window.frames - len(window.tail)
        length = _clip_length(window.tail)
        if length == 1 or length < len(window.tail):
            conditions.append(LTXVideoCondition(image=window.tail[0], frame_index=first))
        if length > 1:
            conditions.append(LTXVideoCondition(video=_clip(window.tail[-length:]), frame_index=window.frames - length))
        elif len(window.tail) > 1:
            conditions.append(LTXVideoCondition(image=window.tail[-1], frame_index=window.frames - 1))
    return Call(arguments | {"conditions": conditions or None}, steps)


def ltx2(plan: Planned, entry: Entry, window: Window) -> Call:
    """Indices count latent frames; what stands at i > 0 begins with pixel frame 8 (i - 1) + 1. Pictures are 0..255.

    A clip of 8k + 1 frames at i means with its last 8k frames those from 8i on, so that the frames up to a video's end
    are a clip at -1 - k.
    """

    def condition(pictures: Sequence[Floats], index: int, strength: float = 1.0) -> LTX2VideoCondition:
        # Stills would be compressed as by a camera: the frames beside a seam must not be.
        return LTX2VideoCondition(frames=_clip(pictures) * np.float32(255), index=index, strength=strength, crf=0)

    arguments: dict[str, Any] = _size(window) | {"num_frames": window.frames, "frame_rate": float(window.rate)}
    conditions = []
    if window.source and entry.pipeline == "LTX2InContextPipeline":
        guide = _clip(window.source) * np.float32(255)
        strength = float(plan.parameters.get("guide_strength", 1.0))
        arguments["reference_conditions"] = [LTX2ReferenceCondition(frames=guide, strength=strength)]
        arguments["reference_downscale_factor"] = plan.downscale
        if window.masks:
            # What is white is made again, whatever the guide shows there.
            kept = torch.from_numpy(1 - _clip(window.masks)).permute(3, 0, 1, 2)
            size = (window.frames, window.height // plan.downscale, window.width // plan.downscale)
            arguments["conditioning_attention_mask"] = torch.nn.functional.interpolate(kept[None], size, mode="area")
    elif window.source:
        conditions.append(condition(window.source, 0, 1 - plan.strength))
    if window.head:
        conditions.append(condition(window.head, 0))
    for frame, picture in window.keyframes:
        index = 0 if frame == 0 else min(1 + round((frame - 1) / 8), (window.frames - 1) // 8)
        conditions.append(condition([picture], index))
    if window.tail:
        length = _clip_length(window.tail)
        first = window.frames - len(window.tail)
        exact = next((frame for frame in range(first, window.frames - length) if frame % 8 == 1), None)
        if exact is not None:
            conditions.append(condition([window.tail[exact - first]], 1 + exact // 8))
        conditions.append(condition(window.tail[-length:], -1 - length // 8))
    return Call(arguments | {"conditions": conditions or None}, plan.tier.steps)


def _clip_length(pictures: Sequence[Floats]) -> int:
    return 1 + (len(pictures) - 1) // 8 * 8


def cogvideox(plan: Planned, entry: Entry, window: Window) -> Call:
    if entry.pipeline == "CogVideoXVideoToVideoPipeline":
        steps, strength = _strength(plan)
        return Call(_size(window) | {"video": _clip(window.source), "strength": strength}, steps)
    stills = {name: _tensor(still) for name, still in _ends(entry, window).items()}
    return Call(_size(window) | {"num_frames": window.frames} | stills, plan.tier.steps)


def helios(plan: Planned, entry: Entry, window: Window) -> Call:
    """Chunks of 33 frames. What lies before is read as whole chunks, and not returned."""
    known = len(window.head)
    arguments = _size(window) | {"num_frames": window.frames - known} | _beginning(entry, window)
    chunks = tuple(Chunk(first) for first in range(known, window.frames, 33))
    return Call(arguments, plan.tier.steps * len(chunks), absent=known, chunks=chunks, chunked=True)


def skyreels(plan: Planned, entry: Entry, window: Window) -> Call:
    """Windows of `base_num_frames` that overlap. From a video, it and the new frames come back, with the overlap's
    frames made again between them."""
    call = plan.tier.call
    video = len(window.head) if Input.FRAMES_BEFORE in entry.needs else 0
    overlap = min(int(call["overlap_history"]), video or window.frames)
    frames = window.frames - video + (overlap if video else 0)
    base = min(int(call["base_num_frames"]), frames)
    latents, base_latents, shared = (1 + (count - 1) // 4 for count in (frames, base, overlap))
    windows = 1 + max(0, -(-(latents - base_latents) // max(1, base_latents - shared)))
    arguments: dict[str, Any] = _size(window) | _beginning(entry, window)
    arguments |= {"num_frames": frames, "base_num_frames": base, "overlap_history": overlap, "fps": round(window.rate)}
    begin = video - overlap if video else 0
    chunks = (Chunk(begin), *(Chunk(begin + number * (base - overlap), overlap) for number in range(1, windows)))
    return Call(arguments, plan.tier.steps * windows, skipped=overlap if video else 0, chunks=chunks)


def _beginning(entry: Entry, window: Window) -> dict[str, Any]:
    if Input.FRAMES_BEFORE in entry.needs:
        return {"video": _clip(window.head)}
    return {name: _tensor(still) for name, still in _ends(entry, window).items()}


def hunyuan15(plan: Planned, entry: Entry, window: Window) -> Call:
    """From an image the size is the image's, which has to be a PIL image; guidance is a component, not an argument."""
    stills = {name: _pil(still) for name, still in _ends(entry, window).items()}
    return Call((stills or _size(window)) | {"num_frames": window.frames}, plan.tier.steps)


def _size(window: Window) -> dict[str, Any]:
    return {"height": window.height, "width": window.width}


def _known(window: Window) -> dict[int, Floats]:
    first = window.frames - len(window.tail)
    ends = dict(enumerate(window.head)) | {first + number: picture for number, picture in enumerate(window.tail)}
    return dict(window.keyframes) | ends


def _ends(entry: Entry, window: Window) -> dict[str, Floats]:
    """The stills that a pipeline begins with and ends at, as far as the entry takes them."""
    keyframes = dict(window.keyframes)
    first = window.head[-1] if window.head else keyframes.get(0)
    last = window.tail[0] if window.tail else keyframes.get(window.frames - 1)
    used = {*entry.needs, *entry.takes}
    found = {"image": first if Input.FIRST_IMAGE in used else None}
    found |= {"last_image": last if Input.LAST_IMAGE in used else None}
    return {name: still for name, still in found.items() if still is not None}


def _strength(plan: Planned) -> tuple[int, float]:
    """Steps that are run, at least one, and the share of the tier's that makes a pipeline run them."""
    steps = max(1, int(plan.tier.steps * plan.strength))
    return steps, min(1.0, (steps + 0.5) / plan.tier.steps)


def _clip(pictures: Sequence[Floats]) -> Floats:
    """Shape (frames, height, width, channels), 0..1."""
    return np.stack(pictures)


def _tensor(picture: Floats) -> torch.Tensor:
    """Shape (3, height, width), 0..1."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


def _pil(picture: Floats) -> Image.Image:
    return Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))


FAMILIES: Mapping[str, Family] = {
    "wan": wan,
    "ltx": ltx,
    "ltx2": ltx2,
    "cogvideox": cogvideox,
    "helios": helios,
    "skyreels": skyreels,
    "hunyuan15": hunyuan15,
}
