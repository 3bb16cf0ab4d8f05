"""Tracks, items, transitions and sequences of Hiero, in memory.

Each rule is from the docstrings of Hiero's own interpreter, as github.com/sisoe24/nuke-python-stubs has them for Nuke
15 ("API"), from Foundry's Python that comes with it ("Foundry"), or from programs that work with it. Where they do not
say what happens, the worse does.
"""

from copy import deepcopy
from fractions import Fraction
from typing import Any
from uuid import uuid4

import numpy as np

from tests.plugin.hosts.foundry.media import Clip, Tag, TimeBase, Version


class _Tagged:
    """Foundry's OTIO importer: what is added is another tag, which `addTag` returns."""

    def __init__(self) -> None:
        self._tags: list[Tag] = []

    def tags(self) -> tuple[Tag, ...]:
        return tuple(self._tags)

    def addTag(self, tag: Tag) -> Tag:
        self._tags.append(deepcopy(tag))
        return self._tags[-1]

    def removeTag(self, tag: Tag) -> None:
        self._tags.remove(tag)


class TrackItemBase:
    """API: in and out are both part of an item."""

    def __init__(self) -> None:
        self._guid = uuid4().hex
        self.first, self.last = 0, 0
        self.track: Any = None
        self._enabled = True
        self.links: list[Any] = []

    def guid(self) -> str:
        return self._guid

    def new_guid(self) -> None:
        self._guid = uuid4().hex

    def timelineIn(self) -> int:
        return self.first

    def timelineOut(self) -> int:
        return self.last

    def duration(self) -> int:
        return self.last - self.first + 1

    def isEnabled(self) -> bool:
        return self._enabled

    def setEnabled(self, enabled: bool) -> None:
        self._editable()
        self._enabled = enabled

    def parentTrack(self) -> Any:
        return self.track

    def sequence(self) -> Any:
        return self.track.sequence if self.track is not None else None

    def linkedItems(self) -> tuple[Any, ...]:
        return tuple(self.links)

    def setTimelineIn(self, time: int) -> None:
        self._lie(time, self.last)

    def setTimelineOut(self, time: int) -> None:
        self._lie(self.first, time)

    def move(self, frames: int) -> None:
        """API: keeps the duration. Effects on an item stay where they are: github.com/legandrop/LGA_HieroTools moves
        them itself."""
        self._lie(self.first + frames, self.last + frames)

    def _editable(self) -> None:
        if self.track is not None and self.track.isLocked():
            raise RuntimeError("the track is locked")

    def _lie(self, first: int, last: int) -> None:
        self._editable()
        if not 0 <= first <= last:
            raise RuntimeError(f"an item cannot lie from {first} to {last}")
        if self.track is not None:
            self.track.refuse_overlap(self, first, last)
        self.first, self.last = first, last


class Node:
    def __init__(self, kind: str) -> None:
        self._kind = kind

    def Class(self) -> str:
        return self._kind


class EffectTrackItem(TrackItemBase):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self._node = Node(kind)

    def node(self) -> Node:
        return self._node


class ReformatState:
    def __init__(self) -> None:
        self._type, self._resize, self._center = "disabled", "width", True

    def type(self) -> str:
        return self._type

    def setType(self, kind: str) -> None:
        self._type = kind

    def resizeType(self) -> str:
        return self._resize

    def setResizeType(self, kind: str) -> None:
        self._resize = kind

    def resizeCenter(self) -> bool:
        return self._center

    def setResizeCenter(self, center: bool) -> None:
        self._center = center


class TrackItem(TrackItemBase, _Tagged):
    """The speed is that of the source's times in the timeline's, and a source out follows from a speed that is set:
    API, "this value depends on speed"; Foundry's OTIO importer sets the speed last."""

    kVideo, kAudio = "video", "audio"

    def __init__(self, name: str, kind: str) -> None:
        TrackItemBase.__init__(self)
        _Tagged.__init__(self)
        self._name, self._kind = name, kind
        self._clip: Clip | None = None
        self._source_in, self._source_out, self._speed = 0.0, 0.0, 1.0
        self._linked_to_bin = True
        self._reformat = ReformatState()
        self._colour: str | None = None
        self.channel = 0

    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._editable()
        self._name = name

    def source(self) -> Any:
        return self._clip

    def setSource(self, clip: Clip, trackIndex: int = 0) -> Clip:
        """API: outside a track "the duration will be set to the Clip's duration"."""
        self._editable()
        self._clip, self.channel = clip, trackIndex
        if self.track is None:
            self.first, self.last = 0, clip.duration() - 1
            self._source_in, self._source_out = 0.0, float(clip.duration() - 1)
        return clip

    def show(self, clip: Clip) -> None:
        self._clip = clip

    def sourceIn(self) -> float:
        return self._source_in

    def sourceOut(self) -> float:
        return self._source_out

    def playbackSpeed(self) -> float:
        """With 32 bits: what Hiero exports says -0.699999988079071."""
        if self.last == self.first:
            return float(np.float32(self._speed))
        return float(np.float32((self._source_out - self._source_in) / (self.last - self.first)))

    def setPlaybackSpeed(self, speed: float) -> None:
        self._editable()
        self._speed = speed
        self._source_out = self._source_in + speed * (self.last - self.first)

    def setSourceIn(self, time: float) -> None:
        """API: "This will shrink or grow the duration"."""
        self._editable()
        self._source_in = float(time)

    def setTimes(self, timelineIn: int, timelineOut: int, sourceIn: float, sourceOut: float) -> None:
        self._lie(timelineIn, timelineOut)
        self._source_in, self._source_out = float(sourceIn), float(sourceOut)

    def shown(self, at: int) -> int:
        """Foundry's FnNukeHelpers: the frame below shows."""
        return int((self._source_in + (at - self.first) * self.playbackSpeed()) // 1)

    def mediaType(self) -> str:
        return self._kind

    def link(self, other: "TrackItem") -> None:
        """API: "Both track items must point to the same source"."""
        if self._clip is not other._clip:
            raise RuntimeError("items of different sources cannot be linked")
        self.links.append(other)
        other.links.append(self)

    def unlink(self, other: "TrackItem") -> None:
        self.links.remove(other)
        other.links.remove(self)

    def versionLinkedToBin(self) -> bool:
        return self._linked_to_bin

    def setVersionLinkedToBin(self, linked: bool, updateVersion: bool = False) -> None:
        assert not updateVersion
        self._linked_to_bin = linked

    def currentVersion(self) -> Version:
        item = self.source().binItem()
        return next(version for version in item.items() if version.item() is self._clip)

    def setCurrentVersion(self, version: Version) -> None:
        """API: "If versionLinkedToBin() is set, changes the version on all linked objects"."""
        if self._linked_to_bin:
            version.parent().setActiveVersion(version)
        else:
            self._clip = version.item()

    def reformatState(self) -> ReformatState:
        return self._reformat

    def sourceMediaColourTransform(self) -> str:
        return self._colour if self._colour is not None else self.source().colour

    def setSourceMediaColourTransform(self, colour: str) -> None:
        self._colour = colour

    def copy(self) -> "TrackItem":
        """With its tags, and no links."""
        made = TrackItem(self._name, self._kind)
        for key, value in vars(self).items():
            if key not in ("_guid", "track", "links"):
                setattr(made, key, value if key == "_clip" else deepcopy(value))
        return made


class Transition(TrackItemBase):
    kFadeIn, kDissolve, kFadeOut, kUnknown = range(4)

    def __init__(self, alignment: int, first: int, last: int, items: tuple[TrackItem, ...]) -> None:
        super().__init__()
        self._alignment, self.first, self.last, self.items = alignment, first, last, items

    def alignment(self) -> int:
        return self._alignment

    @staticmethod
    def createDissolveTransition(item1: TrackItem, item2: TrackItem, duration1: int, duration2: int) -> "Transition":
        """Foundry's OTIO importer: from `duration1` frames before the second item to `duration2` in it, and none of
        them 0. Media have to be there for it."""
        if not duration1 or not duration2 or item1.last + 1 != item2.first:
            raise RuntimeError("a dissolve needs two items that meet, and frames on both sides")
        for item, time in ((item1, item1.last + duration2), (item2, item2.first - duration1)):
            if not 0 <= item.shown(time) < item.source().duration():
                raise RuntimeError(f"{item.name()} has not enough handles")
        at = item2.first
        return Transition(Transition.kDissolve, at - duration1, at + duration2 - 1, (item1, item2))

    createAudioCrossfadeTransition = createDissolveTransition

    @staticmethod
    def createFadeInTransition(item: TrackItem, duration: int) -> "Transition":
        return Transition(Transition.kFadeIn, item.first, item.first + duration - 1, (item,))

    createAudioFadeInTransition = createFadeInTransition

    @staticmethod
    def createFadeOutTransition(item: TrackItem, duration: int) -> "Transition":
        return Transition(Transition.kFadeOut, item.last - duration + 1, item.last, (item,))

    createAudioFadeOutTransition = createFadeOutTransition


class TrackBase(_Tagged):
    kind = TrackItem.kVideo
    eRemoveLinkedItems, eDontRemoveLinkedItems = 1, 2

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._guid = name, uuid4().hex
        self._items: list[TrackItem] = []
        self._transitions: list[Transition] = []
        self.effects: list[EffectTrackItem] = []
        self._enabled, self._locked = True, False
        self.sequence: Sequence | None = None

    def name(self) -> str:
        return self._name

    def isEnabled(self) -> bool:
        return self._enabled

    def setEnabled(self, enabled: bool) -> None:
        self._enabled = enabled

    def isLocked(self) -> bool:
        return self._locked

    def setLocked(self, locked: bool) -> None:
        self._locked = locked

    def items(self) -> tuple[TrackItem, ...]:
        return tuple(sorted(self._items, key=lambda item: item.first))

    def transitions(self) -> tuple[Transition, ...]:
        return tuple(self._transitions)

    def createTrackItem(self, name: str) -> TrackItem:
        return TrackItem(name, self.kind)

    def put(self, item: TrackItem) -> TrackItem:
        """API, addTrackItem: "will cut or delete track items that overlap", "can only be called if the track has
        already been added to a Sequence"."""
        if self.sequence is None:
            raise RuntimeError("the track is in no sequence")
        if self._locked:
            raise RuntimeError("the track is locked")
        for other in list(self._items):
            if other.first <= item.last and other.last >= item.first:
                self._items.remove(other)
                if other.first < item.first:
                    other.last = item.first - 1
                    self._items.append(other)
        item.track = self
        self._items.append(item)
        return item

    def removeItem(self, item: TrackItem, option: int = eRemoveLinkedItems) -> None:
        """API: "By default linked items are also removed"."""
        if self._locked:
            raise RuntimeError("the track is locked")
        if any(item in transition.items for transition in self._transitions):
            raise RuntimeError("a transition is on the item")
        self._items.remove(item)
        for other in item.linkedItems():
            if isinstance(other, EffectTrackItem):
                other.track.effects.remove(other)
            elif option == self.eRemoveLinkedItems and other in other.track._items:
                other.track._items.remove(other)
        item.track = None

    def addTransition(self, transition: Transition) -> Transition:
        transition.track = self
        self._transitions.append(transition)
        return transition

    def removeTransition(self, transition: Transition) -> None:
        self._transitions.remove(transition)

    def refuse_overlap(self, item: TrackItemBase, first: int, last: int) -> None:
        if not isinstance(item, TrackItem):
            return
        for other in self._items:
            if other is not item and other.first <= last and other.last >= first:
                raise RuntimeError(f"{item.name()} would lie on {other.name()}")
        if any(item in transition.items for transition in self._transitions):
            raise RuntimeError("a transition is on the item")

    def razorAt(self, time: int) -> None:
        """Both parts have the tags."""
        for item in self.items():
            if item.first < time <= item.last:
                part, speed = item.copy(), item.playbackSpeed()
                begin, last = item.sourceIn(), item.last
                item.setTimes(item.first, time - 1, begin, begin + speed * (time - 1 - item.first))
                part.setTimes(time, last, begin + speed * (time - item.first), begin + speed * (last - item.first))
                self.put(part)


class VideoTrack(TrackBase):
    def addTrackItem(self, item: Any, position: int | None = None) -> TrackItem:
        if isinstance(item, Clip):
            assert position is not None
            made = self.createTrackItem(item.name())
            made.setSource(item)
            made.setTimes(position, position + item.duration() - 1, 0, item.duration() - 1)
            return self.put(made)
        return self.put(item)

    def createEffect(
        self,
        effectType: str | None = None,
        copyFrom: EffectTrackItem | None = None,
        trackItem: TrackItem | None = None,
        subTrackIndex: int | None = None,
    ) -> EffectTrackItem:
        """API: with `trackItem`, "the effect will be linked to the track item and use the same timing"."""
        assert trackItem is not None and subTrackIndex is not None
        made = EffectTrackItem(effectType if copyFrom is None else copyFrom.node().Class())
        made.track, made.first, made.last = self, trackItem.first, trackItem.last
        self.effects.append(made)
        made.links.append(trackItem)
        trackItem.links.append(made)
        return made


class AudioTrack(TrackBase):
    kind = TrackItem.kAudio

    def addTrackItem(self, item: Any, channel: int | None = None, position: int | None = None) -> TrackItem:
        if isinstance(item, Clip):
            assert channel is not None and position is not None
            made = self.createTrackItem(item.name())
            made.setSource(item, channel)
            made.setTimes(position, position + item.duration() - 1, 0, item.duration() - 1)
            return self.put(made)
        return self.put(item)


class Sequence(_Tagged):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._guid = name, uuid4().hex
        self._rate, self._start, self._drop = TimeBase(Fraction(24)), 0, False
        self._tracks: list[Any] = []
        self.item: Any = None
        self.edits = 0

    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._name = name

    def guid(self) -> str:
        return self._guid

    def binItem(self) -> Any:
        return self.item

    def project(self) -> Any:
        return self.item.project() if self.item is not None else None

    def framerate(self) -> TimeBase:
        return self._rate

    def setFramerate(self, rate: TimeBase) -> None:
        self._rate = rate

    def timecodeStart(self) -> int:
        """API: "returns the frame value of the start timecode"; in drop frame that of the frames that there are."""
        return self._start

    def setTimecodeStart(self, time: int) -> None:
        self._start = time

    def dropFrame(self) -> bool:
        return self._drop

    def setDropFrame(self, drop: bool) -> None:
        self._drop = drop

    def videoTracks(self) -> tuple[VideoTrack, ...]:
        return tuple(one for one in self._tracks if isinstance(one, VideoTrack))

    def audioTracks(self) -> tuple[AudioTrack, ...]:
        return tuple(one for one in self._tracks if isinstance(one, AudioTrack))

    def addTrack(self, track: Any) -> Any:
        track.sequence = self
        self._tracks.append(track)
        return track

    def removeTrack(self, track: Any) -> None:
        self._tracks.remove(track)

    def addTagToRange(self, tag: Tag, inTime: int, outTime: int) -> Tag:
        made = self.addTag(tag)
        made.times = inTime, outTime
        return made

    def editFinished(self) -> None:
        self.edits += 1

    def copy(self) -> "Sequence":
        """API: "a deep copy of this object"; clips are the bin's."""
        clips = [item.source() for track in self._tracks for item in track.items()]
        memo: dict[int, Any] = {id(clip): clip for clip in clips} | {id(self.item): None}
        made = deepcopy(self, memo)
        made._guid = uuid4().hex
        for track in made._tracks:
            for one in (*track.items(), *track.effects, *track.transitions()):
                one.new_guid()
        return made
