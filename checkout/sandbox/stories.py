"""The test cards: number -> what happens to it. The one place that lists them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from checkout.sandbox import codes

Secure = Literal["none", "frictionless", "challenge", "failed"]


class Story(NamedTuple):
    """`secure` is the part that 3-D Secure plays; `code` is the end, if that part goes well."""

    code: str
    secure: Secure
    says: str


DEFAULT = Story(codes.SUCCESS, "none", "Any other valid number: paid")

STORIES: dict[str, Story] = {
    "4200000000000000": Story(codes.SUCCESS, "none", "Paid"),
    "4005550000000019": Story(codes.DECLINED, "none", "Declined: do not honour"),
    "4012000000001006": Story(codes.SUCCESS, "frictionless", "3-D Secure, unnoticed: paid"),
    "4012000000001055": Story(codes.SUCCESS, "frictionless", "3-D Secure, attempted: paid"),
    "4012000000001097": Story(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "4012000000001014": Story(codes.NOT_AUTHENTICATED, "failed", "3-D Secure: declined"),
    "4012000000001022": Story(codes.NOT_AUTHENTICATED, "failed", "3-D Secure is down: declined"),
    "4012000000001030": Story(codes.NOT_AUTHENTICATED, "failed", "3-D Secure rejected: declined"),
    "5204240000015003": Story(codes.SUCCESS, "frictionless", "3-D Secure, unnoticed: paid"),
    "5204240000015029": Story(codes.SUCCESS, "challenge", "3-D Secure, password 1111: paid"),
    "5204240000015045": Story(codes.NOT_AUTHENTICATED, "failed", "3-D Secure: declined"),
    # The sandbox's own, for decline reasons that the documented cards lack.
    "4000000000000119": Story("F.0114", "none", "Declined: insufficient funds"),
    "4000000000000069": Story("F.0111", "none", "Declined: card expired"),
    "4000000000000127": Story("F.0112", "none", "Declined: wrong security code"),
    "4000000000000101": Story("F.0108", "none", "Declined: duplicate"),
    "4000000000000259": Story("F.0113", "none", "Declined: currency not allowed"),
    "4000000000000341": Story("F.0123", "none", "Declined: limit exceeded"),
    "4000000000003220": Story("F.0114", "challenge", "3-D Secure, then insufficient funds"),
    "4100000000000019": Story("F.0115", "none", "Declined: suspected fraud"),
    "4000000000000390": Story("F.0999", "none", "Declined: unknown error"),
}


def story_of(number: str) -> Story:
    """What happens to this card."""
    return STORIES.get(number, DEFAULT)
