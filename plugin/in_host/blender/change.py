"""A scene changed from what a reading of it told to what steps made of that.

Blender moves a strip to another channel, or does not come back at all, where one is put onto another. So every place is
looked for before anything changes, and what moves is put aside first.
"""

from fractions import Fraction
from math import lcm
from pathlib import Path

import bpy

from . import api
from .like import take_over
from .link import Refused
from .reading import DISSOLVE, HALF, OURS, TAG, TRANSITIONS, absolute, picture

_CHANNELS = 128
_MARGIN = 1000
"""Frames between what is put aside."""
_KINDS = {told: kind for kind, told in TRANSITIONS.items()}
_UNKNOWN_INSIDE = ("META", "SCENE", "MOVIECLIP", "MASK")
_NEAR = Fraction(1, 1000)
"""Frames that are lost where a speed goes through a floating-point number."""


class _Place:
    """Where a strip will lie: frames [first, last) of the scene, with what transitions show of it, and its channel.

    `speed`: the channel and the factor of the effect that an added strip needs.
    """

    def __init__(self, told, first, last):
        self.told, self.first, self.last = told, first, last
        self.channel, self.speed = 0, None


class SceneChange:
    """Making one only looks, and raises Refused for what cannot be done; `make` changes the scene.

    `notes`: sentences on what `make` did that a person may not expect.
    """

    def __init__(self, reading, target, likes):
        self._reading, self._target, self._likes = reading, target, likes
        self._scene, self._base = reading.scene, reading.base
        self._before = {strip["id"]: strip for strip in reading.told["strips"]}
        after = {strip["id"]: strip for strip in target["strips"]}
        self._removed = [reading.strips[number].name for number in self._before if number not in after]
        self._respeed = {number for number, told in after.items() if self._has_other_speed(number, told)}
        effects = (reading.modified.get(reading.strips[number].name) for number in self._respeed)
        self._dropped = [effect.name for effect in effects if effect is not None]
        # A transition that was taken off only since its strips change stays the effect that it is, with its settings.
        self._kept, self._made = self._transitions()
        around, around_before = _around(target["transitions"]), _around(reading.told["transitions"])
        self._places = {}
        for number, told in after.items():
            into, out = around.get(number, (0, 0))
            if self._before.get(number) != told or around_before.get(number, (0, 0)) != (into, out):
                start = self._base + told["start"]
                self._places[number] = _Place(told, start - into, start + told["frames"] + out)
                if number in self._before:
                    self._check(self._before[number], told)
        self._order = {track["name"]: number for number, track in enumerate(target["tracks"])}
        self._kinds = {track["name"]: track["kind"] for track in target["tracks"]}
        self._occupied = self._staying()
        self._channels = self._channels_of_tracks()
        for place in sorted(self._places.values(), key=lambda one: one.first):
            self._settle(place)
        self._effects = [self._effect_place(told) for told in self._made]
        self.notes = []

    def make(self):
        strips, modified = api.strips(self._scene), self._reading.modified
        self._reading.modified = {name: one for name, one in modified.items() if one.name not in self._dropped}
        for name in [*self._dropped, *self._removed]:
            if name in strips:  # an effect goes with what it is made of
                strips.remove(strips[name])
        self._put_aside()
        for number, place in self._places.items():
            if number not in self._reading.strips:
                self._reading.strips[number] = self._added(place)
            strip = self._reading.strips[number]
            self._put(strip, place)
            self._tell(strip, place)
        for name, channel in self._channels.items():
            if name not in self._reading.channels and name != f"{_letter(self._kinds[name])}{channel}":
                api.editor(self._scene).channels[channel].name = name
        for told, first, last, channel in self._effects:
            sides = [self._reading.shown(self._reading.strips[told[side]]) for side in ("left", "right")]
            kind = "CROSS" if told["kind"] == DISSOLVE else _KINDS[told["kind"], told["name"]]
            effect = api.new_effect(self._scene, told["name"] or "Cross", kind, channel, first, last, *sides)
            effect[OURS] = {"into": told["into"]}

    def _transitions(self):
        """Effects that stay with what they are told as, and transitions that are to be made; others are dropped."""
        wanted, kept = list(self._target["transitions"]), []
        for effect, told in zip(self._reading.effects, self._reading.told["transitions"], strict=True):
            keys = ("left", "right", "kind", "name", "into", "out")
            same = next((one for one in wanted if all(one[key] == told[key] for key in keys)), None)
            if same is None or {told["left"], told["right"]} & self._respeed:
                self._dropped.append(effect.name)
            else:
                wanted.remove(same)
                kept.append((effect, same))
        for told in wanted:
            if told["left"] is None or told["right"] is None:
                raise Refused("Blender's transitions lie between two strips: it has no fade from or to nothing")
            if told["kind"] != DISSOLVE and (told["kind"], told["name"]) not in _KINDS:
                raise Refused(f"Blender has no transition {told['name']!r}")
        return kept, wanted

    def _has_other_speed(self, number, told):
        """Whether the strip gets another speed, or lies elsewhere with one that a curve holds: those do not move."""
        before = self._before.get(number)
        if before in (None, told) or told["kind"] == "sound" or None in (before["media"], told["media"]):
            return False
        effect = self._reading.modified.get(self._reading.strips[number].name)
        if effect is not None and effect.speed_control != "MULTIPLY":
            return True
        return abs(Fraction(before["media"]["speed"]) - Fraction(told["media"]["speed"])) > _NEAR / 100

    def _check(self, before, after):
        strip = self._reading.strips[before["id"]]
        media, planned = before["media"], after["media"]
        if strip.lock:
            raise Refused(f"{strip.name!r} is locked: unlock it")
        if (media is None) != (planned is None):
            raise Refused(f"{strip.name!r} is a strip that only Blender can show: it cannot play a file")
        if before["id"] in self._respeed and (
            strip.type != "MOVIE" or strip.use_reverse_frames or len(getattr(strip, "retiming_keys", ()))
        ):
            raise Refused(f"the speed of {strip.name!r} cannot be changed from here: take its retiming off first")
        if media is None and after["frames"] != before["frames"] and strip.type in _UNKNOWN_INSIDE:
            raise Refused(f"{strip.name!r} can only be moved: what is in it is not known here")

    def _staying(self):
        """What lies there and will not go: channel, first frame, frame after the last, the strip or None."""
        going = {
            *self._removed,
            *self._dropped,
            *(self._reading.strips[one].name for one in self._places if self._is(one)),
        }
        found = [
            (one.channel, int(api.get(one, "left_handle")), int(api.get(one, "right_handle")), one)
            for one in api.strips(self._scene)
            if one.name not in going and not _below(one) & going
        ]
        for effect, told in self._kept:
            if _below(effect) & going:
                at = self._base + told["at"]
                found.append((effect.channel, at - told["into"], at + told["out"], None))
        return found

    def _is(self, number):
        return number in self._reading.strips

    def _channels_of_tracks(self):
        channels, known = {}, self._reading.channels
        taken = {*known.values(), *(one.channel for one in api.strips(self._scene))}
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

    def _settle(self, place):
        """The channel of a strip: its track's, else the lowest free one up to where a higher track shows."""
        told, track = place.told, place.told["track"]
        if track not in self._channels:
            raise Refused(f"there is no track {track!r}")
        limit = self._limit(track, place.first, place.last)
        own = self._channels[track]
        place.channel = self._free(own, place.first, place.last, limit, repr(told["name"]))
        if not self._is(told["id"]):
            self._occupied.append((place.channel, place.first, place.last, None))
            if (factor := self._factor(told)) is not None:
                channel = self._free(
                    place.channel + 1, place.first, place.last, limit, "the effect that sets its speed"
                )
                self._occupied.append((channel, place.first, place.last, None))
                place.speed = channel, factor
            return
        strip = self._reading.strips[told["id"]]
        self._occupied.append((place.channel, place.first, place.last, strip))
        for effect in api.strips(self._scene):
            if _bases(effect) == {strip.name} and effect.name not in self._dropped:  # it goes where its strip goes
                if self._taken(effect.channel, place.first, place.last):
                    raise Refused(f"the effect {effect.name!r} would meet another strip: move it to an empty channel")
                self._occupied.append((effect.channel, place.first, place.last, effect))

    def _limit(self, track, first, last):
        """The lowest channel in which a strip of a higher track lies there."""
        if self._kinds[track] == "sound":
            return _CHANNELS + 1
        own = self._channels[track]
        higher = {self._channels[one] for one in self._order if self._order[one] > self._order[track]}
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

    def _effect_place(self, told):
        at = self._base + told["at"]
        first, last = at - told["into"], at + told["out"]
        low = 0
        for side in ("left", "right"):
            if (place := self._places.get(told[side])) is not None:
                low = max(low, place.channel, place.speed[0] if place.speed is not None else 0)
            if (strip := self._reading.strips.get(told[side])) is not None:
                low = max(low, self._reading.shown(strip).channel)
        limit = self._limit(told["track"], first, last)
        channel = self._free(low + 1, first, last, limit, f"the transition to {told['right']!r}")
        self._occupied.append((channel, first, last, None))
        return told, first, last, channel

    def _factor(self, told):
        """Frames of the media in a frame of the scene for an effect to set; None where it needs none."""
        media = told["media"]
        if media is None:
            raise Refused(f"{told['name']!r} has no media that Blender could be given")
        speed = Fraction(media["speed"])
        if told["kind"] == "sound":
            if speed != 1:
                raise Refused(f"{told['name']!r} is sound at another speed, which cannot be placed from here")
            return None
        per_frame = speed * Fraction(media["rate"]) / self._reading.rate
        if per_frame in (-1, 0, 1):
            return None
        if per_frame < 0:
            raise Refused(f"{told['name']!r} plays backwards at another speed, which cannot be placed from here")
        return per_frame

    def _put_aside(self):
        moving = [(self._reading.strips[number], place) for number, place in self._places.items() if self._is(number)]
        for strip, place in moving:
            to = self._end() + _MARGIN - int(api.get(strip, "left_handle"))
            api.put(strip, "content_start", int(api.get(strip, "content_start")) + to)
            strip.channel = place.channel

    def _end(self):
        return int(max([self._base, *(api.get(one, "right_handle") for one in api.strips(self._scene))]))

    def _added(self, place):
        told, media, strips = place.told, place.told["media"], api.strips(self._scene)
        name, at = told["name"] or Path(media["path"]).stem, self._end() + _MARGIN
        try:
            if told["kind"] == "sound":
                strip = strips.new_sound(name, media["path"], place.channel, at)
                if media["stream"]:
                    strip.stream_index = media["stream"]
            elif "%" in media["path"]:
                strip = self._images(name, media["path"], place.channel, at)
            else:
                strip = strips.new_movie(name, media["path"], place.channel, at, fit_method="FIT")
        except (RuntimeError, AttributeError) as error:
            raise Refused(f"Blender cannot open {media['path']}: {error}") from None
        if self._is(self._likes.get(told["id"])):
            source = self._reading.strips[self._likes[told["id"]]]
            meeting = place.first if api.get(source, "left_handle") < place.first else place.last - 1
            if held := take_over(self._scene, source, strip, meeting):
                self.notes.append(
                    f"{', '.join(held)} of {source.name!r}: keyframes are not continued, {strip.name!r} holds the "
                    "values that they have where the two meet."
                )
        return strip

    def _images(self, name, path, channel, at):
        pattern = Path(path)
        prefix, _, rest = pattern.name.replace("%%", "%").partition("%0")
        suffix = rest.partition("d")[2]
        numbered = sorted(one for one in pattern.parent.glob("*") if _is_numbered(one.name, prefix, suffix))
        if not numbered:
            raise Refused(f"there are no pictures {path}")
        strip = api.strips(self._scene).new_image(name, str(numbered[0]), channel, at, fit_method="FIT")
        for one in numbered[1:]:
            strip.elements.append(one.name)
        return strip

    def _put(self, strip, place):
        media = place.told["media"]
        if media is None:
            if strip.type not in _UNKNOWN_INSIDE:
                length = place.last - place.first
                api.put(strip, "right_handle", int(api.get(strip, "left_handle")) + length)
            to = place.first - int(api.get(strip, "left_handle"))
            api.put(strip, "content_start", int(api.get(strip, "content_start")) + to)
        else:
            if strip.type == "MOVIE" and absolute(strip.filepath) != media["path"]:
                strip.filepath = media["path"]
            elif strip.type == "SOUND" and absolute(strip.sound.filepath) != media["path"]:
                strip.sound = bpy.data.sounds.load(media["path"], check_existing=True)
            # While nothing is beside it, or it would meet its neighbours until its handles are set.
            begin = self._content_start(strip, place)
            aside = self._end() + _MARGIN - min(begin, place.first)
            api.put(strip, "content_start", begin + aside)
            api.put(strip, "left_handle", place.first + aside)
            api.put(strip, "right_handle", place.last + aside)
            api.put(strip, "content_start", begin)
            if place.speed is not None:
                self._set_speed(strip, place)
        found = strip.channel, int(api.get(strip, "left_handle")), int(api.get(strip, "right_handle"))
        if found != (place.channel, place.first, place.last):
            raise Refused(
                f"Blender put {strip.name!r} to channel {found[0]}, frames {found[1]} to {found[2]}, instead of "
                f"channel {place.channel}, frames {place.first} to {place.last}"
            )

    def _set_speed(self, strip, place):
        """By an effect whose curve says which frame of the media shows on each frame of the scene.

        Blender shows the nearest frame of a line, and is told half a frame less; ties are raised by half of the finest
        part of a frame that the line goes through.
        """
        (channel, per_frame), media = place.speed, place.told["media"]
        name, first, last = f"{strip.name} speed", place.first, place.last
        effect = api.new_effect(self._scene, name, "SPEED", channel, first, last, strip)
        effect.speed_control, effect.use_frame_interpolate = "FRAME_NUMBER", False
        line = Fraction(media["first"]) - api.get(strip, "content_trim_start")
        line += (first - self._base - place.told["start"]) * per_frame
        raised = Fraction(1, 2 * lcm(line.denominator, per_frame.denominator))
        for frame in (first, last):
            effect.speed_frame_number = float(line + (frame - first) * per_frame - HALF + raised)
            effect.keyframe_insert("speed_frame_number", frame=frame)
        curve = api.curves(self._scene, effect)["speed_frame_number", 0]
        curve.extrapolation = "LINEAR"
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
        effect[OURS] = {"raised": str(raised - (HALF if per_frame.denominator == 1 else 0))}
        self._reading.modified[strip.name] = effect

    def _content_start(self, strip, place):
        """The frame where the media begins, so that the planned one of it shows at the start of the strip."""
        media, start = place.told["media"], self._base + place.told["start"]
        rate, first = Fraction(media["rate"]), Fraction(media["first"])
        if strip.type == "SOUND":
            offset = Fraction(getattr(strip, "sound_offset", 0.0)) + api.get(strip, "content_trim_start")
            return start - round((first / rate - offset) * self._reading.rate)
        per_frame = Fraction(media["speed"]) * rate / self._reading.rate
        if strip.type == "IMAGE" and len(strip.elements) == 1:
            return place.first
        if per_frame == 0:
            if api.get(strip, "content_duration") > 1:
                api.put(strip, "content_trim_start", int(first))
                api.put(strip, "content_trim_end", api.get(strip, "content_duration") - 1)
            return place.first
        first -= api.get(strip, "content_trim_start")
        if per_frame.denominator != 1:
            first -= HALF
        if place.speed is not None:
            return place.first
        if strip.name in self._reading.modified:
            # The effect counts from the left handle on; up to there the media goes on by single frames.
            before = start - place.first
            first -= before * per_frame - before
        elif per_frame < 0:
            strip.use_reverse_frames = True
            first = api.get(strip, "content_duration") - 1 + first / per_frame
        else:
            first /= per_frame
        whole = round(first)
        if abs(first - whole) > _NEAR:
            raise Refused(f"{place.told['name']!r} would begin between two frames of its media, where no strip can")
        return start - whole

    def _tell(self, strip, place):
        """What is kept with the strip, and how a person sees what it is."""
        told, before = place.told, self._before.get(place.told["id"])
        if before is not None and told["name"] != before["name"]:
            strip.name = told["name"]
        strip.mute = not told["enabled"]
        if told["generated"] and strip.color_tag == "NONE":
            strip.color_tag = TAG
        elif not told["generated"] and strip.color_tag == TAG:
            strip.color_tag = "NONE"
        strip[OURS] = {
            "id": told["id"],
            "name": strip.name,
            "generated": told["generated"],
            "state": told["state"],
            "lane": self._channels[told["track"]],
            "channel": strip.channel,
        }


def _around(transitions):
    """By strip, how many frames before and after it a transition shows."""
    around = {}
    for one in transitions:
        if one["left"] is not None:
            around[one["left"]] = around.get(one["left"], (0, 0))[0], one["out"]
        if one["right"] is not None:
            around[one["right"]] = one["into"], around.get(one["right"], (0, 0))[1]
    return around


def _below(effect):
    """The names of all strips that an effect rests on."""
    return {name for one in api.inputs(effect) for name in {one.name} | _below(one)}


def _bases(effect):
    """The names of the strips that are no effects that an effect rests on."""
    return {name for one in api.inputs(effect) for name in (_bases(one) or {one.name})}


def _is_numbered(name, prefix, suffix):
    middle = name[len(prefix) : len(name) - len(suffix)]
    return name.startswith(prefix) and name.endswith(suffix) and middle.isdecimal()


def _letter(kind):
    return "V" if kind == "picture" else "A"
