"""A shot is extended by the real unit with a tiny model of the published classes."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
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
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_bridge.wire import record_from_json
from secondunit_inference import cards
from secondunit_plugin.cli.main import run
from secondunit_timeline import read_cut, recipes, write_cut
from secondunit_timeline.times import time_range

from tests.timeline.media_cuts import TEN_HOURS, shot, sounding_cut

pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

MODEL = "wan2.1-vace-1.3b"
RATE = Fraction(30000, 1001)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a unit of its own, with tiny weights of one model."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SECONDUNIT_HOME", str(folder))
    monkeypatch.setenv("SECONDUNIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    tiny.build(cards.card(MODEL), tmp_path / "models" / MODEL)
    yield folder
    spawn.stop(folder)


def test_a_shot_is_extended_by_a_video_model(tmp_path: Path, make_clip: Callable[..., Path], home: Path) -> None:
    clip = make_clip(40, "30000/1001", "10:00:00:00", "96x64")
    slot = Slot(10, 4, 2, RATE, RATE, 96, 64, Fraction(1), None)
    before = FramesBefore(Span(str(clip), FrameRange(0, 40, RATE)))
    parameters = (Parameter("tier", "draft"),)
    asked = Order(
        "a", Task.EXTEND, "show", "shot", slot, (before, Text("rain")), "diffusion", MODEL, parameters, (7,),
        Delivery(str(tmp_path / "takes")),
    )  # fmt: skip
    unit, events = asyncio.run(_made(spawn.ensure_running(home), asked))

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


@pytest.mark.usefixtures("home")
def test_half_of_a_shot_is_made_again_from_the_command_line(
    tmp_path: Path, make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    cut, out, mask = tmp_path / "cut.otio", tmp_path / "out.otio", tmp_path / "mask.png"
    clip = make_clip(40, "30000/1001", "10:00:00:00", "96x64")
    write_cut(sounding_cut(shot(clip, 40, 5, 12, rate=RATE), rate=RATE), cut)
    half = "color=white:s=96x64,drawbox=w=48:c=black:t=fill"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", half, "-frames:v", "1", str(mask)], check=True)
    command = ["replace", str(cut), "--shot", "A", "--mask", str(mask), "--prompt", "snow", "-o", str(out)]
    chosen = ["--engine", "diffusion", "--model", MODEL, "--tier", "draft", "--handles", "2"]

    assert run([*command, *chosen, "--strength", "0.5", "--json"]) == 0
    (take,) = json.loads(capsys.readouterr().out)["takes"]
    assert take["frames"] == 2 + 12 + 2
    told = {one["name"]: one["value"] for one in take["record"]["order"]["parameters"]}
    assert told == {"tier": "draft", "strength": 0.5}
    placed = read_cut(out).tracks[0][0]
    assert placed.source_range == read_cut(cut).tracks[0][0].source_range
    assert placed.media_reference.available_range == time_range(TEN_HOURS * 30 + 3, 16, RATE)
    with VideoReader(take["path"]) as made, VideoReader(str(clip)) as source:
        for frame in (0, 7, 15):
            ours, theirs = (
                r.frame(n).reformat(format="gray").to_ndarray().astype(float)
                for r, n in ((made, frame), (source, 3 + frame))
            )
            # Black stays the source's as far as the codec goes, up to where its blocks reach over the edge.
            assert abs(ours - theirs)[:, :40].mean() < 2
            assert abs(ours - theirs)[:, 56:].mean() > 5

    assert run(["unit", "status"]) == 0
    listed = capsys.readouterr().out
    assert f"diffusion/{MODEL}" in listed
    assert "secondunit models get wan2.1-t2v-1.3b" in " ".join(listed.split())
    absent = ["--engine", "diffusion", "--model", "wan2.1-t2v-1.3b", "-o", str(tmp_path / "no.otio")]
    assert run([*command[:-2], *absent]) == 3
    assert "secondunit models get wan2.1-t2v-1.3b" in capsys.readouterr().err
    assert not (tmp_path / "no.otio").exists()


@pytest.mark.usefixtures("home")
def test_recipes_and_markers_are_made_by_a_video_model(
    tmp_path: Path, make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A shot made again where a mask is white, as its marker says, and one between two stills."""
    cut, out, mask, again = (tmp_path / name for name in ("cut.otio", "out.otio", "mask.png", "again.otio"))
    clip = make_clip(40, "30000/1001", "10:00:00:00", "96x64")
    half = "color=white:s=96x64,drawbox=w=48:c=black:t=fill"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", half, "-frames:v", "1", str(mask)], check=True)
    model: dict[str, Any] = {"engine": "diffusion", "model": MODEL, "tier": "draft", "handles": 2, "codec": "ffv1"}
    camera = shot(clip, 40, 5, 8, rate=RATE)
    text = ["replace: snow", f"mask: {mask}", *(f"{name}: {value}" for name, value in model.items()), "set: steps=2"]
    camera.markers.append(otio.schema.Marker("note", camera.source_range, comment="\n".join(text)))
    recipe = recipes.generate(prompt="reeds", negative="people", keyframes={0: mask, 7: mask}, **model)
    made = sounding_cut(camera, recipes.clip("N", recipe, FrameTime(8, RATE)), rate=RATE)
    write_cut(made, cut)

    assert run(["make", str(cut), "--markers", "-o", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    takes = {take["record"]["order"]["task"]: take for take in document["takes"]}
    assert set(takes) == {"replace", "generate"} and document["failed"] == []
    told = {one["name"]: one["value"] for one in takes["replace"]["record"]["order"]["parameters"]}
    assert told == {"tier": "draft", "steps": 2}
    with VideoReader(takes["replace"]["path"]) as ours, VideoReader(str(clip)) as source:
        assert (ours.info.codec, ours.info.frames) == ("ffv1", 12)
        mine, theirs = (r.frame(n).reformat(format="gray").to_ndarray() for r, n in ((ours, 4), (source, 7)))
        # Outside the mask they are equal; at the width of a blended edge they are not.
        assert abs(mine[:, :40].astype(int) - theirs[:, :40]).max() <= 1
        assert abs(mine[:, 56:].astype(int) - theirs[:, 56:]).mean() > 5
    stills = [one["at"]["frame"] for one in takes["generate"]["record"]["order"]["conditions"] if "at" in one]
    assert stills == [2, 9]

    assert run(["make", str(out), "--remake", "--shot", "N", "-o", str(again), "--json"]) == 0
    (take,) = json.loads(capsys.readouterr().out)["takes"]
    order, before = take["record"]["order"], takes["generate"]["record"]["order"]
    assert order["seeds"] == [1]
    assert [order[key] for key in ("parameters", "conditions", "engine", "model")] == [
        before[key] for key in ("parameters", "conditions", "engine", "model")
    ]
