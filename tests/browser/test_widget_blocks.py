"""docs/widget.md: its blocks stand in a shop's page, under the policy that it names, and work."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from playwright.async_api import expect

from tests.journeys.house import ROOT, House
from tests.journeys.plugin import BROWSER, Enter
from tests.support.blocks import PICTURES, blocks

pytestmark = BROWSER

DOCUMENT: Final = ROOT / "docs" / "widget.md"


@contextmanager
def serve(port: int, files: dict[str, tuple[str, str]], policy: str) -> Iterator[None]:
    """The shop's page, on an origin that the shop has registered."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            media, text = files[self.path]
            self.send_response(200)
            self.send_header("Content-Type", f"{media}; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_the_blocks_of_the_widgets_document(enter: Enter, house: House) -> None:
    modal, inline = await house.order(), await house.order()
    written = {
        "https://pay.example.com": house.checkout,
        "the payment's token": modal.token,
        "token=...": f"token={inline.token}",
    }
    found = blocks(DOCUMENT)
    assert len(re.findall(r"^ *```", DOCUMENT.read_text(), re.MULTILINE)) == 2 * len(found)

    def shown(code: str) -> str:
        for text, real in written.items():
            code = code.replace(text, real)
        return code

    # Its settings can be read; nothing is in a language that nobody runs.
    assert {block.language for block in found} <= {"html", "js", "toml", *PICTURES}
    for block in found:
        if block.language == "toml":
            tomllib.loads(block.code)

    html = [shown(block.code) for block in found if block.language == "html"]
    scripts = [shown(block.code) for block in found if block.language == "js"]
    (policy,) = (shown(block.code) for block in found if "Content-Security-Policy" in block.code)
    # The shop's own script, and everything on http here.
    policy = policy.partition(":")[2].strip().replace("script-src", "script-src 'self'")
    policy = policy.replace("https:", "http:")
    assert html
    assert scripts
    body = "\n".join(
        [
            "<!doctype html><html lang=en><title>A shop</title><link rel=icon href='data:,'>",
            "<button id=pay>Pay</button>",  # above the frame: it stays where it is as that grows
            *html,
            *(f"<script type=module src=/{n}.js></script>" for n in range(len(scripts))),
        ]
    )

    served = {f"/{n}.js": ("text/javascript", code) for n, code in enumerate(scripts)}
    served["/"] = ("text/html", body)
    with serve(int(house.frame.rpartition(":")[2]), served, policy):
        page = (await enter()).page
        await page.goto(f"{house.frame}/")
        frame = page.frame_locator("checkout-frame iframe")
        await expect(frame.locator("#f-number")).to_be_visible()
        await page.locator("#pay").click()
        await expect(page.frame_locator("dialog iframe").locator("#f-number")).to_be_visible()
        said = []
        page.on("console", lambda message: said.append(message.text))
        await page.get_by_role("button", name="Close").click()
        await expect(page.locator("dialog")).to_have_count(0)
        assert said == ["closed: null"]
