"""A real Blender for tests: the `bpy` module of another Python, with the extension in it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from secondunit_plugin.hosts.installing import in_host, installed_json

FOLDER = Path(__file__).parents[3] / "out" / "hosts"
"""Where `make hosts` installs each version of bpy, in a Python environment of its own."""


VERSIONS = ("4.5", "5.0", "5.3")
"""The oldest that is promised, the one that changed most, and the newest."""


def python_with_bpy(version: str) -> str | None:
    """One with Blender's module of a version that begins so: in SECONDUNIT_BPY, a folder like `FOLDER`, or there."""
    folder = Path(os.environ.get("SECONDUNIT_BPY", FOLDER))
    return next((str(one) for one in sorted(folder.glob(f"bpy-{version}*/bin/python"))), None)


class Blender:
    """One process; `do` runs Python in it, with `bpy`, `scene`, `strips` and the extension's `api`."""

    def __init__(self, python: str, folder: Path, file: Path | None = None) -> None:
        addon = folder / "addons" / "secondunit"
        addon.mkdir(parents=True, exist_ok=True)
        for name, content in in_host("blender", "steps.py"):
            (addon / name).write_bytes(content)
        (addon / "installed.json").write_bytes(installed_json())
        script = Path(__file__).with_name("blender_process.py")
        arguments = [python, str(script), str(addon.parent), *([str(file)] if file is not None else [])]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = tuple(self._answer()["version"])

    def do(self, code: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        told = self._answer()
        assert "error" not in told, told["error"]
        return told["result"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # Blender says other things there, too
                return json.loads(line)
        raise AssertionError(f"Blender ended with status {self._process.wait()}")
