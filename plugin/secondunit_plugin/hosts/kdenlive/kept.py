"""Ids and takes of strips that lie in a Kdenlive project, and how strips are known again after it was edited.

Kdenlive keeps what is written on the document and on clips of its bin, nothing on clips of the timeline. So the
document holds a list of strips by what they show, and a strip is known by that.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """`source`: the file and the speed, or the name; `first`: the position of its producer that shows first.

    `id` is "" for a strip that was only seen.
    """

    id: str
    track: str
    source: str
    first: int
    frames: int
    start: int
    state: str = ""


def kept_in(text: str) -> list[Kept]:
    """What `kept_text` wrote; nothing for anything else."""
    try:
        return [Kept(**row) for row in json.loads(text)] if text.strip() else []
    except (ValueError, TypeError):
        return []


def kept_text(rows: Sequence[Kept]) -> str:
    return json.dumps([asdict(row) for row in rows])


def known_again(seen: Sequence[Kept], kept: Sequence[Kept]) -> list[Kept]:
    """`seen`, by track and time, with ids and takes.

    A strip is known by place and content, else by content, where that tells one only; of the parts of a strip that was
    trimmed, split or copied, the first keeps the id, and all the takes. The id of any other says what it shows.
    """
    found: dict[int, Kept] = {}
    left = list(kept)

    def match(key: Callable[[Kept], Key]) -> None:
        rows: dict[Key, list[Kept]] = {}
        for row in left:
            rows.setdefault(key(row), []).append(row)
        open_places: dict[Key, list[int]] = {}
        for place, one in enumerate(seen):
            if place not in found:
                open_places.setdefault(key(one), []).append(place)
        for same, places in open_places.items():
            if len(places) == 1 and len(rows.get(same, [])) == 1:
                (row,) = rows[same]
                found[places[0]] = replace(seen[places[0]], id=row.id, state=row.state)
                left.remove(row)

    match(lambda one: (one.track, one.source, one.first, one.frames, one.start))
    match(lambda one: (one.track, one.source, one.first, one.frames))
    match(lambda one: (one.source, one.first, one.frames))
    used = {one.id for one in found.values()}
    for place, one in enumerate(seen):
        if place in found:
            continue
        same = [row for row in kept if row.source == one.source and _overlap(row, one)]
        if len({row.id for row in same}) == 1:
            name = "" if same[0].id in used else same[0].id
            found[place] = replace(one, id=name, state=same[0].state)
            used.add(name)
    result: list[Kept] = []
    for place, one in enumerate(seen):
        row = found.get(place, one)
        name, number = row.id, 1
        while not name or (not row.id and name in used):
            name = f"{one.track}/{PurePath(one.source).name}/{one.first}" + (f"/{number}" if number > 1 else "")
            number += 1
        used.add(name)
        result.append(replace(row, id=name))
    return result


def _overlap(one: Kept, other: Kept) -> bool:
    return one.first < other.first + other.frames and other.first < one.first + one.frames
