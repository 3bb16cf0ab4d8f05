"""What recipes can ask for, and the parameters that say it, checked; the schema is in docs/recipes.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from secondunit_bridge.messages import CameraMove, Codec, IgnoreRegion, Look, Parameter, SoundKind

from secondunit_timeline.operations import End, Into
from secondunit_timeline.orders import Settings

T = TypeVar("T")

MADE = "made"
"""In a recipe whose take is there: what it was made from."""
MARKER = "marker"
"""In a recipe that a marker asked for: which one."""
HANDLES = "handles"
"""The `into` of an extension that moves nothing."""


@dataclass(frozen=True, slots=True)
class Generate:
    """`continues`: from the last frames of the clip before, on the same track. `like`: shots or absolute paths.

    `keyframes`: stills by the frame of the clip that shows them, from its first as 0.
    """

    image: str = ""
    camera: CameraMove | None = None
    like: tuple[str, ...] = ()
    continues: bool = False
    keyframes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    like: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """`mask`: see `matches.plan_replace`; empty: the whole picture."""

    mask: str = ""


@dataclass(frozen=True, slots=True)
class Extend:
    """`into` None: the gap beside the shot if there is one, else handles only."""

    end: End
    frames: int
    into: Into | None
    handles_only: bool


@dataclass(frozen=True, slots=True)
class Join:
    frames: int | None


Recipe = Generate | Match | Replace | Extend | Join
"""In the order in which they are made where a clip has several."""


class ParameterReader:
    """Checks the parameters of one recipe, and collects what is wrong with them."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._left = dict(parameters)
        self._left.pop(MADE, None)
        self._left.pop(MARKER, None)
        self.problems: list[str] = []
        seed, takes = self._take("seed", _whole(None), 0), self._take("takes", _whole(1), 1)
        defaults = Settings(Path())
        tier, given = self._take("tier", _text, ""), self._take("set", _values, ())
        self._settings = replace(
            defaults,
            handles=self._take("handles", _whole(0), defaults.handles),
            seeds=tuple(range(seed, seed + takes)),
            engine=self._take("engine", _text, defaults.engine),
            model=self._take("model", _text, defaults.model),
            ignore=self._take("ignore", _regions, ()),
            codec=Codec(self._take("codec", _choice(tuple(Codec)), defaults.codec)),
            encoding=self._take("encoding", _text, ""),
            prompt=self._take("prompt", _text, ""),
            negative=self._take("negative", _text, ""),
            looks=self._take("looks", _looks, ()),
            parameters=(*((Parameter("tier", tier),) if tier else ()), *given),
        )

    def settings(self, folder: Path) -> Settings:
        return replace(self._settings, folder=folder)

    def recipe(self, kind: str) -> Recipe | None:
        recipe: Recipe
        match kind:
            case "generate":
                recipe = Generate(
                    self._take("image", _file, ""),
                    self._take("camera", _camera, None),
                    self._take("like", _names, ()),
                    self._take("continues", _flag, False),
                    self._take("keyframes", _keyframes, ()),
                )
                self._check_generate(recipe)
            case "match":
                recipe = Match(self._take("like", _names, ()))
                if not (recipe.like or self._steered) and not self.problems:
                    self.problems.append(
                        "'match' needs a look: like, with shots of the cut or absolute paths; or looks, or a prompt"
                    )
            case "replace":
                recipe = Replace(self._take("mask", _file, ""))
                strength = self._take("strength", _share, None)
                if strength is not None:
                    parameters = (*self._settings.parameters, Parameter("strength", strength))
                    self._settings = replace(self._settings, parameters=parameters)
                if not self._steered and not self.problems:
                    self.problems.append("'replace' needs something to make of the shot: prompt or looks")
            case "extend":
                into = self._take("into", _choice((*Into, HANDLES)), None)
                recipe = Extend(
                    End(self._take("end", _choice(tuple(End)), End.TAIL)),
                    self._take("frames", _whole(1), 0),
                    Into(into) if into not in (None, HANDLES) else None,
                    into == HANDLES,
                )
                if not recipe.frames and not self.problems:
                    self.problems.append("'extend' needs frames: how many to add")
            case "join":
                recipe = Join(self._take("frames", _whole(1), None))
            case _:
                self.problems.append(
                    f"there are no recipes to {kind!r}: generate, match, replace, extend and join are known"
                )
                return None
        if kind in ("extend", "join"):
            sound = self._take("sound", _choice(tuple(SoundKind)), None)
            if sound:
                self._settings = replace(self._settings, sound=SoundKind(sound))
        if self._left:
            self.problems.append(f"'{kind}' has no {', '.join(sorted(map(repr, self._left)))}")
        return recipe

    @property
    def _steered(self) -> bool:
        return bool(self._settings.prompt or self._settings.looks)

    def _check_generate(self, recipe: Generate) -> None:
        sources = (recipe.image, recipe.like, recipe.continues, recipe.keyframes)
        if not (self._settings.prompt or any(sources)) and not self.problems:
            self.problems.append("'generate' needs something to make: prompt, image, keyframes, like or continues")
        if recipe.camera is not None and not (recipe.image or recipe.like):
            self.problems.append("a camera move needs an image, or a shot that it is like")
        if recipe.continues and (recipe.image or recipe.like):
            self.problems.append("a clip that continues the one before starts from its frames: no image, no like")

    def _take(self, key: str, check: Callable[[Any], T], default: Any) -> Any:
        if key not in self._left:
            return default
        value = self._left.pop(key)
        try:
            return check(value)
        except ValueError as error:
            self.problems.append(f"{key} is {value!r}: give {error}")
            return default


def _whole(least: int | None) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
            raise ValueError("a whole number" + ("" if least is None else f" from {least}"))
        return value

    return check


def _share(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _file(value: Any) -> str:
    if not isinstance(value, str) or not Path(value).is_absolute() or not Path(value).is_file():
        raise ValueError("the absolute path of a file that is there")
    return value


def _names(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("the name of a shot, an absolute path, or a list of them")
    return tuple(names)


def _values(value: Any) -> tuple[Parameter, ...]:
    if not isinstance(value, dict) or not all(isinstance(one, str | int | float) for one in value.values()):
        raise ValueError("an object of parameters of the model: text, numbers, true or false")
    return tuple(Parameter(name, one) for name, one in sorted(value.items()))


def _looks(value: Any) -> tuple[Look, ...]:
    wrong = ValueError("absolute paths of .safetensors files that are there, or objects with path and weight")
    found = []
    for one in value if isinstance(value, list) and value else [value]:
        given = {"path": one} if isinstance(one, str) else one
        if not isinstance(given, dict) or set(given) - {"path", "weight"}:
            raise wrong
        path, weight = given.get("path"), given.get("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not isinstance(path, str):
            raise wrong
        if not Path(path).is_absolute() or not Path(path).is_file() or Path(path).suffix != ".safetensors":
            raise wrong
        found.append(Look(path, float(weight)))
    return tuple(found)


def _keyframes(value: Any) -> tuple[tuple[int, str], ...]:
    if not isinstance(value, dict) or not value or not all(key.isdecimal() for key in value):
        raise ValueError("an object of stills by the frame of the clip that shows them, from 0")
    return tuple(sorted((int(key), _file(path)) for key, path in value.items()))


def _camera(value: Any) -> CameraMove:
    given = {"move": value} if isinstance(value, str) else value
    amount = given.get("amount", CameraMove("").amount) if isinstance(given, dict) else None
    if (
        not isinstance(given, dict)
        or set(given) - {"move", "amount"}
        or not isinstance(given.get("move"), str)
        or isinstance(amount, bool)
        or not isinstance(amount, int | float)
        or not 0 <= amount <= 1
    ):
        raise ValueError("the name of a camera move, or an object with move and amount, 0 to 1")
    return CameraMove(given["move"], float(amount))


def _regions(value: Any) -> tuple[IgnoreRegion, ...]:
    wrong = ValueError("a list of [left, top, width, height] in pixels")
    if not isinstance(value, list):
        raise wrong
    regions = []
    for one in value:
        if not isinstance(one, list) or len(one) != 4 or not all(type(number) is int for number in one):
            raise wrong
        left, top, width, height = one
        if left < 0 or top < 0 or width < 1 or height < 1:
            raise wrong
        regions.append(IgnoreRegion(left, top, width, height))
    return tuple(regions)


def _choice(known: Sequence[str | StrEnum]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in known:
            raise ValueError(", ".join(map(str, known)))
        return str(value)

    return check
