"""Writes the code that protoc makes from the .proto files: `python bridge/proto/generate.py [FOLDER]`."""

import sys
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).parent
PACKAGE = Path("secondunit_bridge", "_pb")


def generate(out: Path) -> None:
    """Into `out`/secondunit_bridge/_pb, which must exist."""
    stubs = Path(sys.executable).with_name("protoc-gen-mypy_grpc")
    messages = ["unit.proto", "worker.proto"]
    for files, options in (
        (messages, [f"--python_out={out}", f"--pyi_out={out}"]),
        (messages[:1], [f"--plugin={stubs}", f"--grpc_python_out={out}", f"--mypy_grpc_out={out}"]),
    ):
        paths = [str(PROTO / PACKAGE / file) for file in files]
        if status := protoc.main(["protoc", f"--proto_path={PROTO}", *options, *paths]):
            sys.exit(status)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else PROTO.parent)
