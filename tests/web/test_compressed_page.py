"""Pages go out compressed, and their length tells nothing of what is filled in."""

from __future__ import annotations

import gzip
import zlib
from secrets import token_urlsafe

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.web.compressed_page import FilledPage, kept_page
from tests.web.page import Page
from tests.web.server import Server

pieces = st.lists(st.binary(max_size=300), min_size=1, max_size=6)
texts = st.one_of(st.binary(max_size=60), st.integers(0, 140_000).map(bytes))


@given(st.data())
def test_it_unpacks_to_the_page(data: st.DataObject) -> None:
    """Empty pieces and texts too, and texts longer than a stored block."""
    plain = data.draw(pieces)
    own = [data.draw(texts) for _ in plain[1:]]
    page = FilledPage(kept_page(plain), own)
    assert page.body == b"".join(
        part for pair in zip(plain, [*own, b""], strict=True) for part in pair
    )
    assert gzip.decompress(page.gzipped) == page.body


def test_a_text_like_another_makes_it_no_shorter() -> None:
    """What BREACH needs: a guess beside the secret."""
    template = kept_page((b"<p>" * 50, b"</p><p>" * 50, b"</p>" * 50))
    secret = token_urlsafe(32).encode()
    right = FilledPage(template, [secret, secret])
    wrong = FilledPage(template, [secret, token_urlsafe(32).encode()])
    assert len(right.gzipped) == len(wrong.gzipped)
    assert len(zlib.compress(right.body)) < len(zlib.compress(wrong.body))  # compressed whole


async def test_the_payment_page(server: Server) -> None:
    """For who takes it; the same page, in less than half of its bytes. One that shows what was
    typed is not compressed."""
    made = await server.create()
    async with server.customer() as customer:
        plain = await customer.get(made.path(), headers={"accept-encoding": "gzip;q=0"})
        page = await customer.get(made.path(), headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in plain.headers
        assert page.headers["content-encoding"] == "gzip"
        assert plain.headers["vary"] == page.headers["vary"] == "Accept-Encoding"
        assert int(page.headers["content-length"]) < len(plain.content) / 2
        assert len(page.content) == len(plain.content)
        head = await customer.head(made.path(), headers={"accept-encoding": "gzip"})
        assert head.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("known", [True, False])
async def test_a_page_with_somebodys_data_is_not(server: Server, known: bool) -> None:
    customer_fields = {"customer_fields": {"visible": ["email", "country"]}}
    known_customer = {"email": "anna@example.com"} if known else {}
    made = await server.create(settings=customer_fields, customer=known_customer)
    async with server.customer() as customer:
        page = await customer.get(made.path(), headers={"accept-encoding": "gzip"})
        assert ("content-encoding" in page.headers) is not known


async def test_each_browser_has_its_country(server: Server) -> None:
    """A page that is kept for others has theirs."""
    made = await server.create(settings={"customer_fields": {"visible": ["city", "country"]}})
    async with server.customer() as customer:
        for wanted, country in (("de-AT", "AT"), ("pt-BR", "BR"), ("de-AT", "AT")):
            page = await customer.get(made.path(), headers={"accept-language": wanted})
            assert Page(page.text).form("pay").fields["country"] == country
