"""checkout, the gateways' sandbox and the sample shop: processes on free ports of loopback, ended
by their ids."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0

Process = subprocess.Popen[bytes]


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def free_port() -> int:
    (port,) = free_ports(1)
    return port


def start(*arguments: str, log: Path | None = None, **environment: str) -> Process:
    """This Python with these arguments, in a process group of its own; `log`: what it says."""
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with (log or Path(os.devnull)).open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-W", "error", *arguments],
            cwd=ROOT,
            env=os.environ | path | environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def kill(process: Process) -> int:
    """As kill -9 does, with all its workers."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def stop(process: Process, seconds: float = STOP_SECONDS) -> int:
    """As an operator does; its exit code. What does not end in time is killed."""
    process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return kill(process)


@contextmanager
def running(*arguments: str, log: Path | None = None, **environment: str) -> Iterator[Process]:
    """A process until the block ends."""
    process = start(*arguments, log=log, **environment)
    try:
        yield process
    finally:
        stop(process)


def wait_for(url: str, process: Process | None = None, seconds: float = START_SECONDS) -> str:
    """The text at `url`, once it answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process is None or process.poll() is None, f"it ended before {url} answered"
        try:
            answer = httpx.get(url, trust_env=False, timeout=2)
            if answer.status_code < 400:
                return answer.text
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@contextmanager
def sandbox(folder: Path, port: int, public_url: str | None = None) -> Iterator[str]:
    """The simulated gateways on `http://localhost:<port>`; yields their public key."""
    code = f"from checkout.sandbox.serve import run; run(port={port}, public_url={public_url!r})"
    with running("-c", code, log=folder / "sandbox.log") as process:
        yield wait_for(f"http://localhost:{port}/sandbox/public_key", process).strip()


@contextmanager
def sample_shop(folder: Path, port: int, **settings: str) -> Iterator[Process]:
    config = folder / "shop.json"
    config.write_text(json.dumps({"public_url": f"http://127.0.0.1:{port}"} | settings))
    code = "from pathlib import Path; from checkout.sandbox.serve import run_shop; "
    code += f"run_shop(Path({str(config)!r}), port={port})"
    with running("-c", code, log=folder / "shop.log") as process:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield process


def start_checkout(config: Path, port: int, log: Path, **how: Any) -> Process:
    """checkout with these settings; `how`: see `paced.serve`."""
    code = f"from tests.support.paced import serve; serve({str(config)!r}, {port}, **{how!r})"
    return start("-c", code, log=log)


@contextmanager
def checkout(config: Path, port: int, log: Path, **how: Any) -> Iterator[Process]:
    """The same until the block ends, once it is ready."""
    process = start_checkout(config, port, log, **how)
    try:
        wait_for(f"http://127.0.0.1:{port}/health/ready", process)
        yield process
    finally:
        stop(process)


async def two_at_once(code: str, *arguments: str) -> list[str]:
    """Two processes say that they are ready, and then do the same at once; the words of both."""
    command = (sys.executable, "-W", "error", "-c", code, *arguments)
    both = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
        for _ in range(2)
    ]
    async with asyncio.timeout(60):
        for each in both:
            assert each.stdout
            assert await each.stdout.readline() == b"ready\n"
        said = await asyncio.gather(*(each.communicate(b"\n") for each in both))
    assert [each.returncode for each in both] == [0, 0]
    return [word for out, _ in said for word in out.decode().split()]


def interrupt() -> signal.Signals:
    """Ctrl-C's signal; SIGTERM where tests run in the background of a script, whose shell has
    switched Ctrl-C off for them and for all that they start."""
    off = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return signal.SIGTERM if off else signal.SIGINT
