"""`secondunit convert`: a cut in the format of another program, with a list of what that format cannot hold."""

from pathlib import Path

import click
from secondunit_bridge.errors import CutError
from secondunit_timeline.formats.losses import Loss, losses
from secondunit_timeline.interchange import notes_of, read_cut, write_cut

from secondunit_plugin.cli.output import print_json, print_table
from secondunit_plugin.cli.rate import RATE, parse_rate


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--report", is_flag=True, help="List what the format cannot hold, clip by clip, and write nothing.")
@click.option("--strict", is_flag=True, help="Refuse to write where anything would be lost or changed.")
@RATE
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def convert(cut: Path, output: Path, report: bool, strict: bool, rate: str | None, as_json: bool) -> None:
    """Write a cut in another format.

    .otio, .otioz, .otiod, .fcpxml, .xml (Final Cut Pro 7), .aaf, .kdenlive, .mlt or .edl
    """
    read = read_cut(cut, parse_rate(rate))
    lost = losses(read, output.suffix)
    if strict and lost and not report:
        raise CutError(f"{output} would not hold the whole cut; nothing was written:\n{_summary(lost)}")
    if not report:
        write_cut(read, output, source=cut)
    notes = notes_of(read)
    if as_json:
        print_json({"cut": cut, "output": output, "written": not report, "notes": notes, "losses": lost})
        return
    for note in notes:
        click.echo(f"{cut.name}: {note}", err=True)
    if not report:
        if lost:
            click.echo(f"{output} does not hold the whole cut (--report lists it clip by clip):", err=True)
            click.echo(_summary(lost), err=True)
        return
    if not lost:
        click.echo(f"{output.suffix} holds everything in this cut.")
        return
    from rich.table import Table

    table = Table("", "what", "track", "at", "name", "how")
    for one in lost:
        table.add_row(one.fate, one.feature, one.track, one.at, one.name, one.how)
    print_table(table)


def _summary(lost: list[Loss]) -> str:
    counts: dict[tuple[str, str, str], int] = {}
    for one in lost:
        counts[one.fate, one.feature, one.how] = counts.get((one.fate, one.feature, one.how), 0) + 1
    return "\n".join(f"  {fate}: {feature} ({count}): {how}" for (fate, feature, how), count in counts.items())
