"""Whoever has found a weakness finds whom to tell it (RFC 9116)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.web.conftest import Opened
from tests.web.server import Customer
from tests.web.settings import PUBLIC
from tests.web.test_security import check

PATH = "/.well-known/security.txt"
TOP = 'security_contact = "{}"\nsecurity_policy = "https://example.com/security"\n'


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("security@example.com", "mailto:security@example.com"),
        ("mailto:security+pay@example.com", "mailto:security+pay@example.com"),
        ("https://example.com/report", "https://example.com/report"),
    ],
)
async def test_whom_to_tell(opened: Opened, contact: str, said: str) -> None:
    top = TOP.format(contact) + 'security_languages = ["en", "de"]'
    async with opened(top=top) as server, server.customer() as customer:
        answer = await customer.get(PATH)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        check(answer)
        lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert lines.pop("Contact") == said
        assert lines.pop("Policy") == "https://example.com/security"
        assert lines.pop("Preferred-Languages") == "en, de"
        assert lines.pop("Canonical") == f"{PUBLIC}{PATH}"
        expires = lines.pop("Expires")
        assert lines == {}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", expires)
        left = datetime.fromisoformat(expires) - datetime.now(UTC)
        assert timedelta(days=30) < left < timedelta(days=365)
        assert (await customer.head(PATH)).status_code == 200
        server.offset += 300 * 86400
        later = (await customer.get(PATH)).text
        assert expires not in later, "it has moved on with the clock"


async def test_without_a_setting_there_is_none(customer: Customer) -> None:
    answer = await customer.get(PATH)
    assert answer.status_code == 404
    check(answer)
