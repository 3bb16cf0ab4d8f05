"""Media relinked: every reference of a cut to the file of a folder that holds the same frames of the same reel.

Reel and source timecode come first, then the name; a take is known by the record in its file. A file is taken only
where it holds every frame that the clip plays, under its transitions too. Where two files answer, or none, nothing
changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from secondunit_bridge.errors import BadInput
from secondunit_bridge.media.header import Header
from secondunit_bridge.rates import FrameTime

from secondunit_timeline.changes import Change, Edit, Splice, Written
from secondunit_timeline.formats.media import reel_in, source_file
from secondunit_timeline.index import Index, Item
from secondunit_timeline.interchange import media_path, reference_to
from secondunit_timeline.library import SOUND, Library, read_headers
from secondunit_timeline.records import recorded_take
from secondunit_timeline.reels import (
    Placed,
    Played,
    clips,
    offset_in,
    played,
    reel_key,
    same_reel,
    shift_of,
    stem,
    timecode,
)
from secondunit_timeline.takes import PREFIX, RECIPE
from secondunit_timeline.times import cached_rate, exact, frames_of, rate_of, time_range

__all__ = ["Ambiguous", "By", "Kept", "Link", "Outcome", "Relinked", "Unfound", "relink_media"]


class By(StrEnum):
    RECORD = "record"
    REEL = "reel and timecode"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Link:
    """One media reference of a clip, at a frame of the cut; `file` is what it names now, or empty."""

    number: int
    track: str
    at: FrameTime
    timecode: str
    shot: str
    key: str
    active: bool
    file: str


@dataclass(frozen=True, slots=True)
class Relinked:
    link: Link
    by: By
    header: Header


@dataclass(frozen=True, slots=True)
class Kept:
    """The reference names a file of the folder already, or a take that is where the cut says."""

    link: Link


@dataclass(frozen=True, slots=True)
class Ambiguous:
    link: Link
    by: By
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unfound:
    link: Link
    reason: str


Outcome = Relinked | Kept | Ambiguous | Unfound


def relink_media(cut: otio.schema.Timeline, library: Library) -> tuple[otio.schema.Timeline, Edit, tuple[Outcome, ...]]:
    """As `relink`; opens the files that the cut names now."""
    named = (media_path(media) for clip in cut.find_clips() for media in clip.media_references().values())
    return relink(cut, library, read_headers(path for path in named if path))


def relink(
    cut: otio.schema.Timeline, library: Library, present: Mapping[str, Header | BadInput]
) -> tuple[otio.schema.Timeline, Edit, tuple[Outcome, ...]]:
    """The cut with its media in `library`, what changed, and what became of each reference.

    `present`: the headers of the files that the cut names now, as far as they can be read: they tell which timecode a
    time of the cut is. Offline media is taken to count in its timecode.
    """
    index, made = Index(cut), cut.deepcopy()
    shelf = _Shelf(library.headers)
    outcomes: list[Outcome] = []
    changed: dict[tuple[str, int], list[str]] = {}
    for placed, target in zip(clips(index), clips(Index(made)), strict=True):
        references = target.clip.media_references()
        shown = played(placed, index.rate)
        found = {
            key: shelf.find(_Wanted(index, placed, key, media, present), shown)
            for key, media in placed.clip.media_references().items()
            if not isinstance(media, otio.schema.GeneratorReference) and not key.endswith(RECIPE)
        }
        outcomes += [outcome for outcome, _ in found.values()]
        for key, (outcome, reference) in found.items():
            if reference is not None and isinstance(outcome, Relinked):
                references[key] = reference
                verb = f"relink {key} to {Path(outcome.header.path).name}"
                changed.setdefault((placed.track, placed.position), []).append(verb)
        if any(reference is not None for _, reference in found.values()):
            target.clip.set_media_references(references, target.clip.active_media_reference_key)
    return made, _edit(index, made, changed), tuple(outcomes)


def _edit(index: Index, made: otio.schema.Timeline, changed: Mapping[tuple[str, int], list[str]]) -> Edit:
    numbers = {track.name: number for number, track in enumerate(index.tracks)}
    items: dict[tuple[str, int], Item] = {}
    for track in index.tracks:
        places = (place for place, child in enumerate(track.track) if isinstance(child, otio.core.Item))
        items |= {(track.name, place): item for place, item in zip(places, track.items, strict=True)}
    changes: list[Change] = []
    kept: list[Written] = []
    for (name, position), verbs in changed.items():
        item, number = items[name, position], numbers[name]
        at = FrameTime(index.start.frame + int(item.start), index.rate)
        before, after = Written(item.child), Written(made.tracks[number][position])
        kept += [before, after]
        changes += [Change(name, at, verb, item.duration, item.child.name) for verb in verbs[:-1]]
        splice = Splice(number, position, (before,), (after,))
        changes.append(Change(name, at, verbs[-1], item.duration, item.child.name, (splice,)))
    Written.keep(kept)
    return Edit(changes)


class _Wanted:
    """What one reference has to find: reels and names it may answer to, the surest name first."""

    def __init__(
        self,
        index: Index,
        placed: Placed,
        key: str,
        media: otio.core.MediaReference,
        present: Mapping[str, Header | BadInput],
    ) -> None:
        self.media = media
        path = media_path(media) or ""
        header = present.get(path)
        self.header = header if isinstance(header, Header) else None
        clip = placed.clip
        active = clip.active_media_reference_key == key
        at = index.timecode(placed.at.frame)
        self.link = Link(placed.number, placed.track, placed.at, at, clip.name, key, active, path)
        own = [reel_in(media), reel_in(clip) if active and not key.startswith(PREFIX) else ""]
        reels = [*own, self.header.reel if self.header is not None else ""]
        self.reels = {reel_key(reel): reel for reel in reels if reel}
        named = [path, media.name, source_file(clip)]
        self.names = list(dict.fromkeys(stem(name) for name in (named if any(named) else [clip.name]) if name))
        self.names += [reel for reel in self.reels if reel not in self.names]
        self._pictures = index.track(placed.track).kind == otio.schema.TrackKind.Video
        available = media.available_range
        self.rate = rate_of(available.start_time) if available is not None else None
        if isinstance(media, otio.schema.ImageSequenceReference) and media.rate > 0:
            self.rate = cached_rate(media.rate)
        self._length: Fraction | None = None
        if self.header is not None and self.header.rate is not None:
            self._length = self.header.frames / self.header.rate
        elif available is not None:
            self._length = Fraction(exact(available.duration.value)) / rate_of(available.duration)

    def may_be(self, header: Header) -> bool:
        """Pictures are never relinked to sound, nor a sound file to a movie."""
        if self._pictures or self.link.file:
            return bool(header.width) == (self._pictures or Path(self.link.file).suffix.lower() not in SOUND)
        return True

    def lasts(self, header: Header, rate: Fraction, counted: Fraction) -> bool:
        """Whether the media before was as long, to the frame."""
        return self._length is not None and abs(self._length - header.frames / rate) * counted < Fraction(1, 2)

    def origin(self, rate: Fraction) -> int | None:
        """The cut's time of the media's first frame."""
        available = self.media.available_range
        return round(frames_of(available.start_time, rate)) if available is not None else None

    def shift(self, rate: Fraction, first: int) -> int | None:
        """From the cut's time to timecode; None where the media has none."""
        if self.header is not None and self.header.start is None and not self.origin(rate):
            return None
        return shift_of(self.media, self.header, rate, first)


class _Shelf:
    """The folder's files by record, reel and name."""

    def __init__(self, headers: Sequence[Header]) -> None:
        self._by_reel: dict[str, list[Header]] = {}
        self._by_name: dict[str, list[Header]] = {}
        self._by_take: dict[str, list[Header]] = {}
        self._places = {str(Path(header.path).resolve()) for header in headers}
        for header in headers:
            take = recorded_take(header)
            reel = header.reel or (take.record.reel if take is not None else "")
            if reel:
                self._by_reel.setdefault(reel_key(reel), []).append(header)
            self._by_name.setdefault(stem(header.path), []).append(header)
            if take is not None:
                self._by_take.setdefault(take.record.take_id, []).append(header)

    def _of_reel(self, reel: str) -> Sequence[Header]:
        if reel in self._by_reel:
            return self._by_reel[reel]
        return [header for key, headers in self._by_reel.items() if same_reel(key, reel) for header in headers]

    def find(self, wanted: _Wanted, shown: Played | None) -> tuple[Outcome, otio.core.MediaReference | None]:
        link = wanted.link
        if link.file and str(Path(link.file).resolve()) in self._places:
            return Kept(link), None
        if shown is None:
            return Unfound(link, "neither the clip nor its media says which frames it plays"), None
        of_reel = [header for reel in wanted.reels for header in self._of_reel(reel)]
        timed = [header for header in of_reel if _start(header) is not None]
        reasons: list[str] = []
        for by, headers in (
            (By.RECORD, self._by_take.get(link.key.removeprefix(PREFIX), [])),
            (By.REEL, timed),
            *((By.NAME, [one for one in self._by_name.get(name, ()) if one not in timed]) for name in wanted.names),
        ):
            answers = [(header, _fit(wanted, shown, header, by)) for header in headers if wanted.may_be(header)]
            fits = [(header, fit) for header, fit in answers if isinstance(fit, _Fit)]
            named = [(header, fit) for header, fit in fits if stem(header.path) in wanted.names[:1]]
            if len(fits) > 1 and len(named) == 1:
                fits = named
            if len(fits) > 1:
                return Ambiguous(link, by, tuple(header.path for header, _ in fits)), None
            if fits:
                ((header, fit),) = fits
                return Relinked(link, by, header), _reference(wanted.media, header, fit)
            reasons += [answer for _, answer in answers if isinstance(answer, str)]
        if link.key.startswith(PREFIX) and wanted.header is not None:
            return Kept(link), None
        if not reasons:
            called = [f"of the reel {reel}" for reel in wanted.reels.values()]
            called += [f"named {name}" for name in wanted.names if name not in wanted.reels]
            reasons.append(f"no file {' or '.join(called)}" if called else "nothing names its media")
        return Unfound(link, "; ".join(dict.fromkeys(reasons))), None


@dataclass(frozen=True, slots=True)
class _Fit:
    """The cut's time of the file's first frame; `rate` is that of the file's frames in the cut."""

    first: int
    rate: Fraction


def _fit(wanted: _Wanted, shown: Played, header: Header, by: By) -> _Fit | str:
    """Where the file's frames lie in the cut's time, or why it does not hold those that the clip plays."""
    name, media = Path(header.path).name, wanted.media
    own = reel_key(header.reel)
    if by is By.NAME and own and wanted.reels and not any(same_reel(own, reel) for reel in wanted.reels):
        return f"{name} is of the reel {header.reel}, not {' or '.join(wanted.reels.values())}"
    counted = wanted.rate or shown.rate
    rate = header.rate or counted
    if header.width and rate != counted and (wanted.rate is not None or round(rate) == round(counted)):
        asked = "" if wanted.rate is not None else ": an EDL's rate is given with --rate"
        return f"{name} runs at {float(rate):g} frames a second, the cut counts its media at {float(counted):g}{asked}"
    stamped = header.start.rate if header.rate is None and header.start is not None else rate
    if stamped != rate:
        return f"{name} counts at {float(stamped):g} frames a second, the cut counts its media at {float(rate):g}"
    start, end = shown.frames(rate)
    origin, begins, shift = wanted.origin(rate), _start(header), wanted.shift(rate, start)

    def at(offset: int, called: Callable[[int], str]) -> _Fit | str:
        if offset >= 0 and offset + end - start <= header.frames:
            return _Fit(start - offset, rate)
        return (
            f"{name} holds {called(0)} to {called(header.frames - 1)}, "
            f"the clip plays {called(offset)} to {called(offset + end - start - 1)}"
        )

    numbered = isinstance(media, otio.schema.ImageSequenceReference) and header.rate is None
    if numbered and origin is not None and (by is not By.REEL or begins is None):
        number = media.start_frame + start - origin
        return at(number - header.first, lambda frame: f"picture {header.first + frame}")
    from_first = None
    if origin is not None and wanted.lasts(header, rate, counted):
        from_first = at(start - origin, lambda frame: f"frame {frame}")
    if by is By.RECORD and origin is not None and from_first is not None:
        # A take that waits on a shot holds frames beyond those that the shot plays.
        return from_first if wanted.link.active else _Fit(origin, rate)
    if begins is not None and shift is not None:
        fit = at(
            offset_in(begins, header.drop_frame, start + shift),
            lambda frame: timecode(begins.frame + frame, rate, header.drop_frame),
        )
        # Some programs count offline media from 0.
        if isinstance(fit, _Fit) or by is not By.NAME or wanted.header is not None or origin != 0:
            return fit
    if by is By.REEL or from_first is None:
        return f"{name} may be it, but neither timecode nor its length tells which of its frames the clip plays"
    return from_first


def _start(header: Header) -> FrameTime | None:
    take = recorded_take(header) if header.start is None else None
    return take.record.start if take is not None else header.start


def _reference(old: otio.core.MediaReference, header: Header, fit: _Fit) -> otio.core.MediaReference:
    available = time_range(fit.first, header.frames, fit.rate)
    made = reference_to(header.path, available, header.first)
    made.name = old.name
    made.available_image_bounds = old.available_image_bounds
    metadata = {key: value for key, value in old.metadata.items() if key != "secondunit"}
    if ours := dict(old.metadata.get("secondunit", {})):
        if "resolved_url" in ours:  # written relative to the cut, as the old address was
            pictures = isinstance(made, otio.schema.ImageSequenceReference)
            ours["resolved_url"] = made.target_url_base if pictures else header.path
        metadata["secondunit"] = ours
    if header.reel and not reel_in(old):
        metadata["cmx_3600"] = {**dict(old.metadata.get("cmx_3600", {})), "reel": header.reel}
    for key, value in metadata.items():
        made.metadata[key] = value
    return made
