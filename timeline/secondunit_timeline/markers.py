"""Markers that ask for a shot, turned into recipes: their grammar is in docs/recipes.md."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import value_of
from secondunit_bridge.rates import FrameTime

from secondunit_timeline import recipes
from secondunit_timeline.changes import Edit
from secondunit_timeline.dialects import marker_text
from secondunit_timeline.edits import edit
from secondunit_timeline.flat import source_start
from secondunit_timeline.generations import Where, track_for
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.operations import AddRecipe, AddTrack, End, Insert, Into, Operation, Overwrite
from secondunit_timeline.recipe_kinds import HANDLES, MARKER
from secondunit_timeline.recipes import recipes_in
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import frames_of, rate_of

FORMS = {
    "extend": "extend [head|tail] FRAMES [gap|ripple|over|handles]",
    "match": "match like SHOT[, SHOT ...]",
    "replace": "replace: PROMPT",
    "generate": "generate FRAMES [above|overwrite|insert]: PROMPT",
    "join": "join [FRAMES]",
}
_EXTEND = re.compile(rf"extend(?: ({'|'.join(End)}))? (\d+)(?: ({'|'.join((*Into, HANDLES))}))?", re.IGNORECASE)
_MATCH = re.compile(r"match like (.+)", re.IGNORECASE)
_GENERATE = re.compile(rf"generate (\d+)(?: ({'|'.join(Where)}))?: *(.+)", re.IGNORECASE)
_REPLACE = re.compile(r"replace: *(.+)", re.IGNORECASE)
_JOIN = re.compile(r"join(?: (\d+))?", re.IGNORECASE)
_OPTION = re.compile(r"([A-Za-z]+): *(.+)")
OPTIONS = (
    *("prompt", "negative", "look", "tier", "set", "keyframe", "image", "camera", "mask", "strength", "sound"),
    *("seed", "takes", "handles", "engine", "model", "codec", "encoding"),
)


@dataclass(frozen=True, slots=True)
class Asking:
    """A marker that asks for a shot, at `frame` of the cut; `item` is the clip that carries it, `track` its track.

    `options`: its further lines that say NAME: VALUE.
    """

    name: str
    text: str
    options: tuple[tuple[str, str], ...]
    frame: int
    track: TrackIndex | None
    item: Item | None
    said: str
    """Tells it from other markers, through edits of the cut."""


def from_markers(cut: otio.schema.Timeline) -> tuple[otio.schema.Timeline, Edit]:
    """The cut with a recipe for each marker that asks for a shot and has none there yet, made or not.

    Raises CutError with every marker that begins as one of `FORMS` does and does not go on like it.
    """
    index = Index(cut)
    problems: list[str] = []
    done = Edit(())
    taken = Counter(str(recipe.parameters.get(MARKER, "")) for recipe in _video_recipes(index))
    waiting = []
    for asking in _asking(index):
        if taken[asking.said] > 0:
            taken[asking.said] -= 1
        else:
            waiting.append(asking)
    # The last one first, so that no insertion moves a place that is still to come.
    for asking in sorted(waiting, key=lambda asking: -asking.frame):
        try:
            cut, added = edit(cut, tuple(_operations(index, Index(cut), asking)))
            done = Edit((*done, *added))
        except CutError as error:
            problems.insert(0, f"marker {asking.name!r} at {index.timecode(asking.frame)}: {error}")
    if problems:
        raise CutError("\n  ".join(("markers that cannot be made, so that nothing was ordered:", *problems)))
    return cut, done


def _video_recipes(index: Index) -> Iterator[otio.schema.GeneratorReference]:
    """One for each clip and marker: all takes that were made from one recipe say the same."""
    seen = set()
    for track, item, _, recipe in recipes_in(index):
        place = (track.name, item.start, str(recipe.parameters.get(MARKER)))
        if track.kind == otio.schema.TrackKind.Video and place not in seen:
            seen.add(place)
            yield recipe


def _asking(index: Index) -> Iterator[Asking]:
    for marker in index.cut.tracks.markers:
        yield from _read(index, marker, None, None)
    for track in index.tracks:
        for marker in track.track.markers:
            yield from _read(index, marker, track, None)
        if track.kind == otio.schema.TrackKind.Video:
            for item in track.items:
                for marker in item.child.markers if isinstance(item.child, otio.schema.Clip) else ():
                    yield from _read(index, marker, track, item)


def _read(index: Index, marker: otio.schema.Marker, track: TrackIndex | None, item: Item | None) -> Iterator[Asking]:
    for text in (marker_text(marker), marker.name):
        line, *further = [" ".join(one.split()) for one in re.split(r"\n| \| ", text.strip())]
        options = tuple((one[1].lower(), one[2]) for one in map(_OPTION.fullmatch, further) if one is not None)
        if re.split(r"[ :]", line.lower(), maxsplit=1)[0] in FORMS:
            start = marker.marked_range.start_time
            frame = frames_of(start, index.rate)
            if item is not None:
                speed = speed_of(item.child) or 1
                played = start.value / float(rate_of(start)) - float(source_start(item.child))
                frame = int(item.start) + round(played * float(index.rate) / float(speed))
            owner = item.child.name if item is not None else track.name if track is not None else ""
            said = "\0".join((marker.name, line, *map(": ".join, options), owner, f"{start.value:g}@{start.rate:g}"))
            digest = hashlib.sha256(said.encode()).hexdigest()[:12]
            yield Asking(marker.name or line, line, options, int(frame), track, item, digest)
            return


def _operations(index: Index, now: Index, asking: Asking) -> Iterator[Operation]:
    """`now`: the cut with the recipes of other markers in it, which moves nothing that lies before this marker."""
    kind = re.split(r"[ :]", asking.text.lower(), maxsplit=1)[0]
    if (given := _EXTEND.fullmatch(asking.text)) is not None:
        end, count, into = given.groups()
        recipe = recipes.extend(int(count), (end or End.TAIL).lower(), into.lower() if into else None)
        yield _beside(index, asking, recipe, *_under(index, asking))
    elif (given := _MATCH.fullmatch(asking.text)) is not None:
        recipe = recipes.match([name.strip() for name in given[1].split(",")])
        yield _beside(index, asking, recipe, *_under(index, asking))
    elif (given := _REPLACE.fullmatch(asking.text)) is not None:
        recipe = recipes.replace(prompt=given[1])
        yield _beside(index, asking, recipe, *_under(index, asking))
    elif (given := _JOIN.fullmatch(asking.text)) is not None:
        recipe = recipes.join(int(given[1]) if given[1] else None)
        yield _beside(index, asking, recipe, *_before_cut(index, asking))
    elif (given := _GENERATE.fullmatch(asking.text)) is not None:
        count, where, prompt = given.groups()
        yield from _generated(now, asking, int(count), Where((where or Where.ABOVE).lower()), prompt)
    else:
        raise CutError(f"{asking.text!r}: write {FORMS[kind]}, or begin it with another word")


def _tell(recipe: otio.schema.GeneratorReference, asking: Asking) -> None:
    """Writes what a marker says beside its first line into its recipe; it is checked with the recipe."""
    found: dict[str, Any] = {MARKER: asking.said}
    for name, text in asking.options:
        if name not in OPTIONS:
            raise CutError(f"there is no option {name!r}: a marker takes {', '.join(OPTIONS)}")
        if name in recipe.parameters:
            raise CutError(f"{name} is said twice: leave out the second one")
        match name:
            case "set":
                parameter, sign, value = text.partition("=")
                if not sign:
                    raise CutError(f"{name} is {text!r}: write NAME=VALUE")
                found.setdefault(name, {})[parameter.strip()] = value_of(value.strip())
            case "look":
                path, _, weight = text.rpartition(":")
                number = value_of(weight)
                weighted = path and isinstance(number, int | float)
                found.setdefault("looks", []).append({"path": path, "weight": number} if weighted else text)
            case "keyframe":
                frame, _, path = text.partition("=")
                found.setdefault("keyframes", {})[frame.strip()] = path.strip()
            case "seed" | "takes" | "handles" | "strength":
                found[name] = value_of(text)
            case _:
                found[name] = text
    recipe.parameters.update(found)


def _beside(
    index: Index, asking: Asking, recipe: otio.schema.GeneratorReference, track: TrackIndex, item: Item
) -> AddRecipe:
    _tell(recipe, asking)
    at = FrameTime(int(item.start), index.rate)
    return AddRecipe(track.name, at, f"take.marker-{asking.said}", recipe)


def _generated(now: Index, asking: Asking, frames: int, where: Where, prompt: str) -> Iterator[Operation]:
    video = [track for track in now.tracks if track.kind == otio.schema.TrackKind.Video]
    if not video or not frames:
        raise CutError("give 1 frame or more, in a cut with a video track")
    name, new_track = track_for(video, asking.frame, frames, where)
    if where is not Where.ABOVE and asking.track is not None:
        name = asking.track.name
    recipe = recipes.generate(prompt=prompt)
    _tell(recipe, asking)
    shot = asking.name if asking.name != asking.text else f"{now.cut.name or 'cut'}_{asking.frame:06}"
    at = FrameTime(asking.frame, now.rate)
    clip = recipes.clip(shot, recipe, FrameTime(frames, now.rate))
    if new_track:
        yield AddTrack(name)
    yield Insert(name, at, clip) if where is Where.INSERT else Overwrite(name, at, clip)


def _under(index: Index, asking: Asking) -> tuple[TrackIndex, Item]:
    """The clip that carries the marker, else the topmost one on its track, or in the cut, at its time."""
    if asking.track is not None and asking.item is not None:
        return asking.track, asking.item
    for track in (asking.track,) if asking.track is not None else reversed(index.tracks):
        item = track.at(asking.frame)
        if track.kind == otio.schema.TrackKind.Video and item is not None and isinstance(item.child, otio.schema.Clip):
            return track, item
    raise CutError("no shot lies there: put the marker on one")


def _before_cut(index: Index, asking: Asking) -> tuple[TrackIndex, Item]:
    """The shot that ends where the marker is, or before the gap there; of a marker on a shot, that shot."""
    if asking.track is not None and asking.item is not None:
        return asking.track, asking.item
    for track in (asking.track,) if asking.track is not None else reversed(index.tracks):
        position = track.position(asking.frame)
        if track.kind != otio.schema.TrackKind.Video or not position:
            continue
        item, left = track.items[position], track.items[position - 1]
        meets = isinstance(item.child, otio.schema.Gap) or item.start == asking.frame
        if meets and isinstance(left.child, otio.schema.Clip):
            return track, left
    raise CutError("no two shots meet there, and no gap lies there: move the marker to the cut point")
