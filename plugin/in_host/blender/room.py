"""The channels of a scene's strips: where each strip that changes has room, before anything of the scene changes."""

from . import api
from .link import Refused
from .reading import picture

_CHANNELS = 128


class Room:
    """`channels`: of each track by its name. `going`: the names of strips that leave their places.

    `kept`: effects that make a transition and stay, each with what it is told as then. Methods raise Refused where
    there is no room.
    """

    def __init__(self, reading, tracks, going, kept):
        self._reading, self._strips = reading, api.strips(reading.owner)
        self._order = {track["name"]: number for number, track in enumerate(tracks)}
        self._kinds = {track["name"]: track["kind"] for track in tracks}
        # What lies there and will not go: channel, first frame, frame after the last, the strip or None.
        self._occupied = self._staying(going, kept)
        self.channels = self._channels_of_tracks()

    def name_channels(self):
        for name, channel in self.channels.items():
            if name not in self._reading.channels and name != f"{_letter(self._kinds[name])}{channel}":
                self._reading.owner.channels[channel].name = name

    def _staying(self, going, kept):
        found = [
            (one.channel, int(api.get(one, "left_handle")), int(api.get(one, "right_handle")), one)
            for one in self._strips
            if one.name not in going and not _below(one) & going
        ]
        for effect, told in kept:
            if _below(effect) & going:
                at = self._reading.base + told["at"]
                found.append((effect.channel, at - told["into"], at + told["out"], None))
        return found

    def _channels_of_tracks(self):
        channels, known = {}, self._reading.channels
        taken = {*known.values(), *(one.channel for one in self._strips)}
        for name, kind in self._kinds.items():
            if name in known:
                channels[name] = known[name]
                continue
            below = [channel for other, channel in channels.items() if self._kinds[other] == kind == "picture"]
            above = [
                channel
                for other, channel in known.items()
                if self._kinds.get(other) == kind == "picture" and self._order[other] > self._order[name]
            ]
            between = range(max([0, *below]) + 1, min([_CHANNELS + 1, *above]))
            free = [one for one in between if one not in taken]
            if not free:
                raise Refused(f"there is no empty channel for the track {name!r}: move the strips above it up")
            number = int(name[1:]) if name[1:].isdecimal() else 0
            channels[name] = number if number in free else free[0]
            taken.add(channels[name])
        return channels

    def settle(self, place, dropped):
        """The channel of a strip: its track's, else the lowest free one up to where a higher track shows."""
        told, track = place.told, place.told["track"]
        if track not in self.channels:
            raise Refused(f"there is no track {track!r}")
        limit = self._limit(track, place.first, place.last)
        own = self.channels[track]
        place.channel = self._free(own, place.first, place.last, limit, repr(told["name"]))
        if told["id"] not in self._reading.strips:
            self._occupied.append((place.channel, place.first, place.last, None))
            return
        strip = self._reading.strips[told["id"]]
        self._occupied.append((place.channel, place.first, place.last, strip))
        for effect in self._strips:
            if _bases(effect) == {strip.name} and effect.name not in dropped:  # it goes where its strip goes
                if self._taken(effect.channel, place.first, place.last):
                    raise Refused(f"the effect {effect.name!r} would meet another strip: move it to an empty channel")
                self._occupied.append((effect.channel, place.first, place.last, effect))

    def _limit(self, track, first, last):
        """The lowest channel in which a strip of a higher track lies there."""
        if self._kinds[track] == "sound":
            return _CHANNELS + 1
        own = self.channels[track]
        higher = {self.channels[one] for one in self._order if self._order[one] > self._order[track]}
        there = [
            channel
            for channel, begin, end, strip in self._occupied
            if channel > own and begin < last and first < end
            if strip is not None
            and picture(strip)
            and self._reading.lanes[strip.name] in higher
            and not api.inputs(strip)
        ]
        return min([_CHANNELS + 1, *there])

    def _taken(self, channel, first, last):
        return any(one == channel and begin < last and first < end for one, begin, end, _ in self._occupied)

    def _free(self, low, first, last, limit, what):
        found = next((one for one in range(low, limit) if not self._taken(one, first, last)), None)
        if found is None:
            raise Refused(f"there is no free channel for {what}: move the strips on the tracks above up")
        return found

    def for_transition(self, told, places):
        """The frames and the channel of one that is to be made. `places`: of its strips, by id."""
        at = self._reading.base + told["at"]
        first, last = at - told["into"], at + told["out"]
        low = 0
        for side in ("left", "right"):
            if (place := places.get(told[side])) is not None:
                low = max(low, place.channel)
            if (strip := self._reading.strips.get(told[side])) is not None:
                low = max(low, self._reading.shown(strip).channel)
        limit = self._limit(told["track"], first, last)
        channel = self._free(low + 1, first, last, limit, f"the transition to {told['right']!r}")
        self._occupied.append((channel, first, last, None))
        return first, last, channel


def _below(effect):
    """The names of all strips that an effect rests on."""
    return {name for one in api.inputs(effect) for name in {one.name} | _below(one)}


def _bases(effect):
    """The names of the strips that are no effects that an effect rests on."""
    return {name for one in api.inputs(effect) for name in (_bases(one) or {one.name})}


def _letter(kind):
    return "V" if kind == "picture" else "A"
