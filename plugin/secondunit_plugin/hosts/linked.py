"""Any editing program that is connected by the host link, as a `Host`."""

from collections.abc import Callable
from collections.abc import Sequence as Series
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import opentimelineio as otio
import orjson
from secondunit_bridge.errors import CutError, HostError
from secondunit_bridge.messages import Codec
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.formats.writing import WRITERS
from secondunit_timeline.interchange import write_cut

from secondunit_plugin.hosts.host import (
    About,
    Attention,
    AttentionChanged,
    Changed,
    CutChanged,
    Gone,
    Host,
    Sequence,
    SequenceId,
    Support,
)
from secondunit_plugin.hosts.link import Connection
from secondunit_plugin.hosts.openshot.host import OpenShot
from secondunit_plugin.hosts.openshot.linked import LinkedEditor
from secondunit_plugin.hosts.probing import Probing
from secondunit_plugin.hosts.steps import Step
from secondunit_plugin.hosts.strips import cut_from, strips_from
from secondunit_plugin.hosts.wire import steps_to_json, strips_from_json, strips_to_json


def host_of(connection: Connection) -> Host:
    if connection.greeting.program == "OpenShot":
        return OpenShot(LinkedEditor(connection))
    return LinkedHost(connection)


class LinkedHost:
    """Raises HostError where the program answers with what docs/host-link.md does not know."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rate = Fraction(0)
        self._probe = Probing()

    def about(self) -> About:
        greeting = self._connection.greeting
        supports, limits = (_texts(greeting.rest.get(key), greeting.program) for key in ("supports", "limits"))
        known = frozenset(Support(one) for one in supports if one in [*Support])
        codec = next((one for one in Codec if one == greeting.rest.get("codec")), Codec.PRORES_HQ)
        return About(greeting.program, greeting.version, known, limits, codec)

    def read(self) -> Sequence:
        return self._sequence(self._told("read"))

    def attention(self) -> Attention:
        return self._attention(self._told("attention"))

    def follow(self, changed: Callable[[Changed], None]) -> Callable[[], None]:
        def told(method: str, params: dict[str, Any]) -> None:
            match method:
                case "changed":
                    changed(CutChanged())
                case "attention" if self._rate:
                    changed(AttentionChanged(self._attention(params)))
                case "gone":
                    changed(Gone(f"{self._connection.greeting.program} is not connected any more: {params['why']}"))

        return self._connection.follow(told)

    def apply(self, steps: Series[Step], rate: Fraction, revision: str, undo_name: str) -> Sequence:
        told = orjson.loads(steps_to_json(steps))
        return self._sequence(self._told("apply", steps=told, rate=str(rate), revision=revision, name=undo_name))

    def add_version(self, cut: otio.schema.Timeline, revision: str) -> Sequence:
        told = {"strips": orjson.loads(strips_to_json(strips_from(cut, self._probe))), "revision": revision}
        if (suffix := self._connection.greeting.rest.get("versions")) is None:
            return self._sequence(self._told("version", **told))
        if not isinstance(suffix, str) or suffix not in WRITERS:
            raise self._strange("format of a version")
        with TemporaryDirectory(prefix="secondunit-") as folder:
            file = Path(folder, f"version{suffix}")
            write_cut(cut, file)
            return self._sequence(self._told("version", **told, file=str(file)))

    def undo(self, revision: str) -> None:
        self._connection.ask("undo", revision=revision)

    def to_bin(self, files: Series[str]) -> None:
        self._connection.ask("bin", files=list(files))

    def reveal(self, at: FrameTime) -> None:
        self._connection.ask("reveal", frame=at.frame)

    def _attention(self, told: dict[str, Any]) -> Attention:
        playhead = told.get("playhead")
        if playhead is not None and type(playhead) is not int:
            raise self._strange("playhead")
        at = FrameTime(playhead, self._rate) if playhead is not None and self._rate else None
        return Attention(_texts(told.get("selected"), self._connection.greeting.program), at)

    def _told(self, method: str, **params: Any) -> dict[str, Any]:
        told = self._connection.ask(method, **params)
        if not isinstance(told, dict):
            raise self._strange(method)
        return told

    def _sequence(self, told: dict[str, Any]) -> Sequence:
        try:
            strips = strips_from_json(orjson.dumps(told.get("strips")))
            cut = cut_from(strips, self._probe)
        except CutError as error:
            raise HostError(f"{self._connection.greeting.program} tells a cut that is none: {error}") from error
        self._rate = strips.rate
        where = SequenceId(self._text(told, "project"), self._text(told, "sequence"))
        notes = _texts(told.get("notes", []), self._connection.greeting.program)
        return Sequence(where, cut, self._text(told, "revision"), strips.name, notes)

    def _text(self, told: dict[str, Any], key: str) -> str:
        value = told.get(key)
        if not isinstance(value, str):
            raise self._strange(key)
        return value

    def _strange(self, what: str) -> HostError:
        return HostError(
            f"{self._connection.greeting.program} tells no {what} that can be read: upgrade what `secondunit install` "
            "put into it"
        )


def _texts(told: Any, program: str) -> tuple[str, ...]:
    if not isinstance(told, list) or any(not isinstance(one, str) for one in told):
        raise HostError(f"{program} tells what is no list of texts: upgrade what `secondunit install` put into it")
    return tuple(told)
