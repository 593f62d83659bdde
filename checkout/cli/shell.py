"""For shells: the manual page, from the commands themselves, and what completes their words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click
from click.shell_completion import get_completion_class

from checkout import __version__

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_CHECKOUT_COMPLETE"
ENDING: Final = """\
.SH ENVIRONMENT
.TP
.B CHECKOUT_CONFIG
The settings file, where \\-\\-config doesn't name one; else checkout.toml in the working directory.
.SH FILES
.TP
.I checkout.toml
The settings; what
.B env:NAME
in them names is looked up in the environment, then in
.I .env
beside them.
.SH EXIT STATUS
0: done; 1: failed; 2: what was given can't be used.
"""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what completes commands and options in a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these
    command = click.get_current_context().find_root().command
    click.echo(kind(command, {}, "checkout", VARIABLE).source())


@click.command()
def man() -> None:
    """Print the manual page: every command with its options."""
    root = click.get_current_context().find_root()
    click.echo("\n".join(_page(root.command)), nl=False)


def _page(root: click.Command) -> Iterator[str]:
    yield f'.TH CHECKOUT 1 "" "checkout {__version__}" "checkout"\n.ad l'
    yield f".SH NAME\ncheckout \\- {_text((root.help or '').removeprefix('checkout: '))}"
    yield ".SH SYNOPSIS\n.B checkout\nCOMMAND [OPTIONS]"
    yield ".SH COMMANDS"
    with click.Context(root, info_name="checkout") as context:
        yield from _commands(context)
    yield ENDING


def _commands(context: click.Context) -> Iterator[str]:
    """Those that do something, at any depth; `context` is of the command that is told."""
    if not isinstance(context.command, click.Group):
        yield from _command(context)
        return
    for name in context.command.list_commands(context):
        found = context.command.get_command(context, name)
        if found is not None and not found.hidden:
            with click.Context(found, info_name=name, parent=context) as inner:
                yield from _commands(inner)


def _command(context: click.Context) -> Iterator[str]:
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f".SS {_text(context.command_path)} {_text(usage)}"
    yield _text(" ".join((context.command.help or "").split()))
    for parameter in context.command.get_params(context):
        if (record := parameter.get_help_record(context)) is not None:
            yield f".TP\n.B {_text(record[0])}\n{_text(record[1])}"


def _text(text: str) -> str:
    """As roff shows it as it is; no line of it is a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    shown = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in plain)
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
