"""What goes out compressed, and how.

A page carries secrets beside texts that others wrote, and how well both compress together tells how
alike they are (BREACH). So of a page only what a template wrote is compressed, the same for every
customer, each piece alone; what is filled in goes as it is, in stored blocks of the same stream
(RFC 1951, 3.2.4): the length of an answer depends on the lengths of its texts and on nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

LONGEST_ACCEPT: Final = 500  # characters
VARIES: Final = {"vary": "Accept-Encoding"}
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # gzip, no name, no time (RFC 1952)
_END: Final = b"\x03\x00"  # a last block with nothing in it
_STORED: Final = 0xFFFF  # bytes of a stored block at most


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip: `gzip;q=0` refuses it, and so does only `*;q=0`."""
    weights: dict[str, str] = {}
    for part in accepted[:LONGEST_ACCEPT].lower().split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=").strip() if parameter else "1"
        weights[name.strip()] = weight
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "0")))
    try:
        return float(weight) > 0
    except ValueError:
        return False


class KeptPage(NamedTuple):
    """What a template wrote, with an empty place between every two pieces: as it is, and as whole
    blocks of a stream."""

    plain: list[bytes]
    deflated: list[bytes]


def kept_page(pieces: Iterable[bytes]) -> KeptPage:
    plain = [part for piece in pieces for part in (piece, b"")][:-1]
    return KeptPage(plain, [_deflated(part) for part in plain])


class FilledPage(NamedTuple):
    """The page with `texts` in its places."""

    kept: KeptPage
    texts: list[bytes]

    @property
    def body(self) -> bytes:
        parts = self.kept.plain.copy()
        parts[1::2] = self.texts
        return b"".join(parts)

    @property
    def gzipped(self) -> bytes:
        parts = self.kept.deflated.copy()
        parts[1::2] = [_stored(text) for text in self.texts]
        return b"".join((_HEAD, *parts, _END, _trailer(self.body)))


def encoded(page: FilledPage, accepted: str) -> tuple[bytes, dict[str, str]]:
    """The page as an `Accept-Encoding` wants it, and the headers that say so."""
    if takes_gzip(accepted):
        return page.gzipped, {"content-encoding": "gzip", **VARIES}
    return page.body, VARIES


def _deflated(plain: bytes) -> bytes:
    if not plain:
        return b""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # The flush ends at a whole byte, and no later block refers to before it.
    packed = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
    return min(packed, _stored(plain), key=len)


def _trailer(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little") + len(body).to_bytes(4, "little")


def _stored(text: bytes) -> bytes:
    blocks = []
    for start in range(0, len(text), _STORED):
        part = text[start : start + _STORED]
        size = len(part)
        blocks.append(
            b"\x00" + size.to_bytes(2, "little") + (size ^ _STORED).to_bytes(2, "little") + part
        )
    return b"".join(blocks)
