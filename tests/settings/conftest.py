"""A settings file in a folder of its own, with secrets made for the run."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout.errors import BadSettings
from checkout.settings import Settings, load
from tests.settings.example import ADAPTERS, EXAMPLE, VARIABLES
from tests.support.merchant import write_identity

Settled = Callable[..., Settings]
Problems = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    return {name: secrets.token_hex(32) for name in VARIABLES}


@pytest.fixture
def folder(tmp_path: Path, pem: str) -> Path:
    (tmp_path / "shop-361.pem").write_text(pem)
    (tmp_path / "apple-developer-merchantid-domain-association").write_text("7B22")
    write_identity(tmp_path)
    return tmp_path


@pytest.fixture
def settled(folder: Path, environ: dict[str, str]) -> Settled:
    """Loads the example with some of its text replaced, and with other variables."""

    def load_changed(*changes: tuple[str, str], **variables: str) -> Settings:
        text = EXAMPLE.read_text()
        for old, new in changes:
            assert old in text, f"the example has no {old!r}"
            text = text.replace(old, new, 1)
        path = folder / "checkout.toml"
        path.write_text(text)
        return load(path, environ | variables, ADAPTERS)

    return load_changed


@pytest.fixture
def problems(settled: Settled) -> Problems:
    """What is wrong with the example so changed: the reason by key."""

    def refused(*changes: tuple[str, str], **variables: str) -> dict[str, str]:
        with pytest.raises(BadSettings) as caught:
            settled(*changes, **variables)
        found = dict(caught.value.problems)
        assert len(found) == len(caught.value.problems), "one reason a key"
        return found

    return refused
