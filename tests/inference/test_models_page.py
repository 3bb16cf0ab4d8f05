"""docs/models.md says what the cards say."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_models_is_up_to_date() -> None:
    spec = spec_from_file_location("models_page", DOCS / "models.py")
    assert spec is not None and spec.loader is not None
    generator = module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert (DOCS / "models.md").read_text() == generator.page(), "`make docs` writes it"
