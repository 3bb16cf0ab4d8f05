"""Steps carried out in the timeline that Resolve has open, each read back before the next.

What is done rests on the documentation of the scripting API, and on what was seen to happen where that is silent:
https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, assert_never

from secondunit_bridge.errors import HostError, Unplaceable

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.resolve.connecting import has, version_of
from secondunit_plugin.hosts.resolve.grades import look_of, take_over
from secondunit_plugin.hosts.resolve.kept import Row
from secondunit_plugin.hosts.resolve.pool import Pool, numbers_of
from secondunit_plugin.hosts.resolve.timelines import AUDIO, VIDEO, Place, Timeline, item_at, items_of
from secondunit_plugin.hosts.steps import (
    Add,
    AddTrack,
    AddTransition,
    Change,
    Remove,
    RemoveTrack,
    RemoveTransition,
    Step,
)
from secondunit_plugin.hosts.strips import Kind, Media, Strip

_PICTURE, _SOUND = 1, 2
"""The program's numbers of media types."""
_EXCLUSIVE_FROM = (19, 0)
"""From here on `endFrame` is the frame after the last: https://github.com/samuelgursky/davinci-resolve-mcp/issues/82
(21.0) and https://github.com/nakano000/Resolve_Script/pull/23 (18.6 against 19.1). A placement of another length is
made once more the other way, so that a version between them does not matter."""
_INDEXED_FROM = (19, 0)
"""From here on a track can be put below another one: `newTrackOptions` of Timeline.AddTrack."""


def refuse(timeline: Timeline, steps: Sequence[Step], version: tuple[int, ...], probed: Probed) -> None:
    """Raises Unplaceable for steps that have to go into a version, HostError for those that go nowhere."""
    locked = {
        name for name, place in timeline.places.items() if timeline.handle.GetIsTrackLocked(place.kind, place.number)
    }
    for step in steps:
        match step:
            case AddTrack(track, above):
                kind = _kind(track.kind)
                number = _number_above(timeline.places, kind, above)
                if version < _INDEXED_FROM and number <= int(timeline.handle.GetTrackCount(kind)):
                    raise Unplaceable(f"DaVinci Resolve {version[0]} adds tracks above all others alone")
            case Add(strip) | Remove(strip) | Change(strip):
                if strip.track in locked:
                    raise HostError(f"{strip.track!r} is locked in DaVinci Resolve: unlock it there, then try again")
                if isinstance(step, Add) and strip.media is not None:
                    _refuse_media(strip, strip.media, probed)
                elif isinstance(step, Change) and step.after.media is not None:
                    _refuse_take(step.before, step.after, step.after.media, probed)
            case _:
                pass


def _refuse_media(strip: Strip, media: Media, probed: Probed) -> None:
    if media.first.denominator != 1:
        raise Unplaceable(
            f"{strip.name!r} begins between two frames of {media.path}, where DaVinci Resolve places none"
        )
    if media.stream:
        raise Unplaceable(f"DaVinci Resolve places the first sound stream of {media.path}, not stream {media.stream}")
    if probed(media.path) is None and numbers_of(media.path) is None:
        raise Unplaceable(
            f"{media.path} is offline, or a still, which DaVinci Resolve gives the length of its settings"
        )


def _refuse_take(before: Strip, after: Strip, media: Media, probed: Probed) -> None:
    if before.media == media:
        return
    if after.kind is Kind.SOUND:
        raise Unplaceable(f"{before.name!r} is sound, which has no takes in DaVinci Resolve")
    if media.speed != 1:
        raise Unplaceable(f"{before.name!r} plays at {float(media.speed):g} of its speed, which a take would not")
    _refuse_media(after, media, probed)


class Placing:
    """One run over `timeline`. `go_on` is asked before each call that changes something.

    Methods raise HostError where the program does not do what it is told.
    """

    def __init__(
        self,
        app: Any,
        project: Any,
        timeline: Timeline,
        rows: dict[str, Row],
        go_on: Callable[[], None],
    ) -> None:
        self._timeline, self._handle, self._go_on = timeline, timeline.handle, go_on
        self._pool_handle, self._version = project.GetMediaPool(), version_of(app)
        self._exclusive = self._version >= _EXCLUSIVE_FROM
        self._pool = Pool(self._pool_handle, timeline.items.values())
        self.rows = rows
        self._places, self._items = dict(timeline.places), dict(timeline.items)
        self._links: dict[str, list[Any]] = {}

    def carry_out(self, step: Step) -> None:
        self._go_on()
        match step:
            case AddTrack(track, above):
                self._add_track(track.name, _kind(track.kind), above)
            case RemoveTrack(track):
                place = self._places.pop(track.name)
                self._told(self._handle.DeleteTrack(place.kind, place.number), f"remove the track {track.name!r}")
                self._renumber(place.kind, place.number, -1)
            case Add(strip, like):
                self._add(strip, like)
            case Remove(strip):
                self._remove(strip)
            case Change(before, after):
                self._change(before, after)
            case AddTransition() | RemoveTransition():
                raise HostError("DaVinci Resolve is told of no transitions")
            case _:
                assert_never(step)

    def link(self) -> None:
        """What was added with one link belongs together from then on."""
        for items in self._links.values():
            if len(items) > 1:
                self._handle.SetClipsLinked(items, True)

    def _told(self, done: object, what: str) -> None:
        if not done:
            raise HostError(f"DaVinci Resolve does not {what}: close its dialogs, then try again")

    def _add_track(self, name: str, kind: str, above: str | None) -> None:
        number, count = _number_above(self._places, kind, above), int(self._handle.GetTrackCount(kind))
        if number > count:
            done = self._handle.AddTrack(kind, "stereo") if kind == AUDIO else self._handle.AddTrack(kind)
        else:
            done = self._handle.AddTrack(kind, {"index": number} | ({"audioType": "stereo"} if kind == AUDIO else {}))
            self._renumber(kind, number, 1)
        self._told(done and int(self._handle.GetTrackCount(kind)) == count + 1, f"add the track {name!r}")
        self._places[name] = Place(kind, number)
        self._handle.SetTrackName(kind, number, name)

    def _renumber(self, kind: str, since: int, by: int) -> None:
        for name, place in self._places.items():
            if place.kind == kind and place.number >= since:
                self._places[name] = Place(kind, place.number + by)

    def _add(self, strip: Strip, like: str | None) -> None:
        """An overlap is dropped without a word, and so is a whole batch with a fraction in it: one at a time, in whole
        frames, and looked for on the track, never taken from what the call returns."""
        assert strip.media is not None  # `placement` refuses it
        place, media = self._places[strip.track], strip.media
        at, length = self._timeline.start + strip.start, self._source_frames(media, strip.frames)
        asked = {
            "mediaPoolItem": (source := self._pool.item(media.path)),
            "startFrame": (first := self._first(source) + int(media.first)),
            "mediaType": _PICTURE if strip.kind is Kind.PICTURE else _SOUND,
            "trackIndex": place.number,
            "recordFrame": at,
        }
        for attempt in (1, 2):
            end = first + length - (0 if self._exclusive else 1)
            self._pool_handle.AppendToTimeline([{**asked, "endFrame": end}])
            item = item_at(self._handle, place, at)
            if item is not None and int(item.GetDuration()) == strip.frames:
                break
            # Too long by a frame it may have been dropped for what follows it.
            if item is not None:
                self._delete(item, place)
            if attempt == 2:
                raise HostError(
                    f"DaVinci Resolve does not place {strip.frames} frames of {media.path} on {strip.track} at frame "
                    f"{at}: look whether something lies there, or the media is offline"
                )
            self._exclusive = not self._exclusive
        self._items[strip.id] = item
        self.rows[str(item.GetUniqueId())] = Row(strip.id, strip.state)
        if like is not None and like in self._items and strip.kind is Kind.PICTURE:
            take_over(item, self._items[like])
        if not strip.enabled:
            item.SetClipEnabled(False)
        if strip.name and has(item, "SetName"):  # from 20.2 on
            item.SetName(strip.name)
        if strip.link:
            self._links.setdefault(strip.link, []).append(item)

    def _first(self, source: Any) -> int:
        """What the program calls the first frame of a file: 0, of numbered pictures the first one's number."""
        told = str(source.GetClipProperty("Start") or 0)
        return int(told) if told.lstrip("-").isdigit() else 0

    def _source_frames(self, media: Media, frames: int) -> int:
        """Source frames that last as long: the program rounds their time down to frames of the timeline."""
        return ceil(Fraction(frames) * media.rate / self._timeline.rate)

    def _remove(self, strip: Strip) -> None:
        item = self._items.pop(strip.id, None)
        if item is None:
            raise HostError(f"{strip.name!r} on {strip.track} is no item of DaVinci Resolve's: remove it there")
        self.rows.pop(str(item.GetUniqueId()), None)
        self._delete(item, self._places[strip.track])

    def _delete(self, item: Any, place: Place) -> None:
        """The first try may fail for no reason; what it says of itself does not count."""
        unique = item.GetUniqueId()
        for _ in range(2):
            self._handle.DeleteClips([item], False)
            if all(one.GetUniqueId() != unique for one in items_of(self._handle, place)):
                return
        raise HostError("DaVinci Resolve does not remove a clip: open its Edit page, then try again")

    def _change(self, before: Strip, after: Strip) -> None:
        item = self._items.get(before.id)
        if item is None:
            raise HostError(f"{before.name!r} on {before.track} is no item of DaVinci Resolve's: it cannot be changed")
        if after.media is not None and before.media != after.media:
            self._take(item, after, after.media)
        if before.enabled != after.enabled:
            item.SetClipEnabled(after.enabled)
        self.rows[str(item.GetUniqueId())] = Row(after.id, after.state)

    def _take(self, item: Any, strip: Strip, media: Media) -> None:
        """Another take of the item, of the same length; the media of its pool item stays what it is, since every
        timeline that plays it would change with `ReplaceClip`."""
        look, selected = look_of(item), int(item.GetSelectedTakeIndex() or 0) or 1
        source = self._pool.item(media.path)
        first, length = self._first(source) + int(media.first), self._source_frames(media, strip.frames)
        number = self._known_take(item, source, first)
        if number is None:
            number = self._add_take(item, source, first, length, strip.frames)
        self._told(item.SelectTakeByIndex(number), f"select the take {media.path}")
        right = int(item.GetDuration()) == strip.frames and int(item.GetSelectedTakeIndex()) == number
        if not right or look_of(item) != look:
            item.SelectTakeByIndex(selected)
            raise HostError(
                f"DaVinci Resolve does not play {media.path} in {strip.name!r} with its length and grade: the take is "
                "in the clip's take selector, and not selected"
            )

    def _known_take(self, item: Any, source: Any, first: int) -> int | None:
        for number in range(1, int(item.GetTakesCount() or 0) + 1):
            take = item.GetTakeByIndex(number) or {}
            known = take.get("mediaPoolItem")
            same = known is not None and known.GetUniqueId() == source.GetUniqueId()
            if same and int(take.get("startFrame", -1)) == first:
                return number
        return None

    def _add_take(self, item: Any, source: Any, first: int, length: int, frames: int) -> int:
        """Its number. The documentation does not say whether the last frame is that of `endFrame`: it is measured."""
        selected = int(item.GetSelectedTakeIndex() or 0) or 1
        for exclusive in (self._exclusive, not self._exclusive):
            self._told(item.AddTake(source, first, first + length - (0 if exclusive else 1)), "add a take")
            number = int(item.GetTakesCount())
            item.SelectTakeByIndex(number)
            if int(item.GetDuration()) == frames:
                return number
            item.SelectTakeByIndex(selected)
            item.DeleteTakeByIndex(number)
        raise HostError(f"DaVinci Resolve does not take {frames} frames of {source.GetName()!r} as a take")


def _kind(kind: Kind) -> str:
    return VIDEO if kind is Kind.PICTURE else AUDIO


def _number_above(places: Mapping[str, Place], kind: str, above: str | None) -> int:
    """The number of a track right above `above`, which may be one of the other kind."""
    place = places.get(above) if above is not None else None
    return place.number + 1 if place is not None and place.kind == kind else 1
