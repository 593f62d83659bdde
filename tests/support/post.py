"""A mail server on loopback: real SMTP by aiosmtpd, in a thread of its own."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

USER, PASSWORD = "postman", "p@ss:word/1"


class PostOffice:
    """Takes what is sent, unless `refuses` has an answer for the address or `spoils` for all."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.mails: list[EmailMessage] = []
        self.secure: list[bool] = []
        self.users: list[bytes] = []
        self.refuses: dict[str, str] = {}
        self.spoils = ""
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
        return "250 OK"

    def knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


class _AnyPort(Controller):  # type: ignore[misc]
    """On any free port: which one, only its socket knows."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_post_office(port: int = 0, **options: Any) -> Iterator[PostOffice]:
    """`port` 0: any free one; `options` are aiosmtpd's, of its controller and its server."""
    office = PostOffice()
    if options.get("auth_required"):
        options["authenticator"] = office.knows
    controller = _AnyPort(office, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    controller.start()
    office.port = controller.port
    try:
        yield office
    finally:
        controller.stop()
        gc.collect()  # what it left open is this test's


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for `host`, and the file to trust it by."""
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
        )
        .sign(key, SHA256())
    )
    trusted, whole = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return context, trusted
