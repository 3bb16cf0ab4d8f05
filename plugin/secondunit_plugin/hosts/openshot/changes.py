"""What steps come to in an OpenShot project: the changes of clips, masks and layers that its editor makes."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePath
from typing import Any
from uuid import uuid4

import opentimelineio as otio
from secondunit_bridge.errors import HostError
from secondunit_timeline.formats.openshot import INSIDE

from secondunit_plugin.hosts.openshot.planned import Planned
from secondunit_plugin.hosts.openshot.project import FADE, OURS, ROUNDED_DOWN, Project
from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import Kind, Media, Strip, Transition

Described = Mapping[str, Any]
"""A clip of a file as OpenShot makes one."""
_BESIDE = Fraction(1, 64)
"""As INSIDE, where the media has another rate, and OpenShot chooses its frames by a rule of its own."""
_SCALE_NONE = 3
_LINEAR, _CONSTANT = 1, 2
_NEVER, _BY_MEDIA = 0.0, -1.0


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip as it has to be: one strip, or picture and sound of the same frames.

    `head` and `tail`: frames that it plays beyond its strip, under transitions.
    """

    id: str
    layer: int
    picture: Strip | None
    sound: Strip | None
    head: int
    tail: int

    @property
    def lead(self) -> Strip:
        lead = self.picture or self.sound
        assert lead is not None, "a clip shows or sounds"
        return lead


def changes(project: Project, steps: Iterable[Step], describe: Callable[[str], Described]) -> list[dict[str, Any]]:
    """In an order in which each finds what it needs; see `Editor.change`. Raises HostError, CutError."""
    planned = Planned(project)
    for step in steps:
        planned.carry_out(step)
    return [*_Writing(project, planned, describe).changes()]


def file_of(path: str, described: Described) -> dict[str, Any]:
    """The change that puts a file among the project's."""
    reader = described["reader"]
    kind = "image" if reader.get("has_single_image") else "video" if reader["has_video"] else "audio"
    return {"do": "insert", "of": "files", "values": {**reader, "id": _new_id(), "media_type": kind, "path": path}}


class _Writing:
    def __init__(self, project: Project, planned: Planned, describe: Callable[[str], Described]) -> None:
        self._project, self._planned = project, planned
        self._rate = project.strips.rate
        tracks = (*project.strips.tracks, *planned.added)
        self._sounds = {track.name for track in tracks if track.kind is Kind.SOUND}
        self._files: dict[str, str] = dict(project.told["files"])
        self._described: dict[str, Described] = {}
        self._describe = describe

    def changes(self) -> Iterator[dict[str, Any]]:
        before = self._before()
        after, likes = self._after(before)
        yield from self._layers_added()
        for clip in after.values():
            path = _path(clip)
            if path is not None and path not in self._files and before.get(clip.id) != clip:
                file = file_of(path, self._read(path))
                self._files[path] = file["values"]["id"]
                yield file
        for clip in after.values():
            if clip.id not in before:
                yield self._inserted(clip, before.get(likes.get(clip.id, "")))
        for clip in after.values():
            if clip.id in before and (values := self._differing(before[clip.id], clip)):
                yield {"do": "update", "of": "clips", "id": clip.id, "values": values}
        yield from self._masks()
        for clip in before.values():
            if clip.id not in after:
                yield {"do": "delete", "of": "clips", "id": clip.id}
        left = {*self._planned.layers.values()}
        gone = {self._project.layers.get(track.name) for track in self._planned.removed} - left
        for layer in self._project.told["layers"]:
            if layer["number"] in gone:
                yield {"do": "delete", "of": "layers", "id": layer["id"]}

    def _before(self) -> dict[str, _Clip]:
        strips = {strip.id: strip for strip in self._project.strips.strips}
        parts: dict[str, dict[Kind, Strip]] = {}
        for id_, part in self._project.parts.items():
            parts.setdefault(part.clip, {})[part.kind] = strips[id_]
        extents = _extents(self._project.strips.transitions)
        return {
            clip: self._clip(clip, found.get(Kind.PICTURE), found.get(Kind.SOUND), self._project.layers, extents)
            for clip, found in parts.items()
        }

    def _after(self, before: Mapping[str, _Clip]) -> tuple[dict[str, _Clip], dict[str, str]]:
        """And for those that are added, the clip that each is like."""
        strips, layers = dict(self._planned.strips), self._planned.layers
        extents = _extents(self._planned.transitions)
        clips: dict[str, _Clip] = {}
        likes: dict[str, str] = {}

        def put(id_: str, picture: Strip | None, sound: Strip | None) -> None:
            clips[id_] = self._clip(id_, picture, sound, layers, extents)

        for id_, clip in before.items():
            picture = strips.pop(clip.picture.id, None) if clip.picture is not None else None
            sound = strips.pop(clip.sound.id, None) if clip.sound is not None else None
            if picture is not None and sound is not None and not self._alike(picture, sound):
                put(id_, picture, None)
                put(sound.id, None, sound)
                likes[sound.id] = id_
            elif picture is not None or sound is not None:
                put(id_, picture, sound)
        sounds = [strip for strip in strips.values() if strip.kind is Kind.SOUND]
        for strip in strips.values():
            if strip.kind is Kind.PICTURE:
                linked = (one for one in sounds if one.link and one.link == strip.link)
                sound = next((one for one in linked if self._alike(strip, one)), None)
                if sound is not None:
                    sounds.remove(sound)
                put(strip.id, strip, sound)
        for strip in sounds:
            put(strip.id, None, strip)
        for strip_id, like in self._planned.likes.items():
            if strip_id in clips:
                likes[strip_id] = self._project.parts[like].clip
        return clips, likes

    def _alike(self, picture: Strip, sound: Strip) -> bool:
        """Whether one clip can play both."""
        layers = self._planned.layers
        return (layers[picture.track], picture.start, picture.frames, picture.media) == (
            *(layers[sound.track], sound.start, sound.frames),
            sound.media and picture.media and replace(sound.media, stream=picture.media.stream),
        )

    @staticmethod
    def _clip(
        id_: str,
        picture: Strip | None,
        sound: Strip | None,
        layers: Mapping[str, int],
        extents: Mapping[str, tuple[int, int]],
    ) -> _Clip:
        lead = picture or sound
        assert lead is not None
        return _Clip(id_, layers[lead.track], picture, sound, *extents.get(lead.id, (0, 0)))

    def _layers_added(self) -> Iterator[dict[str, Any]]:
        """Layers without a name are called by their number from below: those above an added one keep theirs."""
        planned = self._planned
        added = [track for track in planned.added if track.name in planned.layers]
        if not added:
            return
        lowest = min(planned.layers[track.name] for track in added)
        names = {number: name for name, number in reversed([*self._project.layers.items()])}
        for layer in self._project.told["layers"]:
            if layer["number"] > lowest and not layer.get("label") and layer["number"] in names:
                named = {"label": names[layer["number"]]}
                yield {"do": "update", "of": "layers", "id": layer["id"], "values": named}
        for track in added:
            values: dict[str, Any] = {
                **{"id": _new_id(), "label": track.name, "number": planned.layers[track.name], "y": 0},
                **{"lock": False, OURS: {"kind": track.kind.value}},
            }
            yield {"do": "insert", "of": "layers", "values": values}

    def _read(self, path: str) -> Described:
        if path not in self._described:
            self._described[path] = self._describe(path)
        return self._described[path]

    def _inserted(self, clip: _Clip, like: _Clip | None) -> dict[str, Any]:
        values = {**self._values(clip), "id": clip.id}
        if like is not None:
            if _path(clip) is not None and _path(like) != _path(clip):
                values |= self._media_values(clip)
            return {"do": "insert", "of": "clips", "values": values, "like": like.id}
        if (path := _path(clip)) is None:
            raise HostError(f"{clip.lead.name!r} has no media: OpenShot cannot make it")
        return {"do": "insert", "of": "clips", "values": {**self._read(path), **self._media_values(clip), **values}}

    def _differing(self, before: _Clip, after: _Clip) -> dict[str, Any]:
        """Only what has to change: all that nobody asked for stays as the editor of the cut made it."""
        if before == after:
            return {}
        old, new = self._values(before), self._values(after)
        values = {key: value for key, value in new.items() if old.get(key) != value}
        ramp = before.lead.media is None and after.lead.media is None
        if ramp and (before.lead.frames, before.head, before.tail) != (after.lead.frames, after.head, after.tail):
            raise HostError(
                f"{after.lead.name!r} is a title or has a speed ramp, which only OpenShot can trim: trim it there"
            )
        if "time" in values:
            values |= {key: new[key] for key in ("start", "end", "time")}
        if _path(before) != _path(after):
            values |= self._media_values(after)
        return values

    def _media_values(self, clip: _Clip) -> dict[str, Any]:
        path = _path(clip)
        assert path is not None
        described = self._read(path)
        return {
            **{"reader": described["reader"], "duration": described["reader"]["duration"]},
            **{"title": clip.lead.name or PurePath(path).name, "file_id": self._files.get(path, "")},
        }

    def _values(self, clip: _Clip) -> dict[str, Any]:
        """What strips say of a clip, in OpenShot's terms, without its media."""
        lead = clip.lead
        values: dict[str, Any] = {
            "layer": clip.layer,
            "position": float((lead.start - clip.head) / self._rate),
            "title": lead.name,
            "has_video": _switch(clip.picture),
            "has_audio": _switch(clip.sound),
            OURS: self._own(clip),
        }
        if clip.picture is None:
            values["scale"] = _SCALE_NONE  # as OpenShot's own "separate audio" does
        if lead.media is not None:
            values |= self._times(clip, lead.media)
        return values

    def _times(self, clip: _Clip, media: Media) -> dict[str, Any]:
        lead, rate = clip.lead, self._rate
        frames = clip.head + lead.frames + clip.tail
        first = media.first / media.rate * rate - clip.head * media.speed
        if first < 0:
            raise HostError(f"{lead.name!r} has too few frames before its in point for the transition there")
        if media.speed == 1:
            begin = math.floor(first) + INSIDE if media.rate == rate else first + _BESIDE
            time = _curve((1, 1.0, _CONSTANT))
        else:
            begin, y = INSIDE, first + ROUNDED_DOWN
            time = _curve((1, float(y), _LINEAR), (1 + frames, float(y + frames * media.speed), _LINEAR))
        return {"start": float(begin / rate), "end": float((begin + frames) / rate), "time": time}

    def _own(self, clip: _Clip) -> dict[str, Any]:
        """What OpenShot keeps for us with a clip."""
        both = clip.picture is not None and clip.sound is not None
        own: dict[str, Any] = {}
        for strip in (clip.picture, clip.sound):
            if strip is None:
                continue
            held: dict[str, Any] = {"state": strip.state} if strip.state else {}
            if strip.generated:
                held["generated"] = True
            if not strip.enabled:
                held["off"] = True
            if strip.link != (clip.id if both else ""):
                held["link"] = strip.link
            if strip.kind is Kind.SOUND and strip.id != (f"{clip.id}_sound" if both else clip.id):
                held["id"] = strip.id
            own[strip.kind.value] = held
        return own if any(own.values()) else {}

    def _masks(self) -> Iterator[dict[str, Any]]:
        was, planned = self._project.masks, self._planned.transitions
        gone = [one for one in was if one not in planned]
        for transition in planned:
            if transition in was:
                continue
            if transition.track in self._sounds:
                raise HostError("OpenShot has no transitions of sound: fade the clips' volume there")
            if transition.left is None or transition.right is None:
                raise HostError("OpenShot has no transition to or from nothing: set the clip's alpha there")
            same = next((one for one in gone if _same(one, transition)), None)
            if same is not None:
                gone.remove(same)
                yield {"do": "update", "of": "effects", "id": was[same], "values": self._mask(transition, was[same])}
            else:
                yield {"do": "insert", "of": "effects", "values": self._mask(transition, None)}
        for transition in gone:
            yield {"do": "delete", "of": "effects", "id": was[transition]}

    def _mask(self, transition: Transition, mask: str | None) -> dict[str, Any]:
        frames = transition.into + transition.out
        values: dict[str, Any] = {
            "layer": self._planned.layers[transition.track],
            "position": float((transition.at - transition.into) / self._rate),
            "start": 0.0,
            "end": float(frames / self._rate),
            OURS: {"into": transition.into},
        }
        if mask is not None:
            held = next(one for one in self._project.told["effects"] if one["id"] == mask)
            return {**values, **{key: _stretched(held[key], frames + 1) for key in ("brightness", "contrast")}}
        if transition.kind != otio.schema.TransitionTypes.SMPTE_Dissolve:
            raise HostError(f"OpenShot cannot be given the transition {transition.name or transition.kind!r}")
        picture = f"{self._project.told['transitions']}/common/{FADE}.svg"
        return {
            **values,
            **{"id": _new_id(), "title": "Transition", "type": "Mask", "replace_image": False},
            # The fade's picture is black: its brightness is the share of the clip that is gone.
            "brightness": _curve((1, 1.0, _LINEAR), (frames + 1, 0.0, _LINEAR)),
            "contrast": _curve((1, 3.0, _CONSTANT)),
            "reader": self._read(picture)["reader"],
        }


def _extents(transitions: Sequence[Transition]) -> dict[str, tuple[int, int]]:
    """How many frames strips play before and after their own, by their ids."""
    found: dict[str, tuple[int, int]] = {}
    for one in transitions:
        if one.left is not None:
            found[one.left] = (found.get(one.left, (0, 0))[0], one.out)
        if one.right is not None:
            found[one.right] = (one.into, found.get(one.right, (0, 0))[1])
    return found


def _same(one: Transition, other: Transition) -> bool:
    sides = one.left == other.left or one.right == other.right
    return sides and (one.track, one.kind, one.name) == (other.track, other.kind, other.name)


def _path(clip: _Clip) -> str | None:
    return clip.lead.media.path if clip.lead.media is not None else None


def _switch(strip: Strip | None) -> dict[str, Any]:
    return _curve((1, _BY_MEDIA if strip is not None and strip.enabled else _NEVER, _CONSTANT))


def _curve(*points: tuple[int, float, int]) -> dict[str, Any]:
    return {"Points": [{"co": {"X": x, "Y": y}, "interpolation": how} for x, y, how in points]}


def _stretched(curve: Mapping[str, Any], last: int) -> dict[str, Any]:
    """Its last point on the frame `last`, as OpenShot does when a transition is trimmed."""
    points = [dict(point) for point in curve["Points"]]
    if len(points) > 1:
        points[-1] = {**points[-1], "co": {**points[-1]["co"], "X": last}}
    return {"Points": points}


def _new_id() -> str:
    return uuid4().hex[:10].upper()
