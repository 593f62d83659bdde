"""`checkout payments`: what the ledger holds, and settling what is open."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.progress import Progress
from rich.table import Column, Table

from checkout.cli import personal
from checkout.cli.common import (
    FAILED,
    UNUSABLE,
    actor,
    config_option,
    console,
    fail,
    json_option,
    print_json,
    with_flow,
)
from checkout.errors import NotFound
from checkout.flow import record
from checkout.flow.operations import decide, operate, payment_named
from checkout.flow.sweep import reconcile as reconcile_one
from checkout.flow.verbs import Flow
from checkout.gateways.base import Gateway
from checkout.ledger import events, operations, outbox
from checkout.ledger import payments as ledger_payments
from checkout.ledger.operations import Operation
from checkout.ledger.rows import Attempt, Payment, Story
from checkout.merchant.shapes import operation as operation_shape
from checkout.model.money import Money
from checkout.model.status import Status
from checkout.model.verification import ADDRESS, SECURITY_CODE, worded


@click.group()
def payments() -> None:
    """What the ledger holds; settle what is open by asking the gateways."""


@payments.command("list")
@click.option("--shop", help="Only this shop's.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@config_option
@json_option
def list_(shop: str | None, limit: int, config: Path | None, as_json: bool) -> None:
    """The newest payments."""

    async def work(flow: Flow) -> list[Payment]:
        return await flow.ledger.read(ledger_payments.listed, shop=shop, limit=limit)

    found = with_flow(config, work)
    if as_json:
        print_json([_payment(payment) for payment in found])
        return
    uid = Column("uid", no_wrap=True)  # to be copied
    table = Table("created", uid, "shop", "amount", "status", "order", "description")
    for payment in found:
        money = payment.order.money
        table.add_row(
            _moment(payment.created_at),
            payment.uid,
            payment.shop,
            f"{money.major} {money.currency}",
            payment.status,
            payment.order.tracking_id or "",
            payment.order.description[:40],
        )
    console().print(table)


@payments.command()
@click.argument("uid")
@config_option
@json_option
def show(uid: str, config: Path | None, as_json: bool) -> None:
    """One payment with its attempts, events and letters. A gateway's `link` shows the payment
    there; whoever has it may do all with it."""

    async def work(flow: Flow) -> dict[str, Any]:
        story = await flow.ledger.read(record.read, uid)
        happened = await flow.ledger.read(events.of, uid)
        return {
            **_payment(story.payment),
            "attempts": [
                _attempt(attempt, happened, flow.gateways.get(attempt.account))
                for attempt in story.attempts
            ],
            "events": [
                {"at": _moment(e.at), "kind": e.kind, "attempt": e.attempt, **e.data}
                for e in happened
            ],
            "operations": [
                _operation_row(each, operation_shape(each, story))
                for each in await flow.ledger.read(operations.of, uid)
            ],
            "letters": [
                {
                    "id": letter.id,
                    "url": letter.url,
                    "tries": letter.tries,
                    "answer": letter.answer,
                    "delivered_at": _moment(letter.delivered_at),
                    "due_at": _moment(letter.due_at),
                }
                for letter in await flow.ledger.read(outbox.of, uid)
            ],
        }

    found = with_flow(config, work)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, list):
            console().print(name, style="bold")
            for line in value:
                console().print("  " + "  ".join(f"{k}={v}" for k, v in line.items()))
        else:
            console().print(f"{name}: {value}")


@payments.command()
@click.argument("uids", nargs=-1)
@config_option
@json_option
def reconcile(uids: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Settle what is open by asking the gateways: these payments, or all that are under way."""

    async def work(flow: Flow) -> list[dict[str, Any]]:
        open_ = (Status.PENDING, Status.ACTION)
        chosen = list(uids) or await flow.ledger.read(ledger_payments.uids, open_)
        settled = []
        with Progress(console=console(), disable=as_json or not console().is_terminal) as progress:
            for uid in progress.track(chosen, description="Asking the gateways"):
                before = await flow.ledger.read(record.read, uid)
                after: Story = await reconcile_one(flow, uid)
                settled.append(
                    {"uid": uid, "before": before.payment.status, "after": after.payment.status}
                )
        return settled

    try:
        found = with_flow(config, work)
    except NotFound:
        fail("Record not found", FAILED)
    if as_json:
        print_json(found)
        return
    for each in found:
        console().print(f"{each['uid']}  {each['before']} -> {each['after']}")
    moved = sum(each["before"] != each["after"] for each in found)
    console().print(f"{len(found)} asked about, {moved} settled or moved")


def _judgement(word: str, summary: str) -> None:
    """Add `checkout payments <word> UID --reason TEXT`."""

    @payments.command(word, help=summary)
    @click.argument("uid")
    @click.option("--reason", required=True, help="Why; kept with your name in the events.")
    @config_option
    @json_option
    def command(uid: str, reason: str, config: Path | None, as_json: bool) -> None:
        accept, by = word == "accept", actor()

        async def work(flow: Flow) -> dict[str, Any]:
            if await flow.ledger.read(operations.find, uid) is not None:
                done = await decide(flow, uid, accept=accept, by=by, reason=reason)
                story = await flow.ledger.read(record.read, done.payment)
                return operation_shape(done, story)
            story = await flow.judge(uid, accept=accept, by=by, reason=reason)
            return _payment(story.payment)

        found = with_flow(config, work)
        if as_json:
            print_json(found)
        else:
            console().print(f"{uid}  {found['status']}")


_judgement("accept", "End a mismatch: what the gateway says now stands. Of an operation: done.")
_judgement("refuse", "End a mismatch: the attempt ends unpaid. Of an operation: it failed.")


def _operation(kind: str, summary: str) -> None:
    """Add `checkout payments <kind> UID`."""

    @payments.command(kind, help=summary)
    @click.argument("uid")
    @click.option("--amount", help="In major units, like 12.50; all that is left unless said.")
    @click.option("--reason", default="", help="For the bank's and the customer's papers.")
    @config_option
    @json_option
    def command(
        uid: str, amount: str | None, reason: str, config: Path | None, as_json: bool
    ) -> None:
        async def work(flow: Flow) -> dict[str, Any]:
            story = await flow.ledger.read(payment_named, uid)
            minor = None
            if amount is not None:
                whole = story.payment.order.money
                minor = Money.from_major(amount, whole.currency, whole.decimals).minor
            done = await operate(flow, kind, uid, amount=minor, reason=reason, by=actor())
            return operation_shape(done, story)

        try:
            found = with_flow(config, work)
        except ValueError as error:
            fail(f"--amount: {error}", UNUSABLE)
        if as_json:
            print_json(found)
        else:
            console().print(f"{kind} {found['status']}: {found['message']}")
        if found["status"] == "failed":
            sys.exit(FAILED)


personal.add_to(payments)

_operation("capture", "Collect (part of) an authorized amount.")
_operation("void", "Give an authorization up.")
_operation("refund", "Send (part of) a payment back.")


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "uid": payment.uid,
        "shop": payment.shop,
        "status": payment.status,
        "amount": payment.order.money.minor,
        "currency": payment.order.money.currency,
        "decimals": payment.order.money.exponent,
        "description": payment.order.description,
        "tracking_id": payment.order.tracking_id,
        "type": payment.order.transaction_type,
        "test": payment.order.test,
        "created_by": payment.created_by,
        "created_at": _moment(payment.created_at),
        "expires_at": _moment(payment.expires_at),
    }


def _attempt(
    attempt: Attempt, happened: list[events.Event], gateway: Gateway | None
) -> dict[str, Any]:
    facts, id_ = attempt.facts, attempt.gateway_id
    wrong = [e.data for e in happened if e.kind == "mismatch" and e.attempt == attempt.number]
    return {
        "number": attempt.number,
        "status": attempt.status,
        "method": attempt.method,
        "account": attempt.account,
        "key": attempt.key,
        # A gateway's own name for it may end in a secret of its order.
        "gateway_id": (id_ or "").partition("/")[0] or None,
        "link": gateway.operator_link(id_) if gateway and id_ else None,
        "agreed": msgspec.to_builtins(facts.agreed),
        "exchanged": msgspec.to_builtins(facts.exchanged),
        "reason": attempt.reason,
        "code": facts.code,
        "avs": worded(facts.avs, ADDRESS),
        "cvc": worded(facts.cvc, SECURITY_CODE),
        "mismatch": wrong[-1] if attempt.mismatch and wrong else None,  # stated beside ours
        "judged": attempt.judged,
        "created_at": _moment(attempt.created_at),
        "updated_at": _moment(attempt.updated_at),
    }


def _operation_row(operation: Operation, told: dict[str, Any]) -> dict[str, Any]:
    """`status` is the shop's word; `state` is ours, which tells accepted from unknown."""
    shown = (
        "uid", "type", "status", "message", "code", "amount", "currency", "parent_uid", "reason",
    )  # fmt: skip
    return {name: told[name] for name in shown} | {
        "state": operation.status,
        "by_gateway": operation.by_gateway,
        "created_at": _moment(operation.created_at),
        "updated_at": _moment(operation.updated_at),
        "next_query_at": _moment(operation.sweep_at),
    }


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
