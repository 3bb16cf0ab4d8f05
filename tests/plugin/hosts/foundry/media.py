"""Media sources, clips, versions, tags and bins of Hiero, in memory; `timeline` says where its rules are from."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional
from uuid import uuid4

from secondunit_bridge.media.header import read_header
from secondunit_bridge.media.stamp import read_stamp

from tests.plugin.hosts.conformance import probed

_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)")


class TimeBase:
    """API: "Stores values internally as integer ratios"."""

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate

    def __deepcopy__(self, _memo: Any) -> "TimeBase":
        return self

    def toRational(self) -> tuple[int, int]:
        return self._rate.numerator, self._rate.denominator

    def toFloat(self) -> float:
        return float(self._rate)


class DataCollection:
    """API: values are strings; `value` throws for a key that does not exist."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def setValue(self, key: str, value: str) -> None:
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError("setValue(str, str)")
        self._held[key] = value

    def value(self, key: str) -> str:
        return self._held[key]

    def hasKey(self, key: str) -> bool:
        return key in self._held

    def dict(self) -> dict[str, str]:
        return dict(self._held)


class Tag:
    def __init__(self, name: str, icon: str = "icons:Tag.png") -> None:
        self._name, self._icon, self._note, self._visible = name, icon, "", True
        self.times = 0, 0
        self._metadata = DataCollection()

    def name(self) -> str:
        return self._name

    def metadata(self) -> DataCollection:
        return self._metadata

    def note(self) -> str:
        return self._note

    def setNote(self, note: str) -> None:
        self._note = note

    def visible(self) -> bool:
        return self._visible

    def setVisible(self, visible: bool) -> None:
        self._visible = visible

    def inTime(self) -> int:
        return self.times[0]

    def outTime(self) -> int:
        return self.times[1]


class MediaFileInfo:
    """API: a movie's first frame is 0. A sequence is named as in what Hiero exports: `shot.%04d.exr 997-1055`."""

    def __init__(self, filename: str, start: int) -> None:
        self._filename, self._start = filename, start

    def filename(self) -> str:
        return self._filename

    def startFrame(self) -> int:
        return self._start


class MediaSource:
    kVideo, kAudio = "video", "audio"

    def __init__(self, path: str) -> None:
        """Foundry's VersionScanner makes clips from one file of a sequence: Hiero finds the others."""
        place = Path(path)
        match = _NUMBERED.fullmatch(place.name)
        numbers = self._numbers(place, match) if match is not None and place.suffix in (".exr", ".dpx", ".png") else []
        self._single = len(numbers) < 2
        self._rate = Fraction(24)
        self._sound: tuple[int, ...] = ()
        if not self._single:
            assert match is not None
            name = f"{match[1]}%0{len(match[2])}d{match[3]} {numbers[0]}-{numbers[-1]}"
            self._info, self._duration = MediaFileInfo(str(place.parent / name), numbers[0]), len(numbers)
            self._offline, self._video = False, True
            self._rate = read_stamp(str(place)).rate or Fraction(24)
            return
        if place.suffix == ".wav":
            header = read_header(path)
            self._info, self._offline, self._video, self._sound = MediaFileInfo(path, 0), False, False, (2,)
            assert header.rate is not None
            self._duration = int(header.frames / header.rate * self._rate)
            return
        info = probed(path) if place.exists() else None
        self._info = MediaFileInfo(path, 0)
        self._offline, self._video = info is None, True
        self._duration = info.frames if info is not None else 0
        if info is not None:
            self._rate, self._sound = info.rate, tuple(one.channels for one in info.sound)

    @classmethod
    def createOfflineVideoMediaSource(cls, path: str, start: int, duration: int, rate: TimeBase) -> "MediaSource":
        made = cls(path)
        made._duration, made._rate = duration, Fraction(*rate.toRational())
        if "%" in path:
            made._single = False
            made._info = MediaFileInfo(f"{path} {start}-{start + duration - 1}", start)
        return made

    @staticmethod
    def _numbers(place: Path, match: re.Match[str]) -> list[int]:
        found = (_NUMBERED.fullmatch(one.name) for one in place.parent.iterdir())
        return sorted(int(one[2]) for one in found if one is not None and (one[1], one[3]) == (match[1], match[3]))

    def __deepcopy__(self, _memo: Any) -> "MediaSource":
        return self

    def fileinfos(self) -> list[MediaFileInfo]:
        return [self._info]

    def singleFile(self) -> bool:
        return self._single

    def isOffline(self) -> bool:
        return self._offline

    def duration(self) -> int:
        return self._duration

    def hasVideo(self) -> bool:
        return self._video

    def hasAudio(self) -> bool:
        return bool(self._sound)

    def numChannels(self, kind: str) -> int:
        return sum(self._sound) if kind == self.kAudio else 3

    def framerate(self) -> Fraction:
        return self._rate


class Clip:
    """API: with `first` and `last`, "the Clip only plays frames within this range"."""

    def __init__(self, source: MediaSource, first: int | None = None, last: int | None = None) -> None:
        self._source, self._guid = source, uuid4().hex
        start = source.fileinfos()[0].startFrame()
        self._first = start if first is None else first
        self._last = start + source.duration() - 1 if last is None else last
        self._name = Path(source.fileinfos()[0].filename()).name
        self.item: BinItem | None = None
        self.colour = "rec709"

    def guid(self) -> str:
        return self._guid

    def mediaSource(self) -> MediaSource:
        return self._source

    def framerate(self) -> TimeBase:
        return TimeBase(self._source.framerate())

    def sourceIn(self) -> int:
        return self._first

    def sourceOut(self) -> int:
        return self._last

    def duration(self) -> int:
        return self._last - self._first + 1

    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._name = name

    def binItem(self) -> "BinItem | None":
        return self.item


class Version:
    def __init__(self, item: Any) -> None:
        self._item, self._parent = item, Optional["BinItem"]

    def item(self) -> Any:
        return self._item

    def name(self) -> str:
        name: str = self._item.name()
        return name

    def parent(self) -> Any:
        return self._parent

    def adopt(self, parent: "BinItem") -> None:
        self._parent, self._item.item = parent, parent


class BinItem:
    """API: `setActiveVersion` sets the version "on this bin item and any linked TrackItems"."""

    def __init__(self, item: Any) -> None:
        self._versions = [Version(item)]
        self._versions[0].adopt(self)
        self._active = self._versions[0]
        self._name: str = item.name()
        self.bin: Bin | None = None

    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        self._name = name

    def items(self) -> tuple[Version, ...]:
        return tuple(self._versions)

    def activeItem(self) -> Any:
        return self._active.item()

    def activeVersion(self) -> Version:
        return self._active

    def addVersion(self, version: Version, position: int = -1) -> Version:
        version.adopt(self)
        self._versions.insert(len(self._versions) if position < 0 else position, version)
        return version

    def setActiveVersion(self, version: Version) -> Version:
        assert version in self._versions
        self._active = version
        for item in self.project().track_items():
            if item.versionLinkedToBin() and item.source().binItem() is self:
                item.show(version.item())
        return version

    def createClipVersion(self, position: int, path: str) -> Version:
        """Foundry's VersionScanner calls it with a position and a file."""
        if any(path_of(version.item()) == path for version in self._versions):
            raise RuntimeError("the path already exists as a version")
        return self.addVersion(Version(Clip(MediaSource(path))), position)

    def parentBin(self) -> "Bin":
        assert self.bin is not None
        return self.bin

    def project(self) -> Any:
        return self.parentBin().project()


def path_of(clip: Clip) -> str:
    return clip.mediaSource().fileinfos()[0].filename()


class Bin:
    def __init__(self, name: str, project: Callable[[], Any] | None = None) -> None:
        self._name, self._items, self._project = name, list[Any](), project
        self.bin: Bin | None = None

    def name(self) -> str:
        return self._name

    def addItem(self, item: Any) -> Any:
        item.bin = self
        self._items.append(item)
        return item

    def items(self) -> tuple[Any, ...]:
        return tuple(self._items)

    def bins(self) -> tuple["Bin", ...]:
        return tuple(one for one in self._items if isinstance(one, Bin))

    def clips(self) -> tuple[BinItem, ...]:
        return tuple(one for one in self._items if isinstance(one, BinItem) and isinstance(one.activeItem(), Clip))

    def all_items(self) -> list[BinItem]:
        found = [one for one in self._items if isinstance(one, BinItem)]
        return found + [one for inner in self.bins() for one in inner.all_items()]

    def project(self) -> Any:
        if self.bin is not None:
            return self.bin.project()
        return self._project() if self._project is not None else None
