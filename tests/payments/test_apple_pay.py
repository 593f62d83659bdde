"""Apple knows who asks for a merchant session by the certificate of the TLS connection."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from checkout.payments.apple_pay import load_certificate
from checkout.payments.http_transport import HttpTransport
from checkout.settings.values import ApplePay
from tests.support.merchant import identity
from tests.support.tls import certificate


async def _apple(tls: ssl.SSLContext, shown: list[dict[str, Any]]) -> tuple[asyncio.Server, int]:
    """A server that wants to see a certificate; it notes whose it saw."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        shown.append(writer.get_extra_info("peercert"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.asyncio
async def test_the_merchants_certificate_is_shown(tmp_path: Path) -> None:
    tls, trusted = certificate(tmp_path)
    made, key = identity()
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=made)
    merchant = ApplePay(
        merchant_id="merchant.com.example", certificate=made, private_key=key, country="CY"
    )
    shown: list[dict[str, Any]] = []
    server, port = await _apple(tls, shown)
    async with server:
        ours = ssl.create_default_context(cafile=str(trusted))
        async with httpx.AsyncClient(transport=HttpTransport(ours), trust_env=False) as nobody:
            with pytest.raises(httpx.HTTPError):
                await nobody.get(f"https://127.0.0.1:{port}/")
        load_certificate(ours, merchant)
        async with httpx.AsyncClient(transport=HttpTransport(ours), trust_env=False) as known:
            answer = await known.get(f"https://127.0.0.1:{port}/")
    assert answer.status_code == 200
    (who,) = [each for each in shown if each]
    assert who["subject"] == ((("commonName", "merchant.com.example"),),)
