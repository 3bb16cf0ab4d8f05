"""Camera files of variable rate, with fields, turned and of HDR through the engine with tiny models."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from secondunit_bridge.media.probe import probe
from secondunit_bridge.media.read import VideoReader
from secondunit_bridge.messages import FramesBefore, Task, Text
from secondunit_inference import cards

from tests.inference import diffusion_orders as make
from tests.inference.test_families import LTX, Unit

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
counted = pytest.importorskip("secondunit_inference.engines.diffusion.window")._counted


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(
    ("name", "rate", "said"),
    [
        (
            "s17_fireplace_dog_rot180_vfr_lowlight.mp4",
            Fraction(25),
            "to 11 at 25 a second are its frames 0 (3",
        ),
        ("s11_london_roof_hlg10_rot90_editlist.mp4", Fraction(30000, 1001), ""),
        ("s16_sony_a7m3_1080i25_avchd.mts", Fraction(25), "deinterlaced (bwdif), a picture for each frame"),
        ("s16_sony_a7m3_1080i25_avchd.mts", Fraction(50), "deinterlaced (bwdif), a picture for each field"),
        ("s12_london_roof_pq10_av1_portrait.mp4", Fraction(30000, 1001), ""),
    ],
)
def test_the_record_says_how_camera_files_were_read(
    footage: Path, name: str, rate: Fraction, said: str, unit: Unit
) -> None:
    path = str(footage / name)
    info = probe(path, rate)
    conditions = (FramesBefore(make.span(path, 0, 12, rate)), Text("a lake"))
    asked = make.order(make.small(LTX), Task.EXTEND, conditions, 4, rate, (6, 0), size=(info.width, info.height))
    asked = replace(asked, slot=replace(asked.slot, pixel_aspect=info.pixel_aspect))
    made = unit.make(asked)
    frames = make.frames_of(made)
    notes = [note for note in made.notes if path in note]
    assert bool(notes) == bool(said) and all(said in note for note in notes) and len(notes) <= 1
    # The camera frames of the take are those that the file shows at these times.
    with VideoReader(path, rate) as source:
        for ours, theirs in zip(frames[:6], source.frames(6, 12), strict=True):
            assert np.array_equal(ours.to_ndarray(), theirs.to_ndarray())


def test_frames_of_a_variable_rate_are_counted_in_short() -> None:
    assert counted([0, 1, 2, 3, 3, 3, 4, 6, 7, 7]) == "0-2, 3 (3 times), 4, 6, 7 (2 times)"
    assert counted([5]) == "5"
    assert counted([0, 0, 1, 1]) == "0 (2 times), 1 (2 times)"
