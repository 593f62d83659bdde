"""The command line: demo, serve, sandbox, link, listen, trigger, check, payments, invoices, keys,
widget, drill, pci.

Exit codes: 0 done, 1 failed, 2 unusable input.
"""

from __future__ import annotations

import sys

import click
import structlog

from checkout import __version__, log
from checkout.cli import (
    audit,
    check,
    demo,
    drill,
    invoices,
    keys,
    link,
    listen,
    payments,
    pci,
    sandbox,
    serve,
    trigger,
    widget,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """checkout: the payment page, self-hosted."""
    # Standard output is the command's answer alone, also with --json.
    structlog.configure(logger_factory=log.lines_to(sys.stderr))


for command in (
    demo.demo,
    serve.serve,
    sandbox.sandbox,
    link.link,
    listen.listen,
    check.check,
    payments.payments,
    invoices.invoices,
    audit.audit,
    keys.keys,
    drill.drill_command,
    trigger.trigger,
    widget.widget,
    pci.pci,
):
    main.add_command(command)
