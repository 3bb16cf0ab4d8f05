"""The command line has to answer at once: nothing heavy is imported before a command needs it."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "cv2", "av", "PyQt5")


@pytest.mark.parametrize("module", ["secondunit_plugin", "secondunit_plugin.cli.orders", "secondunit_timeline"])
def test_no_heavy_package_is_imported(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
