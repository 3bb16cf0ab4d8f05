"""`--camera` and `--strokes`: what a person writes, as conditions of an order."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import CameraMove, Point, Stroke, Strokes, Task
from secondunit_inference.engines.draft.card import plan
from secondunit_plugin.cli.types import Move, StrokesFile
from secondunit_timeline.orders import Settings, steering


def test_a_move_has_an_amount() -> None:
    assert Move().convert("push-in", None, None) == CameraMove("push-in")
    assert Move().convert("push-in:0.3", None, None) == CameraMove("push-in", 0.3)
    for wrong, message in (("push-in:much", "is not MOVE"), ("push-in:2", "0 to 1")):
        with pytest.raises(click.BadParameter, match=message):
            Move().convert(wrong, None, None)


def test_strokes_are_read_from_json(tmp_path: Path) -> None:
    path = tmp_path / "strokes.json"
    path.write_text(json.dumps([{"region": [[0, 0], [1, 0], [0.5, 1]], "direction": 90, "speed": 0.25}]))
    stroke = Stroke((Point(0, 0), Point(1, 0), Point(0.5, 1)), 90.0, 0.25)
    found = StrokesFile().convert(str(path), None, None)
    assert found == Strokes((stroke,))
    settings = Settings(tmp_path, camera=CameraMove("pan-left"), strokes=found)
    assert steering(settings) == (CameraMove("pan-left"), found)


@pytest.mark.parametrize(("content", "message"), [
    ("no json", "holds no strokes"),
    ("[]", "holds no stroke"),
    ('[{"region": [[0, 0]], "speed": 1}]', "holds no strokes .*direction"),
    ('[{"region": [0, 0], "direction": 0, "speed": 1}]', "holds no strokes"),
    ('{"region": []}', "holds no strokes"),
    (None, "cannot be read: No such file"),
])  # fmt: skip
def test_other_files_are_refused(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "strokes.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(click.BadParameter, match=message):
        StrokesFile().convert(str(path), None, None)


@pytest.mark.parametrize(("task", "condition", "message"), [
    (Task.GENERATE, Strokes(()), "takes no strokes"),
    (Task.JOIN, CameraMove("push-in"), "over a still alone"),
])  # fmt: skip
def test_the_draft_engine_drops_nothing_silently(task: Task, condition: Any, message: str) -> None:
    from secondunit_bridge.messages import FramesAfter, FramesBefore, Text
    from secondunit_inference import cards

    from tests.inference import diffusion_orders as make

    card = cards.card("ltx-2-19b")
    beside = make.span("/a.mov", 0, 24, card.rate)
    conditions = (FramesBefore(beside), FramesAfter(beside)) if task is Task.JOIN else (Text("a"),)
    with pytest.raises(OrderRefused, match=message):
        plan(make.order(card, task, (*conditions, condition), 9, card.rate))
