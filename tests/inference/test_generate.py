from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import (
    CameraMove,
    Condition,
    Delivery,
    Order,
    ReferenceImage,
    ReferenceShot,
    Slot,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameTime
from secondunit_inference.engines.draft import card
from secondunit_inference.engines.draft.engine import make

from tests.inference.draft_clips import RATE, job, pictures, psnr, span, texture, write_clip

WIDTH, HEIGHT = 320, 180


def order(*conditions: Condition, frames: int = 10) -> Order:
    slot = Slot(frames, 2, 2, RATE, RATE, WIDTH, HEIGHT, Fraction(1), FrameTime(86400, RATE))
    return Order("o", Task.GENERATE, "show", "A001", slot, conditions, "draft", "draft", (), (1,), Delivery("unused"))


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("generate") / "still.png"
    codes = (texture(360, 640, 3) * 65535).astype(np.uint16)
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 640, 360, "rgb48be", Fraction(1, 24)
    frame = av.VideoFrame.from_ndarray(codes, format="rgb48le").reformat(format="rgb48be")
    path.write_bytes(b"".join(bytes(packet) for packet in codec.encode(frame)))
    return str(path)


@pytest.mark.parametrize("move", card.CAMERA_MOVES)
def test_every_move_moves_smoothly_and_stays_inside_the_picture(still: str, move: str) -> None:
    made = make(order(ReferenceImage(still), CameraMove(move, 0.2), frames=20), 0, 1, job())
    assert not made.placeholder
    result = pictures(made)
    assert len(result) == 24
    assert all(item.shape == (HEIGHT, WIDTH, 3) for item in result)
    steps = np.array([psnr(a, b) for a, b in pairwise(result)])
    assert steps.max() < 60
    assert np.ptp(steps) < (25 if move == "handheld" else 14)
    if move != "handheld":
        assert psnr(result[0], result[-1]) < steps.min()


def test_a_pan_to_the_right_moves_the_picture_to_the_left_and_the_near_more_than_the_far(still: str) -> None:
    result = pictures(make(order(ReferenceImage(still), CameraMove("pan-right", 0.2), frames=20), 0, 1, job()))

    def moved(rows: slice) -> int:
        one, other = (item[rows, :, 1].astype(float) - item[rows, :, 1].mean() for item in (result[0], result[-1]))
        scores = [np.mean(one[:, shift:] * other[:, : WIDTH - shift]) for shift in range(1, 100)]
        return 1 + int(np.argmax(scores))

    far, near = moved(slice(0, 50)), moved(slice(130, 180))
    assert far > 20
    assert near > far


def test_without_a_move_the_still_stands(still: str) -> None:
    result = pictures(make(order(ReferenceImage(still)), 0, 1, job()))
    assert all(np.array_equal(item, result[0]) for item in result)


def test_a_reference_shot_gives_its_picture(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "shot.mkv", (texture(HEIGHT, WIDTH, 5) for _ in range(3)))
    result = pictures(make(order(ReferenceShot(span(path, 0, 3)), CameraMove("push-in", 0.1)), 0, 1, job()))
    assert psnr(result[0], (texture(HEIGHT, WIDTH, 5) * 65535).astype(np.uint16)) > 28


def test_handheld_depends_on_the_seed_and_on_nothing_else(still: str) -> None:
    asked = order(ReferenceImage(still), CameraMove("handheld", 0.2))
    first, again, other = (pictures(make(asked, 0, seed, job())) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[3], other[3])


def test_words_alone_give_a_slate_that_is_marked_and_differs_in_every_frame() -> None:
    made = make(order(Text("A train crosses the bridge, très lentement")), 0, 1, job())
    assert made.placeholder
    result = pictures(made)
    assert len({item.tobytes() for item in result}) == len(result)
    assert result[0].max() > 50000


def test_a_long_text_stays_inside_the_slate() -> None:
    result = pictures(make(order(Text("word " * 400), frames=1), 0, 1, job()))[0]
    assert result[:, -8:].max() < 30000
    assert result[-3:].max() < 30000


def test_what_cannot_be_generated_is_refused(still: str) -> None:
    with pytest.raises(OrderRefused, match="reference image"):
        card.plan(order(CameraMove("push-in")))
    with pytest.raises(OrderRefused, match="push-in"):
        card.plan(order(ReferenceImage(still), CameraMove("crane")))
    assert card.plan(order(Text("a valley"))).warnings
