"""Rows of `checkout payments`: a payment, its attempts, operations and webhooks as plain values."""

from __future__ import annotations

from typing import Any

import msgspec

from checkout.cli.common import moment
from checkout.gateways.base import Gateway
from checkout.ledger.events import Event
from checkout.ledger.operations import Operation
from checkout.ledger.outbox import Webhook
from checkout.ledger.rows import Attempt, PaymentRow
from checkout.model.avs_cvc import AVS, CVC, explained


def payment_row(payment: PaymentRow) -> dict[str, Any]:
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
        "created_at": moment(payment.created_at),
        "expires_at": moment(payment.expires_at),
    }


def attempt_row(attempt: Attempt, happened: list[Event], gateway: Gateway | None) -> dict[str, Any]:
    facts, id_ = attempt.facts, attempt.gateway_id
    mismatches = [e.data for e in happened if e.kind == "mismatch" and e.attempt == attempt.number]
    return {
        "number": attempt.number,
        "status": attempt.status,
        "method": attempt.method,
        "account": attempt.account,
        "key": attempt.key,
        # After a slash a gateway id may contain a secret of the gateway's order.
        "gateway_id": (id_ or "").partition("/")[0] or None,
        "link": gateway.operator_link(id_) if gateway and id_ else None,
        "agreed": msgspec.to_builtins(facts.agreed),
        "exchanged": msgspec.to_builtins(facts.exchanged),
        "reason": attempt.reason,
        "code": facts.code,
        "avs": explained(facts.avs, AVS),
        "cvc": explained(facts.cvc, CVC),
        "mismatch": mismatches[-1] if attempt.mismatch and mismatches else None,
        "judged": attempt.judged,
        "created_at": moment(attempt.created_at),
        "updated_at": moment(attempt.updated_at),
    }


def operation_row(operation: Operation, shape: dict[str, Any]) -> dict[str, Any]:
    """`status`: as in the shop's API; `state`: as in the ledger, where accepted is not pending."""
    shown = (
        "uid", "type", "status", "message", "code", "amount", "currency", "parent_uid", "reason",
    )  # fmt: skip
    return {name: shape[name] for name in shown} | {
        "state": operation.status,
        "by_gateway": operation.by_gateway,
        "created_at": moment(operation.created_at),
        "updated_at": moment(operation.updated_at),
        "next_query_at": moment(operation.sweep_at),
    }


def webhook_row(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "tries": webhook.tries,
        "answer": webhook.answer,
        "delivered_at": moment(webhook.delivered_at),
        "due_at": moment(webhook.due_at),
    }
