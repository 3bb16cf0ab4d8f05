"""Every call of the connector, and every method of the stand-in, is one of the scripting API, version by version.

The API is as `fusionscript-stubs` has it, whose versions are those of DaVinci Resolve; `make resolve` brings them.
"""

import ast
import inspect
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from secondunit_plugin.hosts import resolve

from tests.plugin.hosts.resolve import program

ROOT = Path(__file__).parents[4]
STUBS = ROOT / "out" / "hosts" / "fusionscript-stubs"
CONNECTOR = sorted(Path(resolve.__path__[0]).glob("*.py"))
SELF = 1

CLASSES = {
    "Resolve": {"GetProductName", "GetVersion", "GetVersionString", "GetProjectManager", "GetCurrentPage", "OpenPage"},
    "ProjectManager": {
        *("GetCurrentProject", "SaveProject", "ExportProject", "ImportProject", "LoadProject", "CloseProject"),
        "DeleteProject",
    },
    "Project": {
        *("GetName", "GetUniqueId", "GetMediaPool", "GetTimelineCount", "GetTimelineByIndex", "GetCurrentTimeline"),
        "SetCurrentTimeline",
    },
    "MediaPool": {
        *("GetRootFolder", "GetCurrentFolder", "SetCurrentFolder", "AddSubFolder", "ImportMedia", "AppendToTimeline"),
        *("ImportTimelineFromFile", "DeleteTimelines", "CreateEmptyTimeline"),
    },
    "Folder": {"GetName", "GetClipList", "GetSubFolderList"},
    "MediaPoolItem": {
        *("GetName", "GetUniqueId", "GetClipProperty", "GetThirdPartyMetadata", "SetThirdPartyMetadata"),
    },
    "Timeline": {
        *("GetName", "GetUniqueId", "GetStartFrame", "GetStartTimecode", "GetCurrentTimecode", "SetCurrentTimecode"),
        *("GetSetting", "GetTrackCount", "GetTrackName", "SetTrackName", "GetIsTrackEnabled", "GetIsTrackLocked"),
        *("SetTrackLock", "AddTrack", "DeleteTrack", "GetItemListInTrack", "DeleteClips", "SetClipsLinked"),
        *("GetSelectedClips", "GetMarkers", "AddMarker", "GetMediaPoolItem", "DuplicateTimeline", "Export"),
    },
    "TimelineItem": {
        *("GetName", "GetUniqueId", "GetStart", "GetDuration", "GetLeftOffset", "GetMediaPoolItem", "GetProperty"),
        *("SetProperty", "GetNumNodes", "GetNodeLabel", "GetLUT", "SetCDL", "CopyGrades", "SetClipEnabled", "AddTake"),
        *("GetTakesCount", "GetSelectedTakeIndex", "GetTakeByIndex", "SelectTakeByIndex", "DeleteTakeByIndex"),
        "SetName",
    },
}
"""Whose method each call of the connector is."""
GATED = {
    ("MediaPoolItem", "GetThirdPartyMetadata"): (19, 0),
    ("MediaPoolItem", "SetThirdPartyMetadata"): (19, 0),
    ("Timeline", "GetMediaPoolItem"): (19, 1),
    ("Timeline", "GetSelectedClips"): (21, 0, 4),
    ("TimelineItem", "SetName"): (20, 2),
}
"""Methods that the connector asks `dir` for before it calls them, and from when on they are there. The last but one is
of a version without stubs: https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/SKILL.md"""
OPTIONAL = {"subframe_precision", "optionalSubTrackType", "subTrackType"}
"""Parameters that the stubs have no default for, and the documentation calls optional; as all `Optional[...]` are."""

Arity = tuple[int, int]
"""The fewest and the most arguments."""


def versions() -> list[str]:
    found = (re.search(r"-(\d+(?:\.\d+)+)-", path.name) for path in STUBS.glob("*.whl"))
    return sorted((match[1] for match in found if match is not None), key=lambda one: tuple(map(int, one.split("."))))


@pytest.fixture(params=versions() or [None])
def version(request: pytest.FixtureRequest) -> str:
    if request.param is None:
        pytest.skip("out/hosts/fusionscript-stubs is empty: `make resolve` brings the signatures")
    found: str = request.param
    return found


@cache
def api(version: str) -> dict[tuple[str, str], list[Arity]]:
    """The arities of each method's forms."""
    (path,) = STUBS.glob(f"*-{version}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        tree = ast.parse(wheel.read("fusionscript-stubs/fusionscript.pyi"))
    found: dict[tuple[str, str], list[Arity]] = defaultdict(list)
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for node in kind.body:
            if isinstance(node, ast.FunctionDef):
                found[kind.name, node.name].append(arity(node))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[kind.name, node.target.id] = []
    return found


def arity(node: ast.FunctionDef) -> Arity:
    given = node.args.args[SELF:]
    defaults = len(node.args.defaults)
    needed = [
        one
        for number, one in enumerate(given)
        if number < len(given) - defaults
        and one.arg not in OPTIONAL
        and "Optional" not in ast.unparse(one.annotation or one)
    ]
    return len(needed), len(given)


def calls() -> Iterator[tuple[str, int]]:
    """The methods that the connector calls, with how many arguments."""
    for path in CONNECTOR:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            of_a_module = ast.unparse(node.func.value).split(".")[0] in ("importlib", "otio", "tempfile", "threading")
            if node.func.attr[0].isupper() and not of_a_module:
                assert not node.keywords, f"{path.name}: {node.func.attr} takes no arguments by name"
                stars = [one for one in node.args if isinstance(one, ast.Starred)]
                shown = [one.value for one in stars if isinstance(one.value, ast.Tuple)]
                assert len(stars) == len(shown), f"{path.name}: {node.func.attr} is called with what cannot be counted"
                yield node.func.attr, len(node.args) - len(stars) + sum(len(one.elts) for one in shown)


def asked(version: str) -> Iterator[tuple[str, str]]:
    """Class and method of what the connector calls in this version."""
    number = tuple(map(int, version.split(".")))
    for kind, methods in CLASSES.items():
        for method in methods:
            if number >= GATED.get((kind, method), (0,)):
                yield kind, method


def test_the_table_has_every_call() -> None:
    named = {method for methods in CLASSES.values() for method in methods}
    assert {method for method, _ in calls()} == named


def test_every_call_is_one_of_the_api(version: str) -> None:
    counts: dict[str, set[int]] = defaultdict(set)
    for method, given in calls():
        counts[method].add(given)
    known = api(version)
    missing = [f"{kind}.{method}" for kind, method in asked(version) if (kind, method) not in known]
    assert not missing
    for method, given in counts.items():
        forms = [form for kind, one in asked(version) if one == method for form in known[kind, one]]
        for count in given if forms else ():
            assert any(low <= count <= high for low, high in forms), f"{method} takes {forms}, not {count} arguments"


def test_constants_are_there(version: str) -> None:
    assert {("Resolve", "EXPORT_OTIO"), ("Resolve", "EXPORT_NONE")} <= api(version).keys()


def test_the_stand_in_is_the_api(version: str) -> None:
    """What it can be called with is what the program can be called with, in every version that has the method."""
    number = tuple(map(int, version.split(".")))
    for kind in CLASSES:
        for name, method in vars(getattr(program, kind)).items():
            if not name[0].isupper() or not callable(method) or number < getattr(method, "since", (0,)):
                continue
            given = list(inspect.signature(method).parameters.values())[SELF:]
            needed = sum(one.default is inspect.Parameter.empty for one in given)
            forms = api(version)[kind, name]
            assert forms, f"{kind}.{name} is no method of {version}"
            assert any(needed <= high <= len(given) for _, high in forms), f"{kind}.{name} of {version}: {forms}"


def test_gates_are_where_the_methods_came(version: str) -> None:
    number = tuple(map(int, version.split(".")))
    for (kind, method), since in GATED.items():
        assert ((kind, method) in api(version)) == (number >= since), f"{kind}.{method} in {version}"
