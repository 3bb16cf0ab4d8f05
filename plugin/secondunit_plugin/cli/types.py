"""What options take that are more than a word or a number."""

from pathlib import Path
from typing import Any

import click
import orjson
from secondunit_bridge.messages import CameraMove, IgnoreRegion, Look, Point, Stroke, Strokes, Value, value_of


class Region(click.ParamType[IgnoreRegion]):
    name = "LEFT,TOP,WIDTH,HEIGHT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IgnoreRegion:
        try:
            left, top, width, height = (int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not four pixel numbers LEFT,TOP,WIDTH,HEIGHT", param, ctx)
        if left < 0 or top < 0 or width < 1 or height < 1:
            self.fail(f"{value!r} holds no pixel of a picture: give LEFT and TOP from 0, the size from 1", param, ctx)
        return IgnoreRegion(left, top, width, height)


class LoraFile(click.ParamType[Look]):
    name = "FILE[:WEIGHT]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Look:
        path, _, weight = str(value).rpartition(":")
        try:
            look = Look(path, float(weight)) if path else Look(str(value))
        except ValueError:
            look = Look(str(value))
        if Path(look.path).suffix != ".safetensors":
            self.fail(f"{look.path!r} is not a .safetensors file", param, ctx)
        if not Path(look.path).is_file():
            self.fail(f"{look.path!r}: there is no such file", param, ctx)
        return Look(str(Path(look.path).resolve()), look.weight)


class Setting(click.ParamType[tuple[str, Value]]):
    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Value]:
        name, sign, text = str(value).partition("=")
        if not name or not sign:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, value_of(text)


class Move(click.ParamType[CameraMove]):
    name = "MOVE[:AMOUNT]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> CameraMove:
        move, _, amount = str(value).partition(":")
        try:
            made = CameraMove(move, float(amount)) if amount else CameraMove(move)
        except ValueError:
            self.fail(f"{value!r} is not MOVE or MOVE:AMOUNT, an amount from 0 to 1", param, ctx)
        if not 0 <= made.amount <= 1:
            self.fail(f"{amount!r} is no amount: give the share of the picture that it travels, 0 to 1", param, ctx)
        return made


class StrokesFile(click.ParamType[Strokes]):
    """`[{"region": [[X, Y], ...], "direction": DEGREES, "speed": WIDTHS}, ...]`, see `Stroke`."""

    name = "FILE.json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Strokes:
        try:
            strokes = tuple(
                Stroke(
                    tuple(Point(float(x), float(y)) for x, y in one["region"]),
                    float(one["direction"]),
                    float(one["speed"]),
                )
                for one in orjson.loads(Path(str(value)).read_bytes())
            )
        except OSError as error:
            self.fail(f"{value} cannot be read: {error.strerror}", param, ctx)
        except (ValueError, TypeError, KeyError) as error:
            self.fail(
                f"{value} holds no strokes ({error}): write"
                ' [{"region": [[X, Y], ...], "direction": DEGREES, "speed": WIDTHS}]',
                param,
                ctx,
            )
        if not strokes:
            self.fail(f"{value} holds no stroke", param, ctx)
        return Strokes(strokes)


class Keyframe(click.ParamType[tuple[int, str]]):
    name = "FRAME=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        frame, _, path = str(value).partition("=")
        if not frame.isdecimal() or not path:
            self.fail(f"{value!r} is not FRAME=FILE, with frames of the clip from 0", param, ctx)
        return int(frame), path
