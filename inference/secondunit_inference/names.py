"""What a take is called before it is made: its version name, its reel, and the timecode of its first frame."""

import secrets
import unicodedata
from fractions import Fraction

import apsw
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.messages import Order, Slot
from secondunit_bridge.rates import FrameTime, format_timecode, parse_timecode

FIRST_SECOND = 20 * 3600
"""A show's generated timecode begins at 20:00:00:00, where camera and sound recorders rarely are."""
_SECONDS_A_DAY = 24 * 3600
_REEL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_NAME_BYTES = 100


def next_version(db: apsw.Connection, order: Order) -> tuple[str, int]:
    """The shot's name as files may bear it, and the first of as many version numbers as the order has seeds."""
    name = safe_name(order.shot)
    key = (order.show, name.casefold())  # some file systems do not tell cases apart
    row = db.execute("SELECT last FROM versions WHERE show = ? AND shot = ?", key).fetchone()
    last = row[0] if row else 0
    db.execute("INSERT OR REPLACE INTO versions VALUES (?, ?, ?)", (*key, last + len(order.seeds)))
    return name, last + 1


def safe_name(shot: str) -> str:
    """Letters, digits, `-`, `.` and `_` of a shot's name, the rest as `_`; never empty, hidden or too long."""
    text = "".join(c if c.isalnum() or c in "-._" else "_" for c in unicodedata.normalize("NFC", shot))
    return text.encode()[:_NAME_BYTES].decode(errors="ignore").lstrip(".") or "SHOT"


def new_reel(db: apsw.Connection) -> str:
    while True:
        reel = "U" + "".join(secrets.choice(_REEL_ALPHABET) for _ in range(7))
        if not db.execute("SELECT 1 FROM takes WHERE reel = ?", (reel,)).fetchone():
            return reel


def starts_of(db: apsw.Connection, order: Order) -> list[FrameTime]:
    """Timecode of each take's first frame; the takes of an order share it, so that switching moves no frame.

    Where the slot leaves it open, the order gets a range of the show's own day, whole seconds long, so that shows of
    several rates share one count: from 20:00:00:00 to midnight, then from 00:00:00:00 up to 20:00:00:00. No second is
    given to two orders; a show that has used all of them is refused.
    """
    slot = order.slot
    if slot.start is not None:
        return [slot.start for _ in order.seeds]
    row = db.execute("SELECT next_second FROM timecode WHERE show = ?", (order.show,)).fetchone()
    start, after = _block(slot, row[0] if row else FIRST_SECOND)
    if after > FIRST_SECOND + _SECONDS_A_DAY:
        raise OrderRefused(
            f"the show {order.show!r} has used up 24 hours of timecode: give the slot a start, or use another show"
        )
    db.execute("INSERT OR REPLACE INTO timecode VALUES (?, ?)", (order.show, after))
    return [start for _ in order.seeds]


def _block(slot: Slot, second: int) -> tuple[FrameTime, int]:
    """A take's start at or after `second` (counted past midnight), and the first second after its last frame."""
    frames = slot.head + slot.frames + slot.tail
    start = _frame_at(second % _SECONDS_A_DAY, slot.rate, slot.drop_frame)
    last = format_timecode(FrameTime(start.frame + frames - 1, slot.rate), slot.drop_frame)
    hours, minutes, seconds = (int(part) for part in last.replace(";", ":").split(":")[:3])
    last_second = hours * 3600 + minutes * 60 + seconds
    days = second // _SECONDS_A_DAY + (last_second < second % _SECONDS_A_DAY)
    return start, days * _SECONDS_A_DAY + last_second + 1


def _frame_at(second: int, rate: Fraction, drop_frame: bool) -> FrameTime:
    skipped = drop_frame and second % 60 == 0 and second // 60 % 10 != 0  # these two (four) counts do not exist
    frames = (4 if rate > 50 else 2) if skipped else 0
    separator = ";" if drop_frame else ":"
    return parse_timecode(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{separator}{frames:02}", rate)
