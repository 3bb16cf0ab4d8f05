"""`secondunit takes`, `show` and `export`: what a cut holds, and how it plays."""

from dataclasses import asdict
from pathlib import Path, PureWindowsPath
from typing import Any

import click
import opentimelineio as otio
from secondunit_bridge import spawn
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.rates import FrameTime, can_drop_frames, format_timecode
from secondunit_timeline.edits import edit
from secondunit_timeline.index import Index, Item
from secondunit_timeline.interchange import media_path, notes_of, read_cut, write_cut
from secondunit_timeline.operations import ApproveTake, Operation, SwapTake
from secondunit_timeline.records import Found, Unclear, attach, find_takes, known_takes, stored_takes, takes_folders
from secondunit_timeline.retimes import speed_of
from secondunit_timeline.shots import find_clip
from secondunit_timeline.staleness import said, state_name, states
from secondunit_timeline.takes import find_take, key_of, nested_takes, placed_takes
from secondunit_timeline.times import frames_of, rate_of

from secondunit_plugin.cli.output import print_json, print_table

TAKES_IN = click.option(
    "--in",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of takes; may be repeated. Default: those beside the cut and its media.",
)


def _with_takes(
    read: otio.schema.Timeline, cut: Path, folders: tuple[Path, ...]
) -> tuple[otio.schema.Timeline, dict[tuple[str, int, str], str], list[str], list[str]]:
    """The cut with its takes found again; how, by track, frame and key; what is unclear; what else is to be said."""
    notes = []
    try:
        stored = stored_takes(spawn.home())
    except SecondUnitError as error:
        stored = ()
        notes.append(f"the unit was not asked for its takes: {error}")
    known = known_takes(read, folders or takes_folders(read, cut), stored)
    results = find_takes(Index(read), known)
    found = [one for one in results if isinstance(one, Found)]
    index = Index(read)
    unclear = []
    for one in results:
        if isinstance(one, Unclear):
            at = f"{one.placed.track} {index.timecode(one.placed.at.frame)}"
            unclear.append(f"{at} {one.placed.clip.name!r} may show a take: {one.reason}")
    how = {(one.placed.track, one.placed.at.frame, key_of(one.take)): str(one.how) for one in found}
    made, attached = attach(read, found, known)
    return made, how, unclear, [*notes, *attached]


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--use", metavar="KEY", help="Make this take active: its key, reel or version name.")
@click.option("--approve", metavar="KEY", help="Approve this take: it is not made again.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The cut to write, with --use or --approve.")
@TAKES_IN
@click.option("--ratings", is_flag=True, help="List the takes that were starred, rejected or approved in the panel.")
@click.option("--csv", "as_csv", is_flag=True, help="With --ratings: comma-separated values on stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def takes(
    cut: Path,
    shot: str | None,
    use: str | None,
    approve: str | None,
    output: Path | None,
    folders: tuple[Path, ...],
    ratings: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the takes of a cut, their state and how each was found; make one active, approve one."""
    if (use is None and approve is None) != (output is None):
        raise click.UsageError("--use KEY or --approve KEY, and -o OUT, go together")
    if as_csv and (as_json or not ratings):
        raise click.UsageError("--csv goes with --ratings, and without --json")
    if ratings:
        if shot or output is not None:
            raise click.UsageError("--ratings lists the ratings of all takes, and goes with --in, --csv and --json")
        _list_ratings(cut, folders, as_csv, as_json)
        return
    read, how, unclear, notes = _with_takes(read_cut(cut), cut, folders)
    if output is not None:
        index = Index(read)
        operations: list[Operation] = []
        if use is not None:
            operations.append(SwapTake(*find_take(index, use, shot)))
        if approve is not None:
            operations.append(ApproveTake(*find_take(index, approve, shot)))
        read, _ = edit(read, operations)
        write_cut(read, output, source=cut)
    index = Index(read)
    places = [find_clip(index, shot)] if shot else None
    found = [
        (take, how.get((take.track, take.at.frame, take.key), ""), state)
        for take, state in states(index)
        if places is None or any(track.name == take.track and item.start == take.at.frame for track, item in places)
    ]
    nested = list(nested_takes(index)) if places is None else []
    if as_json:
        rows = [
            asdict(take) | {"found_by": by, "state": state_name(state), "says": said(state)}
            for take, by, state in found
        ]
        inside = [asdict(take) | {"nest": nest} for nest, take in nested]
        print_json({"cut": output or cut, "takes": rows, "in_nests": inside, "unclear": unclear, "notes": notes})
        return
    from rich.table import Column, Table

    whole = [Column(name, no_wrap=True) for name in ("take", "reel", "task", "on", "at")]
    table = Table("", *whole, "state")
    for take, _, state in found:
        table.add_row(
            ("▶" if take.active else "") + ("✓" if take.approved else ""),
            take.name,
            take.reel,
            take.task,
            f"{take.shot} ({take.track})",
            index.timecode(take.at.frame),
            said(state),
        )
    for nest, take in nested:
        marks = ("▶" if take.active else "") + ("✓" if take.approved else "")
        where = f"{take.shot} ({take.track}, in {nest})"
        table.add_row(marks, take.name, take.reel, take.task, where, index.timecode(take.at.frame), "in a nest")
    if found or nested:
        print_table(table)
    else:
        click.echo("This cut holds no takes.")
    for take, by, _ in found:
        click.echo(f"{take.name}: {take.path or 'no file'}" + (f", found by {by}" if by else ""))
    for line in (*unclear, *notes):
        click.echo(line, err=True)


def _list_ratings(cut: Path, folders: tuple[Path, ...], as_csv: bool, as_json: bool) -> None:
    import csv
    import sys

    from secondunit_bridge.ratings import ratings

    read = read_cut(cut)
    where = list(folders) or takes_folders(read, cut)
    known = known_takes(read, where)
    rows = []
    for rated in ratings(where).values():
        take = known.get(rated.take_id)
        row = {"take": rated.take_id, "rating": str(rated.rating), "at": rated.at}
        if take is None:
            row |= dict.fromkeys(("name", "reel", "task", "shot", "seed", "order", "path"), "")
        else:
            record = take.record
            row |= {"name": record.name, "reel": record.reel, "task": str(record.order.task)}
            row |= {"shot": record.order.shot, "seed": str(record.seed), "order": record.order.id, "path": take.path}
        rows.append(row)
    rows.sort(key=lambda row: (row["shot"], row["name"], row["take"]))
    if as_json:
        print_json({"cut": cut, "ratings": rows})
    elif as_csv:
        names = ("take", "name", "reel", "rating", "at", "task", "shot", "seed", "order", "path")
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif rows:
        from rich.table import Column, Table

        table = Table(
            *(Column(name, no_wrap=True) for name in ("take", "reel", "rating", "at")), "shot", "task", "seed"
        )
        for row in rows:
            named = row["name"] or f"{row['take']} (no file)"
            table.add_row(named, *(row[column] for column in ("reel", "rating", "at", "shot", "task", "seed")))
        print_table(table)
    else:
        click.echo("No take of this cut is rated.")


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@TAKES_IN
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def show(cut: Path, folders: tuple[Path, ...], as_json: bool) -> None:
    """Tracks, shots, record and source timecode, rates and takes of a cut."""
    read, _, unclear, found = _with_takes(read_cut(cut), cut, folders)
    index = Index(read)
    notes = [*notes_of(read), *found, *unclear]
    tracks = [
        {"name": track.name, "kind": track.kind, "items": [_item(index, item) for item in track.items]}
        for track in index.tracks
    ]
    if as_json:
        document = {"name": index.cut.name, "rate": index.rate, "start": index.timecode(0), "tracks": tracks}
        print_json({**document, "frames": round(index.end), "takes": list(placed_takes(index)), "notes": notes})
        return
    from rich.table import Column, Table

    click.echo(
        f"{index.cut.name or cut.name}: {float(index.rate):g} fps ({index.rate}), "
        f"{index.timecode(0)} to {index.timecode(round(index.end))}, {round(index.end)} frames"
    )
    for note in notes:
        click.echo(note)
    for track in index.tracks:
        times = [Column(name, no_wrap=True) for name in ("record in", "frames", "source in", "rate")]
        table = Table(*times[:2], "shot", *times[2:], "speed", "takes", "media", title=track.name)
        for item in track.items:
            row = _item(index, item)
            table.add_row(
                *(str(row[column]) for column in ("in", "frames", "name", "source_in", "rate", "speed")),
                str(len(row["takes"]) or ""),
                row["media"],
            )
        print_table(table)


def _item(index: Index, item: Item) -> dict[str, Any]:
    child = item.child
    row: dict[str, Any] = {
        "in": index.timecode(int(item.start)),
        "frames": item.duration if isinstance(item.duration, int) else f"{float(item.duration):.3f}",
        "kind": type(child).__name__,
        "name": child.name or f"({type(child).__name__.lower()})",
        "source_in": "",
        "rate": "",
        "speed": "",
        "takes": [],
        "media": "",
        "transition_in": item.before.name or item.before.transition_type if item.before is not None else "",
    }
    if not isinstance(child, otio.schema.Clip):
        return row
    source = child.source_range or child.media_reference.available_range
    if source is not None:
        rate = rate_of(source.start_time)
        start = FrameTime(int(frames_of(source.start_time, rate)), rate)
        row["source_in"] = format_timecode(start, can_drop_frames(rate))
        row["rate"] = str(rate)
    speed = speed_of(child)
    row["speed"] = "ramp" if speed is None else "" if speed == 1 else f"{float(speed * 100):g} %"
    row["takes"] = [key for key in child.media_references() if key.startswith("take.") and not key.endswith(".recipe")]
    row["media"] = PureWindowsPath(media_path(child.media_reference) or "").name or type(child.media_reference).__name__
    return row


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.mp4 or FILE.mov.")
@click.option("--quiet", is_flag=True, help="No progress.")
def export(cut: Path, output: Path, quiet: bool) -> None:
    """Play the cut into a file: retimes, transitions, sound."""
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress
    from secondunit_timeline.playback import export as play_into

    read = read_cut(cut)
    with Progress(console=Console(file=sys.stderr), disable=quiet) as progress:
        line = progress.add_task(escape(f"export {output.name}"), total=None)
        notes = play_into(read, output, lambda done, total: progress.update(line, completed=done, total=total))
    for note in notes:
        click.echo(note, err=True)
