"""`secondunit edit` and `diff`: cuts changed and compared without making a frame."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import opentimelineio as otio
import orjson
from secondunit_bridge.errors import BadInput
from secondunit_bridge.rates import FrameTime
from secondunit_timeline.changes import Edit
from secondunit_timeline.dialects import link_of
from secondunit_timeline.diff import diff as difference
from secondunit_timeline.edits import Links, Policies
from secondunit_timeline.edits import edit as apply_operations
from secondunit_timeline.index import Index, Item, TrackIndex
from secondunit_timeline.interchange import NOTED, read_cut, write_cut
from secondunit_timeline.operations import (
    CloseGap,
    End,
    Extract,
    Fill,
    FillLength,
    Insert,
    Lift,
    Operation,
    Overwrite,
    ReplaceShot,
    ReplaceSlug,
    RippleTrim,
    Roll,
    Slice,
    Slide,
    Slip,
    Transitions,
    Trim,
)
from secondunit_timeline.selections import FORMS, select
from secondunit_timeline.shots import parse_time
from secondunit_timeline.slugs import slug
from secondunit_timeline.times import rational_time, time_range

from secondunit_plugin.cli.output import print_json

# What each verb needs; `place` is --at with --track, or --shot for the whole of what it means.
NEEDS: dict[str, tuple[str, ...]] = {
    "overwrite": ("at", "source"),
    "insert": ("at", "source"),
    "lift": ("place",),
    "extract": ("place",),
    "slice": ("at",),
    "trim": ("shots", "end", "by"),
    "ripple-trim": ("shots", "end", "by"),
    "roll": ("at", "by"),
    "slip": ("shots", "by"),
    "slide": ("shots", "by"),
    "fill": ("place", "source"),
    "replace": ("shots", "source"),
    "slug": ("at", "frames"),
    "replace-slug": ("shots", "source"),
    "close-gap": ("place",),
}
SAID = {
    "at": "--at TIME",
    "source": "--clip S or --media FILE",
    "place": "--at TIME with --frames N, or --shot S",
    "shots": "--shot S",
    "end": "--end head|tail",
    "by": "--by N",
    "frames": "--frames N",
}


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.argument("verb", type=click.Choice(list(NEEDS)))
@click.option("--shot", "shots", multiple=True, help=f"{FORMS}; may be repeated.")
@click.option("--at", help="Record timecode, or +FRAMES from the start.")
@click.option("--track", help="The track of --at. Default: the lowest video track.")
@click.option("--frames", type=click.IntRange(1), help="How many frames, from --at on or of the clip that is put in.")
@click.option("--end", type=click.Choice([end.value for end in End]), help="The end that is trimmed.")
@click.option("--by", type=int, help="Frames to move by, later if positive.")
@click.option("--clip", help="The shot of this cut that is put in.")
@click.option("--media", type=click.Path(path_type=Path), help="The media file that is put in.")
@click.option("--from", "first", default=0, type=click.IntRange(0), help="The first frame of --media to use.")
@click.option(
    "--length",
    type=click.Choice([length.value for length in FillLength]),
    default=FillLength.SEQUENCE.value,
    show_default=True,
    help="What a fill takes its length from; fit retimes the clip.",
)
@click.option("--alone", is_flag=True, help="This track only: others and linked clips stay.")
@click.option(
    "--transitions",
    type=click.Choice([choice.value for choice in Transitions]),
    default=Transitions.REFUSE.value,
    show_default=True,
    help="What becomes of a transition that loses its frames.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The cut to write.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, with the edit.")
def edit(cut: Path, verb: str, output: Path, transitions: str, as_json: bool, **given: Any) -> None:
    """Change a cut and list what changed. Nothing is moved, cut or dropped that was not asked for."""
    given["source"] = given["clip"] or given["media"]
    given["place"] = given["at"] or given["shots"]
    for need in NEEDS[verb]:
        if given[need] in (None, ()):
            raise click.UsageError(f"{verb} needs {SAID[need]}")
    if given["clip"] and given["media"]:
        raise click.UsageError("give either --clip or --media")
    if given["at"] is not None and given["shots"]:
        raise click.UsageError("give either --at or --shot")
    read = read_cut(cut)
    operations = list(_operations(Index(read), verb, given))
    policies = Policies(Transitions(transitions))
    if given["alone"]:
        policies = replace(policies, sync=(), links=Links.IGNORE)
    changed, done = apply_operations(read, operations, policies)
    write_cut(changed, output, source=cut)
    if as_json:
        print_json({"cut": output, "edit": orjson.loads(done.to_json())})
        return
    _list(done)
    click.echo(f"wrote {output}")


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The edit that turns A into B, as one JSON document on stdout.")
def diff(a: Path, b: Path, as_json: bool) -> None:
    """List what turns one cut into the other; where a cut lies on disk is no difference."""
    cuts = [read_cut(path) for path in (a, b)]
    if as_json:
        print_json(orjson.loads(difference(*cuts).to_json()))
        return
    for cut in cuts:
        _forget_places(cut)
    done = difference(*cuts)
    if done:
        _list(done)
    else:
        click.echo("The cuts are equal.")


def _forget_places(cut: otio.schema.Timeline) -> None:
    """Takes out what reading noted about the file's place on disk."""
    references = [reference for clip in cut.find_clips() for reference in clip.media_references().values()]
    for one in (cut, *references):
        ours = one.metadata.get("secondunit")
        if hasattr(ours, "pop"):
            for key in NOTED:
                ours.pop(key, None)
            if not len(ours):
                del one.metadata["secondunit"]


def _list(done: Edit) -> None:
    for change in done:
        click.echo(str(change))


def _operations(index: Index, verb: str, given: dict[str, Any]) -> Iterator[Operation]:
    """One operation for each place, the last one first, so that no ripple moves a place that is still to come."""
    places: list[tuple[str, FrameTime, int | None]]
    if given["at"] is not None:
        places = [(_track(index, given["track"]), parse_time(index, given["at"]), given["frames"])]
        if verb in ("lift", "extract") and given["frames"] is None:
            raise click.UsageError(f"{verb} --at needs --frames N")
    else:
        selected = select(index, given["shots"])
        places = [
            (track.name, FrameTime(int(item.start), index.rate), int(item.duration))
            for track, item in (selected if given["alone"] else _leading(selected))
        ]
    for track, at, frames in sorted(places, key=lambda place: place[1].frame, reverse=True):
        yield _operation(index, verb, given, track, at, frames)


def _leading(selected: list[tuple[TrackIndex, Item]]) -> Iterator[tuple[TrackIndex, Item]]:
    """Without what follows an item that is selected as well, since it is linked with it."""
    leads: list[tuple[tuple[str, ...], TrackIndex, Item]] = []
    for track, item in selected:
        link = link_of(item.child)
        if any(
            link == other and track is not lead_track and item.start < lead.end and lead.start < item.end
            for other, lead_track, lead in leads
        ):
            continue
        if link is not None:
            leads.append((link, track, item))
        yield track, item


def _operation(
    index: Index, verb: str, given: dict[str, Any], track: str, at: FrameTime, frames: int | None
) -> Operation:
    by, end = given["by"], End(given["end"] or End.TAIL)
    match verb:
        case "overwrite":
            return Overwrite(track, at, _source(index, given))
        case "insert":
            return Insert(track, at, _source(index, given))
        case "lift":
            return Lift(track, at, frames or 0)
        case "extract":
            return Extract(track, at, frames or 0)
        case "slice":
            return Slice(track, at)
        case "trim":
            return Trim(track, at, end, by)
        case "ripple-trim":
            return RippleTrim(track, at, end, by)
        case "roll":
            return Roll(track, at, by)
        case "slip":
            return Slip(track, at, by)
        case "slide":
            return Slide(track, at, by)
        case "fill":
            return Fill(track, at, _source(index, {**given, "frames": None}), FillLength(given["length"]), frames)
        case "replace":
            return ReplaceShot(track, at, _source(index, given))
        case "slug":
            start = FrameTime(index.start.frame + at.frame, index.rate)
            return Overwrite(
                track, at, slug(f"slug {index.timecode(at.frame)}", start, FrameTime(frames or 0, index.rate))
            )
        case "replace-slug":
            return ReplaceSlug(track, at, _source(index, given))
        case _:
            return CloseGap(track, at)


def _track(index: Index, name: str | None) -> str:
    if name is not None:
        return index.track(name).name
    video = [track.name for track in index.tracks if track.kind == otio.schema.TrackKind.Video]
    if not video:
        raise BadInput("the cut has no video track: give --track")
    return video[0]


def _source(index: Index, given: dict[str, Any]) -> otio.schema.Clip:
    frames: int | None = given["frames"]
    if given["clip"]:
        ((_, item),) = select(index, [given["clip"]])[:1]
        if not isinstance(item.child, otio.schema.Clip):
            raise BadInput(f"--clip {given['clip']} is not a clip: give a shot of the cut")
        clip = item.child.deepcopy()
        start = (clip.source_range or clip.trimmed_range()).start_time
        length = frames or int(item.duration)
        clip.source_range = otio.opentime.TimeRange(start, rational_time(length, index.rate))
        return clip
    from secondunit_bridge.media.probe import probe, refuse_unsupported

    info = probe(str(given["media"].resolve()))
    refuse_unsupported(info)
    begin = info.start.frame if info.start is not None and info.start.rate == info.rate else 0
    held = int((info.frames - given["first"]) * index.rate / info.rate)
    if (frames or 1) > held:
        raise BadInput(f"{info.path} holds {max(0, held)} frames from there on, {frames or 1} were asked")
    return otio.schema.Clip(
        Path(info.path).stem,
        otio.schema.ExternalReference(info.path, time_range(begin, info.frames, info.rate)),
        otio.opentime.TimeRange(
            rational_time(begin + given["first"], info.rate), rational_time(frames or held, index.rate)
        ),
    )
