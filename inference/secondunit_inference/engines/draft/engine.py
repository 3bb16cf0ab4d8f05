"""The draft engine: an order becomes a take without weights."""

import cv2
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Order, Task

from secondunit_inference.engines.draft.extend import extend
from secondunit_inference.engines.draft.generate import generate
from secondunit_inference.engines.draft.join import join
from secondunit_inference.engines.draft.match import match
from secondunit_inference.job import Job, Made, Make


def engine() -> Make:
    return make


def make(order: Order, index: int, seed: int, job: Job) -> Made:  # noqa: ARG001  every engine is told the take's index
    """Raises OrderRefused for what the card does not offer, MediaError for media, OrderCancelled."""
    job.check()
    # While a match is made, decoding and encoding keep all cores busy: more threads only wait for each other.
    cv2.setNumThreads(1 if order.task == Task.MATCH else -1)
    match order.task:
        case Task.EXTEND:
            return extend(order, seed, job)
        case Task.JOIN:
            return join(order, seed, job)
        case Task.MATCH:
            return match(order, seed, job)
        case Task.GENERATE:
            return generate(order, seed, job)
        case Task.REPLACE:
            raise OrderRefused(
                "the draft engine does not replace shots: match, extend, join and generate are what it does"
            )
