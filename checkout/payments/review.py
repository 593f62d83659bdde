"""Manual review: a person resolves a payment's mismatch."""

from __future__ import annotations

from checkout.errors import Unprocessable
from checkout.ledger.audit import Actor
from checkout.ledger.rows import Payment
from checkout.payments import mismatches, status_query, transitions
from checkout.payments.context import Context
from checkout.payments.status_query import reference


async def resolve_mismatch(
    context: Context, uid: str, *, accept: bool, by: Actor, reason: str
) -> Payment:
    """`accept`: query the gateway and accept its answer, whatever facts it states; else the attempt
    ends unpaid.

    Raises NotFound; Unprocessable where there is no mismatch, or the gateway's answer is not final.
    """
    payment = await context.ledger.read(transitions.read, uid)
    attempt = next((a for a in payment.attempts if a.mismatch and a.live), None)
    outcome = None
    if attempt is None:
        raise Unprocessable({"uid": ["has no attempt in mismatch"]})
    if accept:
        gateway = context.gateways.get(attempt.account)
        if gateway is None or not await status_query.may_query_now(context, attempt):
            raise Unprocessable({"uid": ["can't be asked about just now"]})
        outcome = await status_query.outcome_of(
            context, attempt, "status", gateway.status(reference(payment, attempt))
        )
    payment = await context.write(
        uid,
        mismatches.resolve_mismatch,
        context,
        attempt.key,
        outcome,
        context.clock(),
        by=by,
        reason=reason,
    )
    context.webhooks_due.set()
    return payment
