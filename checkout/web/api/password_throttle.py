"""Wrong passwords are slowed down, counted and logged: those of shops, apps and of the operator.

By name and network, so that whoever knows a shop's id can't lock the shop out: its own server comes
from elsewhere. Each worker counts for itself, in bounded memory; only digests of names are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
from typing import Final

import structlog
from msgspec import Struct

from checkout.errors import TooMany, Unauthorized
from checkout.identifiers import fitting
from checkout.payments.metrics import WRONG_PASSWORDS

log = structlog.get_logger(__name__)

FREE: Final = 10  # wrong passwords before the first wait
LONGEST_WAIT: Final = 60.0  # seconds; waits double from one second on
FORGOTTEN: Final = 600.0  # seconds without another one
MOST: Final = 4096  # names and networks remembered: below half a megabyte
_SALT: Final = secrets.token_bytes(16)


class FailedTries(Struct):
    """What is known of one name tried from one network."""

    count: int
    last: float
    until: float  # no other try before it


class PasswordThrottle:
    def __init__(self) -> None:
        self._tried: dict[bytes, FailedTries] = {}  # the one tried last stands last
        self._alerted: dict[str, float] = {}  # by kind of password

    def check(
        self, kind: str, name: str, address: str, now: float, *, right: bool, shop: str = ""
    ) -> None:
        """A password for `name` came from `address`; `right`: it is the one. `shop`: whose it is,
        where there is one of that name; another name is not logged: it may be a password that was
        typed into the wrong field.

        Raises Unauthorized; TooMany where the next try has to wait, and the right one too.
        """
        if right and not self._tried:
            return
        mark = _mark(kind, name, address)
        tried = self._tried.get(mark)
        if tried is not None and now < tried.until:
            raise TooMany(retry_after=math.ceil(tried.until - now), message="Too many wrong tries")
        self._tried.pop(mark, None)
        if right:
            return
        self._wrong(mark, tried, now, {"of": kind, "shop": shop, "network": network_of(address)})
        raise Unauthorized

    def _wrong(
        self, mark: bytes, tried: FailedTries | None, now: float, fields: dict[str, str]
    ) -> None:
        WRONG_PASSWORDS.labels(fields["of"]).inc()
        if tried is None or now - tried.last > FORGOTTEN:
            tried = FailedTries(0, now, 0.0)
        self._tried[mark] = tried
        tried.count, tried.last = tried.count + 1, now
        if tried.count >= FREE:
            tried.until = now + min(2.0 ** min(tried.count - FREE, 30), LONGEST_WAIT)
        if len(self._tried) > MOST:
            del self._tried[next(iter(self._tried))]
        if tried.count == FREE:  # a mistake or two is nobody's business
            alert = self._may_alert(fields["of"], now)
            log.warning(
                "password.wrong", **fields, tries=tried.count, **({"alert": True} if alert else {})
            )

    def _may_alert(self, kind: str, now: float) -> bool:
        """Once in ten minutes: a thousand addresses are one attack."""
        if now - self._alerted.get(kind, -math.inf) < FORGOTTEN:
            return False
        self._alerted[kind] = now
        return True


def same(one: bytes, other: bytes) -> bool:
    """Whether they are equal, in constant time: neither the content nor the length leaks."""
    return hmac.compare_digest(hashlib.sha256(one).digest(), hashlib.sha256(other).digest())


def network_of(address: str) -> str:
    """What one customer has of an address: of IPv6 its /64."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return fitting(address, 64)
    return str(found) if found.version == 4 else str(ipaddress.ip_network((int(found), 64), False))


def _mark(kind: str, name: str, address: str) -> bytes:
    text = "\0".join((kind, name, network_of(address)))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, key=_SALT).digest()
