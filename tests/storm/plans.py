"""What happens to each payment of a storm: decided by the seed and the payment's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from tests.support.honest_gateway import NOT_SENT, UNCLEAR_AFTER, UNCLEAR_BEFORE, WRONG

CALM: Final = ""
# As a gateway behind sockets can show them; "no connection" is a gateway that has shut its door.
CHARGE_FAULTS: Final = (
    *(fault for fault in NOT_SENT if fault != "no connection"),
    *UNCLEAR_BEFORE,
    *UNCLEAR_AFTER * 3,
    *WRONG,
)
QUERY_FAULTS: Final = (*UNCLEAR_BEFORE, *UNCLEAR_AFTER, "429")
SHOP_FAULTS: Final = ("500", "reset", "silent")
NEVER: Final = ()  # the gateway's notification is lost


@dataclass(frozen=True)
class ChargePlan:
    """How the gateway takes one charge. `before`, `after`: the seconds that the charge and its
    answer are on their way; `decides`: what the bank says to whom it has asked, after `thinks`
    seconds; `notices`: when a notification of each turn is delivered, once for each number."""

    verdict: str
    fault: str
    before: float
    after: float
    decides: str
    thinks: float
    notices: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class PaymentPlan:
    """`tabs`: how often Pay is pressed at once; `hurried`: and the answer is not
    waited for; `stays`: the customer waits for the end; `late`: a bank that has declined takes the
    money in the end; `shop`: how the first webhooks fail."""

    attempts: int
    tabs: int
    hurried: bool
    stays: bool
    lands_early: bool
    forged: bool
    late: bool
    charges: tuple[ChargePlan, ...]
    shop: tuple[str, ...]
    begins: float


def plan(seed: int, number: int) -> PaymentPlan:
    chance = Random(f"{seed}/{number}")
    return PaymentPlan(
        attempts=chance.choice((1, 3, 3)),
        tabs=chance.choice((1, 1, 2, 3)),
        hurried=chance.random() < 0.3,
        stays=chance.random() < 0.85,
        lands_early=chance.random() < 0.3,
        forged=chance.random() < 0.1,
        late=chance.random() < 0.5,
        charges=tuple(_charge(chance) for _ in range(4)),
        shop=tuple(chance.choices(SHOP_FAULTS, k=chance.choice((0, 0, 0, 1, 1, 2)))),
        begins=chance.uniform(0.0, 0.2),
    )


def _charge(chance: Random) -> ChargePlan:
    return ChargePlan(
        verdict=chance.choice(("paid", "paid", "paid", "declined", "action", "pending", "refused")),
        fault=chance.choice((*(CALM,) * len(CHARGE_FAULTS), *CHARGE_FAULTS)),
        before=chance.choice((0.0, 0.0, 0.05, 0.4, 1.2)),
        after=chance.choice((0.0, 0.0, 0.05, 0.4, 1.2)),
        decides=chance.choice(("paid", "paid", "declined", "expired")),
        thinks=chance.uniform(0.1, 2.0),
        notices=tuple(_notices(chance) for _ in range(2)),
    )


def _notices(chance: Random) -> tuple[float, ...]:
    """Late ones come after those of the next turn."""
    return chance.choice((NEVER, (0.0,), (0.02,), (0.0, 0.0), (0.1, 2.0), (3.0,), (0.0, 0.3, 3.0)))
