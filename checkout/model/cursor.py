"""The place in a list where the next page begins: the last item's time and id.

A list is in the order of (time, id), newest first, so that what is made meanwhile moves no page. To
callers a cursor is opaque text: base64url of the time (a double, big-endian) and the id. It is not
signed, as it opens nothing: whoever writes one by hand reads their own list from another place.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any, Final, NamedTuple

from checkout.model.validation.description import says
from checkout.model.validation.reader import Invalid

TIME: Final = struct.Struct(">d")
LONGEST: Final = 64  # characters; of a uid they are 59
LATEST: Final = 1e11  # seconds since 1970, beyond all that a list could hold
ID: Final = re.compile(rb"[0-9A-Za-z_-]{1,36}")


class Cursor(NamedTuple):
    """After the item with this time, in seconds since 1970, and this id."""

    at: float
    id: str

    def __str__(self) -> str:
        packed = base64.urlsafe_b64encode(TIME.pack(self.at) + self.id.encode())
        return packed.decode().rstrip("=")


@says("the `next` of the page before", type="string", maxLength=LONGEST)
def cursor(value: Any) -> Cursor:
    """A rule; only what `str` of a cursor writes is taken."""
    if isinstance(value, str) and len(value) <= LONGEST:
        found = _read(value)
        if found is not None and str(found) == value:
            return found
    raise Invalid("must be the `next` of the page before")


def _read(value: str) -> Cursor | None:
    try:
        packed = base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True)
        (at,), name = TIME.unpack(packed[: TIME.size]), packed[TIME.size :]
    except (binascii.Error, struct.error, ValueError):
        return None
    if not (math.isfinite(at) and 0 <= at < LATEST and ID.fullmatch(name)):
        return None
    return Cursor(at, name.decode())
