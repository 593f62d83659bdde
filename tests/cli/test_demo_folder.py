"""`checkout demo --folder`: a shop that is being written finds the same keys and payments again."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from checkout.settings.env_file import read_env_file
from tests.cli.conftest import Run
from tests.support.servers import ROOT, free_ports, interrupt


@contextmanager
def demo(folder: Path, ports: list[str]) -> Iterator[str]:
    """What it prints, while it runs."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "checkout", "demo", "--folder", str(folder), *ports],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        yield said
        process.send_signal(interrupt())
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def test_the_same_at_every_start(run: Run, tmp_path: Path) -> None:
    names = ("--shop-port", "--port", "--sandbox-port")
    found = [str(port) for port in free_ports(3)]
    ports = [word for pair in zip(names, found, strict=True) for word in pair]
    folder = tmp_path / "demo"
    with demo(folder, ports) as said:
        known = read_env_file(folder)
        assert all(f"{name}={value}\n" in said for name, value in known.items()), said
        api = f"{known['CHECKOUT']}/ctp/api/checkouts"
        auth = (known["SHOP_ID"], known["SHOP_SECRET"])
        order = {"amount": 1999, "currency": "EUR", "description": "Chairs"}
        body = {"checkout": {"transaction_type": "payment", "order": order}}
        made = httpx.post(api, json=body, auth=auth, trust_env=False)
        token = made.json()["checkout"]["token"]
    secret = ("keys.json", ".env", "checkout.toml", "shop.pem", "checkout.db")
    assert [stat.S_IMODE((folder / name).stat().st_mode) for name in secret] == [0o600] * 5
    settings = (folder / "checkout.toml").read_text()
    with demo(folder, ports) as said:
        assert read_env_file(folder) == known
        assert (folder / "checkout.toml").read_text() == settings
        seen = httpx.get(f"{api}/{token}", auth=auth, trust_env=False)
        assert seen.json()["checkout"]["order"]["amount"] == 1999
        config = folder / "checkout.toml"
        assert run("check", "--online", "--config", config).exit_code == 0
    other = run("demo", "--folder", folder, *(word for word in ports[:2]))
    assert other.exit_code == 2
    assert f"has settings of {known['CHECKOUT']}" in other.stderr


def test_what_is_there_is_nobody_elses(run: Run, tmp_path: Path) -> None:
    (tmp_path / "checkout.toml").write_text("mine = true\n")
    ports = [f"--{name}={port}" for name, port in
             zip(("shop-port", "port", "sandbox-port"), free_ports(3), strict=True)]  # fmt: skip
    said = run("demo", "--folder", tmp_path, *ports)
    assert said.exit_code == 2
    assert "has settings of another server" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["checkout.toml"]
