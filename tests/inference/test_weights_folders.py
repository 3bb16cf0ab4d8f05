"""Folders of weights: imports, checks, removals, and hostile folders that no library may be given."""

import asyncio
import json
import os
import pickle
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit_bridge.client import Client
from secondunit_bridge.errors import ModelError, OrderRefused
from secondunit_bridge.messages import Weights, WeightsState
from secondunit_bridge.spawn import Address
from secondunit_inference import cards
from secondunit_inference.engines.diffusion.weights import folder_of, sha256_of
from secondunit_inference.weights import tensors
from secondunit_inference.weights.layout import faults

from tests.inference.fake_engine import card as fake_card
from tests.inference.running_unit import order, submit_and_watch, unit_in_process
from tests.inference.test_weights_hub import MODEL, VAE, files, published, safetensors

CARD = cards.card(MODEL)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return published(tmp_path / "source")


@pytest.fixture
def models(tmp_path: Path, source: Path) -> Path:
    """A folder of models, with one that has no record, as if a person had put it there."""
    index = json.loads((source / "model_index.json").read_text())
    for name in ("model_index.json", *index):
        if name.startswith("_"):
            continue
        (shutil.copytree if (source / name).is_dir() else shutil.copy)(source / name, _in(tmp_path / "models", name))
    for name in (
        "transformer/modeling.py",
        "vae/diffusion_pytorch_model.bin",
        "vae/diffusion_pytorch_model.fp16.safetensors",
    ):
        (tmp_path / "models" / MODEL / name).unlink()
    return tmp_path / "models"


def _in(models: Path, name: str) -> Path:
    (models / MODEL).mkdir(parents=True, exist_ok=True)
    return models / MODEL / name


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Address]:
    with unit_in_process(tmp_path / "home", device=False) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home/models" / MODEL


def take_in(address: Address, folder: Path) -> list[str]:
    async def run() -> list[str]:
        async with Client(address) as client:
            return [step.what async for step in client.import_model(MODEL, str(folder), True)]

    return asyncio.run(run())


def check(address: Address, hashes: bool = False) -> None:
    async def run() -> None:
        async with Client(address) as client:
            async for _ in client.check_model(MODEL, hashes):
                pass

    asyncio.run(run())


def remove(address: Address) -> tuple[str, ...]:
    async def run() -> tuple[str, ...]:
        async with Client(address) as client:
            return await client.remove_model(MODEL)

    return asyncio.run(run())


def state(address: Address) -> Weights:
    async def run() -> Weights:
        async with Client(address) as client:
            return next(weights for weights in [w async for w in client.models()] if weights.model == MODEL)

    return asyncio.run(run())


# Hostile folders


def test_a_folder_in_order_is_given_out(models: Path) -> None:
    assert faults(models / MODEL, CARD) == ()
    assert folder_of(models, CARD) == models / MODEL


def edit(name: str, **values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        read = json.loads((folder / name).read_text())
        (folder / name).write_text(
            json.dumps({key: value for key, value in (read | values).items() if value != "gone"})
        )

    return change


def write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def header(**tensor: object) -> bytes:
    raw = json.dumps({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]} | tensor}).encode()
    return len(raw).to_bytes(8, "little") + raw + b"four"


def zipped(folder: Path) -> None:
    """As torch saves: a pickle in a zip archive."""
    with zipfile.ZipFile(folder / "tokenizer/spiece.model", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps({}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (write(VAE, pickle.dumps({"a": 1})), "is no .safetensors file"),
        (write("tokenizer/spiece.model", pickle.dumps({"a": 1})), "is a pickle"),
        (zipped, "is a zip archive"),
        (write("tokenizer/merges.txt", b"\0binary"), "is no text"),
        (write("transformer/modeling.py", b"import os"), "modeling.py is none of the files"),
        (write("vae/diffusion_pytorch_model.bin", b""), "model.bin is none of the files"),
        (lambda folder: shutil.rmtree(folder / "vae"), "the component 'vae' has no folder"),
        (lambda folder: (folder / VAE).unlink(), "the component 'vae' has no .safetensors file"),
        (lambda folder: (folder / "vae/config.json").unlink(), "vae/config.json is missing"),
        (
            lambda folder: (folder / "text_encoder/model-00002-of-00002.safetensors").unlink(),
            "00002.safetensors is missing",
        ),
        (edit("vae/config.json", _class_name="Other"), "vae/config.json is that of 'Other'"),
        (edit("vae/config.json", auto_map={"AutoModel": "m.M"}), "asks for code of its own"),
        (edit("model_index.json", _class_name="Own"), "names the pipeline 'Own'"),
        (edit("model_index.json", _class_name=["custom", "Own"]), "names the pipeline"),
        (edit("model_index.json", vae=["vae", "AutoencoderKLWan"]), "takes 'vae' from 'vae'"),
        (edit("model_index.json", vae=["diffusers", "Other"]), "names the class 'Other' for 'vae'"),
        (
            edit("model_index.json", extra=["transformers", "BertModel"]),
            "names the class 'BertModel' for 'extra', the card none",
        ),
        (edit("model_index.json", vae="gone"), "lacks the component 'vae'"),
        (edit("model_index.json", **{"../x": ["diffusers", "A"]}), "names no library and class"),
        (write("model_index.json", b"[" * 100_000), "is no JSON"),
        (write("transformer/config.json", b"[]"), "is no JSON object"),
        (write(VAE, header(dtype="PICKLE")), "without a known type"),
        (write(VAE, header(shape=[5])), "offsets do not fit its shape"),
        (write(VAE, header(shape=[-4])), "no possible shape"),
        (write(VAE, header(data_offsets=[4, 8])), "a gap or an overlap"),
        (write(VAE, header(shape=[8], data_offsets=[0, 8])), "holds 4 bytes of tensors, its header says 8"),
        (write(VAE, header() + b"more"), "holds 8 bytes of tensors, its header says 4"),
        (write(VAE, (1 << 40).to_bytes(8, "little") + b"{}"), "its header would be longer"),
        (write(VAE, (100_000).to_bytes(8, "little") + b'{"a":' * 20_000), "a header that is no JSON"),
    ],
)
def test_a_hostile_folder_is_refused_before_anything_reads_it(
    models: Path, change: Callable[[Path], None], reason: str
) -> None:
    assert folder_of(models, CARD)  # so that a kept answer would be found out
    change(models / MODEL)
    with pytest.raises(OrderRefused, match=reason.replace(".", r"\.")):
        folder_of(models, CARD)


def test_links_stay_inside(models: Path, source: Path) -> None:
    inside, outside = models / MODEL / "vae/config.json", models / MODEL / VAE
    inside.rename(inside.with_name("other_config.json"))
    inside.symlink_to("other_config.json")
    assert folder_of(models, CARD)
    outside.unlink()
    outside.symlink_to(source / VAE)
    with pytest.raises(OrderRefused, match="is a link that leads out of the folder"):
        folder_of(models, CARD)


def test_a_folder_that_is_a_link_out_is_refused(models: Path, source: Path) -> None:
    shutil.rmtree(models / MODEL / "vae")
    (models / MODEL / "vae").symlink_to(source / "vae")
    with pytest.raises(OrderRefused, match="vae is a link that leads out"):
        folder_of(models, CARD)


def test_a_header_of_a_million_tensors_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    entries = ",".join(f'"t{n}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for n in range(1_200_000))
    raw = f"{{{entries}}}".encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw)
    began = time.process_time()
    assert "a header of" in tensors.fault(path)
    assert time.process_time() - began < 1


def test_many_small_tensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    entries = ",".join(f'"{n:x}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for n in range(120_000))
    raw = f"{{{entries}}}".encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw)
    began = time.process_time()
    assert "names 120000 tensors" in tensors.fault(path)
    assert time.process_time() - began < 1


def test_real_safetensors_files_have_no_fault(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    kinds = (torch.float32, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.bool, torch.complex64)
    held = {str(kind): torch.zeros(3, 5).to(kind) for kind in kinds} | {"empty": torch.zeros(0), "one": torch.tensor(1)}
    save_file(held, tmp_path / "a.safetensors", {"format": "pt"})
    assert tensors.fault(tmp_path / "a.safetensors") == ""


def test_a_check_is_kept_until_a_file_changes(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(models, CARD)
    read: list[Path] = []
    whole = tensors.fault
    monkeypatch.setattr(tensors, "fault", lambda path: read.append(path) or whole(path))
    folder_of(models, CARD)
    assert read == []
    safetensors(models / MODEL / VAE, 32)
    folder_of(models, CARD)
    assert models / MODEL / VAE in read


@pytest.mark.parametrize("model", ["wan2.1-flf2v-14b-720p", "ltx-2-19b", "hunyuanvideo-1.5-i2v-480p", "cogvideox-2b"])
def test_what_diffusers_saves_is_given_out(tmp_path: Path, model: str) -> None:
    pytest.importorskip("diffusers")
    from secondunit_inference.engines.diffusion import tiny

    card = cards.card(model)
    tiny.build(card, tmp_path / model)
    assert faults(tmp_path / model, card) == ()


# Imports, checks, removals


def test_an_import_links_what_the_model_needs_and_records_it(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    assert files(folder) == {
        *("model_index.json", "secondunit.json", VAE, "vae/config.json", "scheduler/scheduler_config.json"),
        *("text_encoder/config.json", "text_encoder/model.safetensors.index.json"),
        *(f"text_encoder/model-0000{number}-of-00002.safetensors" for number in (1, 2)),
        *("tokenizer/tokenizer.json", "tokenizer/spiece.model"),
        *("transformer/config.json", "transformer/diffusion_pytorch_model.safetensors"),
    }
    assert (folder / VAE).samefile(source / VAE)
    ready = state(unit)
    assert ready.state is WeightsState.READY
    assert ready.sha256 == sha256_of(folder_of(folder.parent, CARD)) != ""
    check(unit, hashes=True)
    with pytest.raises(ModelError, match="is there already"):
        take_in(unit, source)


def test_the_weights_hash_names_the_content(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    first = sha256_of(folder)
    remove(unit)
    shutil.copytree(source, source.with_name("copy"))
    take_in(unit, source.with_name("copy"))
    assert sha256_of(folder) == first
    remove(unit)
    safetensors(source.with_name("copy") / VAE, 65)
    take_in(unit, source.with_name("copy"))
    assert sha256_of(folder) != first


def test_an_import_from_another_disk_is_a_copy(
    unit: Address, source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_disk(*_: object) -> None:
        raise OSError(18, "invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    take_in(unit, source)
    assert not (folder / VAE).samefile(source / VAE)
    check(unit, hashes=True)


def test_a_snapshot_of_huggingface_hubs_cache_is_imported(
    unit: Address, source: Path, folder: Path, tmp_path: Path
) -> None:
    """Its files are links to `blobs`."""
    cache = tmp_path / "models--a--b"
    (cache / "blobs").mkdir(parents=True)
    for number, path in enumerate(p for p in source.rglob("*") if p.is_file()):
        link = cache / "snapshots/abc" / path.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, cache / "blobs" / str(number))
        link.symlink_to(os.path.relpath(cache / "blobs" / str(number), link.parent))
    take_in(unit, cache / "snapshots/abc")
    assert state(unit).state is WeightsState.READY
    assert not (folder / VAE).is_symlink()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: (s / "model_index.json").unlink(), "has no model_index.json"),
        (write(VAE, pickle.dumps(1)), "is no .safetensors file"),
        (lambda s: shutil.rmtree(s / "vae"), "the component 'vae' has no folder"),
        (
            lambda s: (s / VAE).unlink() or (s / VAE).symlink_to("/etc/hostname"),
            "is a link that leads out of the folder",
        ),
    ],
)
def test_a_refused_import_leaves_nothing(
    unit: Address, source: Path, folder: Path, change: Callable[[Path], None], reason: str
) -> None:
    change(source)
    with pytest.raises(ModelError, match=reason):
        take_in(unit, source)
    assert [path.name for path in folder.parent.glob("*") if path.name != "licences.json"] == []


def test_a_check_of_all_hashes_finds_one_changed_byte(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    content = bytearray((folder / VAE).read_bytes())
    content[-1] ^= 1
    (folder / VAE).unlink()
    (folder / VAE).write_bytes(content)
    with pytest.raises(OrderRefused, match="changed or copied since its hash was checked"):
        folder_of(folder.parent, CARD)
    with pytest.raises(ModelError, match=f"{VAE} has the hash .* is recorded"):
        check(unit, hashes=True)


def test_a_copied_folder_is_right_again_once_its_hashes_were_read(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    os.utime(folder / VAE, (1, 1))
    with pytest.raises(ModelError, match="changed or copied"):
        check(unit)
    check(unit, hashes=True)
    check(unit)
    assert folder_of(folder.parent, CARD)


def test_a_file_that_came_later_is_refused(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    (folder / "tokenizer/added.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer/added\.json was not there when the weights were recorded"):
        check(unit)


def test_a_removal_leaves_what_is_not_the_models(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    (folder / "notes.md").write_text("mine")
    assert remove(unit) == (str(folder / "notes.md"),)
    assert files(folder) == {"notes.md"}
    assert (source / VAE).is_file()
    with pytest.raises(ModelError, match="neither downloaded nor imported"):
        remove(unit)


def test_a_record_cannot_name_files_outside(unit: Address, source: Path, folder: Path) -> None:
    take_in(unit, source)
    outside = folder.parent / "other"
    outside.write_text("not ours")
    read = json.loads((folder / "secondunit.json").read_text())
    read["files"].append({"path": "../other", "bytes": 8, "sha256": "", "modified": 1})
    (folder / "secondunit.json").write_text(json.dumps(read))
    remove(unit)
    assert outside.read_text() == "not ours"


def test_a_linked_folder_is_not_removed(unit: Address, source: Path, folder: Path, tmp_path: Path) -> None:
    take_in(unit, source)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="nothing was removed"):
        remove(unit)
    assert (tmp_path / "elsewhere" / VAE).is_file()


def test_weights_that_an_order_needs_are_not_removed(
    unit: Address, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_card, "CARD", replace(fake_card.CARD, model=MODEL))
    take_in(unit, source)

    async def run() -> None:
        async with Client(unit) as client:
            await client.submit(replace(order("a", tmp_path / "takes"), model=MODEL))
            with pytest.raises(ModelError, match=r"an order for 'shot' needs Wan 2\.1"):
                await client.remove_model(MODEL)
            await client.cancel("a")
            assert await client.remove_model(MODEL) == ()

    asyncio.run(run())


def test_a_worker_has_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    notes = tmp_path / "notes"
    with unit_in_process(tmp_path / "home") as address:
        asyncio.run(submit_and_watch(address, order("a", tmp_path / "takes", notes=str(notes), offline=True)))
    assert "HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1" in notes.read_text()
