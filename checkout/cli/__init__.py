"""The command line: a table of commands, each in a module of its own.

Exit codes: 0 done, 1 failed, 2 unusable input.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click
from click.shell_completion import CompletionItem

from checkout import __version__

# A command -> its module and its name there. A module is imported when its command is run: one that
# only supervises other processes needs little memory.
COMMANDS: Final = {
    "init": "init.init",
    "demo": "demo.demo",
    "serve": "serve.serve",
    "reload": "reload.reload",
    "sandbox": "sandbox.sandbox",
    "link": "link.link",
    "listen": "listen.listen",
    "check": "check.check",
    "backup": "backup.backup",
    "migrate": "migrate.migrate_command",
    "payments": "payments.payments",
    "invoices": "invoices.invoices",
    "shops": "shops.shops",
    "audit": "audit.audit",
    "keys": "keys.keys",
    "drill": "drill.drill_command",
    "trigger": "trigger.trigger",
    "widget": "widget.widget",
    "pci": "pci.pci",
    "completion": "shell.completion",
    "man": "shell.man",
}
QUIET: Final = ("serve", "reload")  # log nothing themselves, and load no libraries


class Commands(click.Group):
    """The commands of a table, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        found = getattr(import_module(f"{__name__}.{module}"), name)
        assert isinstance(found, click.Command)  # noqa: S101 - by the table
        return found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands by their names alone: to import them all would take a second."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name) for name in sorted(COMMANDS) if name.startswith(incomplete)]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """checkout: the payment page, self-hosted."""
    if context.invoked_subcommand not in QUIET:
        _log_to_standard_error()


def _log_to_standard_error() -> None:
    """Standard output is the command's answer alone, also with --json."""
    import structlog

    from checkout import log

    structlog.configure(logger_factory=log.lines_to(sys.stderr))
