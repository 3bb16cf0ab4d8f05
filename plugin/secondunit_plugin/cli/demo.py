"""`secondunit demo`: the whole way once, on the sample cut or on the user's."""

from pathlib import Path

import click


@click.command()
@click.option("--cut", type=click.Path(path_type=Path), help="Work on this cut instead of the sample.")
@click.option("--out", default="out/demo", type=click.Path(path_type=Path), show_default=True)
@click.option("--quiet", is_flag=True, help="No progress, no table.")
def demo(cut: Path | None, out: Path, quiet: bool) -> None:
    """Match, join and extend shots of a cut; leave the new cut, films of both, a contact sheet and a report."""
    from rich.table import Table
    from secondunit_bridge.rates import format_timecode
    from secondunit_timeline.interchange import read_cut
    from secondunit_timeline.session import Unit

    from secondunit_plugin.cli.output import print_table
    from secondunit_plugin.cli.progress import LiveOrders, take_table
    from secondunit_plugin.demo.report import Broken, Done, Refused
    from secondunit_plugin.demo.run import run_demo, sample_steps, steps_for
    from secondunit_plugin.demo.sample import make_sample

    steps = steps_for(read_cut(cut)) if cut is not None else sample_steps()
    out.mkdir(parents=True, exist_ok=True)
    with LiveOrders(quiet) as live:
        path = cut or make_sample(out / "sample", lambda done, total: live.work("sample cut", done, total))
        with Unit(out / "takes", live.show) as unit:
            made = run_demo(path, steps, out, unit, live.work)
    if quiet:
        return
    table = Table("order", "result")
    for order in made:
        match order.outcome:
            case Done():
                result = ", ".join(
                    f"{take.record.name} at {format_timecode(take.record.start, take.record.drop_frame)}"
                    for take in order.takes
                )
                table.add_row(order.step.title, result or "; ".join(order.notes))
            case Refused(reason):
                table.add_row(order.step.title, f"refused: {reason}")
            case Broken(reason, _):
                table.add_row(order.step.title, f"failed: {reason}")
    print_table(table)
    takes = [take for order in made for take in order.takes]
    if takes:
        print_table(take_table(takes))
    click.echo(f"Open {out / 'report.html'}")
