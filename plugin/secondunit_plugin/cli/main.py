"""`secondunit`: every command takes a cut and writes another, never the one it was given."""

import sys

import click
from secondunit_bridge import __version__
from secondunit_bridge.errors import SecondUnitError, exit_code_of

CANCELLED = 130
USAGE = 2


class LazyCommands(click.Group):
    """Imports a command's module when it is called, so that `--help` and completion stay fast."""

    modules: dict[str, str] = {  # noqa: RUF012 - click subclasses hold their tables as attributes
        "extend": "orders",
        "join": "orders",
        "blend": "orders",
        "loop": "orders",
        "match": "orders",
        "replace": "orders",
        "generate": "orders",
        "controls": "controls",
        "make": "make",
        "takes": "cuts",
        "show": "cuts",
        "export": "cuts",
        "edit": "edit",
        "diff": "edit",
        "convert": "convert",
        "pull": "pull",
        "relink": "relink",
        "models": "models",
        "panel": "panel",
        "unit": "unit",
        "doctor": "doctor",
        "install": "install",
        "demo": "demo",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        from importlib import import_module

        if cmd_name not in self.modules:
            return None
        module = import_module(f"secondunit_plugin.cli.{self.modules[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 2 usage, 3 bad input, 4 unit not reachable, 5 order failed, 130 cancelled.",
)
@click.version_option(__version__, prog_name="secondunit")
def secondunit() -> None:
    """Generated shots, extensions and joins, placed frame-exact into a cut."""


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; errors go to stderr as one message."""
    try:
        code = secondunit.main(arguments, prog_name="secondunit", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Cancelled.", err=True)
        return CANCELLED
    except KeyboardInterrupt:
        click.echo("Cancelled.", err=True)
        return CANCELLED
    except click.ClickException as error:
        error.show()
        return USAGE
    except SecondUnitError as error:
        click.echo(f"secondunit: {error}", err=True)
        return exit_code_of(error)
    return code if isinstance(code, int) else 0


def main() -> None:
    sys.exit(run(sys.argv[1:]))
