"""Recipes: what is to be made, written into a cut as generator references. The schema is in docs/recipes.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import CutError, SecondUnitError
from secondunit_bridge.messages import CameraMove
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.operations import End
from secondunit_timeline.orders import Settings
from secondunit_timeline.recipe_kinds import Extend, Generate, Join, Match, ParameterReader, Recipe, Replace
from secondunit_timeline.references import is_recipe
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.shots import find_clip
from secondunit_timeline.takes import KIND, RECIPE, RECORD, asked_in
from secondunit_timeline.times import rational_time

__all__ = ["Written", "clip", "extend", "generate", "is_made", "join", "match", "read_recipes", "replace"]


@dataclass(frozen=True, slots=True)
class Written:
    """A recipe as it stands under `key` on the clip at `at`, which lasts `frames` of the cut.

    `ordinal`: among clips of one name on this track whose recipes say the same, made or not.
    """

    track: str
    at: FrameTime
    frames: int
    shot: str
    key: str
    recipe: Recipe
    settings: Settings
    parameters: dict[str, Any]
    ordinal: int

    @property
    def kind(self) -> str:
        return type(self.recipe).__name__.lower()

    @property
    def take_key(self) -> str:
        """The take that was made from it, where it has been made."""
        return self.key.removesuffix(RECIPE)


def generate(
    *,
    prompt: str = "",
    image: Path | str | None = None,
    camera: str | CameraMove | None = None,
    like: str | Sequence[str] = (),
    continues: bool = False,
    keyframes: Mapping[int, Path | str] | None = None,
    **options: Any,
) -> otio.schema.GeneratorReference:
    """Options, here and below: prompt, negative, looks, tier, set, seed, takes, handles, engine, model, ignore, codec,
    encoding.
    """
    move = {"move": camera.move, "amount": camera.amount} if isinstance(camera, CameraMove) else camera
    stills = {str(frame): str(Path(still).resolve()) for frame, still in (keyframes or {}).items()}
    return _reference(
        "generate",
        prompt=prompt or None,
        image=str(Path(image).resolve()) if image is not None else None,
        camera=move,
        like=_listed(like),
        continues=continues or None,
        keyframes=stills or None,
        **options,
    )


def match(like: str | Sequence[str] = (), **options: Any) -> otio.schema.GeneratorReference:
    return _reference("match", like=_listed(like), **options)


def replace(
    *, mask: Path | str | None = None, strength: float | None = None, **options: Any
) -> otio.schema.GeneratorReference:
    """`mask`: white is made again; None: everything. `strength`: how far the take may leave the shot, 0 to 1."""
    path = str(Path(mask).resolve()) if mask is not None else None
    return _reference("replace", mask=path, strength=strength, **options)


def extend(frames: int, end: str = End.TAIL, into: str | None = None, **options: Any) -> otio.schema.GeneratorReference:
    """Also takes the option sound."""
    return _reference("extend", frames=frames, end=str(end), into=into, **options)


def join(frames: int | None = None, **options: Any) -> otio.schema.GeneratorReference:
    """Also takes the option sound."""
    return _reference("join", frames=frames, **options)


def clip(name: str, recipe: otio.schema.GeneratorReference, frames: FrameTime) -> otio.schema.Clip:
    """A shot that is still to be made, `frames` long."""
    times = otio.opentime.TimeRange(rational_time(0, frames.rate), rational_time(frames.frame, frames.rate))
    return otio.schema.Clip(name, recipe, times)


def _listed(like: str | Sequence[str]) -> list[str] | None:
    return ([like] if isinstance(like, str) else list(like)) or None


def _reference(kind: str, **parameters: Any) -> otio.schema.GeneratorReference:
    given = {key: value for key, value in parameters.items() if value is not None}
    return otio.schema.GeneratorReference(generator_kind=KIND + kind, parameters=given)


def read_recipes(index: Index, folder: Path) -> list[Written]:
    """Every recipe that a person wrote, made or not, by track and time; orders are to be delivered to `folder`.

    Raises CutError with everything that is wrong with any of them.
    """
    found, problems = _read(index, folder)
    for one in found:
        if not is_made(index, one):
            track = index.track(one.track)
            item = track.at(one.at.frame)
            assert item is not None
            problems += (f"{_where(index, track, item)}: {problem}" for problem in _misplaced(index, track, item, one))
    problems += _nested(index)
    if problems:
        raise CutError("\n  ".join(("recipes that cannot be made, so that nothing was ordered:", *problems)))
    return found


def pending(index: Index, folder: Path) -> list[Written]:
    """The recipes that are still to be made, as far as they can be read, by track and time."""
    return [one for one in _read(index, folder)[0] if not is_made(index, one)]


def _read(index: Index, folder: Path) -> tuple[list[Written], list[str]]:
    problems: list[str] = []
    found: list[Written] = []
    counts: dict[tuple[Any, ...], int] = {}
    for track, item, key, reference in recipes_in(index):
        asked = asked_in(reference)
        if not asked.parameters and RECORD in reference.parameters:
            continue  # the order of a take that no recipe asked for
        reader = ParameterReader(asked.parameters)
        recipe = reader.recipe(asked.kind)
        problems += (f"{_where(index, track, item)}: {problem}" for problem in reader.problems)
        if recipe is None:
            continue
        settings = reader.settings(folder)
        same = (track.name, item.child.name, recipe, settings)
        ordinal = counts[same] = counts.get(same, -1) + 1
        place = (track.name, FrameTime(int(item.start), index.rate), int(item.duration), item.child.name, key)
        found.append(Written(*place, recipe, settings, asked.parameters, ordinal))
    return found, problems


def recipes_in(index: Index) -> Iterator[tuple[TrackIndex, Item, str, otio.schema.GeneratorReference]]:
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.schema.Clip):
                for key, reference in item.child.media_references().items():
                    if is_recipe(reference):
                        yield track, item, str(key), reference


def is_made(index: Index, written: Written) -> bool:
    item = index.track(written.track).at(written.at.frame)
    assert item is not None
    return written.key.endswith(RECIPE) and written.take_key in item.child.media_references()


def _where(index: Index, track: TrackIndex, item: Item) -> str:
    return f"{item.child.name!r} ({track.name} {index.timecode(int(item.start))})"


def _misplaced(index: Index, track: TrackIndex, item: Item, written: Written) -> Iterator[str]:
    """What is wrong with where an unmade recipe stands, and with what it refers to."""
    alone = written.key == item.child.active_media_reference_key
    if track.kind != otio.schema.TrackKind.Video:
        yield "recipes belong on video tracks"
    if track.locked:
        yield f"track {track.name} is locked: unlock it in the host"
    if item.start.denominator != 1 or item.duration.denominator != 1:
        yield f"it does not begin and end on whole frames of the cut at {float(index.rate):g}"
    others = [
        other
        for other in item.child.media_references()
        if other != written.key
        and is_recipe(item.child.media_references()[other])
        and other.removesuffix(RECIPE) not in item.child.media_references()
    ]
    match written.recipe:
        case Generate() | Join() if alone and speed_of(item.child) != 1:
            yield "it is retimed: a clip that is still to be made plays at normal speed"
        case Generate() if not alone:
            yield (
                "'generate' needs a clip of its own, without other media: use match, replace or extend beside a shot's "
                "media"
            )
        case Match() | Replace() | Extend() if alone:
            yield f"'{written.kind}' stands beside the media of a shot, as take.NAME.recipe: this clip has no media"
        case _:
            pass
    kinds = [item.child.media_references()[other].generator_kind.removeprefix(KIND) for other in others]
    if written.kind in kinds and written.kind != "extend":
        yield f"it has more than one recipe to {written.kind}: write one"
    if isinstance(written.recipe, Join) and "extend" in kinds:
        yield "it has recipes to join and to extend: write the one, make it, then write the other"
    if isinstance(written.recipe, Generate) and written.recipe.continues and before(track, item) is None:
        yield "it continues the clip before it, and there is none"
    if isinstance(written.recipe, Generate) and written.recipe.keyframes:
        last = written.recipe.keyframes[-1][0]
        if last >= item.duration:
            yield f"it has a keyframe at {last}: its frames are 0 to {int(item.duration) - 1}"
    if isinstance(written.recipe, Join):
        after = track.at(item.end)
        if not alone and after is not None and isinstance(after.child, otio.schema.Gap):
            after = track.at(after.end)
        if after is None or not isinstance(after.child, otio.schema.Clip) or (alone and before(track, item) is None):
            yield "a join needs a shot on both sides"
    if isinstance(written.recipe, Generate | Match):
        for name in written.recipe.like:
            if (problem := _unknown(index, name)) is not None:
                yield problem


def before(track: TrackIndex, item: Item) -> Item | None:
    """The clip that ends where `item` begins."""
    found = track.at(item.start - 1) if item.start > 0 else None
    return found if found is not None and isinstance(found.child, otio.schema.Clip) else None


def _unknown(index: Index, name: str) -> str | None:
    if Path(name).is_absolute():
        return None if Path(name).is_file() else f"like {name!r}: there is no such file"
    try:
        find_clip(index, name)
    except SecondUnitError as error:
        return f"like {name!r}: {str(error).splitlines()[0].partition(';')[0]}"
    return None


def _nested(index: Index) -> Iterator[str]:
    top = {id(item.child) for track in index.tracks for item in track.items}
    for one in index.cut.find_clips():
        if id(one) not in top and any(is_recipe(reference) for reference in one.media_references().values()):
            recipe = next(reference for reference in one.media_references().values() if is_recipe(reference))
            if RECORD not in recipe.parameters:
                yield f"{one.name!r}: it lies inside a nest: open the nest and make its own cut"
