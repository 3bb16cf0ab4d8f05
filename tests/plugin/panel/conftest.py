import gc
from collections.abc import Iterator

import pytest
from PyQt5.QtWidgets import QApplication


@pytest.fixture(scope="session", autouse=True)
def _english(qapp: QApplication) -> None:
    """As the application itself has it."""
    from secondunit_plugin.panel.plurals import EnglishPlurals

    qapp.installTranslator(EnglishPlurals(qapp))


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Widgets and models of a test end on the UI thread, not in the thread that happens to collect them later."""
    yield
    gc.collect()
