"""A card's published LoRAs: downloaded, imported, listed, checked and removed beside their model."""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge.client import Client
from secondunit_bridge.errors import ModelError
from secondunit_bridge.messages import AdapterWeights, Weights, WeightsState
from secondunit_bridge.spawn import Address
from secondunit_inference import cards
from secondunit_inference.weights.layout import UPSAMPLER, adapter_path, has_weights

from tests.inference.running_unit import unit_in_process
from tests.inference.small_hub import REVISION, Hub, small_hub
from tests.inference.test_weights_hub import CHUNK, files

pytest.importorskip("huggingface_hub")

MODEL = "ltx-2-19b"
CARD = cards.card(MODEL)
POSE = next(adapter for adapter in CARD.adapters if adapter.name == "pose")
STATIC = next(adapter for adapter in CARD.adapters if adapter.name == "static")
PATH = adapter_path(POSE)


def lora(path: Path, size: int = 64) -> Path:
    header = json.dumps({"a.lora_A.weight": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(range(256)) * (size // 256) + bytes(size % 256))
    return path


def published(folder: Path) -> Path:
    """The model in its layout, with weights of a few bytes."""
    index: dict[str, object] = {"_class_name": CARD.pipeline.class_name}
    for name, component in CARD.tiny.items():
        library = (
            "transformers" if "Gemma" in component.class_name or "Tokenizer" in component.class_name else "diffusers"
        )
        index[name] = [library, component.class_name]
        (folder / name).mkdir(parents=True)
        if has_weights(component.class_name):
            kind = "model" if library == "transformers" else "diffusion_pytorch_model"
            lora(folder / name / f"{kind}.safetensors")
            (folder / name / "config.json").write_text("{}")
    (folder / "scheduler/scheduler_config.json").write_text("{}")
    (folder / "tokenizer/tokenizer.json").write_text("{}")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with small_hub(published(tmp_path / "published"), CARD.source.repository) as served:
        lora(tmp_path / "published" / UPSAMPLER / "diffusion_pytorch_model.safetensors", 700)
        (tmp_path / "published" / UPSAMPLER / "config.json").write_text("{}")
        for adapter in (POSE, STATIC):
            folder = tmp_path / adapter.name
            lora(folder / adapter.file, 1000 if adapter is POSE else 2000)
            (folder / "README.md").write_text("none of the adapter")
            served.others[adapter.repository] = folder
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield served


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Address]:
    with unit_in_process(tmp_path / "home", device=False) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home/models" / MODEL


def get(address: Address, *adapters: str) -> None:
    async def run() -> None:
        async with Client(address) as client:
            async for step in client.fetch_model(MODEL, True, adapters):
                assert 0 <= step.done <= step.total

    asyncio.run(run())


def state(address: Address) -> tuple[Weights, dict[str, AdapterWeights]]:
    async def run() -> Weights:
        async with Client(address) as client:
            return next(weights for weights in [w async for w in client.models()] if weights.model == MODEL)

    weights = asyncio.run(run())
    return weights, {one.name: one for one in weights.adapters}


def take_in(address: Address, path: Path, adapter: str = "") -> None:
    async def run() -> None:
        async with Client(address) as client:
            async for _ in client.import_model(MODEL, str(path), True, adapter):
                pass

    asyncio.run(run())


def remove(address: Address, *adapters: str) -> tuple[str, ...]:
    async def run() -> tuple[str, ...]:
        async with Client(address) as client:
            return await client.remove_model(MODEL, adapters)

    return asyncio.run(run())


def test_adapters_come_with_their_model_and_go_with_it(hub: Hub, unit: Address, folder: Path) -> None:
    weights, adapters = state(unit)
    assert set(adapters) == {UPSAMPLER, *(adapter.name for adapter in CARD.adapters)}
    assert {one.state for one in adapters.values()} == {WeightsState.MISSING}
    get(unit, "pose")
    weights, adapters = state(unit)
    assert weights.state is WeightsState.READY
    pose = adapters["pose"]
    content = (hub.others[POSE.repository] / POSE.file).read_bytes()
    assert (pose.state, pose.kind, pose.bytes) == (WeightsState.READY, "ic-lora", len(content))
    assert pose.sha256 == hashlib.sha256(content).hexdigest()
    assert (folder / PATH).read_bytes() == content
    assert adapters["static"].state is WeightsState.MISSING
    alone = weights.sha256

    hub.sent.clear()
    get(unit, "pose", "static")
    assert set(hub.sent) == {STATIC.file}, "what is there is not downloaded again"
    weights, adapters = state(unit)
    assert adapters["static"].state is WeightsState.READY
    assert weights.sha256 == alone, "the model's hash is that of the model"
    record = json.loads((folder / "secondunit.json").read_bytes())
    assert {(one["name"], one["repository"], one["revision"]) for one in record["adapters"]} == {
        ("pose", POSE.repository, REVISION),
        ("static", STATIC.repository, REVISION),
    }

    hub.there = False
    get(unit, "pose", "static")  # nothing is asked
    assert remove(unit, "static") == ()
    assert state(unit)[1]["static"].state is WeightsState.MISSING and not (folder / adapter_path(STATIC)).exists()
    assert state(unit)[0].state is WeightsState.READY
    assert remove(unit) == ()
    assert not folder.exists()


def test_the_upsampler_comes_as_an_adapter_does(hub: Hub, unit: Address, folder: Path, tmp_path: Path) -> None:
    get(unit)
    assert not (folder / UPSAMPLER).exists(), "it is none of the model's components"
    get(unit, UPSAMPLER)
    weights, adapters = state(unit)
    content = (hub.folder / UPSAMPLER / "diffusion_pytorch_model.safetensors").read_bytes()
    got = adapters[UPSAMPLER]
    assert (weights.state, got.state, got.kind) == (WeightsState.READY, WeightsState.READY, "upsampler")
    assert got.sha256 == hashlib.sha256(content).hexdigest() and got.bytes == len(content) + 2
    assert files(folder / UPSAMPLER) == {"diffusion_pytorch_model.safetensors", "config.json"}
    (folder / UPSAMPLER / "config.json").write_text("{} ")
    assert state(unit)[1][UPSAMPLER].state is WeightsState.DAMAGED
    hub.sent.clear()
    get(unit, UPSAMPLER)
    assert set(hub.sent) == {f"{UPSAMPLER}/config.json"}
    remove(unit, UPSAMPLER)
    assert not (folder / UPSAMPLER).exists() and state(unit)[0].state is WeightsState.READY

    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"is no folder with \.safetensors: give the upsampler's"):
        take_in(unit, tmp_path / "empty", UPSAMPLER)
    take_in(unit, hub.folder / UPSAMPLER, UPSAMPLER)
    assert state(unit)[1][UPSAMPLER].state is WeightsState.READY
    assert remove(unit) == () and not folder.exists()


def test_a_download_of_an_adapter_goes_on_and_does_not_stop_its_model(hub: Hub, unit: Address, folder: Path) -> None:
    get(unit)
    lora(hub.others[POSE.repository] / POSE.file, 34 * 1024 * 1024)
    hub.stall[POSE.file] = stalled = threading.Event()

    async def leave_in_the_middle() -> None:
        async with Client(unit) as client:
            async for step in client.fetch_model(MODEL, True, ["pose"]):
                if step.done >= 3 * CHUNK:  # told before it is written
                    break

    asyncio.run(leave_in_the_middle())
    check(unit)  # waits until the download has ended
    stalled.set()
    end = time.monotonic() + 10
    while hub.at_work:
        assert time.monotonic() < end
        time.sleep(0.05)
    weights, adapters = state(unit)
    assert weights.state is WeightsState.READY, weights.todo
    assert adapters["pose"].state is WeightsState.INCOMPLETE and adapters["pose"].bytes >= 2 * CHUNK
    hub.sent.clear()
    get(unit, "pose")
    assert hub.sent[POSE.file] < 34 * 1024 * 1024 - 2 * CHUNK + 1000
    assert state(unit)[1]["pose"].state is WeightsState.READY
    assert (folder / PATH).read_bytes() == (hub.others[POSE.repository] / POSE.file).read_bytes()


def test_what_is_wrong_with_an_adapter_is_said(hub: Hub, unit: Address, folder: Path) -> None:
    with pytest.raises(ModelError, match="LTX-2, 19B has no adapter 'posse': it has detailer, pose"):
        get(unit, "posse")
    assert hub.sent == {}
    hub.claims = {POSE.file: {"lfs": {"size": 10**16, "sha256": "0" * 64}}}
    with pytest.raises(ModelError, match="GB free"):
        get(unit, "pose")
    assert set(hub.sent) == {"model_index.json"}, "disk is asked for before the model is downloaded"
    hub.claims = {POSE.file: {"lfs": {"sha256": "0" * 64}}}
    with pytest.raises(ModelError, match="did not come as the hub"):
        get(unit, "pose")
    assert not (folder / PATH).exists()
    assert state(unit)[0].state is WeightsState.READY
    (hub.others[STATIC.repository] / STATIC.file).unlink()
    with pytest.raises(ModelError, match=r"has no .*static\.safetensors: there is no 'static' to download"):
        get(unit, "static")


@pytest.mark.usefixtures("hub")
def test_a_changed_adapter_is_damaged_and_mended(unit: Address, folder: Path) -> None:
    get(unit, "pose")
    content = bytearray((folder / PATH).read_bytes())
    content[-1] ^= 1
    (folder / PATH).write_bytes(content)
    assert state(unit)[1]["pose"].state is WeightsState.DAMAGED
    with pytest.raises(ModelError, match=f"{PATH} has the hash"):
        check(unit)
    get(unit, "pose")
    assert state(unit)[1]["pose"].state is WeightsState.READY
    check(unit)


def check(address: Address) -> None:
    async def run() -> None:
        async with Client(address) as client:
            async for _ in client.check_model(MODEL, True):
                pass

    asyncio.run(run())


def test_an_adapter_is_imported_from_a_file(unit: Address, folder: Path, tmp_path: Path) -> None:
    source = lora(tmp_path / "from a disk.safetensors", 500)
    with pytest.raises(ModelError, match="an adapter comes after its model"):
        take_in(unit, source, "pose")
    take_in(unit, published(tmp_path / "whole"))
    for wrong, said in (
        (tmp_path / "a.pt", "no .safetensors file"),
        (tmp_path / "b.safetensors", "is no .safetensors"),
    ):
        wrong.write_bytes(b"PK\x03\x04")
        with pytest.raises(ModelError, match=said):
            take_in(unit, wrong, "pose")
    take_in(unit, source, "pose")
    pose = state(unit)[1]["pose"]
    assert (pose.state, pose.sha256) == (WeightsState.READY, hashlib.sha256(source.read_bytes()).hexdigest())
    assert files(folder / "adapters") == {POSE.file}
    with pytest.raises(ModelError, match="is there already: `secondunit models remove ltx-2-19b --adapter pose`"):
        take_in(unit, source, "pose")
    remove(unit, "pose")
    assert source.is_file() and state(unit)[1]["pose"].state is WeightsState.MISSING
    with pytest.raises(ModelError, match="pose of ltx-2-19b: neither downloaded nor imported"):
        remove(unit, "pose")


@pytest.mark.usefixtures("hub")
def test_models_laid_by_hand_take_adapters(unit: Address, folder: Path) -> None:
    published(folder)
    assert state(unit)[0].state is WeightsState.READY
    get(unit, "pose")
    weights, adapters = state(unit)
    assert (weights.state, weights.sha256, adapters["pose"].state) == (WeightsState.READY, "", WeightsState.READY)
    left = remove(unit)
    assert str(folder / "model_index.json") in left and not (folder / PATH).exists()
