"""New settings for a server that runs: what must stay, and in which order workers get them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from checkout.errors import BadSettings
from checkout.model.validation.reader import Invalid
from checkout.settings.signing_keys import proven
from checkout.settings.values import Settings

DATABASE: Final = "can't change while the server runs: restart it"


def check(before: Settings, after: Settings) -> None:
    """Raises BadSettings where the database is another one, or a key of a shop is broken."""
    found = list(_broken_keys(after))
    if _place(before.database) != _place(after.database):
        found.append(("database", DATABASE))
    if found:
        raise BadSettings(found)


def versions(before: Settings, after: Settings, text: bytes) -> list[bytes]:
    """The texts that all workers take one after the other, the last one being `text`.

    While workers are replaced old and new ones answer the same customers, and the old ones don't
    know what a new secret has signed. So first all workers know it, then it signs."""
    known = [secret for secret in after.secrets if secret in before.secrets]
    if not known or known[-1] == after.secrets[-1]:
        return [text]
    new = [secret for secret in after.secrets if secret not in before.secrets]
    first = msgspec.json.decode(text) | {"secrets": [*new, *known]}
    return [msgspec.json.encode(first), text]


def _broken_keys(settings: Settings) -> Iterator[tuple[str, str]]:
    for shop in settings.shops.values():
        for key in shop.private_keys:
            try:
                proven(key)
            except Invalid as wrong:
                yield f"shops.{shop.id}.private_key", str(wrong)


def _place(database: str) -> tuple[str, str | None, int | None, str, str]:
    """Which database it is, whoever asks it."""
    parts = urlsplit(database)
    return parts.scheme, parts.hostname, parts.port, parts.path, parts.query
