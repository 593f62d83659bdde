"""The command line: demo, serve, sandbox, link, listen, trigger, check, migrate, payments,
invoices, keys, widget, drill, pci.

Exit codes: 0 done, 1 failed, 2 unusable input.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click

from checkout import __version__

# A command -> its module and its name there. A module is imported when its command is run: one that
# only supervises other processes needs little memory.
COMMANDS: Final = {
    "demo": "demo.demo",
    "serve": "serve.serve",
    "sandbox": "sandbox.sandbox",
    "link": "link.link",
    "listen": "listen.listen",
    "check": "check.check",
    "migrate": "migrate.migrate_command",
    "payments": "payments.payments",
    "invoices": "invoices.invoices",
    "audit": "audit.audit",
    "keys": "keys.keys",
    "drill": "drill.drill_command",
    "trigger": "trigger.trigger",
    "widget": "widget.widget",
    "pci": "pci.pci",
}
SUPERVISOR: Final = "serve"  # logs nothing itself


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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """checkout: the payment page, self-hosted."""
    if context.invoked_subcommand != SUPERVISOR:
        _log_to_standard_error()


def _log_to_standard_error() -> None:
    """Standard output is the command's answer alone, also with --json."""
    import structlog

    from checkout import log

    structlog.configure(logger_factory=log.lines_to(sys.stderr))
