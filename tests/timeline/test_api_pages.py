"""The API pages in docs/api say what the code says, and every name on them can be imported from where they say."""

import re
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

API = Path(__file__).parents[2] / "docs" / "api"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    spec = spec_from_file_location("generate_api", API / "generate.py")
    assert spec is not None and spec.loader is not None
    generator = module_from_spec(spec)
    spec.loader.exec_module(generator)
    found: dict[str, str] = generator.pages()
    return found


def test_the_pages_are_up_to_date(pages: dict[str, str]) -> None:
    written = {path.name: path.read_text() for path in API.glob("*.md")}
    assert written == pages, "`make docs` writes them"


def test_every_name_is_there_and_every_module_says_what_it_is(pages: dict[str, str]) -> None:
    names = 0
    for file, text in pages.items():
        if file == "README.md":
            continue
        module = import_module(file.removesuffix(".md"))
        assert module.__doc__
        for name in re.findall(r"^##+ (\S+)$", text, re.MULTILINE):
            owner, _, member = name.partition(".")
            found = getattr(module, owner)
            names += 1
            assert not member or hasattr(found, member), name
            if not member and callable(found) and found.__module__ == module.__name__:
                assert owner in getattr(module, "__all__", [owner])
    assert names > 150


def test_what_has_parameters_is_described(pages: dict[str, str]) -> None:
    """A signature alone may do for a property or a value, never for a function that asks for more than the cut."""
    bare = []
    for file, text in pages.items():
        entry = re.compile(r"^##+ (\S+)\n\n```python\n(.*?)\n```\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
        for name, signature, rest in entry.findall(text):
            if signature.startswith(("def ", "async def ")) and signature.count(": ") > 2 and not rest.strip():
                bare.append(f"{file}: {name}")
    assert not bare
