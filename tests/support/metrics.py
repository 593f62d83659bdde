"""What a server answers at `/metrics`, read."""

from __future__ import annotations

import re
from typing import Final

import httpx

TOKEN: Final = "an-operator-token-for-tests-0123456789abcdef"


def scraped(url: str, token: str = TOKEN) -> dict[str, float]:
    """By name and labels, as they stand in the text. A new connection: any worker may answer."""
    answer = httpx.get(
        f"{url}/metrics", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    assert answer.status_code == 200
    return read(answer.text)


def read(text: str) -> dict[str, float]:
    found = re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
    assert len(found) == len(dict(found)), "a metric is told twice"
    return {name: float(value) for name, value in found}
