"""Every command of the panel, with its key, its icon and its words, in one table.

`window` makes an action of each command that it has something to do for. Keys are those of the editing software that
the panel lies beside; one that types a letter does so where a text is being written.
"""

from dataclasses import dataclass
from enum import Enum

from PyQt5.QtCore import QT_TR_NOOP, QCoreApplication


@dataclass(frozen=True, slots=True)
class Entry:
    """`keys`: portable key sequences, the first of them shown in menus. `text` in English; `words` translates it."""

    text: str
    keys: tuple[str, ...]
    icon: str


class Command(Enum):
    OPEN = Entry(QT_TR_NOOP("Open cut…"), ("Ctrl+O",), "folder-open-outline")
    ORDER = Entry(QT_TR_NOOP("Order takes"), ("Ctrl+Return", "Ctrl+Enter"), "movie-open-plus-outline")
    NEW_VERSION = Entry(QT_TR_NOOP("Make a new version"), ("Ctrl+Shift+N",), "layers-plus")
    STALE_AGAIN = Entry(QT_TR_NOOP("Make stale takes again"), ("Ctrl+Alt+N",), "sync-alert")
    CANCEL = Entry(QT_TR_NOOP("Cancel the order"), ("Ctrl+.",), "close-circle-outline")
    CANCEL_ALL = Entry(QT_TR_NOOP("Cancel all orders"), ("Ctrl+Shift+.",), "close-circle-multiple-outline")
    EARLIER = Entry(QT_TR_NOOP("Make it earlier"), ("Alt+Up",), "arrow-up")
    LATER = Entry(QT_TR_NOOP("Make it later"), ("Alt+Down",), "arrow-down")
    UNIT = Entry(QT_TR_NOOP("Unit, models, checks…"), ("Ctrl+U",), "server-outline")
    LIVE = Entry(QT_TR_NOOP("Live"), ("Ctrl+Shift+L",), "motion-play-outline")
    AGAIN = Entry(QT_TR_NOOP("Order it again"), (), "reload")
    CLEAR_ENDED = Entry(QT_TR_NOOP("Clear ended orders"), ("Ctrl+Backspace",), "playlist-remove")
    CUT_IN = Entry(QT_TR_NOOP("Cut in"), ("Ctrl+Shift+Return",), "content-cut")
    INTO_GAP = Entry(QT_TR_NOOP("Into the gap"), ("Ctrl+Alt+G",), "arrow-collapse-horizontal")
    INSERT = Entry(QT_TR_NOOP("Inserted"), ("Ctrl+Alt+I",), "arrow-expand-horizontal")
    OVERWRITE = Entry(QT_TR_NOOP("Over what lies there"), ("Ctrl+Alt+O",), "arrow-down-bold-box-outline")
    ABOVE = Entry(QT_TR_NOOP("On a track above"), ("Ctrl+Alt+A",), "arrow-up-bold-box-outline")
    ON_SHOT = Entry(QT_TR_NOOP("As a take on the shot"), ("Ctrl+Alt+S",), "layers-outline")
    HANDLES = Entry(QT_TR_NOOP("As handles only"), ("Ctrl+Alt+H",), "arrow-split-vertical")
    EXPORT = Entry(QT_TR_NOOP("Export as…"), ("Ctrl+Shift+E",), "export-variant")
    RELOAD = Entry(QT_TR_NOOP("Read the cut's file again"), ("F5",), "file-refresh-outline")
    TAKE = Entry(QT_TR_NOOP("Choose the take with this number"), tuple("123456789"), "numeric")
    STAR = Entry(QT_TR_NOOP("Star"), ("S",), "star-outline")
    REJECT = Entry(QT_TR_NOOP("Reject"), ("X",), "thumb-down-outline")
    APPROVE = Entry(QT_TR_NOOP("Approve"), ("Shift+A",), "lock-check-outline")
    MORE_LIKE = Entry(QT_TR_NOOP("More like this"), ("Ctrl+M",), "plus-box-multiple-outline")
    AGAIN_WITH = Entry(QT_TR_NOOP("Again with…"), ("Ctrl+R",), "form-select")
    SHOW_RECORD = Entry(QT_TR_NOOP("Show record"), ("Ctrl+I",), "card-text-outline")
    REVEAL = Entry(QT_TR_NOOP("Reveal file"), ("Ctrl+Shift+R",), "folder-eye-outline")
    SHEET = Entry(QT_TR_NOOP("Contact sheet"), ("T",), "view-grid-outline")
    WHOLE_CUT = Entry(QT_TR_NOOP("All of the cut"), ("Shift+T",), "filmstrip-box-multiple")
    WIPE = Entry(QT_TR_NOOP("Wipe"), ("W",), "compare")
    FLIP = Entry(QT_TR_NOOP("Hold to see the other picture"), ("F",), "swap-horizontal")
    DIFFERENCE = Entry(QT_TR_NOOP("Difference"), ("D",), "vector-difference")
    FALSE_COLOUR = Entry(QT_TR_NOOP("False colour"), ("E",), "palette-outline")
    UNDO = Entry(QT_TR_NOOP("Undo"), ("Ctrl+Z",), "undo")
    REDO = Entry(QT_TR_NOOP("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), "redo")
    QUIT = Entry(QT_TR_NOOP("Quit"), ("Ctrl+Q",), "exit-to-app")
    MARK_IN = Entry(QT_TR_NOOP("Mark in"), ("I",), "contain-start")
    MARK_OUT = Entry(QT_TR_NOOP("Mark out"), ("O",), "contain-end")
    PLAY_BACKWARD = Entry(QT_TR_NOOP("Play backward"), ("J",), "rewind")
    STOP = Entry(QT_TR_NOOP("Stop"), ("K",), "stop")
    PLAY_FORWARD = Entry(QT_TR_NOOP("Play forward"), ("L",), "fast-forward")
    PLAY = Entry(QT_TR_NOOP("Play or stop"), ("Space",), "play-pause")
    FRAME_BACK = Entry(QT_TR_NOOP("One frame back"), ("Left",), "step-backward")
    FRAME_ON = Entry(QT_TR_NOOP("One frame on"), ("Right",), "step-forward")
    PLAY_AROUND = Entry(QT_TR_NOOP("Play the place and what is around it"), ("Shift+Space",), "play-box-outline")
    LOOP = Entry(QT_TR_NOOP("Loop"), ("Ctrl+L",), "repeat")
    CLEAR_MARKS = Entry(QT_TR_NOOP("Clear the marks"), ("Ctrl+Shift+X",), "backspace-outline")
    CUT_START = Entry(QT_TR_NOOP("Start of the cut"), ("Home",), "skip-backward")
    CUT_END = Entry(QT_TR_NOOP("End of the cut"), ("End",), "skip-forward")
    EDIT_BEFORE = Entry(QT_TR_NOOP("Edit point before"), ("Shift+Up",), "chevron-double-left")
    EDIT_AFTER = Entry(QT_TR_NOOP("Edit point after"), ("Shift+Down",), "chevron-double-right")
    ZOOM_IN = Entry(QT_TR_NOOP("Zoom in"), ("=", "+", "Ctrl+="), "magnify-plus-outline")
    ZOOM_OUT = Entry(QT_TR_NOOP("Zoom out"), ("-", "Ctrl+-"), "magnify-minus-outline")
    FIT = Entry(QT_TR_NOOP("Fit the cut"), ("Shift+Z", "\\"), "arrow-expand-horizontal")
    RESET_LAYOUT = Entry(QT_TR_NOOP("Reset layout"), (), "view-dashboard-outline")
    FIND = Entry(QT_TR_NOOP("Find a place"), ("Ctrl+F",), "magnify")
    PLACE_BEFORE = Entry(QT_TR_NOOP("Place before"), ("Up",), "skip-previous")
    PLACE_AFTER = Entry(QT_TR_NOOP("Place after"), ("Down",), "skip-next")

    @property
    def words(self) -> str:
        return QCoreApplication.translate("@default", self.value.text)
