"""The command line has to answer at once: nothing heavy is imported before a command needs it."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "cv2", "av", "PyQt5")


@pytest.mark.parametrize(
    "module",
    [
        *("secondunit_plugin", "secondunit_plugin.cli.orders", "secondunit_timeline"),
        *("secondunit_plugin.hosts.linked", "secondunit_plugin.hosts.watched", "secondunit_plugin.hosts.kdenlive.host"),
    ],
)
def test_no_heavy_package_is_imported(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


_AT_ONCE = """
import sys, threading
from importlib import import_module

sys.setswitchinterval(1e-5)
failed = []

def bring(name):
    try:
        import_module(name)
    except Exception as error:
        failed.append(f"{name}: {error!r}")

threads = [threading.Thread(target=bring, args=(name,)) for name in sys.argv[1:]]
for one in threads: one.start()
for one in threads: one.join()
print(failed)
"""


def test_threads_that_import_the_timeline_first_at_once_get_all_of_it() -> None:
    """As the panel's do."""
    inside = ("changes", "awaited", "edits", "references", "interchange")
    names = ("secondunit_timeline", *(f"secondunit_timeline.{one}" for one in inside), "secondunit_plugin.hosts.strips")
    done = subprocess.run([sys.executable, "-c", _AT_ONCE, *names], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
