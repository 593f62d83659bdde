"""The test cards: number -> what happens to it. The one place that lists them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from checkout.sandbox import codes

ThreeDSecure = Literal["none", "frictionless", "challenge", "failed"]


class CardResult(NamedTuple):
    """`three_d_secure` is the part that 3-D Secure plays; `code` is the result, if that part goes
    well."""

    code: str
    three_d_secure: ThreeDSecure
    description: str


DEFAULT = CardResult(codes.SUCCESS, "none", "Any other valid number: paid")

TEST_CARDS: dict[str, CardResult] = {
    "4200000000000000": CardResult(codes.SUCCESS, "none", "Paid"),
    "4005550000000019": CardResult(codes.DECLINED, "none", "Declined: do not honour"),
    "4012000000001006": CardResult(codes.SUCCESS, "frictionless", "3-D Secure, unnoticed: paid"),
    "4012000000001055": CardResult(codes.SUCCESS, "frictionless", "3-D Secure, attempted: paid"),
    "4012000000001097": CardResult(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "4012000000001014": CardResult(codes.NOT_AUTHENTICATED, "failed", "3-D Secure: declined"),
    "4012000000001022": CardResult(
        codes.NOT_AUTHENTICATED, "failed", "3-D Secure is down: declined"
    ),
    "4012000000001030": CardResult(
        codes.NOT_AUTHENTICATED, "failed", "3-D Secure rejected: declined"
    ),
    "5204240000015003": CardResult(codes.SUCCESS, "frictionless", "3-D Secure, unnoticed: paid"),
    "5204240000015029": CardResult(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "5204240000015045": CardResult(codes.NOT_AUTHENTICATED, "failed", "3-D Secure: declined"),
    # Of the family's own test suites.
    "4012001037141112": CardResult(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "4012000000003010": CardResult(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "9112300000000000": CardResult(codes.SUCCESS, "none", "Paid, with a Belkart"),
    # The sandbox's own, for decline reasons that the documented cards lack.
    "4000000000000119": CardResult("F.0114", "none", "Declined: insufficient funds"),
    "4000000000000069": CardResult("F.0111", "none", "Declined: card expired"),
    "4000000000000127": CardResult("F.0112", "none", "Declined: wrong security code"),
    "4000000000000101": CardResult("F.0108", "none", "Declined: duplicate"),
    "4000000000000259": CardResult("F.0113", "none", "Declined: currency not allowed"),
    "4000000000000341": CardResult("F.0123", "none", "Declined: limit exceeded"),
    "4000000000003220": CardResult("F.0114", "challenge", "3-D Secure, then insufficient funds"),
    "4100000000000019": CardResult("F.0115", "none", "Declined: suspected fraud"),
    "4000000000000390": CardResult("F.0999", "none", "Declined: unknown error"),
}


def card_result(number: str) -> CardResult:
    """What happens to this card."""
    return TEST_CARDS.get(number, DEFAULT)
