"""Writes the API pages from signatures and docstrings: `python docs/api/generate.py [FOLDER]`.

Public is what a module below names in `__all__`, else every name of its own without an underscore.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import griffe
from jinja2 import Environment, StrictUndefined

PAGES = Path(__file__).parent
ROOT = PAGES.parents[1]

MODULES = {
    "Cuts": (
        "secondunit_timeline.interchange",
        "secondunit_timeline.index",
        "secondunit_timeline.selections",
        "secondunit_timeline.shots",
        "secondunit_timeline.retimes",
        "secondunit_timeline.times",
        "secondunit_timeline.flat",
        "secondunit_timeline.playback",
    ),
    "Edits": (
        "secondunit_timeline.operations",
        "secondunit_timeline.edits",
        "secondunit_timeline.slugs",
        "secondunit_timeline.awaited",
        "secondunit_timeline.changes",
        "secondunit_timeline.diff",
        "secondunit_timeline.anchors",
    ),
    "Interchange": (
        "secondunit_timeline.formats.losses",
        "secondunit_timeline.pulls",
        "secondunit_timeline.conform",
        "secondunit_timeline.library",
    ),
    "Takes": (
        "secondunit_timeline.session",
        "secondunit_timeline.options",
        "secondunit_timeline.placing",
        "secondunit_timeline.recipes",
        "secondunit_timeline.make",
        "secondunit_timeline.making",
        "secondunit_timeline.takes",
        "secondunit_timeline.records",
        "secondunit_timeline.staleness",
    ),
    "Shared with the unit": (
        "secondunit_bridge.rates",
        "secondunit_bridge.errors",
        "secondunit_bridge.messages",
        "secondunit_bridge.ratings",
        "secondunit_bridge.media.probe",
        "secondunit_bridge.client",
        "secondunit_bridge.spawn",
    ),
}

_TEMPLATES = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, autoescape=False)
_PAGE = _TEMPLATES.from_string(
    """\
# {{ module.path }}

{{ text(module) }}
{% for one in members(module) %}

## {{ one.name }}

```python
{{ signature(one) }}
```
{% if text(one) %}

{{ text(one) }}
{% endif %}
{% if one.is_class %}
{% for inner in members(one) if inner.is_function or "property" in inner.labels %}

### {{ one.name }}.{{ inner.name }}

```python
{{ signature(inner) }}
```
{% if text(inner) %}

{{ text(inner) }}
{% endif %}
{% endfor %}
{% endif %}
{% endfor %}
"""
)
_INDEX = _TEMPLATES.from_string(
    """\
# The Python interface

{{ text(package) }}

`Unit`, `AsyncUnit` and `Result` are described with `secondunit_timeline.session`, `edit` with
`secondunit_timeline.edits`, `read_cut` and `write_cut` with `secondunit_timeline.interchange`; everything else is
imported from the module that its page names. Worked examples: [cookbook.md](../cookbook.md). These pages are written
by `make docs`.
{% for group, modules in groups %}

## {{ group }}

{% for module in modules %}
- [{{ module.path }}]({{ module.path }}.md): {{ text(module).split("\\n\\n")[0].replace("\\n", " ") }}
{% endfor %}
{% endfor %}
"""
)


def text(one: griffe.Object) -> str:
    return one.docstring.value if one.docstring is not None else ""


def members(of: griffe.Object) -> Iterator[griffe.Object]:
    """The public ones, in the order of the source."""
    found = [one for one in of.members.values() if not one.is_alias and not one.is_module]
    named = of.exports if isinstance(of, griffe.Module) else None
    wanted = {str(name) for name in named} if named else {one.name for one in found if not one.name.startswith("_")}
    # A constant or an alias of types is public only where it says something for itself.
    yield from sorted(
        (
            one
            for one in found
            if one.name in wanted and (not one.is_attribute or "property" in one.labels or _says(one))
        ),
        key=lambda one: one.lineno or 0,
    )


def _says(attribute: griffe.Object) -> bool:
    return attribute.docstring is not None or str(attribute.value).count("|") > 0


def signature(one: griffe.Object) -> str:
    if one.is_class:
        return _class(one)
    if one.is_function:
        return _function(one)
    annotation = f": {one.annotation}" if one.annotation is not None else ""
    written = one.value is not None and not {"property", "instance-attribute"} & one.labels
    return f"{one.name}{annotation}{f' = {one.value}' if written else ''}"


def _function(function: griffe.Function) -> str:
    decorator = next((f"@{label}\n" for label in ("classmethod", "staticmethod") if label in function.labels), "")
    head = f"{decorator}{'async def' if 'async' in function.labels else 'def'}"
    result = f" -> {function.returns}" if function.returns is not None else ""
    rows, starred = [], False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        prefix = {"variadic positional": "*", "variadic keyword": "**"}.get(parameter.kind.value, "")
        if parameter.kind.value == "keyword-only" and not starred:
            rows.append("*")
        starred |= parameter.kind.value in ("keyword-only", "variadic positional")
        annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
        default = f" = {parameter.default}" if parameter.default is not None and not prefix else ""
        rows.append(f"{prefix}{parameter.name}{annotation}{default}")
    line = f"{head} {function.name}({', '.join(rows)}){result}"
    if len(line) <= 100:
        return line
    return "\n".join([f"{head} {function.name}(", *(f"    {row}," for row in rows), f"){result}"])


def _class(made: griffe.Class) -> str:
    """Its bases and fields; those with a docstring have it as a comment above. A dataclass is made from its fields."""
    bases = ", ".join(str(base) for base in made.bases)
    lines = [f"class {made.name}({bases}):" if bases else f"class {made.name}:"]
    for field in made.members.values():
        if field.is_alias or not field.is_attribute or field.name.startswith("_") or "property" in field.labels:
            continue
        if str(field.value).startswith("_"):
            continue
        if field.docstring is not None:
            lines += [f"    # {line}" for line in field.docstring.value.splitlines()]
        lines.append(f"    {signature(field)}")
    init = made.members.get("__init__")
    if init is not None and init.is_function and "dataclass" not in made.labels:
        lines.append("    " + _function(init).replace("\n", "\n    "))
    return "\n".join(lines) if len(lines) > 1 else f"{lines[0]} ..."


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    loader = griffe.GriffeLoader(search_paths=[ROOT / "timeline", ROOT / "bridge"])
    for package in ("secondunit_timeline", "secondunit_bridge"):
        loader.load(package)
    groups = [(group, [loader.modules_collection[path] for path in modules]) for group, modules in MODULES.items()]
    functions = {"text": text, "members": members, "signature": signature}
    found = {
        f"{module.path}.md": _PAGE.render(module=module, **functions) for _, modules in groups for module in modules
    }
    package = loader.modules_collection["secondunit_timeline"]
    found["README.md"] = _INDEX.render(package=package, groups=groups, **functions)
    return {name: content.rstrip() + "\n" for name, content in found.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGES
    for name, content in pages().items():
        (folder / name).write_text(content)
