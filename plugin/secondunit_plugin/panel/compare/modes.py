"""How two pictures of the same frame become one."""

from enum import StrEnum


class Mode(StrEnum):
    """WIPE: the take on the left of a handle, the other on the right. FLIP: the other while a key is held."""

    WIPE = "wipe"
    FLIP = "flip"
    DIFFERENCE = "difference"
    FALSE_COLOUR = "false colour"
