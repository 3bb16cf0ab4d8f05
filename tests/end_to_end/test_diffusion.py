"""A shot is extended by the real unit with a tiny model of the published classes."""

import asyncio
import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.media.record import extract
from secondunit_bridge.messages import (
    Codec,
    Delivery,
    Event,
    Fit,
    FramesBefore,
    Order,
    Parameter,
    Preview,
    Slot,
    Span,
    Step,
    TakeReady,
    Task,
    Text,
    UnitInfo,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_bridge.wire import record_from_json
from secondunit_inference import cards
from secondunit_plugin.cli.main import run
from secondunit_timeline import Unit, read_cut, recipes, write_cut
from secondunit_timeline.index import Index
from secondunit_timeline.operations import Into
from secondunit_timeline.staleness import said, states
from secondunit_timeline.times import time_range

from tests.timeline.media_cuts import TEN_HOURS, shot, sounding_cut

pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

MODEL = "wan2.1-vace-1.3b"
LTX2 = "ltx-2-19b"
RATE = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny weights of one model; tests add others."""
    folder = tmp_path_factory.mktemp("models")
    tiny.build(cards.card(MODEL), folder / MODEL)
    return folder


@pytest.fixture(scope="module")
def _unit_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    yield folder
    spawn.stop(folder)


@pytest.fixture
def home(_unit_home: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a unit of these tests' own, which finds `models`."""
    monkeypatch.setenv("SECONDUNIT_HOME", str(_unit_home))
    monkeypatch.setenv("SECONDUNIT_MODELS", str(models))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return _unit_home


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
    assert "secondunit models get wan2.1-t2v-14b" in missing["wan2.1-t2v-14b"]
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

    assert run([*command, *chosen, "--strength", "0.5"]) == 3
    assert "has no parameter 'strength' to replace" in capsys.readouterr().err
    assert run([*command, *chosen, "--set", "conditioning_scale=0.5", "--json"]) == 0
    (take,) = json.loads(capsys.readouterr().out)["takes"]
    assert take["frames"] == 2 + 12 + 2
    told = {one["name"]: one["value"] for one in take["record"]["order"]["parameters"]}
    assert told == {"tier": "draft", "conditioning_scale": 0.5}
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
    assert "secondunit models get wan2.1-t2v-14b" in " ".join(listed.split())
    absent = ["--engine", "diffusion", "--model", "wan2.1-t2v-14b", "-o", str(tmp_path / "no.otio")]
    assert run([*command[:-2], *absent]) == 3
    assert "secondunit models get wan2.1-t2v-14b" in capsys.readouterr().err
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


@pytest.mark.usefixtures("home")
def test_an_extension_carries_as_many_frames_as_its_model_goes_on_from(
    tmp_path: Path, models: Path, footage: Path
) -> None:
    """Helios reads whole chunks of 33 frames at 24; the shot runs at 29.97."""
    tiny.build(cards.card("helios-base-14b"), models / "helios-base-14b")
    clip = tmp_path / "dog.mov"
    source = ["-i", str(footage / "s01_dog_fetch_720p2997.mp4"), "-frames:v", "100", "-vf", "scale=96:64", "-an"]
    subprocess.run(["ffmpeg", "-v", "error", *source, "-c:v", "prores_ks", str(clip)], check=True)
    media = otio.schema.ExternalReference(str(clip), time_range(0, 100, RATE))
    cut = sounding_cut(otio.schema.Clip("A", media, time_range(0, 100, RATE)), rate=RATE)
    events: list[Event] = []
    with Unit(tmp_path / "takes", events.append) as unit:
        made = unit.extend(
            cut,
            "A",
            tail=60,
            into=Into.GAP,
            handles=4,
            prompt="a dog runs",
            engine="diffusion",
            model="helios-base-14b",
            parameters={"steps": 2},
        )
    assert made.order is not None
    before = made.order.conditions[0]
    assert isinstance(before, FramesBefore)
    assert before.span.range == FrameRange(100 - 83, 83, RATE)  # 66 frames at 24 begin 82 frames before the last
    (take,) = made.takes
    assert take.frames == 4 + 60 + 4 and take.record.fit is not None
    # 66 known model frames, and two chunks more.
    assert (take.record.fit.frames, take.record.fit.rate) == (66 + 66, Fraction(24))
    assert [seam.frame.frame for seam in take.record.seams] == [4]
    # Model frame 99 stands 33 frames at 24 behind the last camera frame, which is the take's frame 3.
    assert [seam.frame.frame for seam in take.record.fit.seams] == [3 + 1 + floor(33 * RATE / 24)]
    assert {step.what for step in events if isinstance(step, Step)} == {"steps, chunk 1 of 2", "steps, chunk 2 of 2"}


@pytest.mark.usefixtures("home")
def test_a_still_is_the_first_frame_of_a_clip_with_the_usual_handles(
    tmp_path: Path, models: Path, make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, still = "wan2.1-i2v-14b-480p", tmp_path / "still.png"
    tiny.build(cards.card(model), models / model)
    cut, out = tmp_path / "cut.otio", tmp_path / "out.otio"
    clip = make_clip(40, "24", "10:00:00:00", "96x64")
    write_cut(sounding_cut(shot(clip, 40, 5, 12)), cut)
    picture = "color=0x3060a0:s=96x64"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-frames:v", "1", str(still)], check=True)
    command = ["generate", str(cut), "--at", "+12", "--frames", "10", "--prompt", "a lake", "-o", str(out)]
    chosen = ["--engine", "diffusion", "--model", model, "--set", "steps=2", "--keyframe"]
    assert run([*command, *chosen, f"0={still}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["takes"][0]["frames"] == 10 + 12
    assert "no head handle: the model makes nothing beyond a still that it begins with or ends at" in told["notes"]
    assert run([*command[:-1], str(tmp_path / "no.otio"), *chosen, f"3={still}"]) == 3
    error = " ".join(capsys.readouterr().err.split())
    assert "takes a still as a take's first frame" in error and "stands at frame 15 of 0 to 33" in error


def decoded(path: str) -> list[NDArray[np.generic]]:
    with VideoReader(path) as reader:
        return [frame.to_ndarray() for frame in reader.frames(0, reader.info.frames)]


@pytest.mark.usefixtures("home")
def test_a_take_grows_and_keeps_every_frame(
    tmp_path: Path, make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(40, "24", "10:00:00:00", "96x64")
    cuts = [tmp_path / f"cut{number}.otio" for number in range(5)]
    write_cut(sounding_cut(shot(clip, 40, 5, 35)), cuts[0])
    chosen = ["--engine", "diffusion", "--model", MODEL, "--set", "steps=2", "--prompt", "rain", "--codec", "ffv1"]

    def taken(*command: str) -> Any:
        assert run([*command, "--json"]) == 0
        (take,) = json.loads(capsys.readouterr().out)["takes"]
        return take

    extend = ["extend", str(cuts[0]), "--shot", "A", "--tail", "10", "--into", "gap", "--handles", "4"]
    first = taken(*extend, *chosen, "-o", str(cuts[1]))
    name = first["record"]["name"]
    # 4 frames of its handle are there, 8 are made, and 6 as a handle.
    grow = ["--shot", name, "--grow", "-o"]
    grown = taken("extend", str(cuts[1]), "--tail", "12", "--into", "gap", "--handles", "6", *grow, str(cuts[2]))
    assert (first["frames"], grown["frames"]) == (4 + 10 + 4, 4 + 10 + 4 + 8 + 6)
    order = grown["record"]["order"]
    assert (order["model"], order["delivery"]["codec"], grown["record"]["seed"]) == (MODEL, "ffv1", 1)
    assert {one["name"]: one["value"] for one in order["parameters"]} == {"steps": 2}
    before, after = decoded(first["path"]), decoded(grown["path"])
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=False))
    assert not any(np.array_equal(before[-1], other) for other in after[18:])
    (seam,) = grown["record"]["seams"]
    assert int(seam["frame"]["frame"]) == 18

    was, longer = (read_cut(cut).tracks[0][1] for cut in cuts[1:3])
    assert longer.source_range == time_range(was.source_range.start_time.value, 22, Fraction(24))
    assert longer.media_reference.available_range.start_time == was.media_reference.available_range.start_time
    assert [said(state) for _, state in states(Index(read_cut(cuts[2])))] == ["fresh", "fresh"]

    # Into the handle alone, in another codec: nothing moves, and the frames are the same as far as the codec goes.
    name = grown["record"]["name"]
    grow = ["--codec", "prores_hq", "--shot", name, "--grow", "-o"]
    waits = taken("extend", str(cuts[2]), "--tail", "10", "--into", "handles", "--handles", "0", *grow, str(cuts[3]))
    assert waits["frames"] == 32 + 4
    assert read_cut(cuts[3]).tracks[0][1].source_range == longer.source_range
    with VideoReader(waits["path"]) as made, VideoReader(grown["path"]) as there:
        for number in range(32):
            ours, theirs = (
                reader.frame(number).reformat(format="gray").to_ndarray().astype(float) for reader in (made, there)
            )
            assert abs(ours - theirs).mean() < 2

    name = waits["record"]["name"]
    assert run(["extend", str(cuts[3]), "--head", "6", "--shot", name, "--grow", "-o", str(cuts[4])]) == 3
    assert "does not grow there: the frames there are the camera's" in " ".join(capsys.readouterr().err.split())
    assert run(["extend", str(cuts[3]), "--tail", "4", "--shot", "A", "--grow", "-o", str(cuts[4])]) == 3
    assert "'A' plays no take" in " ".join(capsys.readouterr().err.split())


def test_takes_made_at_once_are_published_one_by_one_with_what_was_done_for_speed(
    home: Path, models: Path, tmp_path: Path
) -> None:
    model = "wan2.1-t2v-1.3b"
    tiny.build(cards.card(model), models / model)
    slot = Slot(9, 0, 0, Fraction(16), Fraction(16), 96, 64, Fraction(1), None)
    given = {"steps": 2, "speed.batch": 2, "speed.attention": "math"}
    parameters = tuple(Parameter(name, value) for name, value in given.items())
    asked = Order(
        "b", Task.GENERATE, "show", "shot", slot, (Text("rain"),), "diffusion", model, parameters, (7, 8, 9),
        Delivery(str(tmp_path / "takes"), Codec.FFV1),
    )  # fmt: skip
    address = spawn.ensure_running(home)
    _, events = asyncio.run(_made(address, asked))
    takes = [event.take for event in events if isinstance(event, TakeReady)]
    assert [take.record.seed for take in takes] == [7, 8, 9], events[-1]
    assert [take.record.fit.approximate for take in takes if take.record.fit] == [
        ("math attention", "batch of 2"),
        ("math attention", "batch of 2"),
        ("math attention",),
    ]
    shown = [event.take for event in events if isinstance(event, Preview)]
    assert shown == sorted(shown) and {0, 1, 2} >= set(shown)
    refused = dataclasses.replace(asked, id="c", parameters=(Parameter("speed.compile", "graphs"),))
    with pytest.raises(OrderRefused, match="CUDA graphs need an NVIDIA device"):
        asyncio.run(_made(address, refused))


Ordered = Callable[..., tuple[Any, otio.schema.Clip]]


@pytest.fixture
def ordered(
    tmp_path: Path, models: Path, make_clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> Ordered:
    """Runs a command for shot A of a cut with a tiny LTX-2: the take as `--json` says it, and the shot with it."""
    if not (models / LTX2).exists():
        tiny.build(cards.card(LTX2), models / LTX2)

    def order(size: str, *command: str, refused: bool = False) -> tuple[Any, otio.schema.Clip]:
        cut, out = tmp_path / "cut.otio", tmp_path / "out.otio"
        clip = make_clip(20, "24", "10:00:00:00", size)
        write_cut(sounding_cut(shot(clip, 20, 5, 9), shot(clip, 20, 5, 9, "B")), cut)
        place = [command[0], str(cut), "--shot", "A", "-o", str(out), *command[1:]]
        chosen = ["--engine", "diffusion", "--model", LTX2, "--handles", "0", "--set", "steps=2", "--prompt", "snow"]
        assert run([*place, *chosen, "--codec", "ffv1", "--json"]) == (3 if refused else 0)
        if refused:
            return capsys.readouterr().err, read_cut(cut).tracks[0][0]
        (take,) = json.loads(capsys.readouterr().out)["takes"]
        placed = read_cut(out).tracks[0][0]
        assert placed.source_range == read_cut(cut).tracks[0][0].source_range
        return take, placed

    return order


@pytest.mark.usefixtures("home")
@pytest.mark.long  # the model's pictures have the size of the published one's
def test_a_shot_is_made_larger_in_tiles_from_the_command_line(ordered: Ordered) -> None:
    take, _ = ordered("480x320", "replace", "--scale", "2", "--set", "upscale=tiled")
    with VideoReader(take["path"]) as made:
        assert (made.info.width, made.info.height, made.info.frames) == (960, 640, 9)
        assert made.frame(8).to_ndarray().std() > 1
    fit = take["record"]["fit"]
    assert fit["width"] * fit["height"] <= 768 * 512
    (note,) = [note for note in take["record"]["notes"] if "tiles" in note]
    assert "enlarged to 960×640" in note and f"tiles of {fit['width']}×{fit['height']}" in note


@pytest.mark.usefixtures("home")
def test_a_shot_is_made_again_along_an_adapter_from_the_command_line(
    tmp_path: Path, models: Path, ordered: Ordered, capsys: pytest.CaptureFixture[str]
) -> None:
    card, file = cards.card(LTX2), tmp_path / "pose.safetensors"
    command = ["96x64", "match", "--like", "B", "--set", "adapter=pose"]
    error, _ = ordered(*command, refused=True)
    assert f"secondunit models get {LTX2} --adapter pose" in " ".join(error.split())
    lora(file, models / LTX2, card.lora_targets)
    assert run(["models", "import", LTX2, str(file), "--adapter", "pose", "--accept-licence"]) == 0
    capsys.readouterr()
    take, placed = ordered(*command)
    adapter = next(one for one in card.adapters if one.name == "pose")
    assert f"made with the adapter pose of {adapter.repository}, weight 1" in take["record"]["notes"]
    (used,) = take["record"]["further_weights"]
    assert (used["name"], used["sha256"]) == ("pose", hashlib.sha256(file.read_bytes()).hexdigest())
    assert placed.active_media_reference_key.startswith("take.")
    with VideoReader(take["path"]) as made:
        assert (made.info.width, made.info.height, made.info.frames) == (96, 64, 9)


def lora(path: Path, model: Path, targets: Sequence[str]) -> None:
    """A LoRA of the model in that folder, with random weights."""
    peft, diffusers, save = (pytest.importorskip(name) for name in ("peft", "diffusers", "safetensors.torch"))
    transformer = diffusers.DiffusionPipeline.from_pretrained(model, local_files_only=True).transformer
    transformer.add_adapter(peft.LoraConfig(r=2, target_modules=list(targets), init_lora_weights=False))
    state = peft.get_peft_model_state_dict(transformer)
    save.save_file({f"transformer.{name}": tensor.contiguous() for name, tensor in state.items()}, path)
