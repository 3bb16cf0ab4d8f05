"""`secondunit models` with the real unit and a tiny model of the published classes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import anyio
import pytest
from secondunit_bridge import spawn
from secondunit_bridge.client import Client
from secondunit_bridge.messages import Native, Parameter, Task, TaskLimit
from secondunit_inference import cards
from secondunit_plugin.cli.main import run
from secondunit_plugin.exercise import Report, exercise

pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

MODEL = "wan2.1-t2v-1.3b"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SECONDUNIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SECONDUNIT_MODELS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield tmp_path / "home"
    spawn.stop(tmp_path / "home")


def test_weights_are_imported_checked_exercised_and_removed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "published"
    tiny.build(cards.card(MODEL), published)

    assert run(["models", "import", MODEL, str(published)]) == 3
    said = capsys.readouterr().err
    assert "Apache-2.0" in said and "commercial use: yes" in said and "https://" in said and "--accept-licence" in said
    assert run(["models", "import", MODEL, str(published), "--accept-licence", "--quiet"]) == 0
    assert f"{MODEL} is ready" in capsys.readouterr().out

    assert run(["models", "list", "--json"]) == 0
    listed = {one["card"]["model"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(listed) == set(cards.names())
    assert listed[MODEL]["weights"]["state"] == "ready"
    assert listed[MODEL]["card"]["licence"]["id"] == "Apache-2.0"
    assert listed["ltx-2-19b"]["weights"]["state"] == "missing"
    assert "models get ltx-2-19b" in listed["ltx-2-19b"]["weights"]["todo"]

    assert run(["models", "check", MODEL, "--hashes", "--quiet"]) == 0
    assert run(["models", "get", MODEL]) == 0  # is there: no network is asked
    assert "is there" in capsys.readouterr().out
    assert run(["models", "check", "ltx-2-19b", "--quiet"]) == 3
    assert run(["models", "get", "unknown"]) == 3

    report = anyio.run(exercised, home)
    weights = listed[MODEL]["weights"]["sha256"]
    assert (report.model, report.weights_sha256) == (MODEL, weights)
    tasks = {one.task: one for one in report.tasks}
    assert [task for task, one in tasks.items() if one.error] == [Task.EXTEND]
    assert "does not extend" in tasks[Task.EXTEND].error
    for task in (Task.GENERATE, Task.REPLACE, Task.MATCH):
        fit = tasks[task].fit
        assert fit is not None and (fit.frames, fit.rate, fit.width, fit.height) == (17, Fraction(16), 64, 64)
        assert fit.approximate == ("math attention",)
        assert tasks[task].step_seconds
        assert tasks[task].memory_bytes and tasks[task].process_bytes > 1e8
    assert {"torch", "diffusers", "transformers"} <= {version.package for version in report.versions}
    assert str(tmp_path) not in repr(report) and str(Path.home()) not in repr(report)

    assert run(["models", "remove", MODEL, "--yes"]) == 0
    assert not (home / "models" / MODEL).exists()
    assert (published / "vae/diffusion_pytorch_model.safetensors").is_file()


async def exercised(home: Path) -> Report:
    """At a size that the tiny model makes in a moment, with a task that it does not do."""
    async with Client(spawn.ensure_running(home)) as unit:
        card = next(card for card in (await unit.hello()).cards if card.model == MODEL)
        weights = next(weights for weights in [one async for one in unit.models()] if weights.model == MODEL)
        limits = (*card.limits, TaskLimit(Task.EXTEND, 0))
        small = replace(card, native=Native(17, Fraction(16), 64, 64), limits=limits)
        events: list[object] = []
        attention = (Parameter("speed.attention", "math"),)
        report = await exercise(unit, small, weights, events.append, attention)
        assert events and report.parameters == attention
        return report


def test_every_task_is_given_the_stills_and_the_frames_that_its_model_asks_for(home: Path) -> None:
    """A first and a last still; a whole chunk of frames before."""
    frames = {"wan2.1-flf2v-14b-720p": 17, "helios-base-14b": 99}
    home.mkdir(mode=0o700)
    for model in frames:
        tiny.build(cards.card(model), home / "models" / model)

    async def reports() -> list[Report]:
        async with Client(spawn.ensure_running(home)) as unit:
            offered = {card.model: card for card in (await unit.hello()).cards}
            weights = {one.model: one async for one in unit.models()}
            return [
                await exercise(
                    unit,
                    replace(offered[model], native=Native(count, cards.card(model).rate, 64, 64)),
                    weights[model],
                    lambda _: None,
                )
                for model, count in frames.items()
            ]

    for report in anyio.run(reports):
        assert [(task.task, task.error) for task in report.tasks] == [
            (task, "") for task in dict.fromkeys(entry.task for entry in cards.card(report.model).entries)
        ]
