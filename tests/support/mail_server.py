"""A mail server on loopback: real SMTP by aiosmtpd, in a thread of its own."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "postman", "p@ss:word/1"


class MailServer:
    """Takes what is sent, unless `refuses` has an answer for the address or `spoils` for all. Says
    so `slow` seconds later."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.mails: list[EmailMessage] = []
        self.secure: list[bool] = []
        self.users: list[bytes] = []
        self.refuses: dict[str, str] = {}
        self.spoils = ""
        self.slow = 0.0
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.spoils:
            return self.spoils
        self.envelopes.append(envelope)
        self.secure.append(session.ssl is not None)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        await asyncio.sleep(self.slow)
        return "250 OK"

    def knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


class _AnyPort(Controller):
    """On any free port: which one, only its socket knows."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        Controller._trigger_server(self)


@contextmanager
def open_mail_server(port: int = 0, **options: Any) -> Iterator[MailServer]:
    """`port` 0: any free one; `options` are aiosmtpd's, of its controller and its server."""
    mail_server = MailServer()
    if options.get("auth_required"):
        options["authenticator"] = mail_server.knows
    controller = _AnyPort(mail_server, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    controller.start()
    mail_server.port = controller.port
    try:
        yield mail_server
    finally:
        controller.stop()
        gc.collect()  # what it left open is this test's
