"""One real unit for these tests, started by the first command that needs it, in a home of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_bridge import spawn


@pytest.fixture(scope="session")
def unit_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("unit")
    yield home
    spawn.stop(home)


@pytest.fixture(autouse=True)
def _own_unit(unit_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECONDUNIT_HOME", str(unit_home))
    monkeypatch.setenv("SECONDUNIT_PANEL", str(unit_home.parent / "panel"))
