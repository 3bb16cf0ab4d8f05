"""Every error that this project raises on purpose, with its gRPC status and the exit code of the command line.

Who catches a class catches those below it:

    SecondUnitError
    ├── BadInput                 something given cannot be used; nothing was started
    │   ├── MediaError           a media file
    │   │   ├── MediaMissing
    │   │   ├── MediaUnreadable  truncated, empty, not media
    │   │   └── MediaUnsupported valid media that is refused, with the reason
    │   ├── CutError             a cut, a shot or an edit
    │   │   └── ShotNotFound     no shot, or more than one, answers to a selector
    │   ├── OrderRefused         the unit cannot do this order: too long, unknown engine, no disk space
    │   └── ModelError           a model's weights: missing, incomplete, damaged, not to be had
    ├── UnitUnreachable          no unit answers
    │   └── VersionMismatch      a unit of another version answers
    ├── NotAuthorised            the token is missing or wrong
    ├── OrderNotFound
    ├── OrderFailed              an accepted order ended without its takes
    ├── OrderCancelled
    └── HostError                an editing program refuses, or cannot do what is asked
        ├── HostUnreachable      it does not run, or does not answer
        ├── Unplaceable          not in the open sequence, which is as it was; in a version beside it perhaps
        ├── CutMoved             its sequence is not the one that was read: read it again
        └── Misplaced            it did something else than was planned, which was undone as far as the message says
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who only raises errors, or shows a window, does not wait for it
    import grpc


class SecondUnitError(Exception):
    """The message says what happened, to which file, shot or frame, and what to do."""


class BadInput(SecondUnitError):
    pass


class MediaError(BadInput):
    pass


class MediaMissing(MediaError):
    pass


class MediaUnreadable(MediaError):
    pass


class MediaUnsupported(MediaError):
    pass


class CutError(BadInput):
    pass


class ShotNotFound(CutError):
    pass


class OrderRefused(BadInput):
    pass


class ModelError(BadInput):
    pass


class UnitUnreachable(SecondUnitError):
    pass


class VersionMismatch(UnitUnreachable):
    pass


class NotAuthorised(SecondUnitError):
    pass


class OrderNotFound(SecondUnitError):
    pass


class OrderFailed(SecondUnitError):
    pass


class OrderCancelled(SecondUnitError):
    pass


class HostError(SecondUnitError):
    pass


class HostUnreachable(HostError):
    pass


class Unplaceable(HostError):
    pass


class CutMoved(HostError):
    pass


class Misplaced(HostError):
    pass


# One row an error that crosses the wire or ends a command: its gRPC status and its exit code. The first row whose class
# fits an error counts, so subclasses stand before their bases; reading a status, the class is named by the
# `secondunit-error` metadata.
STATUS: tuple[tuple[type[SecondUnitError], str, int], ...] = (
    (MediaMissing, "NOT_FOUND", 3),
    (MediaUnreadable, "DATA_LOSS", 3),
    (MediaUnsupported, "UNIMPLEMENTED", 3),
    (MediaError, "INVALID_ARGUMENT", 3),
    (ShotNotFound, "NOT_FOUND", 3),
    (CutError, "INVALID_ARGUMENT", 3),
    (OrderRefused, "FAILED_PRECONDITION", 3),
    (ModelError, "FAILED_PRECONDITION", 3),
    (BadInput, "INVALID_ARGUMENT", 3),
    (VersionMismatch, "FAILED_PRECONDITION", 4),
    (UnitUnreachable, "UNAVAILABLE", 4),
    (NotAuthorised, "UNAUTHENTICATED", 4),
    (OrderNotFound, "NOT_FOUND", 3),
    (OrderFailed, "ABORTED", 5),
    (OrderCancelled, "CANCELLED", 130),
    (HostUnreachable, "UNAVAILABLE", 4),
    (HostError, "FAILED_PRECONDITION", 5),
    (SecondUnitError, "INTERNAL", 5),
)


def status_of(error: SecondUnitError) -> "grpc.StatusCode":
    import grpc

    return next(grpc.StatusCode[status] for kind, status, _ in STATUS if isinstance(error, kind))


def exit_code_of(error: SecondUnitError) -> int:
    return next(code for kind, _, code in STATUS if isinstance(error, kind))
