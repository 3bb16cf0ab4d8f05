"""The frame rate of a list that does not say its own."""

from fractions import Fraction

import click

RATE = click.option("--rate", help="The frame rate of an EDL, as 25 or 24000/1001; the file does not say it.")


def parse_rate(text: str | None) -> Fraction | None:
    from secondunit_bridge.rates import exact_rate

    if text is None:
        return None
    try:
        return exact_rate(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise click.UsageError(f"--rate {text!r} is not a frame rate: write 25, 23.976 or 24000/1001") from None
