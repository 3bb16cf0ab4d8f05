"""The sequencer of a scene as the strips that docs/host-link.md tells, and where each is found again."""

import hashlib
import json
import os
import re
from fractions import Fraction
from pathlib import Path

import bpy

from . import api
from .speed import BY_EFFECT, HALF, OURS, inside, line

TAG = "COLOR_06"
"""The colour tag of generated strips."""
DISSOLVE = "SMPTE_Dissolve"
TRANSITIONS = {"CROSS": (DISSOLVE, "Cross"), "GAMMA_CROSS": ("Custom_Transition", "Gamma Cross")}
TRANSITIONS["WIPE"] = ("Custom_Transition", "Wipe")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)")


class Reading:
    """`told` is the cut as JSON, of a scene or of a `meta` in it. `base`: the frame of the scene at the cut's first.

    `closed`: as a strip shows it, so that frames count from what the meta holds, wherever it lies.

    `strips` by id; `effects`: for each transition of `told` the strip that makes it; `modified`: by a strip's name the
    effect that sets its speed; `lanes`: the channel of its track. `channels`: of each track, by its name.
    `frame_counts` gives the frames of a file, or None.
    """

    def __init__(self, scene, frame_counts, meta=None, closed=False):
        self.scene, self.owner = scene, meta if meta is not None else api.editor(scene)
        self.name = scene.name if meta is None else f"{scene.name} / {meta.name}"
        render = scene.render
        # Blender holds the divisor with 32 bits: 1.001 is 1.00100004673.
        self.rate = render.fps / Fraction(render.fps_base).limit_denominator(1001)
        self._frame_counts = frame_counts
        top = sorted(api.strips(self.owner), key=lambda one: (api.get(one, "left_handle"), one.channel))
        starts = [api.get(one, "left_handle") for one in top]
        self.base = int(min(starts if closed and starts else [scene.frame_start, *starts]))
        self.strips, self.effects, self.channels, self.modified = {}, [], {}, {}
        self._ids = _ids(top)
        crosses = []
        for one in top:
            if one.type in TRANSITIONS:
                crosses.append(one)
            elif one.type == "SPEED" and api.inputs(one):
                self.modified[api.inputs(one)[0].name] = one
        self.lanes = {one.name: one.channel for one in top}
        plain = [one for one in top if not api.inputs(one)]
        ends = {one.name: [api.get(one, "left_handle"), api.get(one, "right_handle")] for one in plain}
        joined = self._joined(crosses, plain, ends)
        self._find_lanes(plain, ends)
        self.told = self._told(plain, ends, joined)

    def shown(self, strip):
        """The speed effect over a strip, which plays in its place; else itself."""
        return self.modified.get(strip.name, strip)

    def _joined(self, crosses, plain, ends):
        """Transitions on one track, as (effect, left, right, into, out); their strips then meet at the cut point.

        A strip that a transition leads to belongs to the track of the one that it comes from, where there is room.
        """
        joined = []
        names = {one.name for one in plain}
        for cross in crosses:
            parts = [api.inputs(one)[0] if one.type == "SPEED" else one for one in api.inputs(cross)]
            if len(parts) != 2 or any(one.name not in names for one in parts):
                continue
            left, right = parts
            first, last = api.get(cross, "left_handle"), api.get(cross, "right_handle")
            (begin, end), (start, finish) = ends[left.name], ends[right.name]
            if not (begin < first == start and last == end < finish) or picture(left) != picture(right):
                continue
            kept = dict(cross.get(OURS, {})).get("into")
            into = kept if isinstance(kept, int) and 0 <= kept <= last - first else (last - first) // 2
            lane = self.lanes[left.name]
            at = first + into
            if not self._has_room(lane, right, at, finish, [one for one in plain if one != left], ends):
                continue
            self.lanes[right.name] = lane
            ends[left.name][1] = ends[right.name][0] = at
            joined.append((cross, left, right, into, last - first - into))
        return joined

    def _find_lanes(self, plain, ends):
        """A strip that we put into another channel than its track's belongs to that track while it stays there."""
        for one in plain:
            kept = dict(one.get(OURS, {}))
            own = kept.get("lane")
            stays = kept.get("channel") == one.channel == self.lanes[one.name] and isinstance(own, int)
            if stays and own != one.channel and self._has_room(own, one, *ends[one.name], plain, ends):
                self.lanes[one.name] = own

    def _has_room(self, lane, strip, first, last, plain, ends):
        return not any(
            self.lanes[one.name] == lane and picture(one) == picture(strip)
            for one in plain
            if one != strip and ends[one.name][0] < last and ends[one.name][1] > first
        )

    def _told(self, plain, ends, joined):
        tracks = {}
        strips = []
        for one in plain:
            kind = "picture" if picture(one) else "sound"
            tracks.setdefault((self.lanes[one.name], kind), []).append(one)
        channels = self.owner.channels
        names = {}
        for channel, kind in sorted(tracks):
            own = channels[channel].name
            plain_name = f"{'V' if kind == 'picture' else 'A'}{channel}"
            name = plain_name if own == f"Channel {channel}" else own
            while name in names.values():
                name = plain_name if name != plain_name else f"{name} "
            names[channel, kind] = name
            self.channels[name] = channel
        paired = _links(plain)
        for (channel, kind), found in sorted(tracks.items()):
            for one in sorted(found, key=lambda strip: ends[strip.name][0]):
                ours = dict(one.get(OURS, {}))
                first, last = (int(frame) for frame in ends[one.name])
                number = self._ids[one.name]
                self.strips[number] = one
                media = self._media(one, first)
                nest = self._nest(one, first) if media is None else None
                strips.append(
                    {
                        "id": number,
                        "track": names[channel, kind],
                        "kind": kind,
                        "name": one.name,
                        "start": first - self.base,
                        "frames": last - first,
                        "media": media,
                        "enabled": not one.mute,
                        "link": paired.get(one.name, ""),
                        "generated": bool(ours.get("generated", False)),
                        "state": str(ours.get("state", "")),
                        **({"nest": nest} if nest is not None else {}),
                    }
                )
        transitions = []
        for cross, left, right, into, out in joined:
            kind, name = TRANSITIONS[cross.type]
            self.effects.append(cross)
            transitions.append(
                {
                    "track": names[self.lanes[left.name], "picture" if picture(left) else "sound"],
                    "at": int(ends[left.name][1]) - self.base,
                    "into": int(into),
                    "out": int(out),
                    "left": self._ids[left.name],
                    "right": self._ids[right.name],
                    "kind": kind,
                    "name": name,
                }
            )
        return {
            "name": self.name,
            "rate": str(self.rate),
            "start": self.base,
            "tracks": [
                {
                    "name": names[channel, kind],
                    "kind": kind,
                    "enabled": not channels[channel].mute,
                    "locked": channels[channel].lock,
                }
                for channel, kind in sorted(tracks, key=lambda one: (one[1] == "sound", one[0]))
            ],
            "strips": strips,
            "transitions": transitions,
            "markers": [
                {"name": one.name, "at": one.frame - self.base, "frames": 0, "text": ""}
                for one in sorted(self.scene.timeline_markers, key=lambda marker: marker.frame)
                if one.frame >= self.base
            ],
        }

    def _media(self, strip, start):
        """What the strip plays from the scene's frame `start` on; None for what only Blender can show."""
        if strip.type == "MOVIE":
            return self._movie(strip, start, self.modified.get(strip.name))
        if (pair := inside(strip)) is not None and self._plays_as_it_is(strip):
            movie, effect = pair
            covers = api.get(movie, "left_handle") <= api.get(strip, "left_handle")
            covers = covers and api.get(movie, "right_handle") >= api.get(strip, "right_handle")
            return self._movie(movie, start, effect) if covers and not (movie.mute or effect.mute) else None
        if strip.type == "SOUND" and strip.sound is not None and not _retimed(strip):
            first = start - Fraction(api.get(strip, "content_start")) + api.get(strip, "content_trim_start")
            first += Fraction(getattr(strip, "sound_offset", 0.0)) * self.rate
            path = absolute(strip.sound.filepath)
            return _media(path, self.rate, first, Fraction(1), getattr(strip, "stream_index", 0))
        if strip.type == "IMAGE" and strip.name not in self.modified:
            return self._images(strip, start)
        return None

    def _nest(self, strip, start):
        """What a meta holds, and which frame of that shows at the scene's frame `start`; None for anything else."""
        if strip.type != "META" or not self._plays_as_it_is(strip):
            return None
        held = Reading(self.scene, self._frame_counts, strip, closed=True)
        if not held.told["tracks"]:
            return None
        told = {**held.told, "name": strip.name, "start": 0, "markers": []}
        return {"strips": told, "first": start - held.base}

    def _plays_as_it_is(self, meta):
        moved = any(api.get(meta, name) for name in ("content_trim_start", "content_trim_end"))
        return not (moved or meta.strobe > 1 or meta.use_reverse_frames or meta.name in self.modified)

    def _movie(self, strip, start, effect):
        if strip.strobe > 1:
            return None
        rate = exact(strip.fps) if strip.fps > 0 else self.rate
        per_frame = self._frames_a_frame(strip, rate)
        if per_frame is None:
            return None
        content = int(api.get(strip, "content_start"))
        trim = api.get(strip, "content_trim_start")
        duration = api.get(strip, "content_duration")
        begin = start - content
        if duration == 1 and effect is None:
            return _media(absolute(strip.filepath), rate, Fraction(trim), Fraction(0))
        if effect is not None:
            handle = int(api.get(strip, "left_handle"))
            found = line(self.scene, effect, handle)
            if found is None or per_frame != 1 or strip.use_reverse_frames:
                return None
            first, per_frame = found
            first += handle - content + (start - handle) * per_frame
        elif strip.use_reverse_frames:
            first, per_frame = (duration - 1 - begin) * per_frame, -per_frame
        else:
            first = begin * per_frame
        rounding = 0 if per_frame.denominator == 1 else HALF if effect is None else BY_EFFECT
        return _media(absolute(strip.filepath), rate, trim + first + rounding, per_frame * self.rate / rate)

    def _frames_a_frame(self, strip, rate):
        """Frames of the media that Blender goes on by in a frame of the scene; None for a ramp.

        The editor lets it play media of other rates at their own, by a flag that is no property: it shows in the
        length. From 4.5 to 5.0 a key at the last frame became one after it.
        """
        keys = list(getattr(strip, "retiming_keys", ()))
        if not keys and rate == self.rate:
            return Fraction(1)
        duration = api.get(strip, "content_duration")
        count = self._frame_counts(absolute(strip.filepath))
        if count is None:
            return Fraction(1) if not keys else None
        count -= api.get(strip, "content_trim_start") + api.get(strip, "content_trim_end")
        if keys:
            times = [key.timeline_frame for key in keys]
            if len(times) != 2 or times[0] != int(api.get(strip, "content_start")) or count < 2:
                return None
            return Fraction(count if bpy.app.version >= (5, 0) else count - 1, times[1] - times[0])
        own = rate / self.rate
        return own if abs(count / own - duration) < abs(count - duration) else Fraction(1)

    def _images(self, strip, start):
        names = [one.filename for one in strip.elements]
        folder = Path(absolute(strip.directory))
        trim = api.get(strip, "content_trim_start")
        if len(names) == 1:
            return _media(str(folder / names[0]), self.rate, Fraction(0), Fraction(0))
        matches = [_NUMBERED.fullmatch(name) for name in names]
        if not all(matches) or _retimed(strip) or strip.use_reverse_frames or strip.strobe > 1:
            return None
        numbers = [int(match[2]) for match in matches]
        if len({(m[1], m[3]) for m in matches}) > 1 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return None
        prefix, digits, suffix = matches[0].groups()
        path = f"{str(folder).replace('%', '%%')}/{prefix.replace('%', '%%')}%0{len(digits)}d{suffix}"
        first = trim + start - int(api.get(strip, "content_start"))
        earlier = 0
        while (folder / f"{prefix}{numbers[0] - earlier - 1:0{len(digits)}}{suffix}").exists():
            earlier += 1
        return _media(path, self.rate, Fraction(first + earlier), Fraction(1))


def revision(told):
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def picture(strip):
    if strip.type == "META":
        return any(picture(one) for one in api.strips(strip))
    return strip.type != "SOUND"


def absolute(path):
    return os.path.abspath(bpy.path.abspath(path))  # noqa: PTH100 - it takes out `..`, as in //../media


def exact(rate):
    """Blender holds rates with 32 bits: 29.970029830932617 is 30000/1001."""
    return Fraction(rate).limit_denominator(1001)


def _ids(strips):
    """By name. A copy of a strip has its properties, too: the one whose name they know keeps the id.

    Other strips are known by their names, of which Blender makes each once in a scene.
    """
    ids, taken = {}, set()
    kept = [(one.name, dict(one.get(OURS, {}))) for one in strips]
    for name, ours in sorted(kept, key=lambda one: one[0] != one[1].get("name")):
        number = ours.get("id")
        if isinstance(number, str) and number and number not in taken and number not in ids.values():
            ids[name] = number
            taken.add(number)
    for name, _ in kept:
        if name not in ids:
            number = name
            while number in taken:
                number += "'"
            ids[name] = number
            taken.add(number)
    return ids


def _links(strips):
    """Blender does not tell which strips are connected: a movie and a sound of one file that lie together are."""
    groups = {}
    for one in strips:
        path = (
            one.filepath if one.type == "MOVIE" else one.sound.filepath if one.type == "SOUND" and one.sound else None
        )
        if path is not None:
            where = tuple(int(api.get(one, name)) for name in ("content_start", "left_handle", "right_handle"))
            groups.setdefault((absolute(path), *where), []).append(one)
    pairs = [found for found in groups.values() if sorted(one.type for one in found) == ["MOVIE", "SOUND"]]
    return {one.name: "/".join(sorted(two.name for two in pair)) for pair in pairs for one in pair}


def _retimed(strip):
    return len(getattr(strip, "retiming_keys", ())) > 0


def _media(path, rate, first, speed, stream=0):
    return {"path": path, "rate": str(rate), "first": str(first), "speed": str(speed), "stream": stream}
