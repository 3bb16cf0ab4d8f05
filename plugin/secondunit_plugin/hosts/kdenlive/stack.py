"""The stack of tracks of a Kdenlive project: tracks put in and taken out, and how long everything is."""

from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

from secondunit_bridge.errors import HostError
from secondunit_timeline.formats.kdenlive import DOCUMENT, Document
from secondunit_timeline.formats.kdenlive_bin import put
from secondunit_timeline.formats.mlt_producers import frames_in, properties
from secondunit_timeline.formats.mlt_tracks import tracks_of

from secondunit_plugin.hosts.kdenlive.lanes import Lane
from secondunit_plugin.hosts.strips import Kind, Track

SEQUENCE = "kdenlive:sequenceproperties."
_BY_NUMBER = ("activeTrack", "videoTarget", "audioTarget")


def add_track(document: Document, lanes: list[Lane], track: Track, above: str | None, number: int) -> None:
    """`lanes` as the cut lists tracks; `above` as `steps.AddTrack` has it; `number`: one that no id has."""
    below = next((lane for lane in lanes if lane.name == above), None)
    place = _place(lanes, track.kind, below)
    sound = track.kind is Kind.SOUND
    own: dict[str, object] = {"kdenlive:audio_track": 1} if sound else {}
    tractor = Element("tractor", {"id": f"tractor{number}"})
    put(tractor, own | {"kdenlive:trackheight": 67, "kdenlive:timeline_active": 1, "kdenlive:collapsed": 0})
    put(tractor, {"kdenlive:track_name": track.name})
    lists = tuple(Element("playlist", {"id": f"playlist{number}_{half}"}) for half in (0, 1))
    for playlist in lists:
        put(playlist, own)
        SubElement(tractor, "track", {"producer": playlist.get("id", ""), "hide": "video" if sound else "audio"})
    root, timeline = document.root, document.timeline
    for element in (*lists, tractor):
        root.insert([*root].index(timeline), element)
    model = next((lane.number for lane in lanes if lane.kind is track.kind), None)
    over = _over(timeline, model, sound)
    _renumber(document, lanes, place, 1)
    holder = Element("track", {"producer": tractor.get("id", "")})
    if not track.enabled:
        holder.set("hide", "both")
    timeline.insert([*timeline].index(tracks_of(timeline)[place - 1]) + 1, holder)
    write_property(over, "b_track", str(place))
    under = [one for one in timeline.iterfind("transition") if 0 < _number(properties(one).get("b_track", "")) < place]
    timeline.insert([*timeline].index((under or tracks_of(timeline))[-1]) + 1, over)
    _count_tracks(timeline)
    made = Lane(track.name, track.kind, place, holder, tractor, lists, document.elements.rate, {}, [])
    lanes.insert(lanes.index(below) + 1 if below is not None else 0, made)


def _place(lanes: list[Lane], kind: Kind, below: Lane | None) -> int:
    """The number of a track above another in the cut: pictures count upwards, sound from the pictures down."""
    pictures = [lane.number for lane in lanes if lane.kind is Kind.PICTURE]
    lowest = min(pictures, default=1 + max((lane.number for lane in lanes), default=0))
    if kind is Kind.PICTURE:
        return below.number + 1 if below is not None else lowest
    return below.number if below is not None and below.kind is Kind.SOUND else lowest


def _over(timeline: Element, model: int | None, sound: bool) -> Element:
    """What plays a track over those below it, as it plays the track `model`."""
    for one in timeline.iterfind("transition"):
        own = properties(one)
        if "internal_added" in own and own.get("b_track") == str(model):
            copy = deepcopy(one)
            copy.attrib.pop("id", None)
            return copy
    made = Element("transition")
    put(made, {"a_track": 0, "b_track": 0, "internal_added": 237, "always_active": 1})
    if sound:
        put(made, {"mlt_service": "mix", "kdenlive_id": "mix", "accepts_blanks": 1, "sum": 1})
    else:
        put(made, {"mlt_service": "qtblend", "kdenlive_id": "qtblend", "compositing": 0, "distort": 0})
    return made


def remove_track(document: Document, lanes: list[Lane], lane: Lane) -> None:
    """Raises HostError for one that is not empty."""
    if lane.clips:
        raise HostError(f"track {lane.name} is not empty: it is not removed")
    timeline = document.timeline
    for element in [*timeline.iterfind("transition")]:
        if properties(element).get("b_track") == str(lane.number):
            timeline.remove(element)
    timeline.remove(lane.holder)
    for element in (*lane.lists, lane.tractor):
        document.root.remove(element)
    lanes.remove(lane)
    _count_tracks(timeline)
    _renumber(document, lanes, lane.number, -1)


def _count_tracks(timeline: Element) -> None:
    """A sequence says how many it has, without the black."""
    if SEQUENCE + "tracksCount" in properties(timeline):
        write_property(timeline, SEQUENCE + "tracksCount", str(len(tracks_of(timeline)) - 1))


def _renumber(document: Document, lanes: list[Lane], first: int, by: int) -> None:
    """Tracks from `first` on are counted one up or down; 0 is the black below, which the document does not count."""
    for element in document.timeline.iterfind("transition"):
        for one in element.iterfind("property"):
            if one.get("name") in ("a_track", "b_track") and _number(one.text) >= first:
                one.text = str(_number(one.text) + by)
    for lane in lanes:
        if lane.number >= first:
            lane.number += by
    for holder, prefix in ((document.bin, DOCUMENT), (document.timeline, SEQUENCE)):
        for one in holder.iterfind("property"):
            if (one.get("name") or "").removeprefix(prefix) in _BY_NUMBER and _number(one.text) >= first - 1:
                one.text = str(_number(one.text) + by)


def lengthen(document: Document, frames: int) -> None:
    """The black below, the timeline and what plays it end later."""
    timeline, rate = document.timeline, document.elements.rate
    playing = [
        one
        for one in document.root.iterfind("tractor")
        if any(holder.get("producer") == timeline.get("id") for holder in tracks_of(one))
    ]
    black = document.elements.source(tracks_of(timeline)[0])
    holders = [holder for one in playing for holder in tracks_of(one)]
    for element in (timeline, *playing, *holders, *([black] if black is not None else [])):
        if "out" in element.attrib:
            element.set("out", str(frames_in(element.get("out"), rate) + frames))
        for one in element.iterfind("property"):
            if one.get("name") == "length" and frames_in(one.text, rate) < 1 << 30:
                one.text = str(frames_in(one.text, rate) + frames)


def a_property(name: str, text: str) -> Element:
    made = Element("property", {"name": name})
    made.text = text
    return made


def write_property(holder: Element, name: str, text: str) -> None:
    """In the place of the one with that name, else after those that are there."""
    for one in holder.iterfind("property"):
        if one.get("name") == name:
            one.text = text
            return
    holder.insert(sum(1 for _ in holder.iterfind("property")), a_property(name, text))


def _number(text: str | None) -> int:
    """-1 for what is none."""
    return int(text) if text is not None and text.isdigit() else -1
