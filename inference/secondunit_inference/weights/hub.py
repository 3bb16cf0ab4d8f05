"""The one process that uses the network: it downloads a model's weights, and ends with its standard input.

Started as `python -m secondunit_inference.weights.hub MODEL FOLDER ADAPTER…`. Each line of its standard output is a
JSON object: `what`, `done` and `total` while it works, `error` where it fails. Which hub is asked, and as whom, is for
huggingface_hub's own settings to say (HF_ENDPOINT, HF_TOKEN, a login).
"""

import errno
import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from secondunit_bridge.errors import ModelError

from secondunit_inference import cards
from secondunit_inference.cards import ModelCard
from secondunit_inference.store import SPARE_BYTES
from secondunit_inference.weights.layout import (
    INDEX,
    PART,
    Extra,
    classes_of,
    components_of,
    extras,
    faults,
    has_weights,
    index_faults,
    wanted,
)
from secondunit_inference.weights.record import (
    StoredAdapter,
    StoredFile,
    WeightsRecord,
    hashing,
    read_record,
    stands,
    write_record,
)

_TOLD_BYTES = 4 * 1024 * 1024

Told = Callable[[str, int, int], None]
"""What is done, and how many bytes of how many."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """`sha256` of a file in large file storage; of any other, `blob` is the hash that Git gives it."""

    path: str
    bytes: int
    sha256: str
    blob: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to be downloaded, and where in the model's folder it comes to lie."""

    repository: str
    revision: str
    file: HubFile
    path: str


def fetch(card: ModelCard, folder: Path, adapters: tuple[str, ...], told: Told) -> None:
    """Leaves complete, recorded weights in the folder, and the card's adapters of these names; what is there and right
    is not downloaded again.

    Raises ModelError; then, and after a crash at any moment, the next call goes on where this one stopped.
    """
    record = read_record(folder)
    wanted_files: list[_Wanted] = []
    if (record is not None and not record.complete) or faults(folder, card):
        record, wanted_files = _model(card, record, told)
    record = record or WeightsRecord(card.model, "", "", ())  # a model that was laid there by hand stays as it is
    for extra in extras(card):
        known = record.adapter(extra.name)
        if extra.name in adapters and not (known is not None and known.stands(folder)):
            stored, further = _extra(extra, known, told)
            record = record.with_adapter(stored)
            wanted_files += further
    folder.mkdir(parents=True, exist_ok=True)
    _preflight(folder, record, wanted_files)
    write_record(folder, record)
    files = {file.path: file for file in record.every}
    total = sum(one.file.bytes for one in wanted_files)
    done = 0
    for one in wanted_files:
        if not stands(folder, files[one.path]):
            stored_file = _one(folder, one, files[one.path].sha256, done, total, told)
            record = record.with_file(stored_file)
            write_record(folder, record)
        done += one.file.bytes
    if wrong := faults(folder, card):
        raise ModelError("\n".join(wrong))


def _model(card: ModelCard, record: WeightsRecord | None, told: Told) -> tuple[WeightsRecord, list[_Wanted]]:
    """What will be there of the model itself, adapters that were recorded before kept."""
    repository = card.source.repository
    told(f"asking for the files of {repository}", 0, 0)
    with _explained(repository):
        revision, found = _files(repository, (record and record.revision) or None)
    if INDEX not in found:
        raise ModelError(f"{repository} has no {INDEX}: its weights are not in diffusers' layout")
    components = components_of(_index(card, repository, revision, found[INDEX]))
    chosen = [file for path, file in sorted(found.items()) if wanted(path, components)]
    for name, class_name in components.items():
        if has_weights(class_name) and not any(
            file.path.startswith(f"{name}/") and file.path.endswith(".safetensors") for file in chosen
        ):
            raise ModelError(f"{repository} has no .safetensors file for {name!r}: other formats are not loaded")
    known = {file.path: file for file in record.files} if record else {}
    for file in chosen if known else ():
        _refuse_other(file, known.get(file.path), repository, revision)
    files = tuple(known.get(file.path) or StoredFile(file.path, file.bytes, file.sha256) for file in chosen)
    adapters = record.adapters if record else ()
    made = WeightsRecord(card.model, repository, revision, files, adapters)
    return made, [_Wanted(repository, revision, file, file.path) for file in chosen]


def _extra(extra: Extra, known: StoredAdapter | None, told: Told) -> tuple[StoredAdapter, list[_Wanted]]:
    repository = extra.repository
    told(f"asking for {extra.file} of {repository}", 0, 0)
    with _explained(repository):
        revision, found = _files(repository, (known and known.revision) or None)
    chosen = {place: file for path, file in sorted(found.items()) if (place := extra.place(path))}
    if not any(path.endswith(".safetensors") for path in chosen):
        raise ModelError(f"{repository} has no {extra.file}: there is no {extra.name!r} to download")
    recorded = {file.path: file for file in known.files} if known is not None and known.repository else {}
    for path, file in chosen.items() if recorded else ():
        _refuse_other(file, recorded.get(path), repository, revision)
    files = tuple(recorded.get(path) or StoredFile(path, file.bytes, file.sha256) for path, file in chosen.items())
    return (
        StoredAdapter(extra.name, repository, revision, files),
        [_Wanted(repository, revision, file, path) for path, file in chosen.items()],
    )


def _refuse_other(file: HubFile, known: StoredFile | None, repository: str, revision: str) -> None:
    """The same revision has to bring what was recorded when it was first asked for."""
    same = known is not None and known.bytes == file.bytes
    if known is None or not same or (file.sha256 and known.sha256 and file.sha256 != known.sha256):
        raise ModelError(
            f"{file.path} of {repository} at {revision} is not the file that was recorded at the first download: "
            "nothing was downloaded"
        )


def _files(repository: str, revision: str | None) -> tuple[str, dict[str, HubFile]]:
    """The commit, and the files that it holds."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(repository, revision=revision, files_metadata=True)
    found = {}
    for sibling in info.siblings or ():
        lfs = sibling.lfs
        size = lfs.size if lfs else sibling.size
        found[sibling.rfilename] = HubFile(
            sibling.rfilename, size or 0, lfs.sha256 if lfs else "", "" if lfs else sibling.blob_id or ""
        )
    if not info.sha:
        raise ModelError(f"the hub names no commit of {repository}")
    return info.sha, found


def _index(card: ModelCard, repository: str, revision: str, file: HubFile) -> Any:
    """Read before the rest, so that another model is refused before gigabytes are downloaded."""
    with TemporaryDirectory() as folder:
        path = Path(folder, INDEX)
        with _explained(repository):
            _download(path, file, repository, revision, lambda _: None)
        if not _right(path, file, "", lambda _: None):
            raise _wrong(file)
        raw = path.read_bytes()
    try:
        index = orjson.loads(raw)
        wrong = index_faults(index, classes_of(card))
    except orjson.JSONDecodeError as error:
        wrong = [f"{INDEX} is no JSON: {error}"]
    if wrong:
        raise ModelError(f"{repository} is not what the card says: {'; '.join(wrong)}")
    return index


def _preflight(folder: Path, record: WeightsRecord, wanted_files: list[_Wanted]) -> None:
    known = {file.path: file for file in record.every}
    missing = 0
    for one in wanted_files:
        if not stands(folder, known[one.path]):
            part = folder / f"{one.path}{PART}"
            missing += one.file.bytes - (min(part.stat().st_size, one.file.bytes) if part.exists() else 0)
    needed = missing + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{record.model} needs {needed / 1e9:.1f} GB free at {folder} (1 GB of it spare), {free / 1e9:.1f} GB are: "
            "make room, or set SECONDUNIT_MODELS to a folder on another disk"
        )


def _one(folder: Path, one: _Wanted, recorded: str, before: int, total: int, told: Told) -> StoredFile:
    """`before`: bytes of the files that come before it, of `total`."""
    path, file = folder / one.path, one.file

    def downloaded(size: int) -> None:
        told(f"downloading {one.path}", before + size, total)

    def checked(size: int) -> None:
        told(f"checking {one.path}", before + size, total)

    sha256 = _right(path, file, recorded, checked)
    if not sha256:
        path.parent.mkdir(exist_ok=True)
        with _explained(one.repository):
            _download(path, file, one.repository, one.revision, downloaded)
        sha256 = _right(path, file, recorded, checked)
    if not sha256:
        raise _wrong(file)
    return StoredFile(one.path, file.bytes, sha256, path.stat().st_mtime_ns)


def _download(path: Path, file: HubFile, repository: str, revision: str, told: Callable[[int], None]) -> None:
    """Goes on with a part that is there.

    hf_hub_download of 2.4.0 cannot: it downloads to a file named anew for each process and deletes it on the way out.
    HfFileSystem can begin in the middle, but asks anew for every block and holds it in memory. So the function that
    both download with is called, which streams, retries and goes on from `resume_size`; a test holds its signature.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, tqdm

    part = path.with_name(f"{path.name}{PART}")
    start = part.stat().st_size if part.exists() else 0
    if start > file.bytes:
        part.unlink()
        start = 0
    done = start

    class Bar(tqdm):  # type: ignore[misc]
        def update(self, n: float | None = 1) -> None:
            nonlocal done
            done += int(n or 0)
            told(done)

    with part.open("r+b" if start else "wb") as output:
        output.seek(start)
        http_get(
            hf_hub_url(repository, file.path, revision=revision),
            output,
            resume_size=start,
            headers=build_hf_headers(),
            expected_size=file.bytes,
            tqdm_class=Bar,
        )
        output.flush()
        os.fsync(output.fileno())
    part.replace(path)


def _right(path: Path, file: HubFile, recorded: str, told: Callable[[int], None]) -> str:
    """The file's SHA-256 where it is the hub's and the recorded one; else the file is removed, and it is empty."""
    if not path.is_file():
        return ""
    sha256 = hashlib.sha256()
    done = 0
    if right := path.stat().st_size == file.bytes:
        for size in hashing(path, sha256):
            done += size
            told(done)
        expected = {sha256.hexdigest(), file.sha256 or sha256.hexdigest(), recorded or sha256.hexdigest()}
        right = len(expected) == 1 and (bool(file.sha256) or file.blob in ("", _git_blob(path)))
    if not right:
        path.unlink()
        return ""
    return sha256.hexdigest()


def _wrong(file: HubFile) -> ModelError:
    return ModelError(
        f"{file.path} did not come as the hub and the first download say it is: it was removed; try again later"
    )


def _git_blob(path: Path) -> str:
    """Git's name for a file's content; such files are small."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@contextmanager
def _explained(repository: str) -> Iterator[None]:
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise ModelError(
            f"{repository} is gated: ask for access on its page, log in with `hf auth login`, then try again"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"there is no repository {repository}, or it is not yours to see: `hf auth login` logs in"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(f"{repository} no longer has the revision that was recorded") from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            "HF_HUB_OFFLINE is set: unset it, restart the unit with `secondunit unit stop`, then try again"
        ) from error
    except HfHubHTTPError as error:
        raise ModelError(f"the hub refused a file of {repository}: {str(error).splitlines()[0]}") from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        raise ModelError(
            f"the hub cannot be reached ({error}): see to the network, then try again; what came is kept"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                f"the disk is full: make room, then try again; what came of {repository} is kept"
            ) from error
        raise ModelError(f"{repository}: {error}") from error


def main(model: str, folder: Path, adapters: tuple[str, ...]) -> int:
    threading.Thread(target=_end_with_input, daemon=True).start()
    last = ("", -_TOLD_BYTES)

    def told(what: str, done: int, total: int) -> None:
        nonlocal last
        if what != last[0] or abs(done - last[1]) >= _TOLD_BYTES or done == total:
            last = (what, done)
            _say(what=what, done=done, total=total)

    try:
        fetch(cards.card(model), folder, adapters, told)
    except ModelError as error:
        _say(error=str(error))
        return 3
    return 0


def _say(**line: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_input() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), tuple(sys.argv[3:])))
