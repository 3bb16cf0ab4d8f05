"""`secondunit make`: the recipes of a cut, made and put in their places."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import click

from secondunit_plugin.cli.orders import check_output

if TYPE_CHECKING:
    from secondunit_timeline.index import Index
    from secondunit_timeline.make import State, Step

FAILED = 5


@click.command()
@click.argument("cut", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The cut to write, after each finished take.")
@click.option("--list", "--dry-run", "listing", is_flag=True, help="Say what would be made and what is stale; no unit.")
@click.option("--remake", is_flag=True, help="Make further versions of what is there; approved takes stay.")
@click.option(
    "--offline-grade",
    is_flag=True,
    help="Make takes from proxies again on the media of today, from the approved version, as versions beside them.",
)
@click.option("--markers", is_flag=True, help="Make what markers ask for, too.")
@click.option("--resolve", is_flag=True, help="Of the timeline that DaVinci Resolve has open, and into it.")
@click.option("--shot", "shots", multiple=True, help="Only this shot: NAME, NAME#2 or TRACK@TIME; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def make(
    cut: Path | None,
    output: Path | None,
    listing: bool,
    remake: bool,
    offline_grade: bool,
    markers: bool,
    resolve: bool,
    shots: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    """Make what a cut's recipes ask for and what is not there yet; run it again to go on where it stopped."""
    if resolve:
        if cut is not None or output is not None or listing or as_json:
            raise click.UsageError(
                "--resolve reads the open timeline and places into it: give it without CUT, -o, --list"
            )
        return _in_resolve(remake, offline_grade, markers, shots, quiet)
    if cut is None:
        raise click.UsageError("give a CUT, or --resolve")
    from secondunit_timeline.index import Index
    from secondunit_timeline.interchange import read_cut, write_cut
    from secondunit_timeline.make import plan_making
    from secondunit_timeline.markers import from_markers
    from secondunit_timeline.session import Unit

    from secondunit_plugin.cli.output import print_json, print_table
    from secondunit_plugin.cli.progress import LiveOrders, take_table

    if listing == (output is not None):
        raise click.UsageError("give either -o OUT or --list")
    read = read_cut(cut)
    if output is None:
        if markers:
            read, _ = from_markers(read)
        steps = plan_making(read, Path(), remake, shots, offline_grade)
        if as_json:
            print_json({"cut": cut, "steps": [_step(Index(read), step) for step in steps]})
        else:
            _list(Index(read), steps)
        return 0
    check_output(cut, output)
    target = output
    with LiveOrders(quiet) as live, Unit(target.parent / "takes", live.show) as unit:
        made = unit.make(
            read,
            remake=remake,
            offline_grade=offline_grade,
            markers=markers,
            shots=shots,
            keep=lambda done: write_cut(done, target, source=cut),
            on_order=live.announce,
        )
    write_cut(made.cut, target, source=cut)
    for failure in made.failed:
        click.echo(f"secondunit: {failure.shot!r} was not made: {failure.error}", err=True)
    if as_json:
        failed = [{"shot": failure.shot, "error": str(failure.error)} for failure in made.failed]
        changes = [str(change) for change in made.edit]
        print_json({"cut": target, "edit": changes, "takes": made.takes, "notes": made.notes, "failed": failed})
    elif not quiet:
        if made.takes:
            print_table(take_table(made.takes))
        for line in (*made.notes, *(str(change) for change in made.edit)):
            click.echo(line)
        if not made.edit and not made.failed:
            click.echo("nothing is missing")
        click.echo(f"wrote {target}")
    return FAILED if made.failed else 0


def _in_resolve(remake: bool, offline_grade: bool, markers: bool, shots: tuple[str, ...], quiet: bool) -> int:
    from secondunit_bridge import spawn
    from secondunit_bridge.errors import BadInput, CutMoved
    from secondunit_timeline.session import Unit

    from secondunit_plugin.cli.output import print_table
    from secondunit_plugin.cli.progress import LiveOrders, take_table
    from secondunit_plugin.hosts.placement import Beside, place
    from secondunit_plugin.hosts.probing import Probing
    from secondunit_plugin.hosts.resolve.connecting import connect
    from secondunit_plugin.hosts.resolve.host import Resolve

    probed = Probing()
    host = Resolve(spawn.home(), None, probed, connect)
    sequence = host.read()
    if not sequence.id.project:
        raise BadInput("the project was never saved: save it in DaVinci Resolve first, takes are kept for it")
    with LiveOrders(quiet) as live, Unit(Path(sequence.id.project) / "takes", live.show) as unit:
        made = unit.make(
            sequence.cut,
            remake=remake,
            offline_grade=offline_grade,
            markers=markers,
            shots=shots,
            on_order=live.announce,
        )
    try:
        placement = place(host, sequence, made.edit, "Second Unit: make", probed) if made.takes else None
    except CutMoved as error:
        raise CutMoved(f"{error}: run this again, nothing that was made is made twice") from None
    for failure in made.failed:
        click.echo(f"secondunit: {failure.shot!r} was not made: {failure.error}", err=True)
    if made.takes and not quiet:
        print_table(take_table(made.takes))
    for note in made.notes:
        click.echo(note)
    if placement is None:
        click.echo("nothing is missing")
    elif isinstance(placement, Beside):
        click.echo(f"placed in another timeline, {placement.sequence.name!r}: {placement.why}")
    else:
        click.echo(f"placed in {placement.sequence.name!r}")
    return FAILED if made.failed else 0


def _list(index: "Index", steps: "Iterable[Step]") -> None:
    from rich.table import Table

    from secondunit_plugin.cli.output import print_table

    table = Table("", "shot", "at", "recipe", "state", "waits for")
    rows = [_step(index, step) for step in steps]
    wanted = 0
    for row in rows:
        wanted += row["wanted"]
        state = ": ".join((row["state"], "; ".join(row["reasons"]))) if row["reasons"] else row["state"]
        waits = ", ".join(rows[other]["shot"] for other in row["after"])
        table.add_row(
            str(wanted) if row["wanted"] else "", row["shot"], row["at"], row["kind"], f"{state} {row['take']}", waits
        )
    if rows:
        print_table(table)
        click.echo(f"{wanted} of {len(rows)} would be made, in this order")
    else:
        click.echo("This cut holds no recipes.")


def _step(index: "Index", step: "Step") -> dict[str, Any]:
    said, take, reasons = _said(step.state)
    return {
        "shot": step.shot,
        "track": step.track,
        "at": index.timecode(step.at.frame),
        "kind": step.kind,
        "state": said,
        "take": take,
        "reasons": reasons,
        "wanted": step.wanted,
        "after": step.after,
    }


def _said(state: "State") -> tuple[str, str, tuple[str, ...]]:
    from secondunit_timeline.make import Approved, Missing, Offline, Stale, UpToDate

    match state:
        case Missing():
            return "missing", "", ()
        case UpToDate(take):
            return "up to date", take, ()
        case Stale(take, reasons):
            return "stale", take, reasons
        case Offline(take, reasons):
            return "offline grade", take, reasons
        case Approved(take, reasons):
            return "approved", take, reasons
        case _:
            assert_never(state)
