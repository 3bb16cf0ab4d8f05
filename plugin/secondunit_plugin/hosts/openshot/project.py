"""An OpenShot project, as `in_host/openshot/editor.py` tells it, as strips.

OpenShot has layers, not tracks of one kind: what a layer shows is a track of pictures here, what it sounds like is a
track of sound, and a clip that does both is two strips with one link. Times are seconds in single precision there.
How libopenshot finds frames (`Timeline::GetFrame`, `Clip::GetFrame`, `Keyframe::GetLong`, 0.2.7):

- a clip begins on frame `round(position × fps)` and shows, there, frame `trunc(start × fps)`; seen in 0.5, `round`;
- it lasts one frame longer than `end - start`, unless a later clip on its layer covers that frame; in 0.5, as long;
- frame x of a clip with a time curve, from 1, is frame `round(y(x))` of its media at the project's rate, from 1;
- a mask over two clips that overlap on a layer acts on the later one of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path, PurePath
from typing import Any

import opentimelineio as otio
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats.openshot import first_frame, single

from secondunit_plugin.hosts.strips import Kind, Marker, Media, Strip, Strips, Track, Transition

OURS = "secondunit"
FADE = "fade"
"""The picture of a dissolve among OpenShot's transitions."""
_LOST = Fraction(1, 1024)
ROUNDED_DOWN = Fraction(1, 2) + _LOST
"""By which a time curve lies above frames: `round` finds its frame, from 1, and a cut's is rounded down, from 0.

`_LOST` is more than double precision loses.
"""
_LINEAR = 1
_DENOMINATOR = 100_000
"""Speeds are told as curves in double precision; the fraction with a smaller denominator that is meant is closest."""
_TITLES = (".svg", ".osp")
"""What OpenShot shows as media, and nothing else does."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a strip comes from: the picture or the sound of a clip."""

    clip: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Project:
    """`told`: by the editor. `parts` by ids of strips; `layers`: numbers, by names of tracks; `masks`: their ids."""

    told: Mapping[str, Any]
    strips: Strips
    parts: Mapping[str, Part]
    layers: Mapping[str, int]
    masks: Mapping[Transition, str]


def read(told: Mapping[str, Any]) -> Project:
    """Raises CutError for what is no cut."""
    rate = Fraction(told["fps"]["num"], told["fps"]["den"])
    layers = sorted(told["layers"], key=lambda layer: layer["number"])
    clips: dict[int, list[_Placed]] = defaultdict(list)
    for clip in told["clips"]:
        clips[clip["layer"]].append(_Placed.of(clip, rate))
    effects: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for effect in told["effects"]:
        effects[effect["layer"]].append(effect)
    reading = _Reading(rate, before_0_3(told), _version(told) >= (0, 5))
    names: set[str] = set()
    for number, layer in enumerate(layers, 1):
        reading.layer(layer, _name(layer, number, names), clips[layer["number"]], effects[layer["number"]])
    reading.tracks.sort(key=lambda track: track.kind is Kind.SOUND)
    markers = tuple(Marker(str(one.get("name", "")), _round(one["position"], rate)) for one in told["markers"])
    strips = Strips(
        Path(told["path"]).stem or "Untitled Project",
        rate,
        0,
        tuple(reading.tracks),
        tuple(reading.strips),
        tuple(reading.masks),
        markers,
    )
    return Project(told, strips, reading.parts, reading.layers, reading.masks)


def before_0_3(told: Mapping[str, Any]) -> bool:
    """Whether clips last one frame longer than they say."""
    return _version(told) < (0, 3)


def _version(told: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, str(told["libopenshot"]).split(".")[:2]))


@dataclass(slots=True)
class _Placed:
    """A clip on the frames of the project; `end` moves to where a later clip covers it."""

    clip: Mapping[str, Any]
    start: int
    end: int
    shows: bool
    sounds: bool

    @classmethod
    def of(cls, clip: Mapping[str, Any], rate: Fraction) -> "_Placed":
        start = _round(clip["position"], rate)
        own = clip.get(OURS) or {}
        shows = bool(clip["reader"].get("has_video")) and _on(clip.get("has_video"))
        sounds = bool(clip["reader"].get("has_audio")) and _on(clip.get("has_audio"))
        end = _round(clip["position"] + (clip["end"] - clip["start"]), rate)
        return cls(clip, start, end, shows or "off" in own.get("picture", {}), sounds or "off" in own.get("sound", {}))


class _Reading:
    def __init__(self, rate: Fraction, lasts_longer: bool, rounds: bool) -> None:
        self.rate, self._lasts_longer, self._rounds = rate, lasts_longer, rounds
        self.tracks: list[Track] = []
        self.strips: list[Strip] = []
        self.parts: dict[str, Part] = {}
        self.layers: dict[str, int] = {}
        self.masks: dict[Transition, str] = {}

    def layer(
        self, layer: Mapping[str, Any], name: str, clips: list[_Placed], effects: Iterable[Mapping[str, Any]]
    ) -> None:
        own, locked = layer.get(OURS) or {}, bool(layer.get("lock"))
        clips.sort(key=lambda placed: placed.start)
        pictures = [placed for placed in clips if placed.shows]
        if pictures or own.get("kind") != Kind.SOUND:
            self._track(Track(name, Kind.PICTURE, locked=locked), layer["number"])
        self._uncover(name, pictures, [effect for effect in effects if effect.get("type") == "Mask"])
        self.strips += [self._strip(placed, name, Kind.PICTURE) for placed in pictures if placed.start < placed.end]
        lanes: list[list[_Placed]] = [[]] if own.get("kind") == Kind.SOUND else []
        for placed in clips:
            if placed.sounds and placed.start < placed.end:
                free = next((lane for lane in lanes if not lane or lane[-1].end <= placed.start), None)
                if free is None:
                    lanes.append(free := [])
                free.append(placed)
        for number, lane in enumerate(lanes, 1):
            track = name if own.get("kind") == Kind.SOUND else f"{name} sound"
            track = track if number == 1 else f"{track} {number}"
            self._track(Track(track, Kind.SOUND, locked=locked), layer["number"])
            self.strips += [self._strip(placed, track, Kind.SOUND) for placed in lane]

    def _track(self, track: Track, number: int) -> None:
        self.tracks.append(track)
        self.layers[track.name] = number

    def _uncover(self, track: str, clips: list[_Placed], masks: list[Mapping[str, Any]]) -> None:
        """Ends each clip where the next one covers it, in the middle of a transition at its cut point."""
        for before, after in pairwise(clips):
            if self._lasts_longer and after.start == before.end + 1 and _has_more(before, self.rate):
                before.end += 1
            elif after.start < before.end:
                if after.end < before.end and after.start > before.start:
                    raise CutError(
                        f"{_title(after.clip)!r} on {track} lies within {_title(before.clip)!r}: put one of them on "
                        "another track of OpenShot"
                    )
                mask = self._mask(masks, after.start, before.end)
                if mask is None:
                    before.end = max(before.start, after.start)
                    continue
                out = before.end - after.start
                into = min(int((mask.get(OURS) or {}).get("into", out // 2)), out)
                at = after.start + into
                kind, name = _kind_of(mask)
                sides = (_picture_id(before.clip), _picture_id(after.clip))
                self.masks[Transition(track, at, into, out - into, *sides, kind, name)] = mask["id"]
                before.end = after.start = at

    def _mask(self, masks: list[Mapping[str, Any]], start: int, end: int) -> Mapping[str, Any] | None:
        """The one that acts from `start` to `end`; a frame more or less is one that OpenShot itself placed."""
        for mask in masks:
            begins = _round(mask["position"], self.rate)
            ends = _round(mask["position"] + mask["end"] - mask["start"], self.rate)
            if abs(begins - start) <= 1 and abs(ends - end) <= 1:
                return mask
        return None

    def _strip(self, placed: _Placed, track: str, kind: Kind) -> Strip:
        clip = placed.clip
        own = (clip.get(OURS) or {}).get(kind.value, {})
        id_ = _picture_id(clip) if kind is Kind.PICTURE else sound_id(clip, placed.shows)
        self.parts[id_] = Part(clip["id"], kind)
        skipped = placed.start - _round(clip["position"], self.rate)
        both = placed.shows and placed.sounds
        first = _round(clip["start"], self.rate) if self._rounds else first_frame(clip["start"], self.rate)
        return Strip(
            id_,
            track,
            kind,
            _title(clip),
            placed.start,
            placed.end - placed.start,
            media_of(clip, self.rate, first, skipped),
            enabled="off" not in own,
            link=own.get("link", clip["id"] if both else ""),
            generated=bool(own.get("generated")),
            state=own.get("state", ""),
        )


def sound_id(clip: Mapping[str, Any], shows: bool) -> str:
    """The id of a clip's sound, which `shows` a picture, too, or does not."""
    own: str = (clip.get(OURS) or {}).get(Kind.SOUND.value, {}).get("id", "")
    return own or (f"{clip['id']}_sound" if shows else clip["id"])


def media_of(clip: Mapping[str, Any], rate: Fraction, frame: int, skipped: int) -> Media | None:
    """What the clip plays `skipped` frames after its first, which is `frame`; None for titles and for ramps."""
    reader = clip["reader"]
    path = str(reader.get("path", ""))
    if not path or PurePath(path).suffix.lower() in _TITLES:
        return None
    own = Fraction(reader["fps"]["num"], reader["fps"]["den"])
    if reader.get("has_single_image"):
        return Media(path, own, Fraction(0))
    points = (clip.get("time") or {}).get("Points", [])
    if len(points) < 2:
        if own == rate:
            return Media(path, own, Fraction(frame + skipped))
        seconds = Fraction(single(clip["start"])).limit_denominator(1_000_000) + skipped / rate
        return Media(path, own, _settled(seconds * own))
    curve = _line(points, frame + 1 + skipped, _round(clip["end"] - clip["start"], rate) - skipped)
    if curve is None:
        return None
    at, speed = curve
    first = at - ROUNDED_DOWN
    parts = 1 if speed.denominator == 1 else 2 * speed.denominator
    first = Fraction(round(first * parts) if parts > 1 else floor(first + 2 * _LOST), parts)
    return Media(path, own, first * own / rate, speed)


def _line(points: list[Mapping[str, Any]], first: int, frames: int) -> tuple[Fraction, Fraction] | None:
    """Its value at `first` and its slope, where the curve is one straight line over `frames` frames from there."""
    (x0, y0), (x1, y1) = ((point["co"]["X"], point["co"]["Y"]) for point in (points[0], points[-1]))
    straight = len(points) == 2 and points[1].get("interpolation") == _LINEAR and x1 > x0
    if not straight or first < x0 - 1 or first + frames - 1 > x1 + 1:
        return None
    slope = Fraction((y1 - y0) / (x1 - x0)).limit_denominator(_DENOMINATOR)
    return Fraction(y0).limit_denominator(_DENOMINATOR) + slope * (first - Fraction(x0)), slope


def _round(seconds: float, rate: Fraction) -> int:
    return floor(single(seconds) * (rate.numerator / rate.denominator) + 0.5)


def _settled(frame: Fraction) -> Fraction:
    """The whole frame where seconds in single precision mean one."""
    whole = Fraction(round(frame))
    return whole if abs(frame - whole) < Fraction(1, 5) else frame.limit_denominator(1000)


def _has_more(placed: _Placed, rate: Fraction) -> bool:
    """Whether the media holds a frame after the clip's last."""
    reader = placed.clip["reader"]
    if reader.get("has_single_image"):
        return True
    seconds = int(reader.get("video_length", 0)) * Fraction(reader["fps"]["den"], reader["fps"]["num"])
    return first_frame(placed.clip["start"], rate) + placed.end - placed.start < seconds * rate


def _on(curve: Mapping[str, Any] | None) -> bool:
    points = (curve or {}).get("Points", [])
    return not points or any(point["co"]["Y"] != 0 for point in points)


def _picture_id(clip: Mapping[str, Any]) -> str:
    return str(clip["id"])


def _title(clip: Mapping[str, Any]) -> str:
    return str(clip.get("title") or PurePath(str(clip["reader"].get("path", ""))).name)


def _name(layer: Mapping[str, Any], number: int, taken: set[str]) -> str:
    """As OpenShot shows it; each once."""
    name = str(layer.get("label") or f"Track {number}")
    if name in taken:
        name = f"{name} ({number})"
    taken.add(name)
    return name


def _kind_of(mask: Mapping[str, Any]) -> tuple[str, str]:
    picture = PurePath(str((mask.get("reader") or {}).get("path", ""))).stem
    if picture == FADE:
        return otio.schema.TransitionTypes.SMPTE_Dissolve, ""
    return otio.schema.TransitionTypes.Custom, picture
