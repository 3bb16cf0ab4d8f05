"""What a stand-in for DaVinci Resolve holds: projects, timelines, clips. `program.py` is how a script reaches it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

from secondunit_bridge.media.probe import MediaInfo, probe

from tests.plugin.hosts.conformance import probed

_NUMBERS = count(1)
STILL_SECONDS = 5


def new_id() -> str:
    return f"{next(_NUMBERS):08x}-0000-4000-8000-000000000000"


@dataclass(eq=False)
class PoolClip:
    path: str
    id: str = field(default_factory=new_id)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def info(self) -> MediaInfo:
        """Pictures run at 24 frames a second here."""
        info = probed(self.path) if "%" not in Path(self.path).name else probe(self.path, Fraction(24))
        assert info is not None, f"{self.path} is offline"
        return info

    @property
    def number(self) -> int:
        """What the program calls the file's first frame."""
        return self.info.first_number or 0


@dataclass(eq=False)
class Bin:
    name: str
    clips: list[PoolClip] = field(default_factory=list)
    bins: "list[Bin]" = field(default_factory=list)
    id: str = field(default_factory=new_id)

    def all(self) -> Iterator[PoolClip]:
        yield from self.clips
        for one in self.bins:
            yield from one.all()


@dataclass(frozen=True)
class Take:
    clip: PoolClip
    first: int
    frames: int
    """Both in source frames, `first` from the file's first one as 0."""


@dataclass(eq=False)
class Item:
    """`at` and `frames` as the timeline counts; `first` in source frames from the file's first as 0; `clip` None: a
    title."""

    name: str
    clip: PoolClip | None
    at: int
    frames: int
    first: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    stream: int = 0
    enabled: bool = True
    link: str = ""
    id: str = field(default_factory=new_id)
    nodes: tuple[tuple[str, str], ...] = (("", ""),)
    properties: dict[str, float] = field(default_factory=lambda: {"ZoomX": 1.0, "Opacity": 100.0})
    takes: list[Take] = field(default_factory=list)
    selected: int = 0
    effects: list[dict[str, Any]] = field(default_factory=list)
    unsaved: bool = False
    """It is in the timeline until the project is saved."""

    @property
    def end(self) -> int:
        return self.at + self.frames


@dataclass
class Transition:
    """From `into` frames before the cut at `at` to `out` frames after it."""

    at: int
    into: int
    out: int
    id: str = field(default_factory=new_id)


@dataclass(eq=False)
class TrackModel:
    name: str
    items: list[Item] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    enabled: bool = True
    locked: bool = False


@dataclass(eq=False)
class TimelineModel:
    name: str
    rate: Fraction
    start: int
    drop: bool = False
    tracks: dict[str, list[TrackModel]] = field(default_factory=lambda: {"video": [], "audio": [], "subtitle": []})
    markers: dict[int, dict[str, Any]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    playhead: int = 0
    selected: list[str] = field(default_factory=list)
    id: str = field(default_factory=new_id)

    def items(self) -> Iterator[tuple[str, TrackModel, Item]]:
        for kind, tracks in self.tracks.items():
            for track in tracks:
                for item in track.items:
                    yield kind, track, item

    def copy(self, name: str) -> "TimelineModel":
        """With other ids; what is metadata of a timeline's clip in the pool goes along."""

        def copied(track: TrackModel) -> TrackModel:
            items = [
                replace(one, id=new_id(), takes=[*one.takes], properties={**one.properties}) for one in track.items
            ]
            return TrackModel(track.name, items, [replace(one, id=new_id()) for one in track.transitions])

        return replace(
            self,
            name=name,
            id=new_id(),
            tracks={kind: [copied(track) for track in tracks] for kind, tracks in self.tracks.items()},
            markers={at: {**told} for at, told in self.markers.items()},
            metadata={**self.metadata},
        )


@dataclass(eq=False)
class ProjectModel:
    name: str
    root: Bin = field(default_factory=lambda: Bin("Master"))
    timelines: list[TimelineModel] = field(default_factory=list)
    current: TimelineModel | None = None
    folder: Bin | None = None
    id: str = field(default_factory=new_id)


@dataclass(eq=False)
class World:
    """`dialog` is set while none is open. `mood`: ways to go wrong that a test switches on."""

    version: tuple[int, int, int]
    product: str = "DaVinci Resolve Studio"
    projects: list[ProjectModel] = field(default_factory=list)
    current: ProjectModel | None = None
    page: str = "edit"
    ended: bool = False
    dialog: threading.Event = field(default_factory=threading.Event)
    scripting: bool = True
    saves: int = 0
    loses_on_save: bool = False
    forgets_metadata: bool = False
    keeps_no_grade: bool = False
    refuses_first_delete: bool = False
    end_is_exclusive: bool | None = None
    calling: threading.Lock = field(default_factory=threading.Lock)
    calls: list[str] = field(default_factory=list)
    during: Callable[[str], None] = lambda _name: None
    """Called with the name of each method that is called."""

    def __post_init__(self) -> None:
        self.dialog.set()

    @property
    def exclusive(self) -> bool:
        """https://github.com/samuelgursky/davinci-resolve-mcp/issues/82 (21.0);
        https://github.com/nakano000/Resolve_Script/pull/23 (18.6 against 19.1)"""
        return self.end_is_exclusive if self.end_is_exclusive is not None else self.version >= (19, 0, 0)

    def clip(self, path: str) -> PoolClip:
        assert self.current is not None
        found = next((one for one in self.current.root.all() if one.path == path), None)
        if found is None:
            found = PoolClip(path)
            (self.current.folder or self.current.root).clips.append(found)
        return found


def file_path(clip: PoolClip) -> str:
    """Numbered pictures as the program names them."""
    info = clip.info
    if info.first_number is None or "%" not in Path(clip.path).name:
        return clip.path
    width = int(clip.path.split("%0")[1].split("d")[0])
    first, last = info.first_number, info.first_number + info.frames - 1
    return clip.path.replace(f"%0{width}d", f"[{first:0{width}}-{last:0{width}}]")
