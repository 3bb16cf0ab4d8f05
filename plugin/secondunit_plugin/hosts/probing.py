"""What media files hold, each read once."""

from secondunit_bridge.errors import MediaError
from secondunit_bridge.media.probe import MediaInfo, probe


class Probing:
    """Called with a path: what the file held when it was first asked for, None where it is not there.

    A file that is not there is looked for again.
    """

    def __init__(self) -> None:
        self._held: dict[str, MediaInfo] = {}

    def __call__(self, path: str) -> MediaInfo | None:
        if path not in self._held:
            try:
                self._held[path] = probe(path)
            except MediaError:
                return None
        return self._held[path]
