"""`secondunit pull`: the frames that a cut needs, reel by reel, with handles."""

from pathlib import Path

import click
from secondunit_bridge.files import write_bytes
from secondunit_timeline.formats.pull_lists import duration, encoded_list, row
from secondunit_timeline.interchange import media_files, notes_of, read_cut, refuse_input
from secondunit_timeline.pulls import pull_list

from secondunit_plugin.cli.output import print_json, print_table
from secondunit_plugin.cli.rate import RATE, parse_rate


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="LIST.csv, .json, .ale (Avid) or .edl.")
@click.option("--handles", type=click.IntRange(min=0), default=24, show_default=True, help="Frames at either end.")
@click.option("--whole", is_flag=True, help="All of each medium, not only what plays.")
@RATE
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def pull(cut: Path, output: Path | None, handles: int, whole: bool, rate: str | None, as_json: bool) -> None:
    """List which frames of which reel the cut's pictures need."""
    read = read_cut(cut, parse_rate(rate))
    listed = pull_list(read, handles, whole)
    if output is not None:
        refuse_input(output, [cut, *media_files(read)])
        write_bytes(output, encoded_list(listed, output.suffix))
    rows = [row(one) for one in listed.pulls]
    notes = [*notes_of(read), *listed.notes]
    if as_json:
        total = {"frames": listed.frames, "duration": duration(listed)}
        print_json({"cut": cut, "output": output, "handles": handles, **total, "pulls": rows, "notes": notes})
        return
    if output is None:
        from rich.table import Column, Table

        columns = [Column(name, no_wrap=True) for name in ("in", "out", "frames", "rate")]
        table = Table(Column("reel or file", overflow="fold"), *columns, "clips")
        for one in rows:
            cells = (str(one[key]) for key in ("in", "out", "frames", "rate"))
            table.add_row(one["reel"] or one["name"], *cells, "\n".join(one["clips"]))
        print_table(table)
    for note in notes:
        click.echo(note, err=True)
    click.echo(f"{len(rows)} ranges, {listed.frames} frames, {duration(listed)} in all", err=output is None)
