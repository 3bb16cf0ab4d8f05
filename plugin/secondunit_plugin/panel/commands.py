"""Every command of the panel, with its key, its icon and its words, in one table.

`window` makes an action of each command that it has something to do for. Keys are those of the editing software that
the panel lies beside; one that types a letter does so where a text is being written.
"""

from dataclasses import dataclass
from enum import Enum

from PyQt5.QtCore import QCoreApplication


@dataclass(frozen=True, slots=True)
class Entry:
    """`keys`: portable key sequences, the first of them shown in menus. `text` in English; `words` translates it."""

    text: str
    keys: tuple[str, ...]
    icon: str


class Command(Enum):
    OPEN = Entry("Open cut…", ("Ctrl+O",), "folder-open-outline")
    ORDER = Entry("Order takes", ("Ctrl+Return", "Ctrl+Enter"), "movie-open-plus-outline")
    NEW_VERSION = Entry("Make a new version", ("Ctrl+Shift+N",), "layers-plus")
    STALE_AGAIN = Entry("Make stale takes again", ("Ctrl+Alt+N",), "sync-alert")
    CANCEL = Entry("Cancel the order", ("Ctrl+.",), "close-circle-outline")
    CANCEL_ALL = Entry("Cancel all orders", ("Ctrl+Shift+.",), "close-circle-multiple-outline")
    EARLIER = Entry("Make it earlier", ("Alt+Up",), "arrow-up")
    LATER = Entry("Make it later", ("Alt+Down",), "arrow-down")
    UNIT = Entry("Unit, models, checks…", ("Ctrl+U",), "server-outline")
    LIVE = Entry("Live", ("Ctrl+Shift+L",), "motion-play-outline")
    AGAIN = Entry("Order it again", (), "reload")
    CLEAR_ENDED = Entry("Clear ended orders", ("Ctrl+Backspace",), "playlist-remove")
    CUT_IN = Entry("Cut in", ("Ctrl+Shift+Return",), "content-cut")
    INTO_GAP = Entry("Into the gap", ("Ctrl+Alt+G",), "arrow-collapse-horizontal")
    INSERT = Entry("Inserted", ("Ctrl+Alt+I",), "arrow-expand-horizontal")
    OVERWRITE = Entry("Over what lies there", ("Ctrl+Alt+O",), "arrow-down-bold-box-outline")
    ABOVE = Entry("On a track above", ("Ctrl+Alt+A",), "arrow-up-bold-box-outline")
    ON_SHOT = Entry("As a take on the shot", ("Ctrl+Alt+S",), "layers-outline")
    HANDLES = Entry("As handles only", ("Ctrl+Alt+H",), "arrow-split-vertical")
    EXPORT = Entry("Export as…", ("Ctrl+Shift+E",), "export-variant")
    RELOAD = Entry("Read the cut's file again", ("F5",), "file-refresh-outline")
    TAKE = Entry("Choose the take with this number", ("1", "2", "3", "4", "5", "6", "7", "8", "9"), "numeric")
    STAR = Entry("Star", ("S",), "star-outline")
    REJECT = Entry("Reject", ("X",), "thumb-down-outline")
    APPROVE = Entry("Approve", ("Shift+A",), "lock-check-outline")
    MORE_LIKE = Entry("More like this", ("Ctrl+M",), "plus-box-multiple-outline")
    AGAIN_WITH = Entry("Again with…", ("Ctrl+R",), "form-select")
    SHOW_RECORD = Entry("Show record", ("Ctrl+I",), "card-text-outline")
    REVEAL = Entry("Reveal file", ("Ctrl+Shift+R",), "folder-eye-outline")
    SHEET = Entry("Contact sheet", ("T",), "view-grid-outline")
    WHOLE_CUT = Entry("All of the cut", ("Shift+T",), "filmstrip-box-multiple")
    WIPE = Entry("Wipe", ("W",), "compare")
    FLIP = Entry("Hold to see the other picture", ("F",), "swap-horizontal")
    DIFFERENCE = Entry("Difference", ("D",), "vector-difference")
    FALSE_COLOUR = Entry("False colour", ("E",), "palette-outline")
    UNDO = Entry("Undo", ("Ctrl+Z",), "undo")
    REDO = Entry("Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo")
    QUIT = Entry("Quit", ("Ctrl+Q",), "exit-to-app")
    MARK_IN = Entry("Mark in", ("I",), "contain-start")
    MARK_OUT = Entry("Mark out", ("O",), "contain-end")
    PLAY_BACKWARD = Entry("Play backward", ("J",), "rewind")
    STOP = Entry("Stop", ("K",), "stop")
    PLAY_FORWARD = Entry("Play forward", ("L",), "fast-forward")
    PLAY = Entry("Play or stop", ("Space",), "play-pause")
    FRAME_BACK = Entry("One frame back", ("Left",), "step-backward")
    FRAME_ON = Entry("One frame on", ("Right",), "step-forward")
    PLAY_AROUND = Entry("Play the place and what is around it", ("Shift+Space",), "play-box-outline")
    LOOP = Entry("Loop", ("Ctrl+L",), "repeat")
    CLEAR_MARKS = Entry("Clear the marks", ("Ctrl+Shift+X",), "backspace-outline")
    CUT_START = Entry("Start of the cut", ("Home",), "skip-backward")
    CUT_END = Entry("End of the cut", ("End",), "skip-forward")
    EDIT_BEFORE = Entry("Edit point before", ("Shift+Up",), "chevron-double-left")
    EDIT_AFTER = Entry("Edit point after", ("Shift+Down",), "chevron-double-right")
    ZOOM_IN = Entry("Zoom in", ("=", "+", "Ctrl+="), "magnify-plus-outline")
    ZOOM_OUT = Entry("Zoom out", ("-", "Ctrl+-"), "magnify-minus-outline")
    FIT = Entry("Fit the cut", ("Shift+Z", "\\"), "arrow-expand-horizontal")
    RESET_LAYOUT = Entry("Reset layout", (), "view-dashboard-outline")
    FIND = Entry("Find a place", ("Ctrl+F",), "magnify")
    PLACE_BEFORE = Entry("Place before", ("Up",), "skip-previous")
    PLACE_AFTER = Entry("Place after", ("Down",), "skip-next")

    @property
    def words(self) -> str:
        return QCoreApplication.translate("Command", self.value.text)
