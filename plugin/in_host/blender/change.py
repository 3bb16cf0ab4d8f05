"""A scene changed from what a reading of it told to what steps made of that.

Blender moves a strip to another channel, or does not come back at all, where one is put onto another. So every place is
looked for before anything changes, and what moves is put aside first.
"""

from fractions import Fraction
from pathlib import Path

import bpy

from . import api
from .like import take_over
from .link import Refused
from .reading import DISSOLVE, TAG, TRANSITIONS, absolute, exact
from .room import Room
from .speed import BY_EFFECT, HALF, OURS, inside, movie_of, release, set_line, wrapped

_MARGIN = 1000
"""Frames between what is put aside."""
_KINDS = {told: kind for kind, told in TRANSITIONS.items()}
_UNKNOWN_INSIDE = ("META", "SCENE", "MOVIECLIP", "MASK")
_NEAR = Fraction(1, 1000)
"""Frames that are lost where a speed goes through a floating-point number."""


class _Place:
    """Where a strip will lie: frames [first, last) of the scene, with what transitions show of it, and its channel.

    `per_frame`: the frames of its media that it goes on by in each, where an effect in a meta has to show them. `was`:
    its first frame until then, and `head` how many frames before that its content began.
    """

    def __init__(self, told, first, last, per_frame):
        self.told, self.first, self.last, self.per_frame = told, first, last, per_frame
        self.channel, self.was, self.head = 0, first, 0


class SceneChange:
    """Making one only looks, and raises Refused for what cannot be done; `make` changes the scene.

    `notes`: sentences on what `make` did that a person may not expect.
    """

    def __init__(self, reading, target, likes):
        self._reading, self._target, self._likes = reading, target, likes
        self._scene, self._base, self._strips = reading.scene, reading.base, api.strips(reading.owner)
        self._before = {strip["id"]: strip for strip in reading.told["strips"]}
        after = {strip["id"]: strip for strip in target["strips"]}
        self._removed = [reading.strips[number].name for number in self._before if number not in after]
        self._respeed = {number for number, told in after.items() if self._plays_otherwise(number, told)}
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
                self._places[number] = _Place(
                    told, start - into, start + told["frames"] + out, self._by_effect(number, told)
                )
                if number in self._before:
                    self._check(self._before[number], told)
        moving = [reading.strips[number].name for number in self._places if self._is(number)]
        self._room = Room(reading, target["tracks"], {*self._removed, *self._dropped, *moving}, self._kept)
        for place in sorted(self._places.values(), key=lambda one: one.first):
            self._room.settle(place, self._dropped)
        self._effects = [(told, *self._room.for_transition(told, self._places)) for told in self._made]
        self.notes = []

    def make(self):
        strips, modified = self._strips, self._reading.modified
        self._reading.modified = {name: one for name, one in modified.items() if one.name not in self._dropped}
        for name in [*self._dropped, *self._removed]:
            if name in strips:  # an effect goes with what it is made of
                strips.remove(strips[name])
        self._put_aside()
        for number, place in self._places.items():
            if number not in self._reading.strips:
                self._reading.strips[number] = self._added(place)
            elif place.per_frame is not None:
                self._reading.strips[number] = self._in_meta(self._reading.strips[number])
            strip = self._reading.strips[number]
            self._put(strip, place)
            self._tell(strip, place)
        self._room.name_channels()
        for told, first, last, channel in self._effects:
            sides = [self._reading.shown(self._reading.strips[told[side]]) for side in ("left", "right")]
            kind = "CROSS" if told["kind"] == DISSOLVE else _KINDS[told["kind"], told["name"]]
            effect = api.new_effect(self._reading.owner, told["name"] or "Cross", kind, channel, first, last, *sides)
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

    def _per_frame(self, media):
        return Fraction(media["speed"]) * Fraction(media["rate"]) / self._reading.rate

    def _plays_otherwise(self, number, told):
        """Whether a strip gets another speed than it has by itself, or lies elsewhere with one that a curve holds.

        Those curves do not move with it; in a meta they do.
        """
        before = self._before.get(number)
        if before in (None, told) or told["kind"] == "sound" or None in (before["media"], told["media"]):
            return False
        strip = self._reading.strips[number]
        if inside(strip) is not None:
            return False
        effect = self._reading.modified.get(strip.name)
        if effect is not None and effect.speed_control != "MULTIPLY":
            return True
        return abs(self._per_frame(before["media"]) - self._per_frame(told["media"])) > _NEAR / 100

    def _by_effect(self, number, told):
        """Frames of the media in a frame of the scene for an effect to show; None where it needs none."""
        media, before = told["media"], self._before.get(number)
        if media is None:
            if before is None:
                raise Refused(
                    f"{told['name']!r} would be split or copied, which is not done from here to what plays no file: "
                    "split it in Blender first"
                )
            return None
        if told["kind"] == "sound":
            other = before is None or before["media"] is None or before["media"]["speed"] != media["speed"]
            if other and Fraction(media["speed"]) != 1:
                raise Refused(
                    f"{told['name']!r} is sound at another speed, which cannot be placed from here: Blender holds the "
                    "length of retimed sound in whole frames, so that it would drift"
                )
            return None
        per_frame = self._per_frame(media)
        strip = self._reading.strips.get(number if before is not None else self._likes.get(number))
        if strip is not None and inside(strip) is not None:
            return per_frame
        plain = per_frame in (-1, 0, 1) or (before is not None and number not in self._respeed)
        if not plain and before is None and "%" in media["path"]:
            raise Refused(f"{told['name']!r} is an image sequence at another speed, which cannot be placed from here")
        return None if plain else per_frame

    def _check(self, before, after):
        strip = self._reading.strips[before["id"]]
        media, planned = before["media"], after["media"]
        if strip.lock:
            raise Refused(f"{strip.name!r} is locked: unlock it")
        if (media is None) != (planned is None):
            raise Refused(f"{strip.name!r} is a strip that only Blender can show: it cannot play a file")
        if before["id"] in self._respeed:
            if strip.type != "MOVIE":
                raise Refused(f"the speed of {strip.name!r} cannot be changed from here: it is no movie")
            if exact(strip.fps) != self._reading.rate:
                raise Refused(
                    f"the speed of {strip.name!r} cannot be changed from here: its media runs at another rate than the "
                    "scene, and Blender does not tell whether it plays it at that"
                )
            if others := [
                one.name for one in self._strips if strip in api.inputs(one) and one.name not in self._dropped
            ]:
                raise Refused(
                    f"the speed of {strip.name!r} cannot be changed from here: take {others[0]!r} off it first"
                )
        unknown = media is None and "nest" not in before and strip.type in _UNKNOWN_INSIDE
        if unknown and after["frames"] != before["frames"]:
            raise Refused(f"{strip.name!r} can only be moved: what is in it is not known here")

    def _is(self, number):
        return number in self._reading.strips

    def _put_aside(self):
        moving = [(number, place) for number, place in self._places.items() if self._is(number)]
        for number, place in moving:
            strip = self._reading.strips[number]
            start = api.get(movie_of(strip), "content_start")
            place.head = int(api.get(strip, "left_handle")) - int(start)
            place.was = int(api.get(strip, "left_handle"))
            self._shift(strip, self._end() + _MARGIN - place.was)
            strip.channel = place.channel

    def _shift(self, strip, by):
        api.put(strip, "content_start", int(api.get(strip, "content_start")) + by)

    def _end(self):
        return int(max([self._base, *(api.get(one, "right_handle") for one in self._strips)]))

    def _in_meta(self, strip):
        return strip if inside(strip) is not None else wrapped(self._reading.owner, strip, self._end() + _MARGIN)

    def _added(self, place):
        told, media, strips = place.told, place.told["media"], self._strips
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
        if place.per_frame is not None:
            strip = self._in_meta(strip)
        strip.select = False  # what the editor has selected stays so
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
        strip = self._strips.new_image(name, str(numbered[0]), channel, at, fit_method="FIT")
        for one in numbered[1:]:
            strip.elements.append(one.name)
        return strip

    def _put(self, strip, place):
        if place.per_frame is not None:
            self._put_in_meta(strip, place)
        elif place.told["media"] is None and "nest" not in place.told:
            if strip.type not in _UNKNOWN_INSIDE:
                length = place.last - place.first
                api.put(strip, "right_handle", int(api.get(strip, "left_handle")) + length)
            self._shift(strip, place.first - int(api.get(strip, "left_handle")))
        else:
            # While nothing is beside it, or it would meet its neighbours until its handles are set.
            begin = self._meta_start(strip, place) if place.told["media"] is None else self._media_start(strip, place)
            aside = self._end() + _MARGIN - min(begin, place.first)
            api.put(strip, "content_start", begin + aside)
            api.put_handles(strip, place.first + aside, place.last + aside)
            api.put(strip, "content_start", begin)
        found = strip.channel, int(api.get(strip, "left_handle")), int(api.get(strip, "right_handle"))
        if found != (place.channel, place.first, place.last):
            raise Refused(
                f"Blender put {strip.name!r} to channel {found[0]}, frames {found[1]} to {found[2]}, instead of "
                f"channel {place.channel}, frames {place.first} to {place.last}"
            )

    def _put_in_meta(self, meta, place):
        told, before = place.told, self._before.get(place.told["id"])
        movie, media, moved, head = movie_of(meta), told["media"], 0, 0
        self._play(movie, media["path"])
        if before is not None:
            # What is animated stays on the media's frames that it is on; where the speed changes, on the strip's.
            moved = told["start"] - before["start"]
            if before["media"]["speed"] == media["speed"] and place.per_frame:
                moved -= round((Fraction(media["first"]) - Fraction(before["media"]["first"])) / place.per_frame)
            head = place.first - place.was + place.head - moved
        aside = self._end() + _MARGIN
        self._shift(meta, aside - int(api.get(meta, "left_handle")))
        shows = Fraction(media["first"]) + (place.first - self._base - told["start"]) * place.per_frame
        last = aside + place.last - place.first
        set_line(self._scene, meta, aside, last, head, shows, place.per_frame)
        api.put(meta, "right_handle", last)
        self._shift(meta, place.first - aside)

    def _play(self, strip, path):
        if strip.type == "MOVIE" and absolute(strip.filepath) != path:
            strip.filepath = path
        elif strip.type == "SOUND" and absolute(strip.sound.filepath) != path:
            strip.sound = bpy.data.sounds.load(path, check_existing=True)

    def _meta_start(self, meta, place):
        """Where what a meta holds begins."""
        told, before = place.told, self._before[place.told["id"]]
        moved = told["start"] - before["start"] - (told["nest"]["first"] - before["nest"]["first"])
        return int(api.get(meta, "content_start")) - int(api.get(meta, "left_handle")) + place.was + moved

    def _media_start(self, strip, place):
        self._play(strip, place.told["media"]["path"])
        if place.told["id"] in self._respeed:
            first = min(api.get(strip, "left_handle"), api.get(strip, "content_start"))
            self._shift(strip, self._end() + _MARGIN - int(first))
            release(strip)
        return self._content_start(strip, place)

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
            release(strip)
            api.put(strip, "content_trim_start", int(first))
            api.put(strip, "content_trim_end", api.get(strip, "content_duration") - 1)
            return place.first
        first -= api.get(strip, "content_trim_start")
        if per_frame.denominator != 1:
            first -= BY_EFFECT if strip.name in self._reading.modified else HALF
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
        for one in {strip.name: strip, movie_of(strip).name: movie_of(strip)}.values():  # a meta may be taken apart
            one[OURS] = {
                "id": told["id"],
                "name": one.name,
                "generated": told["generated"],
                "state": told["state"],
                "lane": self._room.channels[told["track"]],
                "channel": one.channel,
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


def _is_numbered(name, prefix, suffix):
    middle = name[len(prefix) : len(name) - len(suffix)]
    return name.startswith(prefix) and name.endswith(suffix) and middle.isdecimal()
