"""Whether everything that orders need is on this machine: for `secondunit doctor` and the panel."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

import anyio
from secondunit_bridge import __version__, spawn
from secondunit_bridge.client import Client
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.messages import UnitInfo

from secondunit_plugin.hosts import installing

FAILED, LEFT_OUT = "FAIL", "–"


@dataclass(frozen=True, slots=True)
class Check:
    """`mark`: "ok", FAILED, or LEFT_OUT for what can be."""

    name: str
    says: str
    mark: str = "ok"


def checks(unit: Callable[[], spawn.Address]) -> Iterator[Check]:
    """`unit` finds it, and may start it. Raises nothing: what is wrong is in what each check says."""
    yield Check("secondunit", f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    from importlib.util import find_spec

    missing = [name for name in ("apsw", "cv2", "PyOpenColorIO", "scipy") if find_spec(name) is None]
    if missing:
        said = f"missing {', '.join(missing)}: install secondunit[unit] into {sys.prefix}"
        yield Check("unit packages", said, FAILED)
    else:
        yield Check("unit packages", "installed")
    import av

    codecs = ("prores_ks", "libx264", "dnxhd", "ffv1", "png", "exr", "aac", "pcm_s24le")
    lacking = [name for name in codecs if name not in av.codecs_available]
    if lacking:
        yield Check("codecs", f"this build of PyAV lacks {', '.join(lacking)}", FAILED)
    else:
        yield Check("codecs", ", ".join(codecs))
    home = spawn.home()
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if free < 2e9:
        said = f"{free / 1e9:.1f} GB free at {existing}: orders need 1 GB more than twice their takes"
        yield Check("disk space", said, FAILED)
    else:
        yield Check("disk space", f"{free / 1e9:.0f} GB free at {existing}")
    try:
        info = anyio.run(_info, unit())
    except SecondUnitError as error:
        yield Check("unit", str(error), FAILED)
    else:
        yield Check("unit", f"process {info.pid}, home {info.home}")
        for card in info.cards:
            yield Check(f"{card.engine}/{card.model}", card.missing or "ready", LEFT_OUT if card.missing else "ok")
    for host in installing.HOSTS:
        yield from installed(host)
    ffmpeg = shutil.which("ffmpeg")
    said = f"{ffmpeg} (used by the tests only)" if ffmpeg else "not installed (used by the tests only)"
    yield Check("ffmpeg program", said, "ok" if ffmpeg else LEFT_OUT)


def installed(host: str) -> Iterator[Check]:
    """What the host's programs on this machine have of ours, and what they lack."""
    for one in installing.find(host):
        said = installing.standing(one)
        yield Check(one.program, said, "ok" if said == installing.CONNECTED else LEFT_OUT)
    further: Callable[[], Iterator[Check]] | None = getattr(import_module(installing.HOSTS[host]), "checks", None)
    if further is not None:
        yield from further()


async def _info(address: spawn.Address) -> UnitInfo:
    async with Client(address) as client:
        return await client.hello()
