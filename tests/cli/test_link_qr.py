"""`checkout link`: as a QR code, and with all that a link can say."""

from __future__ import annotations

from io import BytesIO, StringIO
from pathlib import Path
from secrets import token_hex

import pytest
import segno

from checkout.gateways import OPTIONS
from checkout.settings import load
from checkout.signing import read_link
from tests.cli.conftest import Run, answered

LINK = ("link", "--shop", "361", "--amount", "12.50", "--currency", "EUR",
        "--description", "Chairs")  # fmt: skip


def drawn(url: str, kind: str) -> bytes:
    out = BytesIO()
    segno.make_qr(url, error="l").save(out, kind=kind, scale=6, dark="#000", light="#fff")
    return out.getvalue()


@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("SVG", b"<?xml")])
def test_a_picture(run: Run, config: Path, tmp_path: Path, ending: str, begin: bytes) -> None:
    file = tmp_path / f"link.{ending}"
    found = answered(run(*LINK, "--qr", file, "--json", "--config", config))
    assert found["qr"] == str(file)
    assert file.read_bytes().startswith(begin)
    assert file.read_bytes() == drawn(found["url"], ending.lower())


def test_on_the_terminal(run: Run, config: Path) -> None:
    said = run(*LINK, "--qr", "--config", config)
    assert said.exit_code == 0
    url, picture = said.stdout.split("\n", 1)
    wanted = StringIO()
    segno.make_qr(url, error="l").terminal(wanted, compact=True)
    assert picture == wanted.getvalue()
    assert len(picture.splitlines()) > 20


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [(("--qr", "link.pdf"), 2, ".png or .svg"), (("--qr", "link"), 2, ".png or .svg"),
     (("--qr", "/nowhere/at/all.png"), 1, "can't be written"),
     (("--qr", "--json"), 2, "needs a FILE"),
     (("--qr", "--return-url", "https://shop.example.com/" + token_hex(1000), "--cancel-url",
       "https://shop.example.com/" + token_hex(900)), 2, "a QR code 2953 at most")],
    ids=lambda value: " ".join(value)[:18] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_no_picture(run: Run, config: Path, words: tuple[str, ...], code: int, named: str) -> None:
    said = run(*LINK, *words, "--config", config)
    assert said.exit_code == code
    assert said.stdout == ""
    assert named in said.stderr


def test_all_that_a_link_says(run: Run, config: Path) -> None:
    found = answered(
        run(*LINK, "--customer", "email=anna@example.com", "--customer", "first_name=Anna=B",
            "--return-url", "https://shop.example.com/back?x=1",
            "--cancel-url", "https://shop.example.com/basket",
            "--notification-url", "https://shop.example.com/told", "--test", "--json",
            "--config", config)
    )  # fmt: skip
    settings = load(config, {}, OPTIONS)
    data = read_link(found["url"].rpartition("/")[2], settings.shops).data
    assert data["customer"] == {"email": "anna@example.com", "first_name": "Anna=B"}
    assert data["return_url"] == "https://shop.example.com/back?x=1"
    assert data["cancel_url"] == "https://shop.example.com/basket"
    assert data["notification_url"] == "https://shop.example.com/told"
    assert data["test"] is True
    assert not {"tracking_id", "language"} & set(data)


@pytest.mark.parametrize(
    ("words", "named"),
    [(("--customer", "email"), "FIELD=VALUE"), (("--customer", "shoe=41"), "FIELD=VALUE"),
     (("--customer", "email=anna"), "customer.email"),
     (("--return-url", "javascript:alert(1)"), "return_url"),
     (("--notification-url", "ftp://x"), "notification_url"),
     (("--description", ""), "description"), (("--amount", "0"), "amount")],
    ids=lambda value: " ".join(value)[:24] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_it_can_not_say(run: Run, config: Path, words: tuple[str, ...], named: str) -> None:
    said = run(*LINK, *words, "--config", config)
    assert said.exit_code == 2
    assert named in said.stderr
    assert said.stdout == ""
