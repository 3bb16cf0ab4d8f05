"""`secondunit relink`: a cut's media replaced by the files of a folder that hold the same frames."""

from pathlib import Path
from typing import assert_never

import click
from secondunit_timeline.conform import Ambiguous, Kept, Outcome, Relinked, Unfound, relink_media
from secondunit_timeline.interchange import read_cut, write_cut
from secondunit_timeline.library import scan

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
    if as_json:
        rows = [_row(one) for one in outcomes]
        changes = [str(change) for change in edit]
        print_json({"cut": output, "edit": changes, "references": rows, "unreadable": library.unreadable})
        return
    from rich.table import Table

    table = Table("", "by", "shot", "at", "reference", "file")
    for one in outcomes:
        row = _row(one)
        at = f"{row['track']} {row['at']}"
        key = str(row["key"]) + ("" if row["active"] else " (not active)")
        table.add_row(str(row["outcome"]), str(row["by"]), str(row["shot"]), at, key, str(row["says"]))
    if outcomes:
        print_table(table)
    for line in library.unreadable:
        click.echo(line, err=True)
    count = sum(isinstance(one, Relinked) for one in outcomes)
    left = sum(isinstance(one, Ambiguous | Unfound) for one in outcomes)
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
