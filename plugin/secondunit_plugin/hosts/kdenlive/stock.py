"""The media of a Kdenlive project: which clip of its bin holds a file, and the producers that show it on tracks."""

import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

import opentimelineio as otio
from secondunit_bridge.errors import HostError
from secondunit_timeline.formats.kdenlive import Document
from secondunit_timeline.formats.kdenlive_bin import Bin, Master, Producer, put
from secondunit_timeline.formats.mlt_producers import Producers, frames_in, properties
from secondunit_timeline.interchange import media_path, reference_to
from secondunit_timeline.times import rational_time, simple, time_range

from secondunit_plugin.hosts.frames import Probed
from secondunit_plugin.hosts.strips import Kind, Media, Strip

_OF_THE_BIN = ("kdenlive:", "secondunit:", "meta.", "length", "xml")
_IDENTITY = "kdenlive:control_uuid"
"""Versions with sequences repair what plays a clip of the bin without its identity, and ask the person about it."""
_FOLDER = "kdenlive:folder.-1."
_FOLDER_NAME = "Second Unit"


@dataclass(slots=True)
class Stock:
    """`numbers`: that no element of the project has."""

    document: Document
    probed: Probed
    numbers: Iterator[int]
    bin: Bin = field(init=False)

    def __post_init__(self) -> None:
        profile = self.document.root.find("profile")
        told = profile.attrib if profile is not None else {}
        size = (int(told.get("width", "1920")), int(told.get("height", "1080")))
        known: dict[str, Master] = {}
        sources = Producers(self.rate, self.document.root.get("root", ""), self.document.masters)
        for number, element in self.document.masters.items():
            own = properties(element)
            if element.tag not in ("producer", "chain") or own.get("mlt_service") == "timewarp":
                continue
            length = frames_in(own.get("length"), self.rate)
            reference, rate, origin = sources.reference(own, own, own.get("resource", ""), length)
            if (path := media_path(reference)) is not None and path not in known:
                shared = {n: text for n, text in own.items() if n == _IDENTITY or not n.startswith(_OF_THE_BIN)}
                shared["resource"] = sources.path(own.get("resource", ""))
                known[path] = Master(number, Producer(element, length), shared, rate, origin)
        self.bin = Bin(self.rate, size, self.numbers, known)

    @property
    def rate(self) -> Fraction:
        return self.document.elements.rate

    def keep(self, path: str, given: otio.core.MediaReference | None = None) -> Master:
        """The clip of the bin that holds a file, made where there is none. `given`: what is known about the file.

        Raises HostError where nothing tells how long the file is.
        """
        if (there := self.bin.known.get(path)) is not None:
            return there
        reference = given
        if reference is None or reference.available_range is None:
            info = self.probed(path)
            if info is None:
                raise HostError(f"{path} cannot be read: Kdenlive is not told of it. Put it back in its place")
            start = info.start.frame if info.start is not None else 0
            reference = reference_to(path, time_range(start, info.frames, info.rate), info.first_number or 0)
            if info.reel:
                reference.metadata["cmx_3600"] = {"reel": info.reel}
        of_one = Bin(self.rate, self.bin.size, self.numbers)
        master = of_one.master(otio.schema.Clip("", reference.clone()))
        identity = {_IDENTITY: f"{{{uuid.uuid5(uuid.NAMESPACE_URL, path)}}}"}
        master = replace(master, service={**master.service, **identity})
        (element,) = of_one.masters()
        put(element, identity)
        for one in element.iterfind("property"):
            if one.get("name") == "kdenlive:folderid":
                one.text = self._folder_made()
        root, listed = self.document.root, self.document.bin
        root.insert([*root].index(listed), element)
        SubElement(listed, "entry", {"producer": element.get("id", ""), "in": "0", "out": element.get("out", "0")})
        self.bin.known = {**self.bin.known, path: master}
        return master

    def show(self, strip: Strip, media: Media, track: int) -> tuple[Element, int, list[Element]]:
        """The producer that shows a strip's media on a track, its position on the first frame, and a freeze's filters.

        Producers of tracks with other numbers are others.
        """
        if media.stream:
            raise HostError(
                f"{strip.name!r} plays sound stream {media.stream + 1} of {media.path}: only the first can be placed"
            )
        master = self.keep(media.path)
        effects: list[otio.schema.Effect] = []
        if media.speed == 0:
            effects.append(otio.schema.FreezeFrame())
        elif media.speed != 1:
            effects.append(otio.schema.LinearTimeWarp(time_scalar=float(media.speed)))
        start = simple(master.origin + media.first / media.rate * master.rate)
        available = time_range(simple(master.origin), 1, master.rate)
        clip = otio.schema.Clip(
            strip.name,
            reference_to(media.path, available, int(master.origin)),
            otio.opentime.TimeRange(rational_time(start, master.rate), rational_time(strip.frames, self.rate)),
            effects=effects,
        )
        clip.enabled = strip.enabled
        sound = strip.kind is Kind.SOUND
        shown = self.bin.show(clip, 0, strip.frames, sound, (track, 0))
        if shown.missing != (0, 0):
            raise HostError(
                f"{strip.name!r} begins before the first frame of {media.path}: trim it, or extend the shot"
            )
        effects_of_bin = [deepcopy(one) for one in master.producer.element.iterfind("filter")]
        if not list(shown.producer.element.iterfind("filter")):
            shown.producer.element.extend(effects_of_bin)
        held: list[Element] = []
        if shown.held is not None:
            held.append(Element("filter"))
            put(held[0], {"mlt_service": "freeze", "kdenlive_id": "freeze", "frame": shown.held})
            if sound:
                held.append(Element("filter"))
                put(held[1], {"mlt_service": "volume", "kdenlive_id": "mute", "gain": 0})
        return shown.producer.element, shown.first, held

    def finish(self) -> None:
        """Writes the lengths of the producers that were made."""
        self.bin.copies()

    @property
    def folder(self) -> str:
        """The number of the bin's folder for takes, "" where there is none."""
        own = properties(self.document.bin)
        found = (name.removeprefix(_FOLDER) for name, text in own.items() if text == _FOLDER_NAME and _FOLDER in name)
        return next(found, "")

    def _folder_made(self) -> str:
        number = self.folder
        if not number:
            number = str(next(self.numbers))
            folder = Element("property", {"name": _FOLDER + number})
            folder.text = _FOLDER_NAME
            self.document.bin.insert(0, folder)
        return number
