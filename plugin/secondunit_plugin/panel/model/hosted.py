"""The cut that an editing program has open, for the work of operations: brings OpenTimelineIO."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from secondunit_bridge.errors import CutError, CutMoved, HostError
from secondunit_bridge.messages import Take

from secondunit_plugin.hosts.host import Host, Sequence, Support
from secondunit_plugin.hosts.placement import Beside, place
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.strips import HOST_ID, OURS
from secondunit_plugin.panel.model.cut import OpenCut, Version
from secondunit_plugin.panel.model.places import Place, ShotPlace
from secondunit_plugin.panel.model.reading import version_of

_ATTEMPTS = 3


class Hosted:
    """`places`: of the clips that were read last, by their ids in the host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.places: Mapping[str, Place] = {}
        self._lock = threading.Lock()  # a host is called from one thread at a time
        self._last: tuple[Version, Sequence] | None = None
        self._probed = Probing()

    def project(self) -> Path:
        """Of the open sequence. Raises HostError where it was never saved."""
        with self._lock:
            return self._project(self.host.read())

    def read(self, before: OpenCut | None = None) -> OpenCut:
        """The open sequence; `before` itself where that is it still."""
        with self._lock:
            sequence = self.host.read()
            if before is not None and self._last is not None:
                version, last = self._last
                if version is before.version and last.revision == sequence.revision:
                    return before
            return self._opened(sequence)

    def carry_out(self, before: OpenCut, edit: Callable[[OpenCut], OpenCut], take: Take | None) -> tuple[OpenCut, str]:
        """What `edit` makes of the cut, made in the host; and what has to be said of it.

        A `take` that the cut has no place for goes to the host's bin. Raises what `edit` and `placement.place` raise.
        """
        with self._lock:
            attempt = 1
            while True:
                if self._last is None or self._last[0] is not before.version:
                    before = self._opened(self.host.read())
                try:
                    return self._carried_out(before, self._made(before, edit, take))
                except CutMoved:  # an editor works on meanwhile
                    if attempt == _ATTEMPTS:
                        raise
                    attempt, self._last = attempt + 1, None

    def _made(self, before: OpenCut, edit: Callable[[OpenCut], OpenCut], take: Take | None) -> OpenCut:
        try:
            return edit(before)
        except CutError:
            if take is not None and Support.BIN in self.host.about().supports:
                self.host.to_bin([take.path])
            raise

    def _carried_out(self, before: OpenCut, made: OpenCut) -> tuple[OpenCut, str]:
        if made is before:
            return before, ""
        assert self._last is not None
        sequence, host = self._last[1], self.host
        program = host.about().program
        if made.place < before.place:
            host.undo(sequence.revision)
            return self._keeping(made, self._version(host.read())), ""
        if made.version in before.versions or made.version.edit is None:
            raise HostError(f"that can only be done in {program}")
        placed = place(host, sequence, made.version.edit, f"Second Unit: {made.version.done}", self._probed)
        if isinstance(placed, Beside):
            return before, f"{placed.why}: it was put beside, as {placed.sequence.id.sequence}"
        return self._keeping(made, self._version(placed.sequence, made.version)), ""

    @staticmethod
    def _keeping(made: OpenCut, version: Version) -> OpenCut:
        return replace(made, versions=(*made.versions[: made.place], version, *made.versions[made.place + 1 :]))

    def _opened(self, sequence: Sequence) -> OpenCut:
        return OpenCut(self._project(sequence), (self._version(sequence),))

    def _project(self, sequence: Sequence) -> Path:
        if not sequence.id.project:
            program = self.host.about().program
            raise HostError(f"the project was never saved: save it in {program} first, takes are kept beside it")
        return Path(sequence.id.project)

    def _version(self, sequence: Sequence, made: Version | None = None) -> Version:
        """Of what the host holds; as `made`, where that is what it was made of."""
        version = version_of(sequence.cut)
        if made is not None:
            version = replace(version, done=made.done, step=made.step, edit=made.edit)
        at = {(place.track, place.at.frame): place for place in version.places if isinstance(place, ShotPlace)}
        self.places = {
            str(item.child.metadata.get(OURS, {}).get(HOST_ID, "")): at[track.name, int(item.start)]
            for track in version.index.tracks
            for item in track.items
            if (track.name, int(item.start)) in at
        }
        self._last = (version, sequence)
        return version
