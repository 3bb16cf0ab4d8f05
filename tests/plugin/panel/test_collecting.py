"""On which thread objects end that nobody reaches."""

import subprocess
import sys

import pytest

pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")


def test_what_nobody_reaches_ends_on_the_ui_thread_also_while_a_thread_allocates() -> None:
    """In a process of its own: in this one, what other tests have left may collect."""
    subprocess.run([sys.executable, "-m", "tests.plugin.panel.unreached"], check=True, timeout=60)
