"""The embed script as it is served: small, pinned by its hash, readable from any page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from checkout import __version__
from checkout.assets import STATIC
from checkout.i18n import LANGUAGES, gettext
from checkout.web import widget
from tests.support.settings import SHOP
from tests.web.server import Customer
from tests.web.settings import PUBLIC
from tests.web.test_security import policy_of

ROOT = Path(__file__).parents[2]
VERSIONED = f"/widget-{__version__}.js"
PATHS = [VERSIONED, *widget.LATEST_PATHS]
OLDER = widget.BUILD_FORM_PATHS


def integrity(body: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_script(customer: Customer, path: str, encoding: str) -> None:
    answer = await customer.get(path, headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    pinned = path == VERSIONED
    served = widget.SCRIPTS[__version__] if pinned else widget.LATEST_SCRIPT
    assert integrity(answer.content) == served.integrity
    kept = answer.headers["cache-control"]
    assert ("immutable" in kept) == pinned


WORDS = re.compile(r"const WORDS = \{.*\};")


async def test_five_kilobytes(customer: Customer) -> None:
    """Without its table of languages: 4. A language more is less than 100 bytes."""
    path, asked = widget.LATEST_PATHS[0], {"Accept-Encoding": "gzip"}
    async with customer.stream("GET", path, headers=asked) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    body = gzip.decompress(raw)
    assert body == widget.LATEST_SCRIPT.body
    bare = gzip.compress(WORDS.sub("", body.decode()).encode(), 9)
    assert len(bare) <= 4000
    assert len(raw) - len(bare) <= 100 * (len(LANGUAGES) + 1)


async def test_three_quarters_of_a_kilobyte_more_for_older_pages(customer: Customer) -> None:
    """`buildForm` is thin over the widget, which it begins with."""
    async with customer.stream("GET", OLDER[0], headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    body = gzip.decompress(raw)
    latest = widget.LATEST_SCRIPT
    assert body.startswith(latest.body)
    assert b"buildForm" in body
    assert b"buildForm" not in latest.body
    assert len(raw) - len(latest.gzipped) <= 750


@pytest.mark.parametrize("path", OLDER)
async def test_every_name_of_the_older_script(customer: Customer, path: str) -> None:
    """All the same, and never for ever: they stand for the latest."""
    answer = await customer.get(path)
    assert answer.status_code == 200
    assert answer.content == widget.BUILD_FORM.body
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize("path", [*PATHS, OLDER[0]])
async def test_asked_again(customer: Customer, path: str) -> None:
    first = await customer.get(path)
    again = await customer.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await customer.get(path, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    head = await customer.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")


async def test_another_version_is_not_there(customer: Customer) -> None:
    for path in (
        "/widget-99.0.0.js",
        "/widget-.js",
        "/widget/other.js",
        "/begateway-2-latest.min.js",
    ):
        assert (await customer.get(path)).status_code == 404


async def test_types(customer: Customer) -> None:
    answer = await customer.get("/widget.d.ts")
    assert answer.status_code == 200
    assert "class BeGateway" in answer.text


def test_the_published_hash_is_the_one_served() -> None:
    """Shops copy it from the documents."""
    said = (ROOT / "docs" / "widget.md").read_text()
    assert re.findall(r"widget-([\d.]+)\.js", said)[0] == __version__
    assert set(re.findall(r"sha384-[\w+/=]+", said)) == {widget.SCRIPTS[__version__].integrity}


def test_a_released_version_is_kept() -> None:
    """A shop that has pinned it must find it after an update."""
    released = re.findall(r"(?m)^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text())
    assert [v for v in released if not (STATIC / "widget" / f"{v}.js").is_file()] == []


def test_an_older_version_beside_this_one(tmp_path: Path) -> None:
    (tmp_path / "0.0.9.js").write_text("old();")
    (tmp_path / "widget.js").write_text("// why\n  now(); // here\n\n\tthen();\n  // end\n")
    found = widget.read_scripts(tmp_path)
    assert {v: each.body.decode() for v, each in found.items()} == {
        "0.0.9": "old();",
        __version__: "now(); // here\n\nthen();\n",
    }
    (tmp_path / f"{__version__}.js").write_text("frozen();")
    found = widget.read_scripts(tmp_path)
    assert found[__version__].body == b"frozen();"
    # What has changed since then is the latest's alone.
    assert widget.read_latest(tmp_path).body == b"now(); // here\n\nthen();\n"


def test_its_words_are_the_catalogues() -> None:
    (table,) = re.findall(r"const WORDS = (\{.*\});", widget.LATEST_SCRIPT.body.decode())
    assert json.loads(table) == {
        language: [gettext(language)(word) for word in widget.TEXTS]
        for language in LANGUAGES
        if len(language) == 2
    }


def test_the_tag_for_the_shop() -> None:
    tag = widget.tag(PUBLIC)
    assert f'src="{PUBLIC}{VERSIONED}"' in tag
    assert 'crossorigin="anonymous"' in tag
    assert widget.SCRIPTS[__version__].integrity in tag


async def test_what_a_frame_is_told(customer: Customer) -> None:
    """The page in a frame says to whom it may talk, and how it stands; no other page does."""
    back = {"return_url": "https://framing.example.com/thanks"}
    made = await customer.server.create(shop="framing", settings=back)
    framed = {"Sec-Fetch-Dest": "iframe"}
    answer = await customer.get(made.path(), headers=framed)
    body = re.search(r"<body[^>]*>", answer.text)
    assert body
    assert 'data-frame="https://framing.example.com https://m.framing.example.com:8443"' in body[0]
    assert 'data-status="incomplete"' in body[0]
    assert "data-live" not in body[0]
    assert policy_of(answer)["frame-ancestors"] == (
        "https://framing.example.com https://m.framing.example.com:8443"
    )
    assert answer.headers["cross-origin-opener-policy"] == "unsafe-none"
    other = await customer.server.create()
    stranger = await customer.get(other.path(), headers=framed)
    assert policy_of(stranger)["frame-ancestors"] == "'none'"
    assert "data-frame" not in stranger.text


async def test_what_a_window_of_its_own_is_told(customer: Customer) -> None:
    """The same: who opened it may be one of the shop's sites. It keeps hold of the window through
    every redirect and page of such a shop, and through none of another's."""
    policy = "cross-origin-opener-policy"
    for shop, kept in (("framing", "unsafe-none"), (SHOP, "same-origin")):
        made = await customer.server.create(shop=shop, settings={"return_url": None})
        answers = [
            await customer.get(f"/widget/hpp.html?token={made.token}"),
            await customer.get(made.path()),
            await customer.get(made.path("result")),
        ]
        assert [answer.status_code for answer in answers] == [303, 200, 303]
        assert [answer.headers[policy] for answer in answers] == [kept] * 3
        assert ("data-frame" in answers[1].text) == (shop == "framing")


@pytest.mark.parametrize(
    ("settings", "stays"),
    [
        ({"return_url": "https://framing.example.com/thanks"}, False),
        ({"return_url": "framing://done"}, False),
        ({"return_url": None, "cancel_url": "https://framing.example.com/no"}, False),
        ({"return_url": None}, True),
    ],
    ids=["return", "app", "cancel", "none"],
)
async def test_the_way_back(customer: Customer, settings: dict[str, str], stays: bool) -> None:
    """Where the order names no address the frame is just closed; a link is there always."""
    made = await customer.server.create(shop="framing", settings=settings)
    page = (await customer.get(made.path())).text
    token = re.findall(r'name="form_token" value="([^"]+)"', page)[1]
    answer = await customer.post(
        made.path("cancel"),
        data={"form_token": token, "what": "payment"},
        headers={"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303, answer.text
    result = await customer.get(made.path("result"), headers={"Sec-Fetch-Dest": "iframe"})
    (link,) = re.findall(r"<a\s+class=\"button[^>]* data-back[^>]*>", result.text)
    assert ("data-stay" in link) == stays
    assert 'target="_top"' in link
    start = settings.get("cancel_url") or settings["return_url"] or "https://framing.example.com"
    assert f'href="{start}' in link
