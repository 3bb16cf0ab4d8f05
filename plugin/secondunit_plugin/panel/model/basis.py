"""Which version of the cut a draft is planned from: what lies in its place by now may be an earlier order's."""

from collections.abc import Iterable
from dataclasses import replace

from secondunit_bridge.messages import FramesAfter, FramesBefore, Task

from secondunit_plugin.panel.model.cut import OpenCut, Version
from secondunit_plugin.panel.model.draft import Draft, Extend
from secondunit_plugin.panel.model.layout import Bar
from secondunit_plugin.panel.model.orders import Running
from secondunit_plugin.panel.model.places import ShotPlace


def basis(opened: OpenCut, draft: Draft, orders: Iterable[Running]) -> tuple[Version, Draft]:
    """The version, and the draft with its place as that version has it.

    A shot that a slug or a take makes longer by now is extended as if it did not: both are takes of the same frames.
    """
    version, place, asked = opened.version_with(draft.place), draft.place, draft.asking
    if not isinstance(place, ShotPlace) or not isinstance(asked, Extend):
        return version, draft
    kind = FramesBefore if asked.end == "tail" else FramesAfter
    alike = [
        one
        for one in orders
        if one.order.task is Task.EXTEND
        and any(isinstance(known, kind) and known.span.path == place.media for known in one.order.conditions)
    ]
    ids, files = {one.order.id for one in alike}, {take.path for one in alike for take in one.takes.values()}

    def is_longer(version: Version, shot: ShotPlace) -> bool:
        around = version.layout.around(shot)
        beside = None if around is None else around.after if asked.end == "tail" else around.before
        if not isinstance(beside, Bar):
            return False
        at = shot.track, beside.at
        return beside.media in files or any(
            slug.order_id in ids and (slug.track, slug.at.frame) == at for slug in version.slugs
        )

    if alike and is_longer(version, place):
        for before in reversed(opened.versions[: opened.place]):
            if (shot := _same_shot(before, place)) is None:
                break
            if not is_longer(before, shot):
                return before, replace(draft, place=shot)
    return version, draft


def _same_shot(version: Version, place: ShotPlace) -> ShotPlace | None:
    """At the same time, else the only one of that name and media; None where that is not one."""
    shots = [
        one
        for one in version.places
        if isinstance(one, ShotPlace) and (one.track, one.name, one.media) == (place.track, place.name, place.media)
    ]
    there = [one for one in shots if one.at == place.at] or shots
    return there[0] if len(there) == 1 else None
