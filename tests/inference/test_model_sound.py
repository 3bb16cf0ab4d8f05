"""Sound that a model makes with its pictures: layout, length to the sample, and sync, measured on clicks."""

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from secondunit_bridge.messages import FramesBefore, Task, Text
from secondunit_bridge.rates import FrameTime, samples_before
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.planned import planned

from tests.inference import diffusion_orders as make
from tests.inference.test_families import LTX2, Unit

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card", make.small)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return Unit(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)])
def test_sound_is_as_long_as_the_frames_to_the_sample(rate: Fraction, unit: Unit) -> None:
    card = make.small(LTX2)
    order = make.order(card, Task.GENERATE, (Text("rain"),), 11, rate, (2, 3), sound=True)
    (stream,) = unit.make(order).sound
    assert stream.samples.shape == (2, samples_before(FrameTime(16, rate), stream.rate))
    assert stream.layout == "stereo" and stream.samples.dtype == np.float32
    assert np.isfinite(stream.samples).all() and np.abs(stream.samples).max() > 0


def test_without_the_parameter_there_is_none(unit: Unit) -> None:
    order = make.order(make.small(LTX2), Task.GENERATE, (Text("rain"),), 9, Fraction(24))
    assert unit.make(order).sound == ()


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(50)])
@pytest.mark.parametrize("frames", [20, 700])
def test_what_is_heard_is_seen_at_the_same_time(
    rate: Fraction, frames: int, unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each twelfth frame of the model is white and clicks on the left; 700 frames at 24 take several passes."""
    card = make.small(LTX2)
    path = make.numbered(tmp_path / "before.mkv", 60, rate)
    conditions = (FramesBefore(make.span(path, 0, 60, rate)), Text("a clock"))
    order = make.order(card, Task.EXTEND, conditions, frames, rate, (5, 3), sound=True)
    plan = planned(card, order)
    calls: list[dict[str, Any]] = []

    def clock(_: dict[str, Any]) -> Any:
        one = plan.timing.passes[len(calls) - 1]
        sounding = calls[-1]["pipeline"].vocoder.config.output_sampling_rate
        pictures = np.zeros((1, one.frames, make.SIDE, make.SIDE, 3), np.float32)
        samples = np.zeros((1, 2, round(one.frames / card.rate * sounding)), np.float32)
        for frame in range(one.first, one.end):
            if frame % 12 == 0:
                pictures[0, frame - one.first] = 1
                samples[0, 0, round((frame - one.first) / card.rate * sounding)] = 1
        return SimpleNamespace(frames=pictures, audio=torch.from_numpy(samples))

    entry = plan.entry
    calls = make.recorded(monkeypatch, tiny.find_class(entry.pipeline), clock)
    made = unit.make(order)
    (stream,) = made.sound
    assert (len(plan.timing.passes) > 1) == (frames == 700 and rate < 50)
    left, right = stream.samples
    assert not right.any()
    assert stream.samples.shape[1] == samples_before(FrameTime(frames + 8, rate), stream.rate)
    expected = [float(plan.timing.position(frame) / rate) for frame in range(0, plan.timing.frames) if frame % 12 == 0]
    heard = np.flatnonzero(left > 0.2) / stream.rate
    inside = [time for time in expected if 1 < time * rate < frames + 7]
    assert inside
    for time in inside:
        assert np.abs(heard - time).min() <= 1.5 / stream.rate, (time, heard)
    assert all(min(abs(time - one) for one in expected) <= 1.5 / stream.rate for time in heard)
