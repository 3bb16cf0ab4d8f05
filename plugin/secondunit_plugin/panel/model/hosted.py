"""The cut that an editing program has open, for the work of operations: brings OpenTimelineIO."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from secondunit_bridge.errors import HostError
from secondunit_bridge.messages import Take
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit
from secondunit_timeline.index import Index

from secondunit_plugin.hosts.host import Attention, Host, Sequence, Support
from secondunit_plugin.hosts.placement import FILLING, Beside, Placed, land
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.strips import HOST_ID, OURS
from secondunit_plugin.panel.model.cut import OpenCut, Version
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.model.reading import version_of, where


@dataclass(frozen=True, slots=True)
class Made:
    """`said`: where it lies if not in the open sequence, and what the host says of it; or empty."""

    opened: OpenCut
    said: str = ""


class Hosted:
    """`places`: of the clips that were read last, by their ids in the host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.fills = host.about().supports >= FILLING
        self.places: Mapping[str, Place] = {}
        self._lock = threading.Lock()  # a host is called from one thread at a time
        self._last: tuple[Version, Sequence] | None = None
        self._probed = Probing()

    @property
    def keeps_takes(self) -> bool:
        return Support.STATE in self.host.about().supports

    def read(self, before: OpenCut | None = None) -> OpenCut:
        """The open sequence; `before` itself where that is it still."""
        with self._lock:
            sequence = self.host.read()
            if before is not None and self._last is not None:
                version, last = self._last
                if version is before.version and (last.id, last.revision) == (sequence.id, sequence.revision):
                    return before
            return self._opened(sequence)

    def attention(self) -> Attention | None:
        """None where the host never tells."""
        if not self.host.about().supports & {Support.SELECTION, Support.PLAYHEAD}:
            return None
        with self._lock:
            return self.host.attention()

    def carry_out(
        self, before: OpenCut, edit: Callable[[OpenCut], OpenCut], take: Take | None, by_itself: bool = False
    ) -> Made:
        """What `edit` makes of the cut, made in the host.

        A `take` that the cut has no place for goes to the host's bin. `by_itself`: only in the open sequence, and the
        host's playhead stays. Raises what `edit` and `placement.land` raise.
        """
        with self._lock:
            assert before.sequence is not None
            asked_for, made = before.sequence, before

            def edit_of(sequence: Sequence) -> Edit | None:
                nonlocal before, made
                last = self._last
                if last is None or last[0] is not before.version or last[1].revision != sequence.revision:
                    before = self._opened(sequence)
                made = edit(before)
                if made is before or made.place < before.place:
                    return None
                if made.version in before.versions or made.version.edit is None:
                    raise HostError(f"that can only be done in {self.host.about().program}")
                return made.version.edit

            name = f"Second Unit: {take.record.name}" if take is not None else "Second Unit"
            files = [take.path] if take is not None else []
            placed = land(self.host, asked_for, edit_of, files, name, self._probed, beside=not by_itself)
            if made.place < before.place:
                self.host.undo(placed.sequence.revision)
                return Made(self._keeping(made, self._version(self.host.read())))
            if made is before:
                return Made(before)
            said = list(placed.sequence.notes)
            if isinstance(placed, Beside):
                name = placed.sequence.name or placed.sequence.id.sequence
                said.insert(0, f"it lies beside the cut, as {name}: {placed.why}")
                if self.host.read().revision != placed.sequence.revision:
                    return Made(before, "\n".join(said))
            version = self._version(placed.sequence, made.version)
            if take is not None and isinstance(placed, Placed) and not by_itself:
                self._reveal(version.index, take)
            return Made(self._keeping(made, version), "\n".join(said))

    def _reveal(self, index: Index, take: Take) -> None:
        """The host's playhead goes to a take that was cut in, which is there also where that fails."""
        found = where(index, take.path)
        if found is not None and Support.REVEAL in self.host.about().supports:
            with suppress(HostError):
                self.host.reveal(FrameTime(found.start, found.rate))

    @staticmethod
    def _keeping(made: OpenCut, version: Version) -> OpenCut:
        return replace(made, versions=(*made.versions[: made.place], version, *made.versions[made.place + 1 :]))

    def _opened(self, sequence: Sequence) -> OpenCut:
        project = self._project(sequence)
        takes = project / "takes" if project.is_dir() else None
        codec = self.host.about().codec
        return OpenCut(project, (self._version(sequence),), takes=takes, sequence=sequence.id, codec=codec)

    def _project(self, sequence: Sequence) -> Path:
        if not sequence.id.project:
            program = self.host.about().program
            raise HostError(f"the project was never saved: save it in {program} first, takes are kept beside it")
        return Path(sequence.id.project)

    def _version(self, sequence: Sequence, made: Version | None = None) -> Version:
        """Of what the host holds; as `made`, where that is what it was made of."""
        version = version_of(sequence.cut)
        if made is not None:
            version = replace(version, step=made.step, edit=made.edit)
        at = {(place.track, place.at.frame): place for place in version.places if isinstance(place, ShotPlace)}
        self.places = {
            str(item.child.metadata.get(OURS, {}).get(HOST_ID, "")): at[track.name, int(item.start)]
            for track in version.index.tracks
            for item in track.items
            if (track.name, int(item.start)) in at
        }
        self._last = (version, sequence)
        return version
