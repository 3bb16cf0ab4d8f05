"""`secondunit extend`, `join`, `blend`, `loop`, `match`, `replace` and `generate`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource
from secondunit_bridge.errors import BadInput
from secondunit_bridge.messages import Codec, SoundKind

from secondunit_plugin.cli.types import Keyframe, LoraFile, Move, Region, Setting, StrokesFile

# The timeline package is imported by the commands themselves, so that help and completion answer at once.
if TYPE_CHECKING:
    from secondunit_timeline.options import Options
    from secondunit_timeline.session import Result, Unit

HANDLES = "handles"
ROOM = ("gap", HANDLES, "ripple", "over")
SOUNDS = [kind.value for kind in SoundKind]


def motion_options(command: Callable[..., None]) -> Callable[..., None]:
    """What moves in the picture, and before it."""
    camera = click.option("--camera", type=Move(), help="A camera move: `secondunit controls` lists those of a model.")
    strokes = click.option("--strokes", type=StrokesFile(), help="Regions that move: where to, how fast.")
    return camera(strokes(command))


def order_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every order has."""
    options = [
        click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The cut to write."),
        click.option("--takes", default=1, type=click.IntRange(1), show_default=True, help="How many takes to make."),
        click.option("--seed", default=0, show_default=True, help="Seed of the first take; the others count on."),
        click.option(
            "--handles", default=12, type=click.IntRange(0), show_default=True, help="Frames of handle at each end."
        ),
        click.option("--engine", default="draft", show_default=True),
        click.option("--model", default="draft", show_default=True, help="`secondunit unit status` lists them."),
        click.option("--prompt", default="", help="What is to be seen."),
        click.option("--negative", default="", help="What is not to be seen."),
        click.option("--look", "looks", multiple=True, type=LoraFile(), help="A LoRA of the model; may be repeated."),
        click.option("--tier", metavar="draft|standard|best", help="How much work the model puts into it."),
        click.option(
            "--set", "given", multiple=True, type=Setting(), help="A parameter of the model; may be repeated."
        ),
        click.option(
            "--ignore-region", "ignore", multiple=True, type=Region(), help="Pixels that no measure may read."
        ),
        click.option(
            "--codec",
            default=Codec.PRORES_HQ.value,
            type=click.Choice([codec.value for codec in Codec]),
            show_default=True,
            callback=lambda _context, _option, value: Codec(value),
            help="What takes are written as; png and exr are folders of pictures.",
        ),
        click.option(
            "--encoding",
            default="",
            metavar="NAME",
            help="Colour space of the pictures, as OpenColorIO's studio configuration names it, e.g. 'ARRI LogC4'."
            " Default: as the files say.",
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
        click.option("--quiet", is_flag=True, help="No progress, no table."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def chosen(options: dict[str, Any], **further: Any) -> "Options":
    """What `order_options` collected, as `Unit` takes it."""
    left = {**options, **further}
    tier, given = left.pop("tier"), dict(left.pop("given"))
    left = {name: value for name, value in left.items() if value is not None or name not in ("camera", "strokes")}
    parameters = given if tier is None else {"tier": tier, **given}
    return cast("Options", {**left, "parameters": parameters})


def run_order(
    path: Path,
    output: Path,
    as_json: bool,
    quiet: bool,
    order: "Callable[[Unit, Any], Result]",
) -> None:
    """Reads the cut, lets `order` work on it and writes the result, with its takes in `takes` beside it."""
    from secondunit_timeline.interchange import read_cut, write_cut
    from secondunit_timeline.session import Unit

    from secondunit_plugin.cli.output import print_json, print_table
    from secondunit_plugin.cli.progress import LiveOrders, take_table

    cut = read_cut(path)
    check_output(path, output)
    with LiveOrders(quiet) as live, Unit(output.parent / "takes", live.show) as unit:
        result = order(unit, cut)
    write_cut(result.cut, output, source=path)
    if as_json:
        changes = [str(change) for change in result.edit]
        print_json({"cut": output, "edit": changes, "takes": result.takes, "notes": result.notes})
    elif not quiet:
        if result.takes:
            print_table(take_table(result.takes))
        files = [file for take in result.takes for file in (take.path, take.lut) if file]
        for line in (*result.notes, *(str(change) for change in result.edit), *files):
            click.echo(line)
        click.echo(f"wrote {output}")


def check_output(path: Path, output: Path) -> None:
    """Refuses an output that could not be written, before anything is ordered."""
    from secondunit_timeline.interchange import refuse_input

    if output.suffix.lower() != ".otio":
        raise BadInput(f"{output} is not an .otio file: cuts are written as .otio")
    if not output.parent.is_dir():
        raise BadInput(f"{output.parent} is not a folder: make it, or write elsewhere")
    refuse_input(output, [path])


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", required=True, help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--tail", default=0, type=click.IntRange(0), help="Frames to add at the end.")
@click.option("--head", default=0, type=click.IntRange(0), help="Frames to add at the start.")
@click.option(
    "--into",
    type=click.Choice(ROOM),
    help="What makes room. Default: the gap beside the shot if there is one, else handles, and nothing moves.",
)
@click.option(
    "--grow",
    is_flag=True,
    help="The shot plays a take: make it longer, all its frames as they are. Options not given are the take's.",
)
@click.option("--sound", type=click.Choice(SOUNDS), default=SoundKind.ROOM_TONE.value, show_default=True)
@motion_options
@order_options
def extend(
    cut: Path,
    shot: str,
    tail: int,
    head: int,
    into: str | None,
    grow: bool,
    sound: str,
    output: Path,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a shot longer: unused camera frames first, generated frames past the end of its media."""
    if bool(tail) == bool(head):
        raise click.UsageError("give either --tail N or --head N")
    from secondunit_timeline.operations import Into

    wanted = chosen(options, sound=SoundKind(sound))
    if grow:
        context = click.get_current_context()
        given = {name for name in context.params if context.get_parameter_source(name) is not ParameterSource.DEFAULT}
        given |= {"parameters"} if given & {"tier", "given"} else set()
        wanted = cast("Options", {name: value for name, value in wanted.items() if name in given})
    place = Into(into) if into not in (None, HANDLES) else None
    run_order(
        cut,
        output,
        as_json,
        quiet,
        lambda unit, read: unit.extend(
            read, shot, tail=tail, head=head, into=place, handles_only=into == HANDLES, grow=grow, **wanted
        ),
    )


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--at", required=True, help="Record timecode of the cut or gap, or +FRAMES from the start.")
@click.option("--frames", type=click.IntRange(1), help="Frames to cover. Default: 8 over a cut, the whole gap.")
@click.option("--sound", type=click.Choice(SOUNDS), default=SoundKind.ROOM_TONE.value, show_default=True)
@motion_options
@order_options
def join(
    cut: Path, at: str, frames: int | None, sound: str, output: Path, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Join the shots that meet at a time, or across the gap there."""
    from secondunit_timeline.index import Index
    from secondunit_timeline.shots import parse_time

    wanted = chosen(options, sound=SoundKind(sound))
    run_order(
        cut,
        output,
        as_json,
        quiet,
        lambda unit, read: unit.join(read, parse_time(Index(read), at), frames=frames, **wanted),
    )


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", required=True, help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--with", "other", required=True, help="The shot that it becomes, or that becomes it, likewise.")
@order_options
def blend(cut: Path, shot: str, other: str, output: Path, as_json: bool, quiet: bool, **options: Any) -> None:
    """Let two shots become one another where they overlap on two tracks."""
    wanted = chosen(options)
    run_order(cut, output, as_json, quiet, lambda unit, read: unit.blend(read, shot, other, **wanted))


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", required=True, help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--frames", required=True, type=click.IntRange(1), help="Frames that lead back to the shot's first.")
@click.option(
    "--into",
    type=click.Choice([room for room in ROOM if room != HANDLES]),
    help="What makes room. Default: the gap behind the shot.",
)
@click.option("--sound", type=click.Choice(SOUNDS), default=SoundKind.ROOM_TONE.value, show_default=True)
@order_options
def loop(
    cut: Path,
    shot: str,
    frames: int,
    into: str | None,
    sound: str,
    output: Path,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Close a shot into a loop: frames behind it that lead from its last frame back to its first."""
    from secondunit_timeline.operations import Into

    wanted = chosen(options, sound=SoundKind(sound))
    place = Into(into) if into else None
    run_order(cut, output, as_json, quiet, lambda unit, read: unit.loop(read, shot, frames, into=place, **wanted))


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", required=True, help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--like", multiple=True, help="A shot, a video file or an image; may be repeated.")
@order_options
def match(
    cut: Path, shot: str, like: tuple[str, ...], output: Path, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Give a shot the look of others; a .cube LUT is written beside the take."""
    wanted = chosen(options)
    run_order(cut, output, as_json, quiet, lambda unit, read: unit.match(read, shot, like, **wanted))


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--shot", required=True, help="NAME, NAME#2 among equals, or TRACK@TIME.")
@click.option("--mask", type=click.Path(), help="A still, a video or mask_%04d.png: white is made again, black stays.")
@click.option(
    "--strength", type=click.FloatRange(0, 1), help="How far the take may leave the shot. Default: the model's own."
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 8, min_open=True),
    default=1,
    help="How many times the shot's size the take has; --set upscale=WAY gives it detail.",
)
@motion_options
@order_options
def replace(
    cut: Path,
    shot: str,
    mask: str | None,
    strength: float | None,
    scale: float,
    output: Path,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a shot again, whole or where a mask is white; the take is one more media reference on it."""
    wanted = chosen(options)
    run_order(
        cut,
        output,
        as_json,
        quiet,
        lambda unit, read: unit.replace(read, shot, mask=mask, strength=strength, scale=scale, **wanted),
    )


@click.command()
@click.argument("cut", type=click.Path(path_type=Path))
@click.option("--at", help="Record timecode, or +FRAMES from the start.")
@click.option("--gap", type=click.IntRange(1), help="The number of the gap to fill, from 1.")
@click.option("--frames", type=click.IntRange(1), help="Frames to make. Default with --gap: the whole gap.")
@click.option("--image", type=click.Path(), help="A still to start from.")
@click.option(
    "--keyframe",
    "keyframes",
    multiple=True,
    type=Keyframe(),
    help="A still that the clip shows at a frame, from its first as 0; may be repeated.",
)
@click.option("--like", multiple=True, help="A shot, a video file or a still that it is to be like; may be repeated.")
@click.option("--insert", "where", flag_value="insert", help="Move what follows, on every track.")
@click.option("--overwrite", "where", flag_value="overwrite", help="Replace what lies there.")
@click.option("--above", "where", flag_value="above", help="On a track above (default with --at).")
@motion_options
@order_options
def generate(
    cut: Path,
    at: str | None,
    gap: int | None,
    frames: int | None,
    image: str | None,
    keyframes: tuple[tuple[int, str], ...],
    like: tuple[str, ...],
    where: str | None,
    output: Path,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a clip that no camera shot, in a gap or at a time."""
    if (at is None) == (gap is None):
        raise click.UsageError("give either --at TIME or --gap N")
    if at is not None and frames is None:
        raise click.UsageError("--at needs --frames N")
    from secondunit_timeline.generations import Where, gap_at
    from secondunit_timeline.index import Index
    from secondunit_timeline.shots import parse_time

    wanted = chosen(options)

    def order(unit: "Unit", read: Any) -> "Result":
        index = Index(read)
        start, length = (parse_time(index, at), 0) if at is not None else gap_at(index, gap or 1)
        if gap is not None and frames is not None and frames > length:
            raise BadInput(f"gap {gap} holds {length} frames, {frames} were asked: give fewer --frames")
        place = Where(where or ("overwrite" if gap is not None else "above"))
        return unit.generate(
            read,
            start,
            frames or length,
            where=place,
            image=image,
            keyframes=dict(keyframes),
            like=like,
            **wanted,
        )

    run_order(cut, output, as_json, quiet, order)
