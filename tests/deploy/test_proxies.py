"""docs/deploy: nginx and Caddy as they stand there, on ports of loopback and with a certificate of
the test's own, before a whole server and before one that dies."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest

from tests.support.fake_network import open_fake_network
from tests.support.form_customer import FormCustomer
from tests.support.http_server import Handler, http_server
from tests.support.served import served
from tests.support.servers import ROOT, free_ports
from tests.support.tls import certificate

DEPLOY: Final = ROOT / "docs" / "deploy"
NAME: Final = "pay.example.com"
SECRETS: Final = ("canary-secret", "canary-token", "canary-ticket")

if not (shutil.which("nginx") and shutil.which("caddy")):
    if os.environ.get("CI") == "true":
        pytest.exit("no nginx or Caddy: tools/deployment installs them", returncode=1)
    pytest.skip(
        "*** NO NGINX OR CADDY: tools/deployment installs them ***", allow_module_level=True
    )


class Proxy(SimpleNamespace):
    """`url`: where it is asked; `log`: its access log; `trusted`: who signed its certificate."""

    url: str
    log: Path
    trusted: ssl.SSLContext

    def client(self, cls: Any = httpx.Client) -> Any:
        return cls(verify=self.trusted, trust_env=False, timeout=20, base_url=self.url)


def nginx(folder: Path, ports: list[int], upstreams: list[int]) -> list[str]:
    conf = (DEPLOY / "nginx" / "checkout.conf").read_text()
    servers = " ".join(f"server 127.0.0.1:{port};" for port in upstreams)
    for written, instead in (
        ("server 127.0.0.1:8001;", servers),
        ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{ports[0]};\n"),
        ("    listen 443 ssl http2;", f"    listen 127.0.0.1:{ports[1]} ssl http2;"),
        ("    listen [::]:443 ssl http2;\n", ""),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", f"{folder}/server.pem"),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", f"{folder}/server.pem"),
        ("/var/log/nginx/checkout.log", str(folder / "access.log")),
        ("/var/log/nginx/checkout-errors.log", str(folder / "errors.log")),
        (f"server_name {NAME};", "server_name localhost;"),
    ):
        assert written in conf
        conf = conf.replace(written, instead)
    temporary = "\n".join(
        f"{each}_temp_path {folder}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/errors.log crit;\n"
        f"events {{}}\nhttp {{\n{temporary}\n{conf}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", str(folder / "errors.log"), "-c", str(main)]


def caddy(folder: Path, ports: list[int], upstreams: list[int]) -> list[str]:
    conf, pem = (DEPLOY / "caddy" / "Caddyfile").read_text(), folder / "server.pem"
    servers = " ".join(f"127.0.0.1:{port}" for port in upstreams)
    for written, instead in (
        ("127.0.0.1:8001", servers),
        (
            f"\n{NAME} {{\n",
            f"\nlocalhost:{ports[1]} {{\n\tbind 127.0.0.1\n\ttls {pem} {pem}\n",
        ),
        ("\n\tlog {\n", f"\n\tlog {{\n\t\toutput file {folder}/access.log\n"),
    ):
        assert written in conf
        conf = conf.replace(written, instead)
    main = folder / "Caddyfile"
    options = f"admin off\nhttp_port {ports[0]}\nauto_https disable_redirects"
    main.write_text(conf.replace("{\n\tlog default", f"{{\n{options}\n\tlog default", 1))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(main)]


KINDS: Final = {"nginx": nginx, "caddy": caddy}


@contextmanager
def proxy(kind: str, folder: Path, *upstreams: int) -> Iterator[Proxy]:
    """Started as the recipe says, until the block ends."""
    _, trusted = certificate(folder, "localhost")
    ports = free_ports(2)
    command = KINDS[kind](folder, ports, list(upstreams))
    own = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / f"{kind}.log").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=own)
    try:
        until = time.monotonic() + 20
        while True:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", ports[1])) == 0:
                    break
            assert process.poll() is None, (folder / f"{kind}.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Proxy(
            url=f"https://localhost:{ports[1]}",
            log=folder / "access.log",
            trusted=ssl.create_default_context(cafile=str(trusted)),
        )
    finally:
        process.terminate()
        process.wait(10)


class Upstream(Handler):
    """Notes what it is sent; `dies`: closes instead of answering."""

    seen: list[tuple[str, str, dict[str, str]]]
    dies = False

    def get(self) -> None:
        self.body()
        self.seen.append((self.command, self.path, dict(self.headers.items())))
        if self.dies:
            self.close_connection = True
            return
        self.answer(b"ok")

    post = get


@contextmanager
def upstream(*, dies: bool = False) -> Iterator[tuple[int, list[tuple[str, str, dict[str, str]]]]]:
    seen: list[tuple[str, str, dict[str, str]]] = []
    handler = type("Noting", (Upstream,), {"seen": seen, "dies": dies})
    with http_server(handler) as port:
        yield port, seen


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_hands_on(kind: str, tmp_path: Path) -> None:
    """The customer's own address and nobody's claim of another; no large body; no metrics. And its
    log has no secret."""
    spoofed = {"X-Forwarded-For": "192.0.2.66", "Forwarded": "for=192.0.2.66"}
    with upstream() as (port, seen), proxy(kind, tmp_path, port) as front:
        with front.client() as http:
            assert http.get("/health/live", headers=spoofed).text == "ok"
            assert http.get("/metrics").status_code == 404
            large = http.post("/ctp/api/checkouts", content=b"x" * 70_000)
            assert large.status_code in (413, 502)  # Caddy cuts it while it is handed on
            for path in (
                f"/en/payment/uid/{SECRETS[0]}/pay",
                f"/widget/hpp.html?token={SECRETS[1]}",
                f"/return/{SECRETS[2]}",
                f"/notify/cards/{SECRETS[2]}",
                f"/ctp/api/checkouts/{SECRETS[1]}",
                f"/pay/{SECRETS[0]}",
            ):
                headers = {"Referer": f"https://{NAME}/en/payment/uid/{SECRETS[0]}"}
                assert http.get(path, headers=headers).status_code == 200
        assert {path for _, path, _ in seen} >= {"/health/live", f"/return/{SECRETS[2]}"}
        assert not any(path == "/metrics" for _, path, _ in seen)
        lowered = [{name.lower(): value for name, value in sent.items()} for _, _, sent in seen]
        assert {sent["x-forwarded-for"] for sent in lowered} == {"127.0.0.1"}
        assert not any(sent.get("forwarded") for sent in lowered)
        assert {sent["host"].partition(":")[0] for sent in lowered} == {"localhost"}
    logged = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "GET" in front.log.read_text()
    assert not [secret for secret in SECRETS if secret in logged]


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_is_sent_once(kind: str, tmp_path: Path) -> None:
    """Also where the server that took it dies before it answers, and another is there."""
    with (
        upstream(dies=True) as (dying, taken),
        upstream(dies=True) as (other, also_taken),
        proxy(kind, tmp_path, dying, other) as front,
        front.client() as http,
    ):
        for _ in range(4):
            before = len(taken) + len(also_taken)
            answer = http.post(f"/en/payment/uid/{SECRETS[0]}/pay", content=b"form_token=1")
            assert answer.status_code == 502
            assert len(taken) + len(also_taken) <= before + 1  # nginx gives up servers that died
        assert taken
        assert also_taken
    assert SECRETS[0] not in "".join(path.read_text() for path in tmp_path.glob("*.log"))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_whole_payment(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "proxy"
    folder.mkdir()
    async with open_fake_network() as network:
        with (
            served(tmp_path, network.url) as server,
            proxy(kind, folder, server.settings.port) as front,
        ):
            async with front.client(httpx.AsyncClient) as http:
                through: Any = SimpleNamespace(
                    url=front.url, shop_secret=server.settings.shop_secret
                )
                visitor = FormCustomer(through, http, f"{network.url}/webhooks")
                bought = await visitor.buy()
                form = await visitor.form(bought)
                assert form
                assert (await visitor.press_pay(form)).status_code == 303
                assert await visitor.status(bought) == "successful"
        await asyncio.sleep(0.1)  # the server's connections to the network end


def test_the_unit() -> None:
    """As systemd reads it; its programs are not installed here."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd here")
    unit = str(DEPLOY / "systemd" / "checkout.service")
    said = subprocess.run(
        [tool, "verify", unit], capture_output=True, text=True, check=False
    ).stderr
    wrong = [line for line in said.splitlines() if "checkout.service" in line]
    assert all("not executable" in line or "man checkout" in line for line in wrong), said
