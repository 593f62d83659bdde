"""Serving in the foreground: a real process, ended as services are ended."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import end, free_port, started
from tests.sandbox.requests import card_request


def test_ends_cleanly_while_a_call_hangs() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = started(
        f"from checkout.sandbox.serve import run; run(port={port})", f"{url}/sandbox/public_key"
    )
    with httpx.Client(base_url=url, auth=("361", "key"), trust_env=False, timeout=30) as client:
        said = client.post("/transactions/payments", json=card_request()).json()["transaction"]
        assert said["redirect_url"].startswith(f"http://localhost:{port}/process/")
        client.post("/sandbox/faults", json={"faults": ["hang_after"]})
        seen: list[str] = []

        def hang() -> None:
            try:
                client.post("/transactions/payments", json=card_request(amount=5))
            except httpx.TransportError as error:
                seen.append(type(error).__name__)

        waiting = threading.Thread(target=hang)
        waiting.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert end(process) == 0
        assert time.monotonic() - began < 30  # the hang alone would last 60
        waiting.join(5)
        assert seen


def test_shop_runs_from_its_file(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "shop.json"
    url = f"http://127.0.0.1:{port}"
    config.write_text(
        json.dumps(
            {
                "shop_id": "361",
                "secret_key": "key",
                "checkout_url": "http://127.0.0.1:1",
                "public_url": url,
                "public_key": "",
            }
        )
    )
    code = (
        "from pathlib import Path; from checkout.sandbox.serve import run_shop; "
        f"run_shop(Path({str(config)!r}), port={port})"
    )
    process = started(code, url)
    try:
        assert "Your basket" in httpx.get(url, trust_env=False).text
    finally:
        assert end(process) == 0


def test_factories_read_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from checkout.sandbox.app import sandbox_from_environment
    from checkout.sandbox.shop.app import shop_from_environment

    monkeypatch.setenv("CHECKOUT_SANDBOX_URL", "http://localhost:1234/")
    assert sandbox_from_environment().state.sandbox.public_url == "http://localhost:1234"
    config = tmp_path / "shop.json"
    config.write_text(
        '{"shop_id": "1", "secret_key": "hidden", "checkout_url": "http://c", "public_url": "http://s"}'
    )
    monkeypatch.setenv("CHECKOUT_SHOP_CONFIG", str(config))
    shop = shop_from_environment().state.shop
    assert shop.config.shop_id == "1"
    assert "hidden" not in repr(shop.config)
