"""Hands a mail to the mail server of the settings.

smtps:// is TLS from the first byte; smtp:// requires STARTTLS before anything else, unless the
server is on loopback: there TLS is used where a password is sent and the server offers it.
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
from checkout.model.validation.rules import sendable_email_address
from checkout.settings import Smtp

SECONDS: Final = 30.0  # for the whole session
FOR_GOOD: Final = 500  # from this reply code on the same again is refused again (RFC 5321, 4.2.1)


class Undelivered(CheckoutError):
    """The mail server did not accept the mail; the message is the reason, a line without secrets.
    `final`: it never will, whatever the time: the address or the mail itself is refused."""

    message = "The mail was not sent"

    def __init__(self, message: str | None = None, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def mailbox(text: str, name: str = "") -> Address:
    """A checked address as mail headers want it. Raises `Invalid`."""
    user, _, domain = sendable_email_address(text).rpartition("@")
    try:
        return Address(name, user, domain)
    except ValueError:
        raise Invalid("must be an e-mail address") from None


async def send(message: EmailMessage, smtp: Smtp, *, host: str, seconds: float = SECONDS) -> None:
    """`host`: our own name in EHLO. Raises Undelivered, also when the server has
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
        refusal = error.recipients[0]
        why = f"{server} refused the address: {refusal.code} {_line(refusal)}"
        raise Undelivered(why, final=refusal.code >= FOR_GOOD) from None
    except aiosmtplib.SMTPResponseException as error:
        why = f"{server} refused the mail: {error.code} {_line(error)}"
        # Only a refusal of the mail itself is final: other settings may make the sender acceptable.
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
        with suppress(aiosmtplib.SMTPException):  # the mail is accepted already
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
    """The message of a server or the network as one printable line."""
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
