"""What Resolve's documentation leaves open, tried on the real program: one check for each, with what it does.

Each builds a timeline of its own in the project that is open, a copy, and removes it. Nothing here fails because the
program does otherwise than the connector expects: a check says what was seen, and FAILED where the connector would be
wrong about it.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secondunit_plugin.checks import FAILED, LEFT_OUT, Check
from secondunit_plugin.hosts.resolve.connecting import has
from secondunit_plugin.hosts.resolve.grades import look_of
from secondunit_plugin.hosts.resolve.timelines import Place, items_of

_NAME = "Second Unit, tried"
_FRAMES = 24
_V1 = Place("video", 1)
_LONG = 100_000
"""Characters, of a text as long as the takes of a busy timeline."""


@dataclass(frozen=True, slots=True)
class Files:
    """Of 48 frames each: two at the rate of the timeline, one at another; a folder of numbered pictures."""

    media: Path
    other: Path
    rate: Path
    pictures: Path


def tried(app: Any, files: Files) -> Iterator[Check]:
    run = _Trying(app, files)
    checks: dict[str, Callable[[], tuple[str, str]]] = {
        "timeline: frames, rate and timecode": run.counts,
        "placing: absolute frames, and whether endFrame is the last one": run.end_of_placements,
        "placing: media at another rate, and how an export counts it": run.other_rate,
        "placing: numbered pictures, and how an export counts them": run.numbered,
        "placing: over another clip": run.overlap,
        "placing: a fraction of a frame": run.fraction,
        "placing: on a locked track": run.locked,
        "placing: after the project was saved": run.saved,
        "takes: length, and whether endFrame is the last one": run.end_of_takes,
        "takes: grade, transform and crop": run.grade_of_takes,
        "takes: in a copy of the timeline": run.takes_of_copies,
        "grades: copied to another timeline": run.copied_grade,
        "timelines: a name that is taken": run.taken_name,
        "timelines: kept metadata": run.metadata,
        "export: markers, and tracks without clips": run.export,
    }
    for name, does in checks.items():
        try:
            mark, says = does()
        except TypeError as error:  # a method that this version has not is None
            mark, says = FAILED, f"a call is missing: {error}"
        finally:
            run.clean()
        yield Check(name, says, mark)


class _Trying:
    def __init__(self, app: Any, files: Files) -> None:
        self._app, self._files = app, files
        self._project = app.GetProjectManager().GetCurrentProject()
        self._pool = self._project.GetMediaPool()
        self._before = self._project.GetCurrentTimeline()
        self._made: list[Any] = []
        self._media, self._other = self._pool.ImportMedia([str(files.media), str(files.other)])

    def clean(self) -> None:
        self._project.SetCurrentTimeline(self._before)
        if self._made:
            self._pool.DeleteTimelines(self._made)
        self._made = []

    def _timeline(self) -> Any:
        made = self._pool.CreateEmptyTimeline(f"{_NAME} {len(self._made) + 1}")
        self._made.append(made)
        self._project.SetCurrentTimeline(made)
        return made

    def _append(self, timeline: Any, at: int = 0, **changed: Any) -> Any:
        told = {"mediaPoolItem": self._media, "startFrame": 0, "endFrame": _FRAMES, "mediaType": 1, "trackIndex": 1}
        return self._pool.AppendToTimeline([{**told, "recordFrame": timeline.GetStartFrame() + at, **changed}])

    def _only(self, timeline: Any) -> Any:
        found = items_of(timeline, _V1)
        return found[0] if len(found) == 1 else None

    def counts(self) -> tuple[str, str]:
        timeline = self._before
        told = (
            f"starts at frame {timeline.GetStartFrame()}, timecode {timeline.GetStartTimecode()}; rate "
            f"{timeline.GetSetting('timelineFrameRate')!r}, drop-frame "
            f"{timeline.GetSetting('timelineDropFrameTimecode')!r}; playhead {timeline.GetCurrentTimecode()}"
        )
        return "ok", told

    def end_of_placements(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline, 10)
        item = self._only(timeline)
        if item is None:
            return FAILED, f"{len(items_of(timeline, _V1))} items after one was placed"
        at, length = item.GetStart() - timeline.GetStartFrame(), item.GetDuration()
        said = f"placed at +{at}, {length} frames of [0, {_FRAMES}]"
        return ("ok" if at == 10 and length in (_FRAMES, _FRAMES + 1) else FAILED), said

    def other_rate(self) -> tuple[str, str]:
        (item,) = self._pool.ImportMedia([str(self._files.rate)])
        return self._exported_placement(item, int(item.GetClipProperty("Start") or 0))

    def numbered(self) -> tuple[str, str]:
        numbers = sorted(int(path.stem.rsplit("_", 1)[1]) for path in self._files.pictures.glob("*.png"))
        path = str(self._files.pictures / "frame_%04d.png")
        made = self._pool.ImportMedia([{"FilePath": path, "StartIndex": numbers[0], "EndIndex": numbers[-1]}])
        if not made:
            return FAILED, "numbered pictures are not imported by FilePath, StartIndex and EndIndex"
        start = made[0].GetClipProperty("Start")
        mark, says = self._exported_placement(made[0], int(start or 0))
        name = Path(str(made[0].GetClipProperty("File Path"))).name
        return mark, f"numbers from {numbers[0]} on; Start {start!r}, File Path {name!r}; {says}"

    def _exported_placement(self, item: Any, first: int) -> tuple[str, str]:
        """From its sixth frame on."""
        timeline = self._timeline()
        self._append(timeline, mediaPoolItem=item, startFrame=first + 5, endFrame=first + 5 + _FRAMES)
        placed = self._only(timeline)
        if placed is None:
            return FAILED, "it is not placed"
        document = json.loads(self._export(timeline) or "{}")
        clips = [
            child
            for track in document.get("tracks", {}).get("children", ())
            for child in track["children"]
            if child["OTIO_SCHEMA"].startswith("Clip")
        ]
        if len(clips) != 1:
            return FAILED, f"{len(clips)} clips are exported of 1"
        media = clips[0]["media_references"][clips[0]["active_media_reference_key"]]
        ranges = (clips[0]["source_range"], media["available_range"])
        told = [f"[{_time(one['start_time'])}, {_time(one['duration'])}]" if one else "none" for one in ranges]
        return "ok", f"{placed.GetDuration()} frames; exported as {told[0]} of {told[1]}, {media['OTIO_SCHEMA']}"

    def overlap(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline)
        said = self._append(timeline, _FRAMES // 2)
        told = [one.GetUniqueId() if one is not None else None for one in said or ()]
        count = len(items_of(timeline, _V1))
        return (
            "ok" if count == 1 else FAILED
        ), f"{count} items, the call returned {len(told)}, ids {list(map(bool, told))}"

    def fraction(self) -> tuple[str, str]:
        timeline = self._timeline()
        said = self._append(timeline, recordFrame=timeline.GetStartFrame() + 0.5)
        return "ok", f"{len(items_of(timeline, _V1))} items, the call returned {type(said).__name__}"

    def locked(self) -> tuple[str, str]:
        timeline = self._timeline()
        timeline.SetTrackLock("video", 1, True)
        self._append(timeline)
        count = len(items_of(timeline, _V1))
        return "ok", f"{count} items on a track that is locked"

    def saved(self) -> tuple[str, str]:
        timeline = self._timeline()
        for number in range(5):
            self._append(timeline, number * 2 * _FRAMES)
        before = len(items_of(timeline, _V1))
        done = self._app.GetProjectManager().SaveProject()
        after = len(items_of(timeline, _V1))
        return (
            "ok" if done and before == after == 5 else FAILED
        ), f"saved: {done}; 5 placed, {before} there, {after} then"

    def end_of_takes(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline)
        item = self._only(timeline)
        if item is None:
            return LEFT_OUT, "nothing was placed"
        length = item.GetDuration()
        added = item.AddTake(self._other, 0, _FRAMES)
        count, selected = item.GetTakesCount(), item.GetSelectedTakeIndex()
        told = item.SelectTakeByIndex(2)
        take = item.GetTakeByIndex(1) or {}
        plays = item.GetMediaPoolItem().GetUniqueId() == self._other.GetUniqueId()
        said = (
            f"added: {added}, {count} takes, {selected} selected then; the second selected: {told}, plays it: {plays}, "
            f"{item.GetDuration()} frames of {length}; the first is [{take.get('startFrame')}, {take.get('endFrame')}]"
        )
        return ("ok" if count == 2 and plays else FAILED), said

    def grade_of_takes(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline)
        item = self._only(timeline)
        if item is None:
            return LEFT_OUT, "nothing was placed"
        item.SetProperty("ZoomX", 1.25)
        slope = {"Slope": "0.5 0.5 0.5", "Offset": "0 0 0", "Power": "1 1 1", "Saturation": "1"}
        graded = item.SetCDL({"NodeIndex": "1", **slope})
        before = look_of(item)
        item.AddTake(self._other, 0, _FRAMES)
        item.SelectTakeByIndex(2)
        after = look_of(item)
        said = f"CDL set: {graded}; zoom then {item.GetProperty('ZoomX')}, {item.GetNumNodes()} nodes"
        return ("ok" if before == after else FAILED), f"{said}. Look at it: is it as dark as the first take?"

    def takes_of_copies(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline)
        copy = timeline.DuplicateTimeline(f"{_NAME} copy")
        if copy is None:
            return FAILED, "the timeline is not duplicated"
        self._made.append(copy)
        opened = self._project.GetCurrentTimeline().GetName()
        self._project.SetCurrentTimeline(copy)
        item = self._only(copy)
        item.AddTake(self._other, 0, _FRAMES)
        item.SelectTakeByIndex(2)
        first = self._only(timeline).GetMediaPoolItem().GetUniqueId()
        kept = first == self._media.GetUniqueId()
        said = f"the first timeline plays {'what it did' if kept else 'the take, too'}; open after copying: {opened!r}"
        return ("ok" if kept else FAILED), said

    def copied_grade(self) -> tuple[str, str]:
        first, second = self._timeline(), self._timeline()
        self._append(second)
        self._project.SetCurrentTimeline(first)
        self._append(first)
        one, other = self._only(first), self._only(second)
        if one is None or other is None:
            return LEFT_OUT, "nothing was placed"
        done = one.CopyGrades([other])
        return ("ok" if done else LEFT_OUT), f"between timelines: {done}"

    def taken_name(self) -> tuple[str, str]:
        timeline = self._timeline()
        made = self._pool.CreateEmptyTimeline(timeline.GetName())
        if made is not None:
            self._made.append(made)
        return ("ok" if made is None else LEFT_OUT), f"a second timeline of that name: {made is not None}"

    def metadata(self) -> tuple[str, str]:
        timeline = self._timeline()
        if not has(timeline, "GetMediaPoolItem"):
            return LEFT_OUT, "a timeline has no item in the pool before 19.1"
        holder = timeline.GetMediaPoolItem()
        text = "x" * _LONG
        done = holder.SetThirdPartyMetadata("secondunit", text)
        back = holder.GetThirdPartyMetadata("secondunit") == text
        copy = timeline.DuplicateTimeline(f"{_NAME} copy")
        self._made += [copy] if copy is not None else []
        with_copy = copy is not None and copy.GetMediaPoolItem().GetThirdPartyMetadata("secondunit") == text
        said = f"{_LONG} characters set: {done}, told again: {back}, also of a copy of the timeline: {with_copy}"
        return ("ok" if back else FAILED), said

    def export(self) -> tuple[str, str]:
        timeline = self._timeline()
        self._append(timeline)
        timeline.AddTrack("video")
        timeline.AddMarker(3, "Blue", "tried", "note", 1, "secondunit")
        text = self._export(timeline)
        said = (
            f"{len(text)} characters, {text.count('Track.1')} tracks, {text.count('Marker.')} markers of 1; markers "
            f"told: {len(timeline.GetMarkers() or {})}"
        )
        return ("ok" if "Timeline.1" in text else FAILED), said

    def _export(self, timeline: Any) -> str:
        with tempfile.TemporaryDirectory(prefix="secondunit-resolve-") as folder:
            path = Path(folder) / "tried.otio"
            timeline.Export(str(path), self._app.EXPORT_OTIO, self._app.EXPORT_NONE)
            return path.read_text() if path.is_file() else ""


def _time(told: dict[str, Any]) -> str:
    return f"{told['value']}@{told['rate']}"
