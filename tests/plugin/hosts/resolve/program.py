"""A stand-in for DaVinci Resolve that a script reaches as it reaches the program.

Methods and their parameters are those of the documentation, README.txt of `Developer/Scripting`, as published in
https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/resolve_scripting_api.txt, by version those
of `fusionscript-stubs`, which `test_signatures.py` compares. What the documentation leaves out stands at each rule with
the report that it was seen in; LIMITATIONS is
https://github.com/samuelgursky/davinci-resolve-mcp/blob/main/docs/reference/api-limitations.md.
"""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import wraps
from math import floor
from pathlib import Path
from typing import Any, TypeVar

from secondunit_bridge.rates import FrameTime, format_timecode, parse_timecode

from tests.plugin.hosts.resolve.dialect import exported, imported
from tests.plugin.hosts.resolve.model import (
    STILL_SECONDS,
    Bin,
    Item,
    PoolClip,
    ProjectModel,
    Take,
    TimelineModel,
    TrackModel,
    Transition,
    World,
    file_path,
    new_id,
)

_F = TypeVar("_F", bound=Callable[..., Any])
OTIO, NONE = object(), object()


def since(*version: int) -> Callable[[_F], _F]:
    def mark(method: _F) -> _F:
        method.since = version  # type: ignore[attr-defined]
        return method

    return mark


class Handle:
    """Any name is an attribute, and None where there is no such method in this version (LIMITATIONS, hasattr()); so are
    all once the program has ended. A dialog that is open holds every call up."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)

    def __getattribute__(self, name: str) -> Any:
        if not name[0].isupper():
            return super().__getattribute__(name)
        world: World = super().__getattribute__("_world")
        method = getattr(type(self), name, None)
        if method is None or world.ended or world.version < getattr(method, "since", (0,)):
            return None
        if not callable(method):
            return method
        bound = super().__getattribute__(name)

        @wraps(bound)
        def called(*arguments: Any, **named: Any) -> Any:
            assert not named, f"{name}: the program takes no arguments by name"
            assert world.calling.acquire(blocking=False), f"{name}: called while another call is not answered"
            try:
                world.dialog.wait()
                world.calls.append(name)
                world.during(name)
                return bound(*arguments)
            finally:
                world.calling.release()

        return called

    def __dir__(self) -> Iterator[str]:
        world = self._world
        for name in super().__dir__():
            found = getattr(type(self), name, None)
            if name[0].isupper() and world.version >= getattr(found, "since", (0,)):
                yield name


class Resolve(Handle):
    EXPORT_OTIO, EXPORT_NONE = OTIO, NONE

    def GetProductName(self) -> str:
        return self._world.product

    def GetVersion(self) -> list[object]:
        return [*self._world.version, 7, ""]

    def GetVersionString(self) -> str:
        return ".".join(map(str, self._world.version)) + ".7"

    def GetProjectManager(self) -> "ProjectManager":
        return ProjectManager(self._world)

    def GetCurrentPage(self) -> str:
        return self._world.page

    def OpenPage(self, pageName: str) -> bool:
        self._world.page = pageName
        return True


class ProjectManager(Handle):
    def GetCurrentProject(self) -> "Project | None":
        current = self._world.current
        return Project(self._world, current) if current is not None else None

    def SaveProject(self) -> bool:
        """One that was never saved is not saved (LIMITATIONS, ProjectManager.SaveProject); what a failed call placed is
        lost (LIMITATIONS, errored-chunk placements)."""
        world = self._world
        if world.current is None or world.current.name == "Untitled Project":
            return False
        world.saves += 1
        for timeline in world.current.timelines:
            for tracks in timeline.tracks.values():
                for track in tracks:
                    track.items = [one for one in track.items if not one.unsaved]
        return True

    def ExportProject(self, projectName: str, filePath: str, withStillsAndLUTs: bool = True) -> bool:
        del withStillsAndLUTs
        found = self._named(projectName)
        if found is None:
            return False
        Path(filePath).write_text(json.dumps({"project": found.id}))
        return True

    def ImportProject(self, filePath: str, projectName: str | None = None) -> bool:
        told = json.loads(Path(filePath).read_text())["project"]
        found = next((one for one in self._world.projects if one.id == told), None)
        if found is None or projectName is None or self._named(projectName) is not None:
            return False
        made = ProjectModel(projectName, found.root)
        for one in found.timelines:
            made.timelines.append(one.copy(one.name))
            if one is found.current:
                made.current = made.timelines[-1]
        self._world.projects.append(made)
        return True

    def LoadProject(self, projectName: str) -> "Project | None":
        found = self._named(projectName)
        if found is None:
            return None
        self._world.current = found
        return Project(self._world, found)

    def CloseProject(self, project: "Project") -> bool:
        if self._world.current is not project._model:
            return False
        self._world.current = None
        return True

    def DeleteProject(self, projectName: str) -> bool:
        """Not the one that is loaded."""
        found = self._named(projectName)
        if found is None or found is self._world.current:
            return False
        self._world.projects.remove(found)
        return True

    def _named(self, name: str) -> ProjectModel | None:
        return next((one for one in self._world.projects if one.name == name), None)


class Project(Handle):
    def __init__(self, world: World, model: ProjectModel) -> None:
        super().__init__(world)
        self._model = model

    def GetName(self) -> str:
        return self._model.name

    def GetUniqueId(self) -> str:
        return self._model.id

    def GetMediaPool(self) -> "MediaPool":
        return MediaPool(self._world, self._model)

    def GetTimelineCount(self) -> int:
        return len(self._model.timelines)

    def GetTimelineByIndex(self, idx: int) -> "Timeline | None":
        found = self._model.timelines
        return Timeline(self._world, found[idx - 1]) if 1 <= idx <= len(found) else None

    def GetCurrentTimeline(self) -> "Timeline | None":
        current = self._model.current
        return Timeline(self._world, current) if current is not None else None

    def SetCurrentTimeline(self, timeline: "Timeline") -> bool:
        self._model.current = timeline._model
        return True


class MediaPool(Handle):
    def __init__(self, world: World, project: ProjectModel) -> None:
        super().__init__(world)
        self._project = project

    def GetRootFolder(self) -> "Folder":
        return Folder(self._world, self._project.root)

    def GetCurrentFolder(self) -> "Folder":
        return Folder(self._world, self._project.folder or self._project.root)

    def SetCurrentFolder(self, folder: "Folder") -> bool:
        self._project.folder = folder._model
        return True

    def AddSubFolder(self, folder: "Folder", name: str) -> "Folder":
        made = Bin(name)
        folder._model.bins.append(made)
        return Folder(self._world, made)

    def ImportMedia(self, items: list[Any]) -> list["MediaPoolItem"]:
        """Into the folder that is open; numbered pictures by `FilePath`, `StartIndex` and `EndIndex`."""
        made = []
        for one in items:
            path = one["FilePath"] if isinstance(one, dict) else one
            if not isinstance(one, dict) and not Path(one).exists():
                continue
            clip = PoolClip(path)
            assert not isinstance(one, dict) or (one["StartIndex"], one["EndIndex"]) == (
                clip.number,
                clip.number + clip.info.frames - 1,
            )
            (self._project.folder or self._project.root).clips.append(clip)
            made.append(MediaPoolItem(self._world, clip))
        return made

    def AppendToTimeline(self, clipInfo: list[dict[str, Any]]) -> list["TimelineItem"] | None:
        """`recordFrame` counts from the timeline's zero (https://github.com/samuelgursky/davinci-resolve-mcp/issues/164);
        a fraction rejects the whole batch (https://github.com/tmoroney/auto-subs/pull/772)."""
        whole = ("startFrame", "endFrame", "recordFrame")
        if any(float(one[key]) != int(one[key]) for one in clipInfo for key in whole if key in one):
            return None
        timeline = self._project.current
        assert timeline is not None
        return [TimelineItem(self._world, timeline, self._append(timeline, one)) for one in clipInfo] or None

    def _append(self, timeline: TimelineModel, told: dict[str, Any]) -> Item:
        clip: PoolClip = told["mediaPoolItem"]._model
        info, world = clip.info, self._world
        first = told["startFrame"] - clip.number
        frames = told["endFrame"] - told["startFrame"] + (0 if world.exclusive else 1)
        # Rounded down where the rates differ (LIMITATIONS, mixed-fps sources).
        length = floor(frames * timeline.rate / info.rate)
        if info.frames == 1:  # the program's own length (seen in a script that places stills)
            length = round(STILL_SECONDS * timeline.rate)
        kinds = {1: ("video",), 2: ("audio",)}.get(told.get("mediaType", 0), ("video", "audio"))
        assert len(kinds) == 1, "without mediaType the sound lands where it wants"
        (kind,) = kinds
        made = Item(Path(clip.path).name, clip, told["recordFrame"], length, Fraction(first))
        number = told.get("trackIndex", 1)
        if number > len(timeline.tracks[kind]) or length < 1 or first < 0 or first + frames > max(info.frames, 1):
            made.id = ""
            return made
        track = timeline.tracks[kind][number - 1]
        # An overlap is dropped without a word, and what is returned has no id (LIMITATIONS, overlapping records,
        # null-id timeline items).
        if track.locked or any(one.at < made.end and made.at < one.end for one in track.items):
            made.id = ""
            return made
        made.unsaved = world.loses_on_save
        track.items.append(made)
        track.items.sort(key=lambda one: one.at)
        return made

    def CreateEmptyTimeline(self, name: str) -> "Timeline | None":
        if any(one.name == name for one in self._project.timelines):
            return None
        like = self._project.current
        assert like is not None
        made = TimelineModel(name, like.rate, like.start, like.drop)
        made.tracks["video"].append(TrackModel("Video 1"))
        made.tracks["audio"].append(TrackModel("Audio 1"))
        self._project.timelines.append(made)
        self._project.current = made
        return Timeline(self._world, made)

    def ImportTimelineFromFile(self, filePath: str, importOptions: dict[str, Any]) -> "Timeline | None":
        """None where the name is taken, or the document is not as the program writes them (LIMITATIONS)."""
        name = importOptions["timelineName"]
        if any(one.name == name for one in self._project.timelines):
            return None
        made = imported(Path(filePath), name, self._world) if importOptions.get("importSourceClips", True) else None
        if made is None:
            return None
        self._project.timelines.append(made)
        self._project.current = made
        return Timeline(self._world, made)

    def DeleteTimelines(self, timeline: list["Timeline"]) -> bool:
        for one in timeline:
            self._project.timelines.remove(one._model)
            if self._project.current is one._model:
                self._project.current = None
        return True


class Folder(Handle):
    def __init__(self, world: World, model: Bin) -> None:
        super().__init__(world)
        self._model = model

    def GetName(self) -> str:
        return self._model.name

    def GetClipList(self) -> list["MediaPoolItem"]:
        return [MediaPoolItem(self._world, one) for one in self._model.clips]

    def GetSubFolderList(self) -> list["Folder"]:
        return [Folder(self._world, one) for one in self._model.bins]


class MediaPoolItem(Handle):
    def __init__(self, world: World, model: PoolClip, timeline: TimelineModel | None = None) -> None:
        super().__init__(world)
        self._model, self._timeline = model, timeline

    def GetName(self) -> str:
        return Path(self._model.path).name

    def GetUniqueId(self) -> str:
        return self._model.id

    def GetClipProperty(self, propertyName: str | None = None) -> Any:
        if self._timeline is not None:
            return ""
        told = {
            "File Path": file_path(self._model),
            "Start": str(self._model.number),
            "FPS": str(self._model.info.rate),
        }
        return told if propertyName is None else told.get(propertyName, "")

    @since(19, 0)
    def GetThirdPartyMetadata(self, metadataType: str | None = None) -> Any:
        held = self._timeline.metadata if self._timeline is not None else self._model.metadata
        return dict(held) if metadataType is None else held.get(metadataType, "")

    @since(19, 0)
    def SetThirdPartyMetadata(self, metadataType: str, metadataValue: str) -> bool:
        held = self._timeline.metadata if self._timeline is not None else self._model.metadata
        if not self._world.forgets_metadata:
            held[metadataType] = metadataValue
        return True


class Timeline(Handle):
    def __init__(self, world: World, model: TimelineModel) -> None:
        super().__init__(world)
        self._model = model

    def GetName(self) -> str:
        return self._model.name

    def GetUniqueId(self) -> str:
        return self._model.id

    def GetStartFrame(self) -> int:
        return self._model.start

    def GetStartTimecode(self) -> str:
        return self._timecode(self._model.start)

    def _timecode(self, frame: int) -> str:
        return format_timecode(FrameTime(frame, self._model.rate), self._model.drop)

    def GetCurrentTimecode(self) -> str:
        return self._timecode(self._model.playhead) if self._world.page in ("cut", "edit", "color") else ""

    def SetCurrentTimecode(self, timecode: str) -> bool:
        at = parse_timecode(timecode, self._model.rate).frame
        if at < self._model.start:
            return False
        self._model.playhead = at
        return True

    def GetSetting(self, settingName: str) -> str:
        rate = f"{float(self._model.rate):.3f}".rstrip("0").rstrip(".")
        return {
            "timelineFrameRate": f"{rate} DF" if self._model.drop else rate,
            "timelineDropFrameTimecode": "1" if self._model.drop else "0",
        }.get(settingName, "")

    def GetTrackCount(self, trackType: str) -> int:
        return len(self._model.tracks[trackType])

    def GetTrackName(self, trackType: str, trackIndex: int) -> str:
        return self._track(trackType, trackIndex).name

    def SetTrackName(self, trackType: str, trackIndex: int, name: str) -> bool:
        self._track(trackType, trackIndex).name = name
        return True

    def GetIsTrackEnabled(self, trackType: str, trackIndex: int) -> bool:
        return self._track(trackType, trackIndex).enabled

    def GetIsTrackLocked(self, trackType: str, trackIndex: int) -> bool:
        return self._track(trackType, trackIndex).locked

    def SetTrackLock(self, trackType: str, trackIndex: int, Bool: bool) -> bool:
        self._track(trackType, trackIndex).locked = Bool
        return True

    def _track(self, kind: str, number: int) -> TrackModel:
        return self._model.tracks[kind][number - 1]

    def AddTrack(self, trackType: str, subTrackType: Any = "") -> bool:
        """Below another one from 19.0 on, by `index`; before it is not read."""
        tracks = self._model.tracks[trackType]
        index = subTrackType.get("index", 0) if isinstance(subTrackType, dict) else 0
        if not 1 <= index <= len(tracks) or self._world.version < (19, 0, 0):
            index = len(tracks) + 1
        tracks.insert(index - 1, TrackModel(f"{trackType.capitalize()} {len(tracks) + 1}"))
        return True

    def DeleteTrack(self, trackType: str, trackIndex: int) -> bool:
        del self._model.tracks[trackType][trackIndex - 1]
        return True

    def GetItemListInTrack(self, trackType: str, index: int) -> list["TimelineItem"]:
        """Transitions are items, too (LIMITATIONS, Transition create / copy / clone)."""
        track = self._track(trackType, index)
        found: list[Item | Transition] = [*track.items, *track.transitions]
        found.sort(key=lambda one: one.at if isinstance(one, Item) else one.at - one.into)
        return [TimelineItem(self._world, self._model, one) for one in found]

    def DeleteClips(self, timelineItems: list["TimelineItem"], Bool: bool = False) -> bool:
        """On the Edit page alone, and at times not at the first try; linked sound stays (LIMITATIONS,
        Timeline.DeleteClips; https://github.com/samuelgursky/davinci-resolve-mcp/pull/111)."""
        assert not Bool, "a ripple is no part of a lift"
        if self._world.page != "edit":
            return False
        if self._world.refuses_first_delete:
            self._world.refuses_first_delete = False
            return False
        gone = {one._model.id for one in timelineItems}
        for tracks in self._model.tracks.values():
            for track in tracks:
                if track.locked and any(one.id in gone for one in track.items):
                    return False
                track.items = [one for one in track.items if one.id not in gone]
                ends = {point for one in track.items for point in (one.at, one.end)}
                track.transitions = [one for one in track.transitions if one.id not in gone and one.at in ends]
        return True

    def SetClipsLinked(self, timelineItems: list["TimelineItem"], Bool: bool) -> bool:
        link = new_id() if Bool else ""
        for one in timelineItems:
            one._model.link = link
        return True

    @since(21, 0, 4)
    def GetSelectedClips(self) -> list["TimelineItem"]:
        return [
            TimelineItem(self._world, self._model, one)
            for _, _, one in self._model.items()
            if one.id in self._model.selected
        ]

    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        """Frames count from the timeline's first one."""
        return {float(at): dict(told) for at, told in self._model.markers.items()}

    def AddMarker(
        self, frameId: float, color: str, name: str, note: str, duration: float, customData: str | None = None
    ) -> bool:
        if int(frameId) in self._model.markers:
            return False
        told = {"color": color, "name": name, "note": note, "duration": duration, "customData": customData or ""}
        self._model.markers[int(frameId)] = told
        return True

    @since(19, 1)
    def GetMediaPoolItem(self) -> "MediaPoolItem":
        return MediaPoolItem(self._world, PoolClip(self._model.name), self._model)

    def DuplicateTimeline(self, timelineName: str | None = None) -> "Timeline":
        project = self._world.current
        assert project is not None
        made = self._model.copy(timelineName or f"{self._model.name} copy")
        project.timelines.append(made)
        project.current = made
        return Timeline(self._world, made)

    def Export(self, fileName: str, exportType: object, exportSubtype: object) -> bool:
        """Constants are those of the handle: anything else writes nothing (LIMITATIONS, Timeline.Export)."""
        if exportType is not OTIO or exportSubtype is not NONE:
            return False
        Path(fileName).write_text(json.dumps(exported(self._model), indent=1))
        return True


class TimelineItem(Handle):
    def __init__(self, world: World, timeline: TimelineModel, model: Item | Transition) -> None:
        super().__init__(world)
        self._timeline, self._model = timeline, model

    @property
    def _item(self) -> Item:
        assert isinstance(self._model, Item), "a transition is asked what only a clip has"
        return self._model

    def GetName(self) -> str:
        return self._model.name if isinstance(self._model, Item) else "Cross Dissolve"

    @since(20, 2)
    def SetName(self, name: str) -> bool:
        self._item.name = name
        return True

    def GetUniqueId(self) -> str:
        return self._model.id

    def GetStart(self, subframe_precision: bool = False) -> int:
        del subframe_precision
        return self._model.at if isinstance(self._model, Item) else self._model.at - self._model.into

    def GetDuration(self, subframe_precision: bool = False) -> int:
        del subframe_precision
        return self._model.frames if isinstance(self._model, Item) else self._model.into + self._model.out

    def GetLeftOffset(self, subframe_precision: bool = False) -> int:
        """Of a retimed clip position by speed (LIMITATIONS, Clip speed / retime ratio)."""
        del subframe_precision
        one = self._model
        if not isinstance(one, Item) or one.clip is None:
            return 0
        return floor(one.first / (one.speed or 1) * self._timeline.rate / one.clip.info.rate)

    def GetMediaPoolItem(self) -> "MediaPoolItem | None":
        if not isinstance(self._model, Item) or self._model.clip is None:
            return None
        return MediaPoolItem(self._world, self._model.clip)

    def GetProperty(self, propertyKey: str | None = None) -> Any:
        """Of a transition nothing."""
        told = dict(self._model.properties) if isinstance(self._model, Item) else {}
        return told if propertyKey is None else told.get(propertyKey)

    def SetProperty(self, propertyKey: str, propertyValue: float) -> bool:
        self._item.properties[propertyKey] = propertyValue
        return True

    def GetNumNodes(self) -> int:
        return len(self._item.nodes)

    def GetNodeLabel(self, nodeIndex: int) -> str:
        return self._item.nodes[nodeIndex - 1][0]

    def GetLUT(self, nodeIndex: int) -> str:
        return self._item.nodes[nodeIndex - 1][1]

    def SetCDL(self, cdlMap: dict[str, str]) -> bool:
        return 1 <= int(cdlMap["NodeIndex"]) <= len(self._item.nodes)

    def CopyGrades(self, tgtTimelineItems: list["TimelineItem"]) -> bool:
        for one in tgtTimelineItems:
            one._item.nodes = self._item.nodes
        return True

    def GetClipEnabled(self) -> bool:
        return self._item.enabled

    def SetClipEnabled(self, Bool: bool) -> bool:
        self._item.enabled = Bool
        return True

    def AddTake(self, mediaPoolItem: MediaPoolItem, startFrame: int | None = None, endFrame: int | None = None) -> bool:
        """Makes a take selector of the item, whose first take is what it played. Whether `endFrame` is the last frame
        or the one after it is not documented: as with AppendToTimeline here."""
        one, clip = self._item, mediaPoolItem._model
        if any(value != int(value) for value in (startFrame, endFrame) if value is not None):
            return False
        first = startFrame - clip.number if startFrame is not None else 0
        end = endFrame - clip.number + (0 if self._world.exclusive else 1) if endFrame is not None else clip.info.frames
        if not 0 <= first < end <= clip.info.frames:
            return False
        if not one.takes:
            assert one.clip is not None
            one.takes.append(
                Take(one.clip, int(one.first), floor(one.frames * one.clip.info.rate / self._timeline.rate))
            )
            one.selected = 1
        one.takes.append(Take(clip, first, end - first))
        return True

    def GetTakesCount(self) -> int:
        return len(self._item.takes)

    def GetSelectedTakeIndex(self) -> int:
        return self._item.selected

    def GetTakeByIndex(self, idx: int) -> dict[str, Any]:
        take = self._item.takes[idx - 1]
        start = take.first + take.clip.number
        end = start + take.frames - (0 if self._world.exclusive else 1)
        return {"startFrame": start, "endFrame": end, "mediaPoolItem": MediaPoolItem(self._world, take.clip)}

    def SelectTakeByIndex(self, idx: int) -> bool:
        """From 1 on. The item plays the take, as long as that is; its grade stays."""
        one = self._item
        if not 1 <= idx <= len(one.takes):
            return False
        take, one.selected = one.takes[idx - 1], idx
        one.clip, one.first = take.clip, Fraction(take.first)
        one.frames = floor(take.frames * self._timeline.rate / take.clip.info.rate)
        if self._world.keeps_no_grade:
            one.nodes = (("", ""),) if idx > 1 else (("Look", "show.cube"),)
        return True

    def DeleteTakeByIndex(self, idx: int) -> bool:
        del self._item.takes[idx - 1]
        return True


def scriptapp(world: World) -> Any:
    """None where the program does not run, or lets nobody in from outside."""
    return Resolve(world) if world.scripting and not world.ended else None
