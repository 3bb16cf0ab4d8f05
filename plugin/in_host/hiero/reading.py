"""A sequence as the strips that docs/host-link.md tells, and where each is found again.

What Hiero's Python API documents (`hiero.core reference` at learn.foundry.com/nuke/developers) and Foundry's exporters
do with it: the first and the last frame of an item both belong to it; a source time counts frames of the clip from the
clip's first as 0; an item goes on by `playbackSpeed` frames of the clip in each frame of the sequence, whatever the
clip's rate, and shows the whole frame below. An item's `guid` is kept through saving, and a copy has another one.
"""

import hashlib
import json
from fractions import Fraction
from math import ceil, floor

import hiero.core

from . import media

TAG = "Second Unit"
"""The tag on an item by which it is known and its takes are kept; Hiero saves tags with the project."""
DISSOLVE = "SMPTE_Dissolve"
_KEY = "tag.secondunit_"
_FINEST = 30030
"""Denominators of source times of sound, which Hiero holds as floating-point numbers."""
SPEED_ERROR = Fraction(1, 2**23)
"""Of a speed, which Hiero tells with 32 bits: -0.7 is -0.699999988079071."""
_NEAR = 1e-6
"""Frames that are lost where a time goes through a floating-point number."""
_COPY = "Copy"
"""Hiero's own tag on what was copied."""


class Reading:
    """`told` is the cut as JSON. `items`: track items by id; `tracks` by the names that are told.

    `transitions`: for each of `told` the transition that it is. `known`: ids by the names of tracks and first frames,
    of the sequence that this one is a copy of.
    """

    def __init__(self, sequence, known=None):
        self.sequence = sequence
        self.rate = exact(sequence.framerate())
        self.tracks, self.transitions = {}, []
        self._letters, self._known = [], known or {}
        for kind, found in (("picture", sequence.videoTracks()), ("sound", sequence.audioTracks())):
            for track in found:
                self.tracks[_unlike(track.name(), self.tracks)] = track
                self._letters.append(kind)
        self.told = self._told()

    @property
    def guids(self):
        """The ids by Hiero's own name for each item."""
        return {item.guid(): number for number, item in self.items.items()}

    def _told(self):
        names = list(self.tracks)
        found = [(item, place) for place, name in enumerate(names) for item in self.tracks[name].items()]
        found.sort(key=lambda one: (one[0].timelineIn(), one[1]))
        places = [(names[place], int(item.timelineIn())) for item, place in found]
        ids = _ids([item for item, _ in found], [self._known.get(place) for place in places])
        self.items = {number: item for number, (item, _) in zip(ids, found)}  # noqa: B905 - not in Python 3.7
        links = self._links()
        lying = {number: place for number, (_, place) in zip(ids, found)}  # noqa: B905
        strips = [
            self._strip(number, item, names[lying[number]], self._letters[lying[number]], links.get(number, ""))
            for number, item in sorted(self.items.items(), key=lambda one: lying[one[0]])
        ]
        starts = {(strip["track"], strip["start"]): strip for strip in strips}
        ends = {(strip["track"], strip["start"] + strip["frames"]): strip for strip in strips}
        transitions = []
        for name in names:
            for transition in sorted(self.tracks[name].transitions(), key=lambda one: one.timelineIn()):
                told = _transition(transition, name, starts, ends)
                if told is not None:
                    self.transitions.append(transition)
                    transitions.append(told)
        return {
            "name": self.sequence.name(),
            "rate": str(self.rate),
            "start": int(self.sequence.timecodeStart()),
            "tracks": [
                {"name": name, "kind": self._letters[place], "enabled": track.isEnabled(), "locked": track.isLocked()}
                for place, (name, track) in enumerate(self.tracks.items())
            ],
            "strips": strips,
            "transitions": transitions,
            "markers": _markers(self.sequence),
        }

    def _strip(self, number, item, track, kind, link):
        kept = ours(item)
        return {
            "id": number,
            "track": track,
            "kind": kind,
            "name": item.name(),
            "start": int(item.timelineIn()),
            "frames": int(item.timelineOut() - item.timelineIn() + 1),
            "media": self._media(item, kind),
            "enabled": item.isEnabled(),
            "link": link,
            "generated": kept.get("generated") == "1",
            "state": kept.get("state", ""),
        }

    def _media(self, item, kind):
        """None for what only Hiero can show: a nest, a comp, a time warp, sound at another rate."""
        clip = item.source()
        if not isinstance(clip, hiero.core.Clip) or is_warped(item):
            return None
        path, stream = media.told_path(clip.mediaSource(), kind)
        if path is None:
            return None
        offset, rate, speed = media.offset(clip), clip_rate(clip, self.rate), speed_of(item)
        if kind == "sound":
            if speed != 1 or rate != self.rate:
                return None
            first = Fraction(item.sourceIn()).limit_denominator(_FINEST)
        elif media.is_still(clip):
            rate, speed, first = self.rate, Fraction(0), Fraction(0)
        else:
            first = shown_first(item.sourceIn(), speed)
        per_second = speed * self.rate / rate
        return {
            "path": path,
            "rate": str(rate),
            "first": str(first + offset),
            "speed": str(per_second),
            "stream": stream,
        }

    def _links(self):
        """By id. Effects are linked with their items, too, and are no strips."""
        links = {}
        guids = self.guids
        for number, item in self.items.items():
            others = (other for other in item.linkedItems() if isinstance(other, hiero.core.TrackItem))
            group = {number, *(guids[other.guid()] for other in others if other.guid() in guids)}
            if len(group) > 1:
                links[number] = "/".join(sorted(group))
        return links


def exact(base):
    """The rate of a TimeBase; 23.976 is 24000/1001."""
    rate = Fraction(*base.toRational())
    ntsc = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return ntsc if rate.denominator != 1 and abs(rate - ntsc) < Fraction(1, 1000) else rate


def clip_rate(clip, rate):
    """Sound alone counts at the rate of the sequence that it lies in."""
    return exact(clip.framerate()) if clip.mediaSource().hasVideo() else rate


def speed_of(item):
    """Frames of the clip in a frame of the sequence: the simplest number that Hiero may mean."""
    told = Fraction(item.playbackSpeed())
    found = _simplest(abs(told) * (1 - SPEED_ERROR), abs(told) * (1 + SPEED_ERROR)) if told else told
    return found if told >= 0 else -found


def _simplest(low, high):
    """The fraction with the smallest denominator from `low` to `high`, both positive."""
    if ceil(low) <= high:
        return Fraction(ceil(low))
    whole = floor(low)
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))


def shown_first(source_in, speed):
    """The first of the source times that show the same frames at this speed."""
    finest = speed.denominator
    return Fraction(floor(source_in * finest + _NEAR), finest)


def is_warped(item):
    """Whether a time warp decides which frames show."""
    if not item.parentTrack() or not isinstance(item.parentTrack(), hiero.core.VideoTrack):
        return False
    return any(one.isEnabled() and one.node().Class() == "TimeWarp" for one in effects(item))


def effects(item):
    return [one for one in item.linkedItems() if isinstance(one, hiero.core.EffectTrackItem)]


def ours(item):
    """What our tag on an item holds: `id`, `guid`, `state`, `generated`; empty without one."""
    tag = own_tag(item)
    if tag is None:
        return {}
    held = tag.metadata().dict()
    return {key[len(_KEY) :]: value for key, value in held.items() if key.startswith(_KEY)}


def own_tag(item):
    return next((tag for tag in item.tags() if tag.name() == TAG), None)


def new_tag(**values):
    """Seen on the item where a take plays, hidden elsewhere."""
    tag = hiero.core.Tag(TAG)
    for key, value in values.items():
        tag.metadata().setValue(_KEY + key, value)
    if values["generated"] == "1":
        tag.setNote("A take of Second Unit plays here")
    else:
        tag.setVisible(False)
    return tag


def revision(told):
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _ids(items, known):
    """`known`: for each item its id where it is not to be found here.

    A copy of an item, and each part of one that was cut, has its tag, too: the one that the tag was made for keeps the
    id, or the first where that is not there. Others are known by Hiero's own id.
    """
    ids, taken = list(known), set(known) - {None}
    kept = [ours(item) for item in items]
    places = sorted(range(len(items)), key=lambda place: kept[place].get("guid") != items[place].guid())
    for place in places:
        number = kept[place].get("id")
        if number and ids[place] is None and number not in taken:
            ids[place] = number
            taken.add(number)
    for place, item in enumerate(items):
        if ids[place] is None:
            ids[place] = _unlike(item.guid(), taken)
            taken.add(ids[place])
    return ids


def _unlike(name, taken):
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def _transition(transition, track, starts, ends):
    """None for one whose items are not found."""
    first, after = int(transition.timelineIn()), int(transition.timelineOut()) + 1
    kind, left, right = transition.alignment(), None, None
    if not transition.isEnabled():
        return None
    if kind == hiero.core.Transition.kFadeIn:
        at, right = first, starts.get((track, first))
    elif kind == hiero.core.Transition.kFadeOut:
        at, left = after, ends.get((track, after))
    elif kind == hiero.core.Transition.kDissolve:
        cuts = [frame for frame in range(first, after + 1) if (track, frame) in starts and (track, frame) in ends]
        if len(cuts) != 1:
            return None
        (at,) = cuts
        left, right = ends[track, at], starts[track, at]
    if left is None and right is None:
        return None
    return {
        "track": track,
        "at": at,
        "into": at - first,
        "out": after - at,
        "left": left["id"] if left is not None else None,
        "right": right["id"] if right is not None else None,
        "kind": DISSOLVE,
        "name": "",
    }


def _markers(sequence):
    """Hiero marks with tags on frames; what it notes for itself is no marker."""
    found = []
    for tag in sequence.tags():
        first, last = int(tag.inTime()), int(tag.outTime())
        if tag.visible() and tag.name() not in (TAG, _COPY) and 0 <= first <= last:
            found.append({"name": tag.name(), "at": first, "frames": last - first + 1, "text": tag.note()})
    return sorted(found, key=lambda one: (one["at"], one["name"]))
