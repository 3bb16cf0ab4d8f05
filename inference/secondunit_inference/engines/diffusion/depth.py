"""How near the parts of a picture are, by a depth model that lies beside the video models.

Depth Anything V2 Small, Apache-2.0 (https://huggingface.co/depth-anything/Depth-Anything-V2-Small-hf): config.json and
model.safetensors of that repository in the folder `depth-anything-v2-small`.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
import transformers
from secondunit_bridge.errors import OrderRefused

from secondunit_inference.engines.diffusion.framing import Floats
from secondunit_inference.weights import tensors

FOLDER = "depth-anything-v2-small"
_WEIGHTS = "model.safetensors"
_SHORT_SIDE = 518
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""The short side and the values that the repository's preprocessor_config.json names."""


def is_there(models: Path) -> bool:
    return (models / FOLDER / _WEIGHTS).is_file()


def nearness(models: Path, picture: Floats) -> Floats | None:
    """0 far to 1 near, shape (height, width); None where there is no depth model. On the processor, in float32.

    Raises OrderRefused for a file that is no .safetensors file.
    """
    folder = models / FOLDER
    if not is_there(models):
        return None
    if fault := tensors.fault(folder / _WEIGHTS):
        raise OrderRefused(f"{folder / _WEIGHTS} {fault}: take the one of the depth model's repository")
    kind = transformers.DepthAnythingForDepthEstimation
    model = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32).eval()
    height, width = picture.shape[:2]
    patch = int(model.config.patch_size)
    scale = _SHORT_SIDE / min(height, width)
    size = tuple(max(1, round(side * scale / patch)) * patch for side in (width, height))
    small = (cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC) - _MEAN) / _DEVIATION
    with torch.inference_mode():
        found = model(torch.from_numpy(small.astype(np.float32)).permute(2, 0, 1)[None]).predicted_depth[0].numpy()
    low, high = np.quantile(found, (0.01, 0.99))
    near = np.clip((found - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)
    return np.asarray(cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
