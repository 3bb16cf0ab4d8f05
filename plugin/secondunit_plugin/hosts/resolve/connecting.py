"""DaVinci Resolve's scripting library, found where its documentation says, and the running program behind it.

The documentation is README.txt in `Developer/Scripting` of every installation, dated 24 July 2026 for 21.1; a copy is
https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/resolve_scripting_api.txt
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit_bridge.errors import HostUnreachable

OLDEST, NEWEST = (18, 5), (21, 1)
"""From Timeline.Export as OTIO and Timeline.DeleteClips on, to the version whose documentation was read last."""
_MODULE, _LIBRARY = "DaVinciResolveScript", "fusionscript"
_ALLOW = (
    "start it, allow `Local` under Preferences > System > General > External scripting using, and start it again. "
    "External scripting, and from 21.1 on all Python scripting, needs DaVinci Resolve Studio"
)


@dataclass(frozen=True, slots=True)
class Library:
    """`modules`: the folder of DaVinciResolveScript.py; `binary`: what that loads."""

    modules: Path
    binary: Path


def libraries(system: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Iterator[Library]:
    """Where the library may lie: where the documented variables say, then where it is installed."""
    api, binary = environment.get("RESOLVE_SCRIPT_API"), environment.get("RESOLVE_SCRIPT_LIB")
    for library in _installed(system, environment):
        yield Library(Path(api) / "Modules" if api else library.modules, Path(binary) if binary else library.binary)


def _installed(system: str, environment: Mapping[str, str]) -> Iterator[Library]:
    if system == "darwin":
        yield Library(
            Path("/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting/Modules"),
            Path("/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/fusionscript.so"),
        )
    elif system == "win32":
        data = Path(environment.get("PROGRAMDATA", r"C:\ProgramData"))
        programs = Path(environment.get("ProgramFiles", r"C:\Program Files"))
        yield Library(
            data / "Blackmagic Design/DaVinci Resolve/Support/Developer/Scripting/Modules",
            programs / "Blackmagic Design/DaVinci Resolve/fusionscript.dll",
        )
    else:
        for root in (Path("/opt/resolve"), Path("/home/resolve")):
            yield Library(root / "Developer/Scripting/Modules", root / "libs/Fusion/fusionscript.so")


def library() -> Library | None:
    """The one that is there."""
    return next((one for one in libraries() if one.binary.exists()), None)


def connect() -> Any:
    """The program's handle. Raises HostUnreachable with what to do."""
    found = library()
    if found is None:
        tried = ", ".join(str(one.binary) for one in libraries())
        raise HostUnreachable(
            f"there is no scripting library of DaVinci Resolve ({tried}): install Resolve, or name it in "
            "RESOLVE_SCRIPT_LIB"
        )
    try:
        app = _module(found).scriptapp("Resolve")
    except (ImportError, OSError, SystemError) as error:
        version = ".".join(map(str, sys.version_info[:3]))
        raise HostUnreachable(
            f"{found.binary} cannot be loaded into Python {version} ({error}): it takes a 64-bit Python from 3.6 on"
        ) from error
    if app is None:
        raise HostUnreachable(f"DaVinci Resolve does not answer: {_ALLOW}")
    check(app)
    return app


def check(app: Any) -> None:
    """Raises HostUnreachable for a program that is none of those that this works with."""
    product, version = str(app.GetProductName()), version_of(app)
    named = f"{product} {'.'.join(map(str, version))}"
    if version < OLDEST:
        raise HostUnreachable(f"{named} is older than {'.'.join(map(str, OLDEST))}, which can export OTIO: upgrade it")
    if "Studio" not in product:
        raise HostUnreachable(f"{named} is not DaVinci Resolve Studio, which alone can be scripted from outside")


def version_of(app: Any) -> tuple[int, ...]:
    """Major, minor and patch."""
    return tuple(int(part) for part in list(app.GetVersion())[:3])


def has(handle: Any, method: str) -> bool:
    """`hasattr` is True of any name on a handle of Resolve:
    https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md#hasattr"""
    return method in dir(handle)


def _module(found: Library) -> Any:
    """Resolve's own module; its binary, where that module is one that this Python cannot read.

    Modules of Resolve 18 import `imp`, which Python 3.12 has not: https://docs.python.org/3/whatsnew/3.12.html#imp
    """
    os.environ.setdefault("RESOLVE_SCRIPT_LIB", str(found.binary))
    if (found.modules / f"{_MODULE}.py").exists():
        sys.path.append(str(found.modules))
        try:
            return importlib.import_module(_MODULE)
        except ImportError:
            pass
        finally:
            sys.path.remove(str(found.modules))
    loader = importlib.machinery.ExtensionFileLoader(_LIBRARY, str(found.binary))
    spec = importlib.util.spec_from_loader(_LIBRARY, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
