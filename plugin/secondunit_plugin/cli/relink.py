"""`secondunit relink`: a cut's media replaced by the files of a folder that hold the same frames."""

from dataclasses import asdict
from pathlib import Path
from typing import assert_never

import click
from secondunit_timeline.conform import Ambiguous, Kept, Outcome, Relinked, Unfound, relink_media
from secondunit_timeline.index import Index
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.library import scan
from secondunit_timeline.staleness import OfflineGrade, said, states

from secondunit_plugin.cli.output import print_json, print_table
from secondunit_plugin.cli.rate import RATE, parse_rate


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "folders",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Where the media lies, with all folders in it; may be repeated.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The cut to write.")
@RATE
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def relink(cut: Path, folders: tuple[Path, ...], output: Path, rate: str | None, as_json: bool) -> None:
    """Relink media by reel and source timecode, then by name; takes by their record.

    A file is taken only where it holds every frame that the clip plays. Where several answer, or none, the reference
    stays as it is and is listed.
    """
    read = read_cut(cut, parse_rate(rate))
    library = scan(folders)
    made, edit, outcomes = relink_media(read, library)
    write_cut(made, output, source=cut)
    index = Index(made)
    grades = [(take, state) for take, state in states(index) if isinstance(state, OfflineGrade)]
    if as_json:
        offline = [asdict(take) | {"says": said(state)} for take, state in grades]
        rows = [_row(one) for one in outcomes]
        changes = [str(change) for change in edit]
        document = {"cut": output, "edit": changes, "references": rows, "offline_grade": offline}
        print_json({**document, "unreadable": library.unreadable})
        return
    from rich.table import Column, Table

    whole = [Column(name, no_wrap=True) for name in ("", "shot", "at")]
    table = Table(*whole, "reference", "by", Column("file", overflow="fold"))
    for one in outcomes:
        row = _row(one)
        at = f"{row['track']} {row['at']}"
        key = str(row["key"]) + ("" if row["active"] else " (not active)")
        table.add_row(str(row["outcome"]), str(row["shot"]), at, key, str(row["by"]), str(row["says"]))
    if outcomes:
        print_table(table)
    for line in library.unreadable:
        click.echo(line, err=True)
    count = sum(isinstance(one, Relinked) for one in outcomes)
    left = sum(isinstance(one, Ambiguous | Unfound) for one in outcomes)
    for take, state in grades:
        click.echo(f"{take.track} {index.timecode(take.at.frame)} {take.name} is of {said(state)}")
    click.echo(f"{count} of {len(outcomes)} references relinked, {left} left as they were; wrote {output}")


def _row(outcome: Outcome) -> dict[str, object]:
    link = outcome.link
    row: dict[str, object] = {
        "track": link.track,
        "at": link.timecode,
        "shot": link.shot,
        "key": link.key,
        "active": link.active,
        "was": link.file,
    }
    match outcome:
        case Relinked(_, by, header):
            return row | {"outcome": "relinked", "by": by, "says": header.path, "files": [header.path]}
        case Kept():
            return row | {"outcome": "kept", "by": "", "says": link.file, "files": [link.file]}
        case Ambiguous(_, by, files):
            return row | {"outcome": "ambiguous", "by": by, "says": "\n".join(files), "files": list(files)}
        case Unfound(_, reason):
            return row | {"outcome": "not found", "by": "", "says": reason, "files": []}
        case _:
            assert_never(outcome)
