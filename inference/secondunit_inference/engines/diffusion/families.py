"""From a window to the arguments of a pipeline's call: one function a family of models.

Pictures go in as PIL images where a pipeline takes nothing else, 8 bits a channel; as arrays of floats elsewhere.
Conventions are those of diffusers 0.42.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from secondunit_inference.cards import Entry, Input
from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.engines.diffusion.window import Window

Arguments = dict[str, Any]
Family = Callable[[Entry, Window, Mapping[str, Any]], Arguments]

_GREY = 0.5
"""What VACE takes for a frame that is not there: 0 in -1..1."""


def pil(picture: Floats) -> Image.Image:
    return Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8).squeeze())


def wan(entry: Entry, window: Window, parameters: Mapping[str, Any]) -> Arguments:
    arguments: Arguments = {"num_frames": window.frames, "height": window.height, "width": window.width}
    keyframes = dict(window.keyframes)
    match entry.pipeline:
        case "WanImageToVideoPipeline":
            first = window.head[-1] if window.head else keyframes.get(0)
            last = window.tail[0] if window.tail else keyframes.get(window.frames - 1)
            arguments["image"] = pil(first) if first is not None else None
            if last is not None and {Input.LAST_IMAGE} & {*entry.needs, *entry.takes}:
                arguments["last_image"] = pil(last)
        case "WanVACEPipeline":
            arguments |= _vace(window, keyframes, parameters)
        case "WanVideoToVideoPipeline":
            del arguments["num_frames"]
            arguments["video"] = [pil(picture) for picture in window.source]
            arguments["strength"] = float(parameters.get("strength", 0.8))
    return arguments


def _vace(window: Window, keyframes: Mapping[int, Floats], parameters: Mapping[str, Any]) -> Arguments:
    """Known frames with a black mask, grey ones with a white mask; a guide is given whole under a white mask."""
    grey = np.full((window.height, window.width, 3), _GREY, np.float32)
    open_, known = (np.full((window.height, window.width, 1), value, np.float32) for value in (1.0, 0.0))
    video = list(window.source) if window.source else [grey] * window.frames
    masks = list(window.masks) if window.masks else [open_] * window.frames
    given = dict(keyframes)
    given |= dict(enumerate(window.head))
    given |= {window.frames - len(window.tail) + number: picture for number, picture in enumerate(window.tail)}
    for frame, picture in given.items():
        video[frame], masks[frame] = picture, known
    if window.masks:
        # What is to be made again must not show through.
        video = [np.where(mask > 0, grey, picture) for mask, picture in zip(masks, video, strict=True)]
    arguments: Arguments = {
        "video": [pil(picture) for picture in video],
        "mask": [pil(mask).convert("RGB") for mask in masks],
        "conditioning_scale": float(parameters.get("conditioning_scale", 1.0)),
    }
    if window.references:
        arguments["reference_images"] = [pil(picture) for picture in window.references]
    return arguments


FAMILIES: Mapping[str, Family] = {"wan": wan}
