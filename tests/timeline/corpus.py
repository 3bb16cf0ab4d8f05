"""The shared interchange files as cuts, and what tests of several kinds ask of them."""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import opentimelineio as otio
import orjson
import pytest
from secondunit_bridge.errors import CutError
from secondunit_timeline.flat import source_start
from secondunit_timeline.formats import reading
from secondunit_timeline.formats.sequences import open_sequences
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import read_cut
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.times import Frames, frames_of

SHARED = Path(__file__).parents[3] / "shared"
CORPUS = SHARED / "corpus"
OTIO = (".otio", ".otioz", ".otiod", ".json")

NEEDS_CORPUS = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the shared interchange files do not lie beside the repository"
)


def name_of(path: Path) -> str:
    return path.relative_to(SHARED).as_posix()


def files(folder: Path = CORPUS) -> list[Path]:
    """Every file of a format that is read."""
    suffixes = {*OTIO, *reading.READERS}
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)


def read_here(path: Path, rate: Fraction | None = None) -> object:
    """`read_document` without its process: a sweep reads a thousand files. Other tests read through it."""
    reader = import_module(f"secondunit_timeline.formats.{reading.READERS[path.suffix.lower()]}")
    cut = reader.read(path, rate)
    open_sequences(cut)
    return orjson.loads(cut.to_json_string(-1))


@cache
def read_file(path: Path) -> otio.schema.Timeline | CutError:
    """The cut, never to be changed, or why it was refused. A clip alone becomes a cut of this one clip."""
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(reading, "read_document", read_here)
        try:
            if path.suffix.lower() != ".json":
                return read_cut(path)
            document = orjson.loads(path.read_bytes())
            if document["OTIO_SCHEMA"].startswith("Clip."):
                track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": [document]}
                stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
                document = {"OTIO_SCHEMA": "Timeline.1", "name": path.stem, "tracks": stack}
            alone = Path(folder, f"{path.stem}.otio")
            alone.write_bytes(orjson.dumps(document))
            return read_cut(alone)
        except CutError as refusal:
            return refusal


def cut_or_skip(path: Path) -> otio.schema.Timeline:
    cut = read_file(path)
    if not isinstance(cut, otio.schema.Timeline):
        assert len(str(cut)) > 40
        pytest.skip(f"refused: {str(cut)[:120]}")
    return cut


def cuts(folder: Path = CORPUS) -> dict[str, otio.schema.Timeline]:
    """The cut of every file that holds one, by the file's name."""
    found = {name_of(path): read_file(path) for path in files(folder)}
    return {name: cut for name, cut in found.items() if isinstance(cut, otio.schema.Timeline)}


Shown = tuple[tuple[str, Fraction | str, Fraction], ...]


class TrackMap:
    """What a track shows or sounds on each frame by itself: clip names, source seconds and shares, outgoing first."""

    def __init__(self, track: TrackIndex, rate: Fraction) -> None:
        self.track = track
        self.rate = rate

    def __call__(self, frame: int) -> Shown:
        position = self.track.position(frame)
        if position is None or frame >= self.track.end:
            return self._fading(frame)
        item = self.track.items[position]
        before = self.track.items[position - 1] if position else None
        after = self.track.items[position + 1] if position + 1 < len(self.track.items) else None
        for transition, point, pair in (
            (item.before, item.start, (before, item)),
            (item.after, item.end, (item, after)),
        ):
            if transition is not None:
                low, high = self._reach(transition, point)
                if low <= frame < high:
                    return self._mixed(*pair, Fraction(frame - low) / (high - low), frame)
        return self._alone(item, frame, Fraction(1))

    def points(self) -> set[int]:
        """First and last frames of everything that begins or ends."""
        edges: set[Frames] = {0}
        for item in self.track.items:
            edges |= {item.start, item.end}
            for transition, point in ((item.before, item.start), (item.after, item.end)):
                if transition is not None:
                    edges |= {*self._reach(transition, point)}
        return {max(0, int(edge // 1) + step) for edge in edges for step in (-1, 0, 1)}

    def under_transitions(self, low: Frames, high: Frames) -> list[tuple[Frames, Frames]]:
        """The reaches of the transitions that touch [low, high]."""
        reaches = [
            self._reach(transition, point)
            for item in self.track.items
            for transition, point in ((item.before, item.start), (item.after, item.end))
            if transition is not None
        ]
        return [(start, end) for start, end in reaches if start <= high and low <= end]

    def _reach(self, transition: otio.schema.Transition, point: Frames) -> tuple[Frames, Frames]:
        return point - frames_of(transition.in_offset, self.rate), point + frames_of(transition.out_offset, self.rate)

    def _fading(self, frame: int) -> Shown:
        """Behind the last item, where a transition may lead out of it."""
        if not self.track.items or (last := self.track.items[-1]).after is None:
            return ()
        low, high = self._reach(last.after, last.end)
        return self._mixed(last, None, Fraction(frame - low) / (high - low), frame) if low <= frame < high else ()

    def _mixed(self, out: Item | None, into: Item | None, progress: Fraction, frame: int) -> Shown:
        left = self._alone(out, frame, 1 - progress) if out is not None else ()
        right = self._alone(into, frame, progress) if into is not None else ()
        return tuple(one for one in (*left, *right) if one[2])

    def _alone(self, item: Item, frame: int, share: Fraction) -> Shown:
        child = item.child
        if isinstance(child, otio.schema.Gap) or not child.enabled:
            return ()
        speed, into = speed_of(child), Fraction(frame - item.start) / self.rate
        if speed is None:
            return ((child.name, f"ramp +{into}", share),)
        return ((child.name, source_start(child) + into * speed, share),)


def alike(one: Shown, other: Shown) -> bool:
    """The same to a millionth of a frame: a file's doubles hold no more of a speed such as 45161/21852."""
    return len(one) == len(other) and all(
        (name, share) == (other_name, other_share)
        and (
            abs(seconds - other_seconds) < Fraction(1, 10**8)
            if isinstance(seconds, Fraction) and isinstance(other_seconds, Fraction)
            else seconds == other_seconds
        )
        for (name, seconds, share), (other_name, other_seconds, other_share) in zip(one, other, strict=True)
    )


def track_maps(index: Index) -> list[TrackMap]:
    return [TrackMap(track, index.rate) for track in index.tracks]


def sampled(*maps: TrackMap) -> Iterable[int]:
    """Between these frames, what a track shows advances evenly: they tell two maps apart as every frame would."""
    return sorted(set().union(*(one.points() for one in maps)))
