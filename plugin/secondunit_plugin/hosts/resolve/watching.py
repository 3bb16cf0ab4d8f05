"""Resolve tells no changes: its timeline is looked at."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from secondunit_plugin.hosts.host import Attention, AttentionChanged, Changed, CutChanged
from secondunit_plugin.hosts.looking import answers
from secondunit_plugin.hosts.resolve.timelines import AUDIO, VIDEO, Place, items_of

_LOOK_SECONDS = 1.0
_SHARE = 9
"""How long clips are left alone after a look, in times of what it took: each is asked, and one after the other."""

Glance = tuple[object, ...]
"""What tells an edit without an export."""


@dataclass(frozen=True, slots=True)
class Seen:
    """None: not seen yet."""

    glance: Glance | None = None
    attention: Attention | None = None


def glance(timeline: Any) -> Glance:
    told: list[object] = [timeline.GetUniqueId(), str(sorted((timeline.GetMarkers() or {}).items()))]
    for kind in (VIDEO, AUDIO):
        for number in range(1, int(timeline.GetTrackCount(kind)) + 1):
            told.append((kind, timeline.GetTrackName(kind, number), timeline.GetIsTrackEnabled(kind, number)))
            told += [
                (item.GetUniqueId(), item.GetStart(), item.GetDuration(), item.GetLeftOffset())
                for item in items_of(timeline, Place(kind, number))
            ]
    return tuple(told)


def watch(
    look: Callable[[], Glance],
    attend: Callable[[], Attention],
    changed: Callable[[Changed], None],
    seen: Seen,
    ended: threading.Event,
) -> None:
    """Until `ended` is set. `look` and `attend` raise HostError where the program does not answer."""
    due = time.monotonic()

    def now() -> Seen:
        nonlocal due
        attention, began = attend(), time.monotonic()
        if began < due:
            return Seen(seen.glance, attention)
        told = Seen(look(), attention)
        due = began + (1 + _SHARE) * (time.monotonic() - began)
        return told

    for told in answers(now, _LOOK_SECONDS, changed, ended):
        if seen.glance is not None and told.glance != seen.glance:
            changed(CutChanged())
        if seen.attention is not None and told.attention is not None and told.attention != seen.attention:
            changed(AttentionChanged(told.attention))
        seen = told
