"""Files with secrets that others can read or write are told by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout.settings.file_permissions import exposed_files
from tests.settings.example import EXAMPLE


@pytest.fixture
def source(folder: Path) -> Path:
    path = folder / "checkout.toml"
    path.write_text(EXAMPLE.read_text())
    path.chmod(0o600)
    (folder / "shop-361.pem").chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("mode", "word"), [(0o640, "read"), (0o604, "read"), (0o620, "write"), (0o666, "write")]
)
def test_a_key_that_others_reach(source: Path, mode: int, word: str) -> None:
    assert exposed_files(source) == []
    key = source.parent / "shop-361.pem"
    key.chmod(mode)
    assert exposed_files(source) == [f"{key}: others than its owner can {word} it (chmod 600)"]


def test_the_settings_themselves_where_a_secret_stands_in_them(source: Path) -> None:
    source.chmod(0o644)
    text = source.read_text()
    assert len(exposed_files(source)) == 1, "a password stands in smtp.url"
    source.write_text(text.replace("user:password@host", "host"))
    assert exposed_files(source) == [], "env: and file: are no secrets"
    source.write_text(text.replace("env:SHOP_SECRET", "0f" * 32))
    (line,) = exposed_files(source)
    assert line.startswith(str(source))
    assert "0f0f" not in line


def test_a_secret_in_a_file_of_its_own(source: Path) -> None:
    secret = source.parent / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    source.write_text(source.read_text().replace("env:SHOP_SECRET", "file:secret"))
    source.chmod(0o600)
    assert exposed_files(source) == [f"{secret}: others than its owner can read it (chmod 600)"]
