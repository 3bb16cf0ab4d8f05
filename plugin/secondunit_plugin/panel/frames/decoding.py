"""Media files as the panel reads them: in the frames process, so that a file that ends it does not end the panel.

For the work of operations: each call waits for the answer.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from secondunit_bridge import errors
from secondunit_bridge.errors import MediaUnreadable, SecondUnitError
from secondunit_bridge.media.decoding import Picture

from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import (
    Compare,
    Compared,
    HeaderRead,
    PictureRead,
    Probe,
    Probed,
    Question,
    Refused,
    Reply,
    WantHeader,
    WantPicture,
)

if TYPE_CHECKING:
    from secondunit_bridge.media.header import Header
    from secondunit_bridge.media.probe import MediaInfo


class DecodingByFrames:
    """A `Decoding`."""

    def __init__(self, link: FramesLink) -> None:
        self._link = link

    def probe(self, path: str, rate: Fraction | None = None) -> "MediaInfo":
        reply, _ = self._ask(Probe(self._link.number(), path, rate))
        assert isinstance(reply, Probed)
        return reply.info

    def header(self, path: str) -> "Header":
        reply, _ = self._ask(WantHeader(self._link.number(), path))
        assert isinstance(reply, HeaderRead)
        return reply.header

    def steps(self, path: str, rate: Fraction, start: int, stop: int) -> Sequence[float]:
        reply, _ = self._ask(Compare(self._link.number(), path, rate, start, stop))
        assert isinstance(reply, Compared)
        return reply.steps

    def picture(
        self, path: str, frame: int | None, rate: Fraction | None, width: int | None = None, height: int | None = None
    ) -> Picture:
        reply, pixels = self._ask(WantPicture(self._link.number(), path, frame, rate, width, height))
        assert isinstance(reply, PictureRead)
        return Picture(reply.width, reply.height, pixels)

    def _ask(self, question: Question) -> tuple[Reply, bytes]:
        answered = self._link.call(question)
        if answered is None:
            raise MediaUnreadable(
                f"{question.path} is not read (the process that decodes has ended): try again, and if it happens again,"
                " convert the file"
            )
        reply, data = answered
        if isinstance(reply, Refused):
            kind = getattr(errors, reply.error, SecondUnitError)
            raise kind(reply.why)
        return reply, data
