"""What media files hold, each read once, by who decodes for this process."""

from typing import TYPE_CHECKING

from secondunit_bridge.errors import BadInput, MediaError
from secondunit_bridge.media.decoding import DECODING

if TYPE_CHECKING:  # it brings PyAV, which who asks another process does without
    from secondunit_bridge.media.probe import MediaInfo


class Probing:
    """Called with a path: what the file held when it was first asked for.

    None where it is not there, which is looked at again, and for what has no rate of its own: stills, image sequences.
    """

    def __init__(self) -> None:
        self._held: dict[str, MediaInfo | None] = {}

    def __call__(self, path: str) -> "MediaInfo | None":
        if path not in self._held:
            try:
                self._held[path] = DECODING.get().probe(path)
            except MediaError:
                return None
            except BadInput:
                self._held[path] = None
        return self._held[path]
