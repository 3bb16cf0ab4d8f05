"""A shot is extended by the real unit with a tiny model of the published classes."""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.media.record import extract
from secondunit_bridge.messages import (
    Delivery,
    Event,
    Fit,
    FramesBefore,
    Order,
    Parameter,
    Slot,
    Span,
    TakeReady,
    Task,
    Text,
    UnitInfo,
)
from secondunit_bridge.rates import FrameRange
from secondunit_bridge.wire import record_from_json
from secondunit_inference import cards

pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

MODEL = "wan2.1-vace-1.3b"
RATE = Fraction(30000, 1001)


def test_a_shot_is_extended_by_a_video_model(
    tmp_path: Path, make_clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("SECONDUNIT_HOME", str(home))
    monkeypatch.setenv("SECONDUNIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny.build(cards.card(MODEL), tmp_path / "models" / MODEL)
    clip = make_clip(40, "30000/1001", "10:00:00:00", "96x64")
    slot = Slot(10, 4, 2, RATE, RATE, 96, 64, Fraction(1), None)
    before = FramesBefore(Span(str(clip), FrameRange(0, 40, RATE)))
    parameters = (Parameter("tier", "draft"),)
    asked = Order(
        "a", Task.EXTEND, "show", "shot", slot, (before, Text("rain")), "diffusion", MODEL, parameters, (7,),
        Delivery(str(tmp_path / "takes")),
    )  # fmt: skip
    try:
        unit, events = asyncio.run(_made(spawn.ensure_running(home), asked))
    finally:
        spawn.stop(home)

    missing = {card.model: card.missing for card in unit.cards if card.engine == "diffusion"}
    assert missing[MODEL] == ""
    assert "secondunit models get wan2.1-t2v-1.3b" in missing["wan2.1-t2v-1.3b"]
    assert isinstance(events[-1], TakeReady), events[-1]
    take = events[-1].take
    with VideoReader(take.path) as made, VideoReader(str(clip)) as shot:
        assert (made.info.frames, made.info.rate, made.info.codec) == (16, RATE, "prores")
        for frame in range(4):  # the handle is the camera's, as far as the codec goes
            ours, theirs = (
                r.frame(n).reformat(format="gray").to_ndarray() for r, n in ((made, frame), (shot, 36 + frame))
            )
            assert abs(ours.astype(float) - theirs).mean() < 2
    text = extract(take.path)
    assert text is not None
    record = record_from_json(text)
    assert record == take.record
    assert record.fit == Fit(21, Fraction(16), 96, 64, 1, "resident", ())
    assert len(record.seams) == 1 and record.seams[0].frame.frame == 4
    assert any("motion-compensated" in note for note in record.notes)


async def _made(address: spawn.Address, asked: Order) -> tuple[UnitInfo, list[Event]]:
    async with Client(address) as unit:
        info = await unit.hello()
        await unit.submit(asked)
        return info, [event async for event in unit.watch(asked.id)]
