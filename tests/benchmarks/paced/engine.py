"""The diffusion engine with a wait in each step, as where a device works: every step is long enough for a preview."""

import os
import time
from pathlib import Path
from typing import Any

from diffusers import LTXVideoTransformer3DModel
from secondunit_inference.engines.diffusion import engine as diffusion
from secondunit_inference.job import Make

from tests.benchmarks.paced.pace import BEGINNINGS, SECONDS, running


def engine() -> Make:
    pace()
    return diffusion.engine()


def pace() -> None:
    """For all of this process. The pipeline's guidance works on one batch, so that a step is one call."""
    forward = LTXVideoTransformer3DModel.forward
    path = Path(os.environ[BEGINNINGS])

    def paced(self: Any, *values: Any, **named: Any) -> Any:
        with path.open("a") as beginnings:
            beginnings.write(f"{running()}\n")
        time.sleep(SECONDS)
        return forward(self, *values, **named)

    LTXVideoTransformer3DModel.forward = paced
