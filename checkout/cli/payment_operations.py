"""`checkout payments capture | void | refund | accept | refuse`: operations on a payment, and
manual review of mismatches and of operations whose end is unknown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.common import actor, console
from checkout.cli.context import with_context
from checkout.cli.payment_rows import payment_row
from checkout.ledger import operations
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.money import Money
from checkout.payments import review, transitions
from checkout.payments.context import Context
from checkout.payments.operations import payment_named, resolve_operation, start_operation
from checkout.shop_api.responses import operation as operation_shape
from checkout.shop_api.responses import receipt_address

OPERATIONS = {
    "capture": "Collect (part of) an authorized amount.",
    "void": "Give an authorization up.",
    "refund": "Send (part of) a payment back.",
}
REVIEWS = {
    "accept": "End a mismatch: what the gateway says now stands. Of an operation: done.",
    "refuse": "End a mismatch: the attempt ends unpaid. Of an operation: it failed.",
}


def add_to(group: click.Group) -> None:
    for word, summary in REVIEWS.items():
        group.add_command(_review(word, summary))
    for kind, summary in OPERATIONS.items():
        group.add_command(_operation(kind, summary))


def _review(word: str, summary: str) -> click.Command:
    """`checkout payments <word> UID --reason TEXT`."""

    @click.command(word, help=summary)
    @click.argument("uid")
    @click.option("--reason", required=True, help="Why; kept with your name in the events.")
    @config_option
    @json_option
    def command(uid: str, reason: str, config: Path | None, as_json: bool) -> None:
        accept, by = word == "accept", actor()

        async def work(context: Context) -> dict[str, Any]:
            if await context.ledger.read(operations.find, uid) is not None:
                done = await resolve_operation(context, uid, accept=accept, by=by, reason=reason)
                payment = await context.ledger.read(transitions.read, done.payment)
                return _shown(context, done, payment)
            payment = await review.resolve_mismatch(
                context, uid, accept=accept, by=by, reason=reason
            )
            return payment_row(payment)

        found = with_context(config, work)
        if as_json:
            print_json(found)
        else:
            console().print(f"{uid}  {found['status']}")

    return command


def _shown(context: Context, done: Operation, payment: Payment) -> dict[str, Any]:
    receipt = receipt_address(payment, context.settings.origin(payment.shop))
    return operation_shape(done, payment, receipt)


def _operation(kind: str, summary: str) -> click.Command:
    """`checkout payments <kind> UID`."""

    @click.command(kind, help=summary)
    @click.argument("uid")
    @click.option("--amount", help="In major units, like 12.50; all that is left unless said.")
    @click.option("--reason", default="", help="For the bank's and the customer's papers.")
    @config_option
    @json_option
    def command(
        uid: str, amount: str | None, reason: str, config: Path | None, as_json: bool
    ) -> None:
        async def work(context: Context) -> dict[str, Any]:
            payment = await context.ledger.read(payment_named, uid)
            minor = None
            if amount is not None:
                whole = payment.order.money
                minor = Money.from_major(amount, whole.currency, whole.decimals).minor
            done = await start_operation(
                context, kind, uid, amount=minor, reason=reason, by=actor()
            )
            return _shown(context, done, payment)

        try:
            found = with_context(config, work)
        except ValueError as error:
            fail(f"--amount: {error}", UNUSABLE)
        if as_json:
            print_json(found)
        else:
            console().print(f"{kind} {found['status']}: {found['message']}")
        if found["status"] == "failed":
            sys.exit(FAILED)

    return command
