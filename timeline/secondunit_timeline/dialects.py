"""What editing programs say in the metadata of OTIO cuts: every key that is read of theirs stands here.

Seen in files that the programs wrote: Resolve 18 to 21 (`Resolve_OTIO`), Kdenlive 25 (`kdenlive`, and its
otioexport.cpp), Hiero and Nuke Studio (`foundry.source.*`), the FCP7 XML reader of OpenTimelineIO (`fcp_xml`). Read
about only: Premiere (`PremierePro_OTIO`). Metadata is only read here: what a program wrote comes back to it.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import islice
from typing import Any

import opentimelineio as otio

_RESOLVE = "Resolve_OTIO"
_PREMIERE = "PremierePro_OTIO"
_KDENLIVE = "kdenlive"
_FCP7 = "fcp_xml"
_HIERO = "foundry.source."
_OURS = "secondunit"


class Program(Enum):
    """Who wrote an OTIO file, as far as it shows."""

    RESOLVE = "DaVinci Resolve"
    PREMIERE = "Premiere Pro"
    KDENLIVE = "Kdenlive"
    HIERO = "Hiero"


def program_of(metadata: Mapping[str, Any]) -> Program | None:
    """The program whose metadata an object of a cut carries."""
    for key, program in (
        (_RESOLVE, Program.RESOLVE),
        (_PREMIERE, Program.PREMIERE),
        (_KDENLIVE, Program.KDENLIVE),
    ):
        if key in metadata:
            return program
    return Program.HIERO if any(key.startswith(_HIERO) for key in metadata) else None


def is_openshots(cut: otio.schema.Timeline) -> bool:
    """Whether the cut was read from Final Cut Pro 7 XML that OpenShot exported, or that was written for it."""
    return bool(_of(cut.metadata, _FCP7).get("@authoringApp") == "OpenShot")


def is_locked(track: otio.schema.Track) -> bool:
    """As far as the file or host says so: Resolve's does, Final Cut Pro 7 XML, projects of Kdenlive and Shotcut."""
    if _of(track.metadata, _RESOLVE).get("Locked", False):
        return True
    if any(_of(track.metadata, key).get("locked", False) for key in (_KDENLIVE, _OURS)):
        return True
    return str(_of(track.metadata, _FCP7).get("locked", "FALSE")).upper() == "TRUE"


def sound_stream(clip: otio.schema.Clip) -> int:
    """The sound stream of its media that a clip plays: the first, or the one that a host or Resolve's export names."""
    metadata = clip.metadata
    own = entry(metadata, _OURS, "stream")
    if isinstance(own, int):
        return max(0, own)
    channels = entry(metadata, _RESOLVE, "Channels")
    first = channels[0] if isinstance(channels, Sequence) and len(channels) else None
    stream = first.get("Source Track ID", 0) if isinstance(first, Mapping) else 0
    return max(0, stream) if isinstance(stream, int) else 0


def link_of(clip: otio.core.Item) -> tuple[str, ...] | None:
    """What clips that are linked have in common, alike on all of them; None where the file links it with nothing.

    Resolve's `Link Group ID`, Premiere's `LinkID`, the `link` elements of Final Cut Pro 7 XML, and our own `link`.
    """
    metadata = clip.metadata
    for key, name in ((_RESOLVE, "Link Group ID"), (_PREMIERE, "LinkID"), (_OURS, "link")):
        group = entry(metadata, key, name)
        if isinstance(group, (int, str)) and group != "":
            return (key, str(group))
    given = entry(metadata, _FCP7, "link")
    links = [given] if isinstance(given, Mapping) else given if isinstance(given, Sequence) else ()
    names = {str(link["linkclipref"]) for link in links if isinstance(link, Mapping) and link.get("linkclipref")}
    return (_FCP7, *sorted(names)) if len(names) > 1 else None


def marker_text(marker: otio.schema.Marker) -> str:
    """What an editor wrote into a marker beside its name: its comment, or Resolve's note."""
    note = _of(marker.metadata, _RESOLVE).get("Note")
    return str(marker.comment or (note if isinstance(note, str) else ""))


def is_empty_effect(effect: otio.schema.Effect) -> bool:
    """Whether an effect changes nothing.

    Resolve writes about twelve slots on every clip, most of them switched off or without parameters. Premiere writes a
    speed of 1.
    """
    if isinstance(effect, otio.schema.LinearTimeWarp):
        return bool(effect.time_scalar == 1)
    slot = _of(effect.metadata, _RESOLVE)
    return bool(slot) and not (slot.get("Enabled", True) and slot.get("Parameters"))


def entry(metadata: Mapping[str, Any], *keys: str) -> Any:
    """What metadata hold under `keys`, each inside the one before; None where there is nothing.

    OpenTimelineIO's own mappings take thirty times as long to say that they have no such key, and that there are no
    more keys, as to give a value: both are exceptions from C++. Here neither is asked.
    """
    value: Any = metadata
    for key in keys:
        if not isinstance(value, Mapping) or key not in islice(value, len(value)):
            return None
        value = value[key]
    return value


def _of(metadata: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A program's part of the metadata of an object; empty where it has none."""
    part = entry(metadata, key)
    return part if isinstance(part, Mapping) else {}
