"""Damaged files, the same ones in every run; `make fuzz` searches for others."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_timeline.formats.writing import encoded
from secondunit_timeline.interchange import read_cut

from tests.fuzz.checks import SUFFIXES, check
from tests.fuzz.mutations import damaged, garbled, seeds
from tests.timeline.documents import clip, marker, saved, timeline, track
from tests.timeline.documents import time as rational

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def plain_cut(folder: Path) -> otio.schema.Timeline:
    fade = {"OTIO_SCHEMA": "Transition.1", "name": "", "metadata": {}, "transition_type": "SMPTE_Dissolve"}
    fade |= {"in_offset": rational(0), "out_offset": rational(8)}
    document = timeline(
        track(clip("a", markers=[marker()]), fade, clip("b")), track(clip("s"), name="A1", kind="Audio")
    )
    return read_cut(saved(folder, document, "plain.otio"))


def documents() -> Iterator[Any]:
    yield from seeds()
    for path in sorted(CORPUS.glob("**/*.otio")):
        if path.stat().st_size < 20_000:
            yield json.loads(path.read_text())


def texts(reader: str, folder: Path) -> Iterator[bytes]:
    yield encoded(plain_cut(folder), SUFFIXES[reader])
    for path in sorted(CORPUS.glob(f"**/*{SUFFIXES[reader]}")):
        if path.stat().st_size < 20_000:
            yield path.read_bytes()


@pytest.mark.parametrize("part", range(4))
def test_damaged_otio_is_refused_or_read_and_written(tmp_path: Path, part: int) -> None:
    read = 0
    for number in range(120):
        choose = random.Random(f"{part} {number}")
        path = tmp_path / "cut.otio"
        path.write_text(json.dumps(damaged(choose.choice(list(seeds())), choose)))
        read += check("otio", path)
    assert read > 10


@pytest.mark.parametrize("reader", [reader for reader in SUFFIXES if reader != "otio"])
def test_damaged_files_of_other_programs_are_refused_or_read(tmp_path: Path, reader: str) -> None:
    text = next(texts(reader, tmp_path))
    path = tmp_path / f"cut{SUFFIXES[reader]}"
    read = 0
    for number in range(150):
        path.write_bytes(garbled(text, random.Random(number)))
        read += check(reader, path)
    assert read > 5


@pytest.mark.long
@pytest.mark.parametrize("reader", SUFFIXES)
def test_damaged_files_for_a_minute(tmp_path: Path, reader: str) -> None:
    whole = list(documents()) if reader == "otio" else list(texts(reader, tmp_path))
    path = tmp_path / f"cut{SUFFIXES[reader]}"
    number, end = 1000, time.monotonic() + 60
    while time.monotonic() < end:
        choose = random.Random(number)
        one = choose.choice(whole)
        path.write_bytes(json.dumps(damaged(one, choose)).encode() if reader == "otio" else garbled(one, choose))
        try:
            check(reader, path)
        except BaseException:
            print(f"number {number}")  # noqa: T201
            raise
        number += 1
