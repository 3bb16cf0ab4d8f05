"""Pictures through the engine with a model that gives back what it is shown: the codes are those that came in."""

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from secondunit_bridge.media.probe import Encoding
from secondunit_bridge.media.read import VideoReader, codes
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec, Mask, Order, SourceShot, Task, Text
from secondunit_inference.engines.diffusion.planned import planned
from secondunit_inference.engines.diffusion.space import Space, encoding_of, space_of
from secondunit_inference.job import Job, Progress

from tests.inference.diffusion_orders import SIDE, job, lossless, order, small, span

window = pytest.importorskip("secondunit_inference.engines.diffusion.window")
engine = pytest.importorskip("secondunit_inference.engines.diffusion.engine", reason="torch is not installed")
pictures = pytest.importorskip("secondunit_inference.engines.diffusion.pictures")

RATE = Fraction(16)
FRAMES = 5
YUV10 = Encoding("yuv422p10le", 10, "bt709", "bt709", "bt709", False)
HDR10 = Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", "smpte2084", False)
HLG10 = Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", "arib-std-b67", False)
LINEAR = Encoding("gbrpf32le", 32, "gbr", "bt709", "linear", True)


def _clip(path: Path, codec: Codec, encoding: Encoding, most: float) -> str:
    ramp = np.linspace(0.11, most, SIDE, dtype=np.float32)  # log codes below 0.1 are darker than black
    shown = np.stack(np.broadcast_arrays(ramp[None, :], ramp[None, :] * 0.97, ramp[None, :] * 0.94), axis=-1)
    with MediaWriter(str(path), codec, RATE, SIDE, SIDE, Fraction(1), encoding) as writer:
        for _ in range(FRAMES):
            writer.write(np.ascontiguousarray(np.repeat(shown, SIDE, axis=0)))
    return str(path / "frame_%04d.exr") if codec is Codec.EXR else str(path)


def _given_back(asked: Order) -> list[NDArray[np.float32] | NDArray[np.uint16]]:
    card = small("wan2.1-t2v-1.3b")
    plan = planned(card, asked)
    windows = window.Windows(plan, asked.slot.encoding, lambda: None, Path())
    entry = plan.entry
    seen = windows.window(plan.timing.passes[0], entry, {}).source
    assert all(picture.min() >= 0 and picture.max() <= 1 for picture in seen)
    encoding = engine.probed(plan.canvas.source)
    frames = pictures.Frames(
        plan, windows, dict(enumerate(seen)), Space(space_of(asked.slot.encoding, encoding)), job(Path())
    )
    made = [frames.generated(number) for number in range(FRAMES)]
    windows.close()
    return made


@pytest.mark.parametrize(
    ("named", "encoding", "codec", "most"),
    [
        ("", YUV10, Codec.FFV1, 1.0),
        ("", HLG10, Codec.FFV1, 0.98),
        ("", HDR10, Codec.FFV1, 0.75),
        ("ARRI LogC4", YUV10, Codec.FFV1, 0.95),
        ("ARRI LogC3 (EI800)", YUV10, Codec.PRORES_HQ, 0.98),
        ("S-Log3 S-Gamut3.Cine", YUV10, Codec.FFV1, 0.9),
        ("", LINEAR, Codec.EXR, 16.0),
        ("ACEScg", LINEAR, Codec.EXR, 16.0),
    ],
)
def test_codes_come_back(named: str, encoding: Encoding, codec: Codec, most: float, tmp_path: Path) -> None:
    if codec is Codec.EXR:
        pytest.importorskip("OpenImageIO")
    names = {Codec.FFV1: "a.mkv", Codec.PRORES_HQ: "a.mov", Codec.EXR: "a"}
    path = _clip(tmp_path / names[codec], codec, encoding, most)
    asked = order(
        small("wan2.1-t2v-1.3b"),
        Task.REPLACE,
        (SourceShot(span(path, 0, FRAMES, RATE)), Text("a dog")),
        FRAMES,
        RATE,
    )
    asked = replace(asked, slot=replace(asked.slot, encoding=named))
    made = _given_back(asked)
    out = tmp_path / f"out{Path(names[codec]).suffix}"
    with VideoReader(path, RATE) as source:
        tags = source.info.encoding
        given = [codes(frame, tags) for frame in source.frames(0, FRAMES)]
        with MediaWriter(str(out), codec, RATE, SIDE, SIDE, Fraction(1), tags, space=named) as writer:
            for frame in made:
                writer.write(frame)
    with VideoReader(str(out / "frame_%04d.exr") if codec is Codec.EXR else str(out), RATE) as written:
        assert written.info.encoding.transfer == tags.transfer
        seen = [codes(frame, tags) for frame in written.frames(0, FRAMES)]
    for ours, theirs in zip(seen, given, strict=True):
        assert np.allclose(ours, theirs, rtol=4e-3, atol=4e-3)
    assert max(frame.max() for frame in seen) > most * 0.99


@pytest.mark.parametrize(
    ("named", "encoding", "codec", "most", "error"),
    [
        ("", LINEAR, Codec.EXR, 16.0, 2e-3),  # of the value: half floats hold 11 bits
        ("ACEScg", LINEAR, Codec.EXR, 16.0, 2e-3),
        ("ARRI LogC4", YUV10, Codec.FFV1, 0.95, 3e-3),  # of full scale: 10 bits, chroma shared by two pixels
        ("S-Log3 S-Gamut3.Cine", YUV10, Codec.FFV1, 0.9, 3e-3),
        ("", HLG10, Codec.FFV1, 0.98, 3e-3),
        ("", HDR10, Codec.FFV1, 0.75, 3e-3),
    ],
)
def test_a_mask_leaves_the_sources_codes_and_light_above_white_is_kept_inside(
    named: str, encoding: Encoding, codec: Codec, most: float, error: float, tmp_path: Path
) -> None:
    """The model gives back the picture upside down, so that what it made is told from what was there."""
    if codec is Codec.EXR:
        pytest.importorskip("OpenImageIO")
    path = _clip(tmp_path / ("a" if codec is Codec.EXR else "a.mkv"), codec, encoding, most)
    white = np.zeros((SIDE, SIDE, 3), np.uint8)
    white[16:32, 20:48] = 255
    mask = lossless(tmp_path / "mask.mkv", [white], RATE)
    card = small("wan2.1-t2v-1.3b")
    conditions = (SourceShot(span(path, 0, FRAMES, RATE)), Mask(span(mask, 0, 1, RATE)), Text("a dog"))
    asked = order(card, Task.REPLACE, conditions, FRAMES, RATE)
    asked = replace(asked, slot=replace(asked.slot, encoding=named))
    plan, previews = planned(card, asked), []
    windows = window.Windows(plan, named, lambda: None, Path())
    seen = windows.window(plan.timing.passes[0], plan.entry, {}).source
    tags = engine.probed(plan.canvas.source)
    made = {number: np.ascontiguousarray(picture[:, ::-1]) for number, picture in enumerate(seen)}
    progress = Progress(lambda _: None, lambda *_: None, lambda _, make: previews.append(make()))
    work = Job(progress, threading.Event(), tmp_path)
    frames = pictures.Frames(plan, windows, made, Space(space_of(named, tags)), work)
    out = tmp_path / ("out" if codec is Codec.EXR else "out.mkv")
    with MediaWriter(str(out), codec, RATE, SIDE, SIDE, Fraction(1), tags, space=named) as writer:
        for frame in pictures.take(plan, frames, None, tags, asked, work):
            writer.write(frame)
    written = str(out / "frame_%04d.exr") if codec is Codec.EXR else str(out)
    with VideoReader(path, RATE) as before, VideoReader(written, RATE) as after:
        assert before.info.encoding == after.info.encoding
        for number in range(FRAMES):
            a, b = before.frame(number), after.frame(number)
            outside = np.ones((SIDE, SIDE), bool)
            outside[16:32, 20:48] = False
            for theirs, ours in zip(a.planes, b.planes, strict=True):
                apart = outside[:: SIDE // theirs.height, :: SIDE // theirs.width]
                one, other = (np.frombuffer(plane, np.uint8).reshape(plane.height, -1) for plane in (theirs, ours))
                width = theirs.width * -(-a.format.components[0].bits // 8)
                one, other = (each[:, :width].reshape(*apart.shape, -1) for each in (one, other))
                assert np.array_equal(one[apart], other[apart])
            given, taken = codes(a, tags), codes(b, tags)
            inside = given[:, ::-1][18:30, 24:44]
            wrong = np.abs(taken[18:30, 24:44] - inside)
            assert (wrong <= error * np.maximum(1, inside)).all(), wrong.max()
            assert codec is not Codec.EXR or taken[18:30, 24:44].max() > 8
    shown = previews[0] / 65535
    expected = seen[0].copy()
    expected[16:32, 20:48] = seen[0][:, ::-1][16:32, 20:48]
    assert np.abs(shown[18:30, 24:44] - expected[18:30, 24:44]).max() < 0.02  # a display picture, not the codes


@pytest.mark.parametrize(
    ("space", "transfer"),
    [("", "bt709"), ("ACEScg", "linear"), ("Rec.2100-HLG - Display", "arib-std-b67"), ("ARRI LogC4", "bt709")],
)
def test_pictures_from_words_are_tagged_as_the_order_says(space: str, transfer: str) -> None:
    assert encoding_of(space).transfer == transfer
