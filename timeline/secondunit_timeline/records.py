"""Takes found again in a cut that has been through other programs.

A take is known by what survives: the record inside its file, its reel and source timecode, the hash of its file; what a
cut says about its own media comes last. Where they disagree, or point at more than one take, nothing is chosen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.header import Header
from secondunit_bridge.messages import SourceShot, Take
from secondunit_bridge.rates import FrameTime
from secondunit_bridge.takes import MARKER, digest

from secondunit_timeline.formats.media import reel_of
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import media_path
from secondunit_timeline.library import read_headers, scan
from secondunit_timeline.reels import Placed, Played, clips, offset_in, played, reel_key, timecode
from secondunit_timeline.takes import PREFIX, RECIPE, key_of, recipe, reference
from secondunit_timeline.times import frames_of, rate_of, time_range

CAMERA = "DEFAULT_MEDIA"


class How(StrEnum):
    EMBEDDED = "record"
    REEL = "reel and timecode"
    HASH = "hash"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Found:
    """`start`: what the cut counts for the take's first frame. `camera`: the file that a match or replacement is of."""

    placed: Placed
    take: Take
    how: How
    start: FrameTime
    camera: Header | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """More than one take could be meant, or what is known contradicts itself."""

    placed: Placed
    takes: tuple[Take, ...]
    reason: str


class KnownTakes:
    """Takes by id, reel and hash. Of one take that is known more than once, a file that is there counts."""

    def __init__(self, takes: Iterable[Take]) -> None:
        self._by_id: dict[str, Take] = {}
        for take in takes:
            known = self._by_id.get(take.record.take_id)
            if known is None:
                self._by_id[take.record.take_id] = take
            else:
                path = known.path if _is_there(known.path) or not _is_there(take.path) else take.path
                self._by_id[take.record.take_id] = replace(known, path=path, sha256=known.sha256 or take.sha256)
        self._by_reel: dict[str, list[Take]] = {}
        for take in self:
            self._by_reel.setdefault(reel_key(take.record.reel), []).append(take)

    def __iter__(self) -> Iterator[Take]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, take_id: str) -> Take | None:
        return self._by_id.get(take_id)

    def of_reel(self, reel: str) -> Sequence[Take]:
        return self._by_reel.get(reel_key(reel), ())

    def of_order(self, take: Take) -> list[Take]:
        """The takes made for the same order, itself included."""
        return [other for other in self if other.record.order.id == take.record.order.id]


def _is_there(path: str) -> bool:
    return bool(path) and (Path(path).parent if "%" in Path(path).name else Path(path)).exists()


def known_takes(cut: otio.schema.Timeline, folders: Iterable[Path], stored: Iterable[Take] = ()) -> KnownTakes:
    """What `folders`, the cut itself and `stored` tell; files without a record that can be read count for nothing."""
    recorded = (take for header in scan(folders).headers if (take := recorded_take(header)) is not None)
    return KnownTakes([*recorded, *stored, *_takes_in(cut)])


def takes_folders(cut: otio.schema.Timeline, beside: Path) -> list[Path]:
    """The folders of takes beside the cut in the file `beside`, and those that its media lies in."""
    home = beside.resolve().parent
    near = [home, *(child for child in sorted(home.iterdir()) if child.is_dir())] if home.is_dir() else []
    for clip in cut.find_clips():
        for media in clip.media_references().values():
            path = media_path(media)
            if path is not None:
                near += [Path(path).parent, Path(path).parent.parent]
    return [folder for folder in dict.fromkeys(near) if (folder / MARKER).is_file()]


def stored_takes(home: Path) -> tuple[Take, ...]:
    """What the unit that runs at `home` knows; nothing where none runs. Raises SecondUnitError."""
    import anyio
    from secondunit_bridge import spawn
    from secondunit_bridge.client import Client

    address = spawn.find(home)
    if address is None:
        return ()

    async def ask() -> tuple[Take, ...]:
        async with Client(address) as unit:
            return tuple([take async for status in unit.orders() for take in status.takes])

    return anyio.run(ask)


def recorded_take(header: Header) -> Take | None:
    """The take whose record a file holds; None where it holds none, or none that can be read."""
    from secondunit_bridge.wire import record_from_json

    if not header.record:
        return None
    try:
        return Take(header.path, header.frames, "", "", record_from_json(header.record))
    except BadInput:
        return None


def _takes_in(cut: otio.schema.Timeline) -> Iterator[Take]:
    from secondunit_bridge.wire import record_from_json

    for clip in cut.find_clips():
        references = clip.media_references()
        for key, made in references.items():
            if not key.startswith(PREFIX) or not key.endswith(RECIPE):
                continue
            text = made.parameters.get("record") if isinstance(made, otio.schema.GeneratorReference) else None
            media = references.get(key.removesuffix(RECIPE))
            if not isinstance(text, str) or media is None:
                continue
            try:
                record = record_from_json(text)
            except BadInput:
                continue
            slot = record.order.slot
            sha256 = str(media.metadata.get("secondunit", {}).get("sha256", ""))
            yield Take(media_path(media) or "", slot.head + slot.frames + slot.tail, sha256, "", record)


def find_takes(index: Index, known: KnownTakes) -> list[Found | Unclear]:
    """The take that each clip shows, where it shows one.

    Opens the clips' files, and hashes those that nothing else tells.
    """
    placed = list(clips(index))
    paths = {one.number: path for one in placed if (path := media_path(one.clip.media_reference)) is not None}
    headers = read_headers(paths.values())
    search = _Search(known, index.rate)
    found = []
    for one in placed:
        header = headers.get(paths.get(one.number, ""))
        result = search.of(one, header if isinstance(header, Header) else None)
        if result is not None:
            found.append(result)
    camera = read_headers(source for one in found if isinstance(one, Found) and (source := _source(one.take)))
    return [_with_camera(one, camera) if isinstance(one, Found) else one for one in found]


def _source(take: Take) -> str:
    """The camera file of a take that stands for a shot."""
    spans = (condition.span for condition in take.record.order.conditions if isinstance(condition, SourceShot))
    return next((span.path for span in spans), "")


def _with_camera(found: Found, headers: Mapping[str, Header | BadInput]) -> Found:
    header = headers.get(_source(found.take))
    return replace(found, camera=header) if isinstance(header, Header) else found


def attach(
    cut: otio.schema.Timeline, found: Iterable[Found], known: KnownTakes
) -> tuple[otio.schema.Timeline, tuple[str, ...]]:
    """The cut with what was found on its clips again: recipes, the other takes of the order, the shot's camera media.

    Clips that hold their take already stay as they are; `cut` itself is returned where all do. A note for each other.
    """
    found = [one for one in found if not _is_attached(one)]
    if not found:
        return cut, ()
    made = cut.deepcopy()
    index = Index(made)
    places = {placed.number: placed for placed in clips(index)}
    notes = []
    for one in found:
        placed, take = places[one.placed.number], one.take
        clip, key = placed.clip, key_of(take)
        references = clip.media_references()
        shown = references.pop(clip.active_media_reference_key)
        path = media_path(shown)
        if not (path and _is_there(path)) and _is_there(take.path):
            shown = reference(take, one.start)
        attached = {key: _described(shown, take), key + RECIPE: recipe(take)}
        for other in known.of_order(take):
            if key_of(other) != key and _is_there(other.path):
                attached[key_of(other)] = reference(other, one.start)
                attached[key_of(other) + RECIPE] = recipe(other)
        if one.camera is not None and CAMERA not in references:
            attached[CAMERA] = _camera(one, one.camera)
        clip.set_media_references({**attached, **references}, key)
        at = index.timecode(placed.at.frame)
        notes.append(f"{placed.track} {at} {clip.name!r} shows {take.record.name}: found by {one.how}")
    return made, tuple(notes)


def _is_attached(found: Found) -> bool:
    clip, key = found.placed.clip, key_of(found.take)
    return bool(clip.active_media_reference_key == key and key + RECIPE in clip.media_references())


def _described(media: otio.core.MediaReference, take: Take) -> otio.core.MediaReference:
    described = media.deepcopy()
    own = dict(described.metadata.get("secondunit", {}))
    record = take.record
    own |= {"take": record.take_id, "name": record.name, "reel": record.reel, "sha256": take.sha256}
    described.metadata["secondunit"] = own
    described.metadata["cmx_3600"] = {**dict(described.metadata.get("cmx_3600", {})), "reel": record.reel}
    return described


def _camera(found: Found, header: Header) -> otio.core.MediaReference:
    """The shot's camera media, counted so that the take's first frame lies on the same camera frame."""
    spans = (each.span for each in found.take.record.order.conditions if isinstance(each, SourceShot))
    span = next(spans)
    first = found.start.frame - span.range.start
    return otio.schema.ExternalReference(
        span.path,
        time_range(first, header.frames, found.start.rate),
        metadata={"cmx_3600": {"reel": span.reel}} if span.reel else {},
    )


class _Search:
    def __init__(self, known: KnownTakes, cut_rate: Fraction) -> None:
        self._known = known
        self._cut_rate = cut_rate
        self._hashes: dict[str, str] = {}

    def of(self, placed: Placed, header: Header | None) -> Found | Unclear | None:
        clip = placed.clip
        said = self._known.get(clip.active_media_reference_key.removeprefix(PREFIX))
        embedded = recorded_take(header) if header is not None else None
        reels = {reel for reel in (header.reel if header is not None else "", reel_of(clip)) if reel}
        named = {take.record.take_id: take for reel in reels for take in self._known.of_reel(reel)}
        hashed = [] if embedded is not None or len(named) == 1 else self._by_hash(header)
        if embedded is None and said is None and not named and not hashed:
            return None
        shown = played(placed, self._cut_rate)
        if embedded is not None:
            embedded = self._known.get(embedded.record.take_id) or embedded
            others = [take for take in named.values() if take.record.take_id != embedded.record.take_id]
            if said is not None and said.record.take_id != embedded.record.take_id:
                others.append(said)
            if others:
                return Unclear(
                    placed,
                    (embedded, *others),
                    f"its file holds the record of {embedded.record.name}, its reel or the cut mean "
                    + ", ".join(take.record.name for take in others),
                )
            return self._found(placed, embedded, How.EMBEDDED, shown)
        fitting = [take for take in named.values() if shown is None or self._counted(take, shown) is not None]
        if len(fitting) > 1 or not fitting:
            hashed = hashed or self._by_hash(header)
            if len(hashed) == 1:
                return self._found(placed, hashed[0], How.HASH, shown)
            if hashed and not fitting:
                return Unclear(placed, tuple(hashed), "its file is the same as those of more than one take")
        if len(fitting) == 1:
            if said is not None and said.record.take_id != fitting[0].record.take_id:
                return Unclear(
                    placed,
                    (fitting[0], said),
                    f"its reel and timecode are those of {fitting[0].record.name}, the cut says {said.record.name}",
                )
            return self._found(placed, fitting[0], How.REEL, shown)
        if fitting:
            return Unclear(placed, tuple(fitting), "its reel and timecode fit more than one take")
        if said is not None:
            return self._found(placed, said, How.CUT, shown)
        if named:
            assert shown is not None
            start, end = shown.frames(shown.rate)
            listed = ", ".join(f"{take.record.name} ({_held(take)})" for take in named.values())
            return Unclear(
                placed,
                tuple(named.values()),
                f"its reel is that of a take, its timecode {timecode(start, shown.rate)} to "
                f"{timecode(end - 1, shown.rate)} is not: {listed}",
            )
        return None

    def _found(self, placed: Placed, take: Take, how: How, shown: Played | None) -> Found:
        available = placed.clip.media_reference.available_range
        if available is not None:
            rate = rate_of(available.start_time)
            start: FrameTime | None = FrameTime(round(frames_of(available.start_time, rate)), rate)
        else:
            start = None if shown is None else self._counted(take, shown)
        return Found(placed, take, how, start or take.record.start)

    def _counted(self, take: Take, shown: Played) -> FrameTime | None:
        """The time of the take's first frame by which it holds what is shown.

        Takes of one order lie on one clip, which counts in the timecode of one of them.
        """
        for counted in (take, *self._known.of_order(take)):
            start = counted.record.start
            first, end = shown.frames(start.rate)
            offset = offset_in(start, counted.record.drop_frame, first)
            if offset >= 0 and offset + end - first <= take.frames:
                return FrameTime(first - offset, shown.rate if round(shown.rate) == round(start.rate) else start.rate)
        return None

    def _by_hash(self, header: Header | None) -> list[Take]:
        """Only a file that counts and measures as a take does is hashed, and its size comes first."""
        if header is None:
            return []
        found = []
        place = Path(header.path).parent if header.rate is None else Path(header.path)
        for take in self._known:
            slot = take.record.order.slot
            if not take.sha256 or (header.frames, header.width, header.height) != (
                take.frames,
                slot.width,
                slot.height,
            ):
                continue
            original = Path(take.path)
            if original.is_file() and place.is_file() and original.stat().st_size != place.stat().st_size:
                continue
            if header.path not in self._hashes:
                self._hashes[header.path] = digest(place)
            if self._hashes[header.path] == take.sha256:
                found.append(take)
        return found


def _held(take: Take) -> str:
    start = take.record.start
    drops = take.record.drop_frame
    return f"{timecode(start.frame, start.rate, drops)} to {timecode(start.frame + take.frames - 1, start.rate, drops)}"
