"""OTIO's schemas as the installed version reads them: which fields it demands, and of which kind.

Found by giving OpenTimelineIO 0.18.1 every kind of value in every field. A field that is not listed here is unknown
to OTIO, which keeps it as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a field holds. TEXT may be null, the ranges and times only where the name says so."""

    TEXT = auto()
    FLAG = auto()
    NUMBER = auto()
    WHOLE = auto()
    POLICY = auto()
    TIME = auto()
    TIME_OR_NULL = auto()
    RANGE = auto()
    RANGE_OR_NULL = auto()
    COLOUR = auto()
    BOUNDS = auto()
    ANYTHING = auto()
    CHILDREN = auto()
    EFFECTS = auto()
    MARKERS = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    TRACKS = auto()


class Slot(Enum):
    """Where an object may stand."""

    CUT = "a cut"
    TRACKS = "the stack of a cut's tracks"
    TRACK = "the children of a track"
    STACK = "the children of a stack"
    EFFECT = "effects"
    MARKER = "markers"
    MEDIA = "media references"


@dataclass(frozen=True, slots=True)
class Schema:
    """`required`: fields that OTIO does not read an object without."""

    label: str
    slots: tuple[Slot, ...]
    fields: Mapping[str, Kind]
    required: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.label.partition(".")[0]

    @property
    def version(self) -> int:
        return int(self.label.partition(".")[2])


_NAMED = {"name": Kind.TEXT, "metadata": Kind.ANYTHING}
_ITEM = {
    **_NAMED,
    "source_range": Kind.RANGE_OR_NULL,
    "effects": Kind.EFFECTS,
    "markers": Kind.MARKERS,
    "enabled": Kind.FLAG,
    "color": Kind.COLOUR,
}
_EFFECT = {**_NAMED, "effect_name": Kind.TEXT, "enabled": Kind.FLAG}
_SPEED = {**_EFFECT, "time_scalar": Kind.NUMBER}
_MARKER = {**_NAMED, "color": Kind.TEXT, "comment": Kind.TEXT}
_MEDIA = {**_NAMED, "available_range": Kind.RANGE_OR_NULL, "available_image_bounds": Kind.BOUNDS}
_SEQUENCE = {
    **_MEDIA,
    "target_url_base": Kind.TEXT,
    "name_prefix": Kind.TEXT,
    "name_suffix": Kind.TEXT,
    "start_frame": Kind.WHOLE,
    "frame_step": Kind.WHOLE,
    "rate": Kind.NUMBER,
    "frame_zero_padding": Kind.WHOLE,
    "missing_frame_policy": Kind.POLICY,
}
_OFFSETS = {"in_offset": Kind.TIME, "out_offset": Kind.TIME, "transition_type": Kind.TEXT}
_CHILD = (Slot.TRACK, Slot.STACK)
_STACK = (*_CHILD, Slot.TRACKS)
_TRACK = {**_ITEM, "children": Kind.CHILDREN, "kind": Kind.TEXT}
_CLIP = {**_ITEM, "media_references": Kind.REFERENCES, "active_media_reference_key": Kind.TEXT}

# Sequence and Filler are earlier names, Clip.1 and Marker.1 earlier versions, which OTIO still reads.
SCHEMAS = {
    schema.label: schema
    for schema in (
        Schema(
            "Timeline.1",
            (Slot.CUT,),
            {**_NAMED, "global_start_time": Kind.TIME_OR_NULL, "tracks": Kind.TRACKS},
            ("tracks",),
        ),
        Schema("Stack.1", _STACK, {**_ITEM, "children": Kind.CHILDREN}, ("children",)),
        Schema("Track.1", _CHILD, _TRACK, ("children", "kind")),
        Schema("Sequence.1", _CHILD, _TRACK, ("children", "kind")),
        Schema("Clip.2", _CHILD, _CLIP, ("media_references", "active_media_reference_key")),
        Schema("Clip.1", _CHILD, {**_ITEM, "media_reference": Kind.REFERENCE}),
        Schema("Gap.1", _CHILD, _ITEM),
        Schema("Filler.1", _CHILD, _ITEM),
        Schema("Transition.1", _CHILD, {**_NAMED, **_OFFSETS}, tuple(_OFFSETS)),
        Schema("Effect.1", (Slot.EFFECT,), _EFFECT, ("effect_name",)),
        Schema("TimeEffect.1", (Slot.EFFECT,), _EFFECT, ("effect_name",)),
        Schema("LinearTimeWarp.1", (Slot.EFFECT,), _SPEED, ("effect_name", "time_scalar")),
        Schema("FreezeFrame.1", (Slot.EFFECT,), _SPEED, ("effect_name", "time_scalar")),
        Schema("Marker.2", (Slot.MARKER,), {**_MARKER, "marked_range": Kind.RANGE}, ("marked_range",)),
        Schema("Marker.1", (Slot.MARKER,), {**_MARKER, "range": Kind.RANGE}, ("range",)),
        Schema("MissingReference.1", (Slot.MEDIA,), _MEDIA),
        Schema("MediaReference.1", (Slot.MEDIA,), _MEDIA),
        Schema("ExternalReference.1", (Slot.MEDIA,), {**_MEDIA, "target_url": Kind.TEXT}, ("target_url",)),
        Schema(
            "GeneratorReference.1",
            (Slot.MEDIA,),
            {**_MEDIA, "generator_kind": Kind.TEXT, "parameters": Kind.ANYTHING},
            ("generator_kind", "parameters"),
        ),
        Schema(
            "ImageSequenceReference.1", (Slot.MEDIA,), _SEQUENCE, tuple(key for key in _SEQUENCE if key not in _MEDIA)
        ),
    )
}

# What a schema that OTIO does not know is taken for.
STAND_INS = {
    Slot.CUT: "Timeline.1",
    Slot.TRACKS: "Stack.1",
    Slot.TRACK: "Clip.2",
    Slot.STACK: "Track.1",
    Slot.EFFECT: "Effect.1",
    Slot.MARKER: "Marker.2",
    Slot.MEDIA: "MissingReference.1",
}
