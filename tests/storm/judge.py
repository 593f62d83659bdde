"""What must be true after a storm: our books beside the gateway's, the shop's and what the
customers were shown."""

from __future__ import annotations

from collections import Counter
from typing import Final

from checkout.ledger.rows import Payment
from checkout.model.status import FINAL, LIVE, OUTWARD, SUCCESSFUL, Status
from tests.storm.customers import Customer
from tests.storm.run import Storm
from tests.storm.world import World

FAILED: Final = frozenset({"failed", "error", "expired", "canceled"})


def faults(storm: Storm, found: dict[int, Payment]) -> list[str]:
    """In words, one for each; `found`: the payments in our ledger by their numbers."""
    said = [*storm.world.wrong, *_sent_twice(storm.world), *_unclaimed(storm.world, found)]
    for customer in storm.customers:
        payment = found.get(customer.number)
        if payment is None:
            said.append(f"payment {customer.number} is not in the ledger")
            continue
        wrong = (*_end(storm.world, payment), *_told(storm.world, customer, payment))
        said += [f"payment {customer.number}: {fault}" for fault in wrong]
    return said


def _sent_twice(world: World) -> list[str]:
    return [f"{key} was sent {times} times" for key, times in world.sent.items() if times > 1]


def _unclaimed(world: World, found: dict[int, Payment]) -> list[str]:
    ours = {attempt.key for payment in found.values() for attempt in payment.attempts}
    return [f"{key} was sent and is not in the ledger" for key in world.sent if key not in ours]


def _end(world: World, payment: Payment) -> list[str]:
    """How the payment ended, and how the gateway says that it ended."""
    said = []
    theirs = [t for attempt in payment.attempts for t in world.bank.by_key(attempt.key)]
    takings = sum(t.takings for t in theirs)
    if payment.status not in FINAL:
        said.append(f"it never ended: {payment.status}")
    if any(attempt.status in LIVE for attempt in payment.attempts):
        said.append("an attempt never ended")
    if takings > 1:
        said.append(f"the money was taken {takings} times")
    if (payment.status in SUCCESSFUL) is not (takings > 0):
        said.append(f"the money was taken {takings} times, and we say {payment.status}")
    for attempt in payment.attempts:
        at_theirs = world.bank.by_key(attempt.key)
        if len(at_theirs) > 1:
            said.append(f"{attempt.key} was charged {len(at_theirs)} times")
        if attempt.status is Status.NOT_SENT and at_theirs:
            said.append(f"{attempt.key} counts as not sent, and the gateway has it")
    return said


def _told(world: World, customer: Customer, payment: Payment) -> list[str]:
    """What the shop and the customer were told, and when."""
    said = []
    taken_at = world.money_at.get(customer.number)
    webhooks = world.webhooks[customer.number]
    heard = [webhook.status for webhook in webhooks if webhook.taken]
    outward = "error" if payment.status is Status.EXPIRED else OUTWARD[payment.status]
    if outward not in heard:
        said.append(f"it is {outward}, and the shop heard {heard}")
    for place, at, status in (
        *(("the shop", each.at, each.status) for each in webhooks),
        *((each.where, each.at, each.status) for each in customer.shown),
    ):
        if status in FAILED and taken_at is not None and at > taken_at:
            said.append(f"{place} saw {status} after the money was taken")
        if status == "successful" and (taken_at is None or at < taken_at):
            said.append(f"{place} saw {status} before any money was taken")
    return said


def summary(storm: Storm, found: dict[int, Payment]) -> str:
    """What the storm was, for the report."""
    world = storm.world
    ends = Counter(OUTWARD[payment.status] for payment in found.values())
    kinds = Counter[str]()
    for name, times in world.played.items():
        kinds[name.partition(":")[0]] += times
    heard = [webhook for each in world.webhooks.values() for webhook in each]
    return (
        f" {len(storm.plans)} payments ({_counted(ends)}), {len(world.sent)} charges,"
        f" {storm.killed.total()} kills ({_counted(storm.killed)}),"
        f" {kinds.total()} faults ({_counted(kinds)}),"
        f" {len(heard)} webhooks in {storm.seconds:.0f} s, seed {storm.seed} "
    )


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{times} {name}" for name, times in found.most_common())
