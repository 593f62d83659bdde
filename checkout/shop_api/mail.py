"""Hands a mail to the mail server of the settings.

smtps:// is TLS from the first byte; smtp:// must be made TLS by STARTTLS before anything is said,
unless the server is on loopback: there it is TLS where a password is said and the server can.
Certificates are verified. Nothing is tried twice here: the caller sees at once whether it was
taken.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from checkout.errors import CheckoutError
from checkout.model.urls import is_loopback
from checkout.model.validation.reader import Invalid
from checkout.model.validation.rules import email_address
from checkout.settings import Smtp

SECONDS: Final = 30.0  # for the whole conversation
FOR_GOOD: Final = 500  # from this reply code on the same again is refused again (RFC 5321, 4.2.1)


class Undelivered(CheckoutError):
    """The mail server did not take the mail; the message says why, in a line without secrets.
    `final`: it never will, whatever the time: the address or the mail itself is refused."""

    message = "The mail was not sent"

    def __init__(self, message: str | None = None, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def mailbox(text: str, name: str = "") -> Address:
    """A checked address as mail headers want it. Raises `Invalid`."""
    user, _, domain = email_address(text).rpartition("@")
    try:
        return Address(name, user, domain.encode("idna").decode())
    except (UnicodeError, ValueError):
        raise Invalid("must be an e-mail address") from None


async def send(message: EmailMessage, smtp: Smtp, *, host: str, seconds: float = SECONDS) -> None:
    """`host`: our own name, as told to the server. Raises Undelivered, also when the server has
    not taken the mail after `seconds`."""
    server = f"{smtp.host}:{smtp.port}"
    try:
        async with asyncio.timeout(seconds):
            await _hand_over(message, smtp, host, seconds)
    except TimeoutError:
        raise Undelivered(f"{server} did not answer in {seconds:g} seconds") from None
    except aiosmtplib.SMTPAuthenticationError:
        raise Undelivered(f"{server} refused our user name and password") from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        said = error.recipients[0]
        why = f"{server} refused the address: {said.code} {_line(said)}"
        raise Undelivered(why, final=said.code >= FOR_GOOD) from None
    except aiosmtplib.SMTPResponseException as error:
        why = f"{server} refused the mail: {error.code} {_line(error)}"
        # What it says of itself or of our sender may be mended, what it says of the mail is said.
        final = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= FOR_GOOD
        raise Undelivered(why, final=final) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{server} can't be used: {_line(error)}") from None


async def _hand_over(message: EmailMessage, smtp: Smtp, host: str, seconds: float) -> None:
    client = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.tls,
        start_tls=_start_tls(smtp),
        local_hostname=host,  # else it is looked up, which may take long
        tls_context=ssl.create_default_context(),
        timeout=seconds,
    )
    await client.connect()
    transport = client.transport
    try:
        if smtp.user is not None:
            await client.login(smtp.user, smtp.password or "")
        await client.send_message(message)
        with suppress(aiosmtplib.SMTPException):  # it is taken, however we part
            await client.quit()
    finally:
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()  # a polite end of TLS would outlive a command's event loop


def _start_tls(smtp: Smtp) -> bool | None:
    """None: where the server offers it."""
    if smtp.tls:
        return False
    if is_loopback(smtp.host):
        return None if smtp.user else False
    return True


def _line(error: BaseException) -> str:
    """What a server or the network said, as one line of what can be printed."""
    said = getattr(error, "message", None) or str(error) or type(error).__name__
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
