"""`make gpu`: full-size models with random weights on this machine's NVIDIA device; the tables of docs/performance.md.

`python -m tests.gpu MODEL ...` measures these models alone.
"""

import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata

import torch
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.machine import device_name

from tests.gpu import measures, page


def main(models: list[str]) -> int:
    if not torch.cuda.is_available():
        print("there is no CUDA device: nothing is measured")  # noqa: T201
        return 1
    rows: list[measures.Row] = []
    left_out: dict[str, str] = {}
    for name in models or cards.names():
        card = cards.card(name)
        room = torch.cuda.mem_get_info()[0], shutil.disk_usage(tempfile.gettempdir()).free
        if why := measures.unfit(card, *room):
            left_out[name] = why
            continue
        for row in measures.measure(measures.full(card), "cuda", card.frames.native, measures.options(card, "cuda")):
            print(row, flush=True)  # noqa: T201
            rows.append(row)
            page.written(page.PAGE, page.block(_head(), rows, left_out))  # what is measured outlives an interruption
    page.written(page.PAGE, page.block(_head(), rows, left_out))
    shares = [share for row in rows if (share := page.plan_share(row)) is not None]
    return 0 if shares and all(abs(share - 1) <= page.PLAN_WITHIN for share in shares) else 1


def _head() -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "diffusers", "transformers"))
    return f"{datetime.now(UTC):%Y-%m-%d}, {device_name()}, CUDA {torch.version.cuda}, {versions}, {platform.system()}."


sys.exit(main(sys.argv[1:]))
