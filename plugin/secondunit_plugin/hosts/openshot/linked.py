"""The editor of an OpenShot that is connected by the host link, since the panel cannot run in its Python."""

from collections.abc import Callable
from typing import Any

import orjson

from secondunit_plugin.hosts.link import Connection


class LinkedEditor:
    """As `host.Editor`; where OpenShot does not answer, its methods raise what `Connection.ask` does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self) -> bytes:
        return orjson.dumps(self._connection.ask("openshot.read"))

    def attention(self) -> dict[str, Any]:
        return self._connection.ask("openshot.attention")  # type: ignore[no-any-return]

    def change(self, revision: str, changes: list[dict[str, Any]], name: str) -> bytes | None:
        told = self._connection.ask("openshot.change", revision=revision, changes=changes, name=name)
        return orjson.dumps(told) if told is not None else None

    def undo(self, revision: str) -> bool:
        return bool(self._connection.ask("openshot.undo", revision=revision))

    def seek(self, frame: int) -> None:
        self._connection.ask("openshot.seek", frame=frame)

    def describe(self, path: str) -> dict[str, Any]:
        return self._connection.ask("openshot.describe", path=path)  # type: ignore[no-any-return]

    def follow(self, tell: Callable[..., None]) -> Callable[[], None]:
        def told(method: str, params: dict[str, Any]) -> None:
            match method:
                case "changed":
                    tell("cut")
                case "attention":
                    tell("attention", params)
                case "gone":
                    tell("gone")

        return self._connection.follow(told)
