"""Ids and takes that we keep with the items of a timeline, in the project itself.

From 19.1 on a timeline has an item in the media pool, and items of the media pool hold metadata of third parties, which
the program saves and does not show. Before, ids and takes are known while the panel runs, and takes by their files.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from secondunit_plugin.hosts.resolve.connecting import has

_KEY = "secondunit"


@dataclass(frozen=True, slots=True)
class Row:
    """`id`: that of the strip; `state`: its takes, see `strips.Strip`."""

    id: str
    state: str = ""


@dataclass(slots=True)
class Kept:
    """By the unique ids of timelines, then of their items. `lost`: the program does not give back what it was given."""

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    lost: bool = False

    def of(self, timeline: Any) -> Mapping[str, Row]:
        name = timeline.GetUniqueId()
        holder = _holder(timeline)
        told = holder.GetThirdPartyMetadata(_KEY) if holder is not None else None
        if isinstance(told, str) and told:
            self.rows[name] = _rows(told)
        return self.rows.get(name, {})

    def keep(self, timeline: Any, rows: Mapping[str, Row]) -> None:
        self.rows[timeline.GetUniqueId()] = dict(rows)
        holder = _holder(timeline)
        if holder is None:
            return
        text = json.dumps({item: [row.id, row.state] for item, row in rows.items()}, sort_keys=True)
        holder.SetThirdPartyMetadata(_KEY, text)
        self.lost = holder.GetThirdPartyMetadata(_KEY) != text


def can_keep(timeline: Any) -> bool:
    return _holder(timeline) is not None


def _holder(timeline: Any) -> Any:
    holder = timeline.GetMediaPoolItem() if has(timeline, "GetMediaPoolItem") else None
    return holder if holder is not None and has(holder, "SetThirdPartyMetadata") else None


def _rows(text: str) -> dict[str, Row]:
    """What `keep` wrote; nothing for anything else, since other people's projects bring some, too."""
    try:
        return {str(item): Row(str(name), str(state)) for item, (name, state) in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        return {}
