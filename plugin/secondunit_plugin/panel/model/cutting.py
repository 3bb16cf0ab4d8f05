"""What becomes of the open cut, step by step, for the work of operations: brings OpenTimelineIO.

Each function makes another `OpenCut` of one, or gives the same one back where there is nothing to do. The slug of an
order and its take are one step: a take fills the slugs of its order in every version that is shown from then on.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

import opentimelineio as otio
from secondunit_bridge.errors import CutError, SecondUnitError
from secondunit_bridge.messages import Order, Take
from secondunit_timeline.awaited import Held, awaited, beside, filled, held, holds, place_slugs, taken_out
from secondunit_timeline.changes import apply
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.operations import AddTake, ApproveTake, Lift, Operation
from secondunit_timeline.placing import Ordered, found_again, place
from secondunit_timeline.takes import key_of, placed_takes, stand_ins
from secondunit_timeline.ways import Way, by, offered

from secondunit_plugin.panel.model.cut import (
    Approved,
    CutIn,
    OpenCut,
    Reloaded,
    Slugged,
    Step,
    TakenOut,
    Version,
)
from secondunit_plugin.panel.model.reading import digest_of, version_of


def with_slug(opened: OpenCut, ordered: Ordered) -> OpenCut:
    """The order's slug in its place, wherever that lies in this version.

    Where the slug or a take of an order for the same frames lies there, its takes are further takes of that clip. Where
    something else of ours lies there, the cut stays as it is, and the takes are cut in by hand. Raises CutError,
    ShotNotFound.
    """
    order = ordered.order
    assert order is not None
    before = opened.version.index
    if (number := _planned_from(opened, ordered)) is not None:
        there, last = opened.versions[number + 1].index, opened.versions[number + 1].step
        if isinstance(last, Slugged | CutIn) and last.order_id and holds(before, last.order_id):
            ours, theirs = held(Index(place_slugs(ordered.cut, ordered)[0]), order.id), held(there, last.order_id)
            if ours == theirs:
                return _beside(opened, number + 1, order, last.order_id)
            if any(_meet(one, other) for one, other in product(ours, theirs)):
                return opened
    plays = not all(isinstance(one, AddTake) for one in ordered.operations(stand_ins(order)[:1]))
    step = Slugged(order.shot, order.id, plays)
    if before.cut is not ordered.cut and set(_ours(before)) > set(_ours(Index(ordered.cut))):
        with suppress(CutError):
            cut, done = place_slugs(before.cut, ordered)
            if set(_ours(before)) <= set(_ours(Index(cut))):
                return opened.edited(version_of(cut, done, step))
        return opened
    return opened.edited(version_of(*place_slugs(before.cut, ordered), step))


def _planned_from(opened: OpenCut, ordered: Ordered) -> int | None:
    """The number of the version that was ordered from, if it is not the one that is shown."""
    earlier = opened.versions[: opened.place]
    return next((number for number, one in enumerate(earlier) if one.index.cut is ordered.cut), None)


def _meet(one: Held, other: Held) -> bool:
    first, last = max(one.at.frame, other.at.frame), min(one.at.frame + one.frames, other.at.frame + other.frames)
    return one.track == other.track and first < last


def _beside(opened: OpenCut, first: int, order: Order, other_id: str) -> OpenCut:
    """From the version `first` on, with the order's slugs beside what the other order has there."""

    def laid(version: Version) -> Version:
        return _changed(version, beside(version.index, order, other_id))

    return replace(opened, versions=(*opened.versions[:first], *map(laid, opened.versions[first:])))


def _changed(version: Version, operations: Sequence[Operation]) -> Version:
    """With what is no step of its own."""
    if not operations:
        return version
    return version_of(edit(version.index.cut, operations)[0], None, version.step)


def _ours(index: Index) -> Iterable[tuple[str, str, int]]:
    """The slugs and takes in the cut: track, key and length."""
    for track in index.tracks:
        for item in track.items:
            if isinstance(item.child, otio.schema.Clip):
                for key in item.child.media_references():
                    if key.startswith(("slug.", "take.")):
                        yield track.name, str(key), int(item.duration)


def with_camera_frames(opened: OpenCut, ordered: Ordered, shot: str) -> OpenCut:
    """What nothing has to be made for."""
    cut, done = place(opened.version.index.cut, ordered, ())
    return opened.edited(version_of(cut, done, CutIn(shot, "")))


def with_take(opened: OpenCut, take: Take) -> OpenCut:
    """The take in the place of its order's slug; the same where no version has one. Raises CutError."""
    order_id = take.record.order.id
    if not any(slug.order_id == order_id for version in opened.versions for slug in version.slugs):
        return opened
    opened = replace(
        opened,
        filled={**opened.filled, order_id: take},
        versions=tuple(_named(version, take) for version in opened.versions),
    )
    return _shown(opened, opened.place)


def is_played(opened: OpenCut, take: Take) -> bool | None:
    """None where the version that is shown does not hold the take."""
    found = [one.active for one in placed_takes(opened.version.index) if one.key == key_of(take)]
    return any(found) if found else None


def cut_in(opened: OpenCut, order: Order, take: Take, ordered: Ordered | None) -> OpenCut:
    """A take where its order's slug or another take of it is, else where it was ordered for.

    Where it lies beside another take, it is played instead of that one, a step further. The same where the cut plays
    the take already. Raises ShotNotFound where that place cannot be told any more, CutError where the take does not fit
    there.
    """
    if any(slug.order_id == order.id for slug in opened.version.slugs):
        opened = with_take(opened, take)
        if not _waits_beside_a_take(opened.version.index, take):
            return opened
    cut, step = opened.version.index.cut, CutIn(take.record.name, order.id)
    if holds(opened.version.index, order.id):
        operations = filled(opened.version.index, take)
        return opened.edited(version_of(*edit(cut, operations), step)) if operations else opened
    return opened.edited(version_of(*place(cut, ordered or found_again(cut, order), [take]), step))


def _waits_beside_a_take(index: Index, take: Take) -> bool:
    placed = list(placed_takes(index))
    playing = {(one.track, one.at): one.key for one in placed if one.active}
    return any(playing.get((one.track, one.at), one.key) != one.key for one in placed if one.key == key_of(take))


def cut_in_by(opened: OpenCut, order: Order, take: Take, ordered: Ordered | None, way: Way) -> OpenCut:
    """As `cut_in`, by another way than it was ordered for. Where its slug or take came last, that step is replaced."""
    base = _without(opened, order)
    cut = base.version.index.cut
    by_way = by(ordered or found_again(cut, order), way)
    made = version_of(*place(cut, by_way, [take]), CutIn(take.record.name, order.id))
    return replace(base.edited(made), filled={**opened.filled, order.id: take})


def ways(opened: OpenCut, order: Order, ordered: Ordered | None) -> dict[Way, str]:
    """Why the takes of an order cannot be cut in by each way; empty where they can."""
    try:
        cut = _without(opened, order).version.index.cut
        return offered(cut, ordered or found_again(cut, order))
    except SecondUnitError as error:
        return dict.fromkeys(Way, str(error))


def _without(opened: OpenCut, order: Order) -> OpenCut:
    """As it was before the order's slug or take came, if that was the last step. Raises CutError."""
    if not holds(opened.version.index, order.id):
        return opened
    step = opened.version.step
    if isinstance(step, Slugged | CutIn) and opened.place:
        index = opened.version.index
        if step.order_id == order.id or held(index, step.order_id) == held(index, order.id):
            return replace(opened, place=opened.place - 1)
    raise CutError(
        f"a take of the order for {order.shot!r} is in the cut, and more was done since: undo back to it first"
    )


def with_approval(opened: OpenCut, take: Take) -> OpenCut:
    """The take noted as approved wherever the cut holds it; the same where it holds it nowhere."""
    operations = _approvals(opened.version.index, take)
    if not operations:
        return opened
    return opened.edited(version_of(*edit(opened.version.index.cut, operations), Approved(take.record.name)))


def _approvals(index: Index, take: Take) -> list[ApproveTake]:
    return [
        ApproveTake(one.track, one.at, one.key)
        for one in placed_takes(index)
        if one.key == key_of(take) and not one.approved
    ]


def settled(opened: OpenCut, take: Take) -> OpenCut:
    """As `with_approval`, in the step that the cut came to last."""
    version = opened.version
    if not (operations := _approvals(version.index, take)):
        return opened
    made = version_of(edit(version.index.cut, operations)[0], None, version.step)
    return replace(opened, versions=(*opened.versions[: opened.place], made, *opened.versions[opened.place + 1 :]))


def without_slug(opened: OpenCut, order: Order) -> OpenCut:
    """The slugs of an order that came to nothing taken out; the same where there are none.

    A clip that another order has a slug or a take in stays. Else, where its step was the last, it is undone; else what
    it did is inverted, if the cut is as it left it around there; else the slug leaves a gap.
    """
    version = opened.version
    if not any(slug.order_id == order.id for slug in version.slugs):
        return opened
    clips = {(slug.track, slug.at) for slug in version.slugs if slug.order_id == order.id and slug.plays}
    others = [one.order_id for one in version.slugs if (one.track, one.at) in clips and one.order_id != order.id]
    operations = taken_out(version.index, order.id)
    has_step = any(isinstance(one.step, Slugged) and one.step.order_id == order.id for one in opened.versions)
    if others or not (has_step or any(isinstance(one, Lift) for one in operations)):
        return _left_to(opened, order, others)
    if isinstance(version.step, Slugged) and version.step.order_id == order.id and opened.place:
        return replace(opened, versions=opened.versions[: opened.place], place=opened.place - 1)
    step = TakenOut(order.shot)
    for before in opened.versions[: opened.place]:
        if isinstance(before.step, Slugged) and before.step.order_id == order.id and before.edit is not None:
            with suppress(CutError):
                undone = before.edit.inverse()
                return opened.edited(version_of(apply(undone, version.index.cut), undone, step))
    return opened.edited(version_of(*edit(version.index.cut, operations), step))


def _left_to(opened: OpenCut, order: Order, others: Sequence[str]) -> OpenCut:
    """Without the order's slugs, in every version; its step is that of the first of the `others`."""

    def changed(version: Version) -> Version:
        made = _changed(version, taken_out(version.index, order.id))
        if others and isinstance(version.step, Slugged) and version.step.order_id == order.id:
            return replace(made, step=replace(version.step, order_id=others[0]))
        return made

    return replace(opened, versions=tuple(map(changed, opened.versions)))


def shown(opened: OpenCut, place: int) -> OpenCut:
    """Another of its versions; the same where there is none of that number."""
    if not 0 <= place < len(opened.versions) or place == opened.place:
        return opened
    return _shown(opened, place)


@dataclass(frozen=True, slots=True)
class Lost:
    """What a cut that was written anew has no place for; `take` None: its slug."""

    order: Order
    take: Take | None
    why: str


def reloaded(opened: OpenCut, orders: Iterable[tuple[Order, Ordered | None]]) -> tuple[OpenCut, tuple[Lost, ...]]:
    """The file as it is by now, with the slugs and takes of these orders that the version shown holds.

    What the file holds itself stays as it is there, trims among it. Raises CutError, BadInput.
    """
    digest = digest_of(opened.path)
    index, lost = Index(read_cut(opened.path)), list[Lost]()
    for order, ordered in orders:
        take = opened.filled.get(order.id)
        if not holds(opened.version.index, order.id):
            continue
        try:
            if holds(index, order.id):
                operations = filled(index, take) if take is not None and _awaits(index, order.id) else ()
                cut = edit(index.cut, operations)[0]
            else:
                again = ordered or found_again(index.cut, order)
                cut = place(index.cut, again, [take])[0] if take is not None else place_slugs(index.cut, again)[0]
        except SecondUnitError as error:
            lost.append(Lost(order, take, str(error)))
        else:
            index = Index(cut)
    version = version_of(index.cut, None, Reloaded(opened.path.name))
    return replace(opened.edited(version), digest=digest), tuple(lost)


def _awaits(index: Index, order_id: str) -> bool:
    return any(slug.order_id == order_id for slug in awaited(index))


def _shown(opened: OpenCut, place: int) -> OpenCut:
    """With the slugs filled whose takes are there."""
    version = opened.versions[place]
    for order_id, take in opened.filled.items():  # the first that arrived is played where several wait
        if any(slug.order_id == order_id for slug in version.slugs):
            cut, _ = edit(version.index.cut, filled(version.index, take))
            version = version_of(cut, None, version.step)
    versions = (*opened.versions[:place], version, *opened.versions[place + 1 :])
    return replace(opened, versions=versions, place=place)


def _named(version: Version, take: Take) -> Version:
    step: Step = version.step
    if isinstance(step, Slugged):
        waiting = {(slug.track, slug.at) for slug in version.slugs if slug.order_id == take.record.order.id}
        mine = step.order_id == take.record.order.id or any(
            slug.order_id == step.order_id and slug.plays and (slug.track, slug.at) in waiting for slug in version.slugs
        )
        if mine:
            return replace(version, step=CutIn(take.record.name, step.order_id, step.plays))
    return version
