"""`python -m tests.fuzz.readers READER [OPTIONS OF LIBFUZZER] FOLDER`: searches for what ends a reader.

READER is one of `checks.SUFFIXES`. FOLDER takes the files that reach new code; it is filled with whole ones
first. Needs atheris (extra `fuzz`).
"""

import json
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["secondunit_timeline"]):
    from tests.fuzz.checks import SUFFIXES, check
    from tests.fuzz.mutations import damaged, garbled
    from tests.fuzz.test_readers import documents, texts


def main() -> None:
    reader, folder = sys.argv.pop(1), Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / f"cut{SUFFIXES[reader]}"
        given = (
            [json.dumps(document).encode() for document in documents()]
            if reader == "otio"
            else list(texts(reader, Path(temporary)))
        )
        for number, content in enumerate(given):
            (folder / f"whole_{number}").write_bytes(content)

        def one(data: bytes) -> None:
            path.write_bytes(data)
            check(reader, path)

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            choose = random.Random(seed)
            if reader == "otio" and choose.random() < 0.9:
                try:
                    return json.dumps(damaged(json.loads(data), choose)).encode()[:most]
                except (TypeError, ValueError, IndexError, RecursionError):
                    return bytes(atheris.Mutate(data, most))
            return garbled(data, choose)[:most] if choose.random() < 0.5 else bytes(atheris.Mutate(data, most))

        atheris.Setup(sys.argv, one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
