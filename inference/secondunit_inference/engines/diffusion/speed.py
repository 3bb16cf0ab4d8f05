"""What makes an order faster: each is off unless the order asks, and stands in the record where it changes pixels.

Each is offered for the families on whose tiny models it ran with diffusers 0.42. MagCache is not: it needs ratios that
are measured on each checkpoint. Nothing heavy is imported.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec

from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Value

from secondunit_inference.cards import Entry, ModelCard
from secondunit_inference.engines.diffusion.recipes import FromDisk, Recipe, Streamed

CACHE, TILING, COMPILE, ATTENTION = "speed.cache", "speed.tiling", "speed.compile", "speed.attention"
BATCH = "speed.batch"
MOST_AT_ONCE = 8
CACHES: Mapping[str, tuple[str, ...]] = {
    "first-block": ("wan",),
    "taylorseer": ("wan", "helios", "skyreels"),
}
"""Families that each works on."""
BLOCKS, GRAPHS = "blocks", "graphs"
_NAMES_ITS_BLOCKS = ("wan", "ltx", "ltx2", "helios", "skyreels", "hunyuan15")
"""Families whose transformers say which of their blocks are alike, and ask diffusers for their attention."""
_SEVERAL_A_CALL = ("WanPipeline", "WanImageToVideoPipeline", "LTX2ConditionPipeline")
"""Pipelines that make several videos a call, like those made singly but for the order of additions."""
_WITHOUT_MASKS = ("wan", "helios", "skyreels")


@dataclass(frozen=True, slots=True)
class Attention:
    """`backend`: as diffusers names it. `package`: what has to be installed beside torch."""

    backend: str
    families: tuple[str, ...]
    cuda: bool = True
    package: str = ""


ATTENTIONS: Mapping[str, Attention] = {
    "math": Attention("_native_math", _NAMES_ITS_BLOCKS, cuda=False),
    "cudnn": Attention("_native_cudnn", _NAMES_ITS_BLOCKS),
    "xformers": Attention("xformers", _NAMES_ITS_BLOCKS, package="xformers"),
    "flash": Attention("flash", _WITHOUT_MASKS, package="flash_attn"),
    "flash-3": Attention("_flash_3", _WITHOUT_MASKS, package="flash_attn_interface"),
    "sage": Attention("sage", _WITHOUT_MASKS, package="sageattention"),
}
"""Those of diffusers that bring no code from the network."""


@dataclass(frozen=True, slots=True)
class Able:
    """What this machine has for it. `compiler`: what torch.compile needs for its device. `packages`: installed ones."""

    cuda: bool
    compiler: bool
    packages: frozenset[str]


NOTHING = Able(cuda=False, compiler=False, packages=frozenset())


def able(cuda: bool) -> Able:
    packages = {one.package for one in ATTENTIONS.values() if one.package} | {"triton"}
    found = frozenset(name for name in packages if find_spec(name) is not None)
    builder = os.environ.get("CXX") or ("cl" if sys.platform == "win32" else "g++")
    return Able(cuda, "triton" in found if cuda else shutil.which(builder) is not None, found)


@dataclass(frozen=True, slots=True)
class Speed:
    """`cache`: guesses steps that change little. `tiling`: the VAE works on tiles. `compile`: blocks that are alike
    become one compiled one, launched as CUDA graphs with `graphs`. `attention`: one of `ATTENTIONS`. Empty: none.
    `batch`: takes that are made in one call.
    """

    cache: str = ""
    tiling: bool = False
    compile: str = ""
    attention: str = ""
    batch: int = 1

    @property
    def approximate(self) -> tuple[str, ...]:
        """As the record names them: other orders of additions are other pixels, too, if by a code."""
        return tuple(
            name
            for name in (
                self.cache,
                "tiling" if self.tiling else "",
                f"compiled {self.compile}" if self.compile else "",
                f"{self.attention} attention" if self.attention else "",
                f"batch of {self.batch}" if self.batch > 1 else "",
            )
            if name
        )

    def beside(self, recipe: Recipe) -> "Speed":
        """What of it is done with weights that are held so: blocks whose weights come and go are not compiled."""
        return replace(self, compile="") if isinstance(recipe, Streamed | FromDisk) else self

    def left_out(self, recipe: Recipe) -> Iterator[str]:
        """Notes for a plan and a record."""
        if self.beside(recipe) != self:
            yield f"{COMPILE} is left out: the weights are streamed, their blocks are not compiled"


def choices(card: ModelCard, able: Able) -> Mapping[str, tuple[str, ...]]:
    """What each parameter can be for the model on this machine, without what is empty."""
    blocks = card.family in _NAMES_ITS_BLOCKS and able.compiler
    return {
        CACHE: _caches(card),
        COMPILE: ((BLOCKS, GRAPHS) if able.cuda else (BLOCKS,)) if blocks else (),
        ATTENTION: tuple(name for name in ATTENTIONS if not _lacking(name, card, able)),
    }


def speed(card: ModelCard, shot: str, parameters: Mapping[str, Value]) -> Speed:
    """Raises OrderRefused for what the model does not do, and for an unknown parameter of that group."""
    known = (CACHE, TILING, COMPILE, ATTENTION, BATCH)
    for name in parameters:
        if name.startswith("speed.") and name not in known:
            raise OrderRefused(f"{shot}: there is no parameter {name!r}: there are {', '.join(known)}")
    compile_, attention = (str(parameters.get(name, "")) for name in (COMPILE, ATTENTION))
    cache = str(parameters.get(CACHE, "" if compile_ else default_cache(card)))
    tiling = parameters.get(TILING, False)
    if cache and cache not in (offered := _caches(card)):
        raise OrderRefused(f"{shot}: {card.title} has no cache {cache!r}: it has {', '.join(offered) or 'none'}")
    if not isinstance(tiling, bool):
        raise OrderRefused(f"{shot}: {TILING} is on or off, not {tiling!r}")
    if compile_ not in ("", BLOCKS, GRAPHS):
        raise OrderRefused(f"{shot}: {COMPILE} is {BLOCKS} or {GRAPHS}, not {compile_!r}")
    if compile_ and card.family not in _NAMES_ITS_BLOCKS:
        raise OrderRefused(f"{shot}: {card.title} does not say which of its blocks are alike: leave out {COMPILE}")
    if compile_ and cache:
        raise OrderRefused(f"{shot}: a cache looks at blocks that {COMPILE} makes opaque: leave out one of the two")
    if attention and (attention not in ATTENTIONS or card.family not in ATTENTIONS[attention].families):
        named = ", ".join(name for name, one in ATTENTIONS.items() if card.family in one.families)
        raise OrderRefused(f"{shot}: {card.title} has no attention {attention!r}: it has {named or 'its own alone'}")
    batch = parameters.get(BATCH, 1)
    if not isinstance(batch, int) or isinstance(batch, bool) or not 1 <= batch <= MOST_AT_ONCE:
        raise OrderRefused(f"{shot}: {BATCH} is a whole number from 1 to {MOST_AT_ONCE}, not {batch!r}")
    if batch > 1 and all(alone(card, entry, 1) for entry in card.entries):
        raise OrderRefused(f"{shot}: {card.title} makes one take a call: leave out {BATCH}")
    return Speed(cache, tiling, compile_, attention, batch)


def alone(card: ModelCard, entry: Entry, passes: int) -> str:
    """Why takes are made one by one; empty where they can be made together."""
    # The image encoder of Wan 2.1 sees one picture.
    if entry.pipeline not in _SEVERAL_A_CALL or "image_encoder" in card.tiny:
        return f"{card.title} makes one take a call for this task"
    return "each pass goes on from the frames of its own take" if passes > 1 else ""


def check_machine(wanted: Speed, card: ModelCard, shot: str, able: Able) -> None:
    """Raises OrderRefused, with the reason, for what this machine cannot do."""
    if wanted.compile == GRAPHS and not able.cuda:
        raise OrderRefused(f"{shot}: CUDA graphs need an NVIDIA device, and none was found: leave out {COMPILE}")
    if wanted.compile and not able.compiler:
        needed = "the package triton" if able.cuda else "a C++ compiler"
        raise OrderRefused(f"{shot}: torch compiles with {needed}, which this machine lacks: leave out {COMPILE}")
    if wanted.attention and (lacking := _lacking(wanted.attention, card, able)):
        raise OrderRefused(f"{shot}: the attention {wanted.attention!r} needs {lacking}: leave out {ATTENTION}")


def default_cache(card: ModelCard) -> str:
    """None without a report of it in the card."""
    return next((name for name in _caches(card) if name in card.reports), "")


def _caches(card: ModelCard) -> tuple[str, ...]:
    return tuple(name for name, families in CACHES.items() if card.family in families)


def _lacking(name: str, card: ModelCard, able: Able) -> str:
    one = ATTENTIONS[name]
    if card.family not in one.families:
        return "a model without attention masks"
    if one.cuda and not able.cuda:
        return "an NVIDIA device"
    return f"the package {one.package}" if one.package and one.package not in able.packages else ""
