"""A sequence changed from what a reading of it told to what steps made of that.

Hiero cuts or deletes what an added item overlaps, and removes with an item what is linked with it, unless it is told
otherwise (`addTrackItem`, `removeItem` in its API). So nothing is added or moved before its place is free.
"""

from fractions import Fraction
from pathlib import Path

import hiero.core

from .link import Refused
from .media import Clips, file_of, offset, path_of
from .reading import (
    DISSOLVE,
    SPEED_ERROR,
    clip_rate,
    effects,
    is_warped,
    new_tag,
    ours,
    own_tag,
    shown_first,
)

_MARGIN = 1000
"""Frames behind everything else where what stands in the way of others is put aside."""
_NEAR = Fraction(1, 10**6)


class SequenceChange:
    """Making one only looks, and raises Refused for what cannot be done; `make` changes the sequence.

    The sequence has to be in a project. `likes`: by id of an added strip the one whose look it gets.
    """

    def __init__(self, reading, target, likes):
        self._reading, self._target, self._likes = reading, target, likes
        self._sequence = reading.sequence
        self._before = {strip["id"]: strip for strip in reading.told["strips"]}
        self._after = {strip["id"]: strip for strip in target["strips"]}
        self._removed = [one for one in self._before if one not in self._after]
        self._added = [one for one in self._after if one not in self._before]
        self._changed = [one for one in self._after if one in self._before and self._after[one] != self._before[one]]
        self._kinds = {track["name"]: track["kind"] for track in target["tracks"]}
        self._clips = Clips(self._sequence.project())
        self._items = dict(reading.items)
        self._dropped, self._made = self._transitions()
        self._new_tracks = self._tracks()
        self._check()

    def make(self):
        for track, transition in self._dropped:
            self._reading.tracks[track].removeTransition(transition)
        for number in self._removed:
            _take_out(self._items.pop(number))
        for track in self._new_tracks:
            made = hiero.core.VideoTrack if track["kind"] == "picture" else hiero.core.AudioTrack
            added = self._sequence.addTrack(made(track["name"]))
            self._reading.tracks[track["name"]] = added
        self._move()
        for name in [one for one in self._reading.tracks if one not in self._kinds]:
            self._sequence.removeTrack(self._reading.tracks.pop(name))
        for number in self._added:
            self._items[number] = self._new_item(self._after[number])
        for number in [*self._changed, *self._added]:
            self._tell(self._items[number], self._after[number])
        self._link()
        for told in self._made:
            self._add_transition(told)
        self._sequence.editFinished()

    def _transitions(self):
        """Those that go, as (track, transition), and those that are made; what stays keeps its curve."""
        touched = {*self._removed, *self._added, *self._changed}
        wanted, dropped = list(self._target["transitions"]), []
        for transition, told in zip(self._reading.transitions, self._reading.told["transitions"]):  # noqa: B905
            if told in wanted and not {told["left"], told["right"]} & touched:
                wanted.remove(told)
            else:
                dropped.append((told["track"], transition))
        for told in wanted:
            if told["kind"] != DISSOLVE:
                raise Refused(f"Hiero has no transition {told['name']!r}: it has dissolves and fades")
            if None not in (told["left"], told["right"]) and not (told["into"] and told["out"]):
                raise Refused("a dissolve of Hiero lies on both sides of its cut: make it longer, or a fade")
        return dropped, wanted

    def _tracks(self):
        """Those that are new. Hiero adds a track above all others of its kind."""
        known = self._reading.tracks
        names = {kind: [one for one in self._kinds if self._kinds[one] == kind] for kind in ("picture", "sound")}
        for found in names.values():
            news = [name not in known for name in found]
            if sorted(news) != news:
                raise Refused("Hiero's Python adds tracks above the others only: add the track there yourself")
        return [track for track in self._target["tracks"] if track["name"] not in known]

    def _check(self):
        locked = {track["name"] for track in self._reading.told["tracks"] if track["locked"]}
        touched = [self._before.get(one) for one in (*self._removed, *self._changed)]
        touched += [self._after[one] for one in (*self._changed, *self._added)]
        touched += [{"track": track} for track, _ in self._dropped] + self._made
        for one in touched:
            if one["track"] in locked:
                raise Refused(f"the track {one['track']!r} is locked: unlock it")
            if one["track"] not in self._kinds and one["track"] not in self._reading.tracks:
                raise Refused(f"there is no track {one['track']!r}")
        self._refuse_overlaps()
        for number in self._changed:
            before, after = self._before[number], self._after[number]
            if (before["media"] is None) != (after["media"] is None):
                raise Refused(f"{after['name']!r} is what only Hiero can show: it cannot play a file")
            if after["media"] is None and after["frames"] != before["frames"]:
                raise Refused(f"{after['name']!r} can only be moved: which of its frames show is not known here")
        for number in (*self._changed, *self._added):
            told = self._after[number]
            if told["media"] is None and number not in self._before:
                raise Refused(f"{told['name']!r} has no media that Hiero could be given")
            if told["media"] is not None and told["kind"] == "sound" and Fraction(told["media"]["speed"]) != 1:
                raise Refused(f"{told['name']!r} is sound at another speed, which Hiero mutes")

    def _refuse_overlaps(self):
        ends = {}
        for told in sorted(self._after.values(), key=lambda one: one["start"]):
            if told["start"] < ends.get(told["track"], 0):
                raise Refused(f"{told['name']!r} would lie on another item of {told['track']!r}")
            ends[told["track"]] = told["start"] + told["frames"]

    def _move(self):
        """Each when its place is free; of those that stand in each other's way, one goes behind all others first."""
        waiting = list(self._changed)
        waiting.sort(key=lambda one: self._after[one]["start"], reverse=self._goes_later(waiting))
        while waiting:
            left = []
            for number in waiting:
                told = self._after[number]
                if self._is_free(self._reading.tracks[told["track"]], told, self._items[number]):
                    self._items[number] = self._put(number)
                else:
                    left.append(number)
            if len(left) == len(waiting):
                item = self._items[left[0]]
                _shift(item, self._end() + _MARGIN - int(item.timelineIn()))
            waiting = left

    def _goes_later(self, numbers):
        return sum(self._after[one]["start"] - self._before[one]["start"] for one in numbers) > 0

    def _end(self):
        tracks = self._reading.tracks.values()
        return max([0, *(int(item.timelineOut()) + 1 for track in tracks for item in track.items())])

    @staticmethod
    def _is_free(track, told, own):
        first, last = told["start"], told["start"] + told["frames"] - 1
        return not any(
            item.timelineIn() <= last and item.timelineOut() >= first
            for item in track.items()
            if item.guid() != own.guid()
        )

    def _put(self, number):
        """The item after it was changed: on another track it is another one."""
        before, after, item = self._before[number], self._after[number], self._items[number]
        if before["track"] != after["track"]:
            item = self._on_other_track(item, after)
        same = all(before[key] == after[key] for key in ("frames", "media"))
        if same:
            _shift(item, after["start"] - int(item.timelineIn()))
        else:
            self._set_media(item, after, before)
        return item

    def _on_other_track(self, item, after):
        """Items stay on their tracks: another one, with what is on the first."""
        track, copy = self._reading.tracks[after["track"]], item.copy()
        first, last = after["start"], after["start"] + after["frames"] - 1
        copy.setTimes(first, last, item.sourceIn(), item.sourceOut())
        added = track.addTrackItem(copy)
        _unlink_versions(added)
        _copy_effects(item, added, track)
        _take_out(item)
        return added

    def _new_item(self, told):
        track, media = self._reading.tracks[told["track"]], told["media"]
        item = track.createTrackItem(told["name"] or Path(media["path"]).stem)
        clip = self._clips.of(self._file(told))
        if told["kind"] == "sound":
            item.setSource(clip, self._channel(told, clip))
        else:
            item.setSource(clip)
        self._set_times(item, told, clip)
        item = track.addTrackItem(item)
        _unlink_versions(item)
        like = self._items.get(self._likes.get(told["id"]))
        if like is not None and told["kind"] == "picture":
            _take_over(like, item, track)
        self._verify(item, told)
        return item

    @staticmethod
    def _file(told):
        return file_of(told["media"]["path"], told["kind"], told["media"]["stream"])

    def _channel(self, told, clip):
        """Hiero plays one channel of a file in an item: those of one place get the channels in the tracks' order."""
        beside = [
            one["id"]
            for one in self._target["strips"]
            if one["kind"] == "sound" and all(one[key] == told[key] for key in ("media", "start"))
        ]
        return min(beside.index(told["id"]), max(0, clip.mediaSource().numChannels(hiero.core.MediaSource.kAudio) - 1))

    def _set_media(self, item, after, before):
        clip, held = item.source(), _held(item)
        if path_of(clip.mediaSource()) != self._file(after):
            clip = self._clips.of(self._file(after))
            colour = item.sourceMediaColourTransform() if after["kind"] == "picture" else None
            _unlink_versions(item)
            if after["kind"] == "sound":
                item.setSource(clip, self._channel(after, clip))
            else:
                item.setSource(clip)
                if after["generated"] and not before["generated"]:
                    item.setSourceMediaColourTransform(colour)
        self._set_times(item, after, clip)
        _hold(held, item, self._shift_of_content(before, after))
        self._verify(item, after)

    def _shift_of_content(self, before, after):
        """How many frames later a shot's pictures are seen: none where its head is trimmed, or they slip in it."""
        by, old, new = after["start"] - before["start"], before["media"], after["media"]
        speed = Fraction(new["speed"])
        if by and old["path"] == new["path"] and speed and speed == Fraction(old["speed"]):
            firsts = (Fraction(media["first"]) / Fraction(media["rate"]) for media in (old, new))
            by += round((next(firsts) - next(firsts)) / speed * self._reading.rate)
        return by

    def _set_times(self, item, told, clip):
        per_frame, first = self._source_times(told, clip)
        start, frames = told["start"], told["frames"]
        item.setTimes(start, start + frames - 1, float(first), float(first + (frames - 1) * per_frame))
        if not _is_speed(item, per_frame):
            item.setPlaybackSpeed(float(per_frame))

    def _source_times(self, told, clip):
        """Frames of the clip in a frame of the sequence, and the clip's time at the first.

        Where a speed is no whole number, that time lies between two that show the same frames: what is lost in
        floating-point numbers changes none.
        """
        media, rate = told["media"], clip_rate(clip, self._reading.rate)
        per_frame = Fraction(media["speed"]) * rate / self._reading.rate
        first = Fraction(media["first"]) / Fraction(media["rate"]) * rate - offset(clip)
        if told["kind"] == "sound":
            if per_frame != 1:
                raise Refused(f"{told['name']!r} is sound of {media['path']}, whose rate is not the sequence's")
            return per_frame, first
        first = shown_first(first, per_frame)
        if per_frame.denominator != 1:
            first += Fraction(1, 2 * per_frame.denominator)
        if first < 0:
            raise Refused(f"{told['name']!r} would begin before its clip does: its range was shortened in Hiero")
        return per_frame, first

    def _verify(self, item, told):
        """That Hiero did what its API documents, before anything else rests on it."""
        per_frame, first = self._source_times(told, item.source())
        asked, done = (told["start"], told["start"] + told["frames"] - 1), _times(item)
        near = abs(Fraction(item.sourceIn()) - first) < _NEAR and _is_speed(item, per_frame)
        if asked != done or not near:
            raise Refused(
                f"Hiero put {told['name']!r} to frames {done[0]} to {done[1]} at speed {item.playbackSpeed()} from "
                f"{item.sourceIn()}, instead of {asked[0]} to {asked[1]} at {float(per_frame)} from {float(first)}"
            )

    def _tell(self, item, told):
        """What is kept with the item, and how a person sees what it is."""
        if item.name() != told["name"] and told["name"]:
            item.setName(told["name"])
        if item.isEnabled() != told["enabled"]:
            item.setEnabled(told["enabled"])
        generated = "1" if told["generated"] else ""
        kept = {"id": told["id"], "guid": item.guid(), "state": told["state"], "generated": generated}
        if ours(item) == kept:
            return
        tag = own_tag(item)
        if tag is not None:
            item.removeTag(tag)
        item.addTag(new_tag(**kept))

    def _link(self):
        groups = {}
        for number, told in self._after.items():
            if told["link"]:
                groups.setdefault(told["link"], []).append(number)
        touched = {*self._added, *self._changed}
        for numbers in groups.values():
            for number in numbers[1:]:
                one, other = self._items[numbers[0]], self._items[number]
                if not {numbers[0], number} & touched or any(i.guid() == other.guid() for i in one.linkedItems()):
                    continue
                if one.source() == other.source():  # Hiero links no others
                    one.link(other)

    def _add_transition(self, told):
        left, right = (self._items.get(told[side]) for side in ("left", "right"))
        made, into, out = hiero.core.Transition, told["into"], told["out"]
        sound = self._kinds[told["track"]] == "sound"
        try:
            if left is None:
                make = made.createAudioFadeInTransition if sound else made.createFadeInTransition
                transition = make(right, out)
            elif right is None:
                make = made.createAudioFadeOutTransition if sound else made.createFadeOutTransition
                transition = make(left, into)
            else:
                make = made.createAudioCrossfadeTransition if sound else made.createDissolveTransition
                transition = make(left, right, into, out)
            added = self._reading.tracks[told["track"]].addTransition(transition)
        except RuntimeError as error:
            raise Refused(f"Hiero makes no transition at frame {told['at']} of {told['track']}: {error}") from None
        asked = told["at"] - into, told["at"] + out - 1
        done = int(added.timelineIn()), int(added.timelineOut())
        if asked != done:
            raise Refused(
                f"Hiero put a transition of {told['track']} to frames {done[0]} to {done[1]}, instead of {asked[0]} to "
                f"{asked[1]}"
            )


def _take_out(item):
    """With its effects, which are linked with it, and without the items that are."""
    for other in item.linkedItems():
        if isinstance(other, hiero.core.TrackItem):
            item.unlink(other)
    item.parentTrack().removeItem(item)


def _shift(item, frames):
    if frames:
        held = _held(item)
        item.move(frames)
        _hold(held, item, frames)


def _is_speed(item, speed):
    return abs(Fraction(item.playbackSpeed()) - speed) <= 2 * SPEED_ERROR * abs(speed)


def _times(item):
    return int(item.timelineIn()), int(item.timelineOut())


def _held(item):
    """Where an item and the effects on it lie."""
    return _times(item), [(effect, _times(effect)) for effect in effects(item)]


def _hold(held, item, by):
    """Effects keep their places on an item that was moved or trimmed, whether Hiero has taken them along or not.

    `by`: how many frames later what they lie on is seen.
    """
    (old_first, old_last), found = held
    first, last = _times(item)
    for effect, (begin, end) in found:
        begin = first if begin == old_first else max(first, begin + by)
        end = last if end == old_last else min(last, end + by)
        if _times(effect) == (begin, end):
            continue
        if begin > effect.timelineOut():
            effect.setTimelineOut(end)
            effect.setTimelineIn(begin)
        else:
            effect.setTimelineIn(begin)
            effect.setTimelineOut(end)


def _unlink_versions(item):
    """Another version that is chosen in the bin, or on an item of another sequence, leaves this one as it is."""
    if hasattr(item, "setVersionLinkedToBin"):
        item.setVersionLinkedToBin(False)


def _take_over(like, item, track):
    """Colour transform, reformat and effects of the shot that a take goes on from."""
    item.setSourceMediaColourTransform(like.sourceMediaColourTransform())
    theirs, own = like.reformatState(), item.reformatState()
    own.setType(theirs.type())
    own.setResizeType(theirs.resizeType())
    own.setResizeCenter(theirs.resizeCenter())
    if not is_warped(like):
        _copy_effects(like, item, track)


def _copy_effects(item, other, track):
    for place, effect in enumerate(effects(item)):
        track.createEffect(copyFrom=effect, trackItem=other, subTrackIndex=place)
