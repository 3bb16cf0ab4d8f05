"""Groups of clips in a Kdenlive project, which name their clips by track and position: kept while clips move.

A picture and its sound are a group of the type `AVSplit`, which is read as a link.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Place = tuple[int, int]
"""A track, from the lowest as 0 without the black below, and the frame that its playlist begins the clip on."""
_LINK = "AVSplit"


def links(text: str) -> dict[Place, str]:
    """For every clip that a picture or a sound belongs to, what it has in common with that."""
    found: dict[Place, str] = {}
    for number, group in enumerate(_groups(_read(text))):
        if group.get("type") == _LINK:
            found |= dict.fromkeys(filter(None, map(_place, group["children"])), f"group {number}")
    return found


def moved(text: str, places: Mapping[Place, Place | None], linked: Iterable[Iterable[Place]]) -> str:
    """The groups after clips went to other places or, None, away; with groups for clips that belong together since."""
    kept = [_moved(one, places) for one in _read(text)]
    groups = [one for one in kept if one is not None and "children" in one]
    taken = {_place(leaf) for group in _groups(groups) for leaf in group["children"]}
    for members in linked:
        fresh = sorted(set(members))
        if len(fresh) > 1 and not taken.intersection(fresh):
            leaves = [{"data": f"{track}:{at}", "leaf": "clip", "type": "Leaf"} for track, at in fresh]
            groups.append({"children": leaves, "type": _LINK})
    return json.dumps(groups, indent=4) + "\n"


def _read(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text) if text.strip() else []
    except ValueError:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _groups(rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("children"), list):
            yield row
            yield from _groups(row["children"])


def _place(leaf: object) -> Place | None:
    if not isinstance(leaf, dict) or leaf.get("leaf") != "clip":
        return None
    track, _, at = str(leaf.get("data", "")).partition(":")
    return (int(track), int(at.split(":")[0])) if track.isdigit() and at.split(":")[0].isdigit() else None


def _moved(row: dict[str, Any], places: Mapping[Place, Place | None]) -> dict[str, Any] | None:
    """None for a clip that is gone; for a group of which one member is left, that."""
    children = row.get("children")
    if not isinstance(children, list):
        place = _place(row)
        if place is None or place not in places:
            return row
        after = places[place]
        return None if after is None else {**row, "data": f"{after[0]}:{after[1]}"}
    left = [found for one in children if isinstance(one, dict) and (found := _moved(one, places)) is not None]
    return {**row, "children": left} if len(left) > 1 else next(iter(left), None)
