"""`checkout demo`: the sample shop, checkout and the sandbox gateways on loopback, ready to pay."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from checkout.cli.basics import FAILED, UNUSABLE, fail
from checkout.cli.ports import require_free
from checkout.cli.sandbox import require_sandbox
from checkout.cli.saved_keys import saved_keys
from checkout.local_servers import (
    DEVELOPED,
    LocalServers,
    NotStarted,
    Processes,
    new_keys,
    running,
    sandbox_arguments,
    shop_arguments,
    start,
    wait_for,
)
from checkout.process import write_private
from checkout.settings.env_file import ENV_FILE, env_line, read_env_file
from checkout.settings.load import DEFAULT


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--shop-port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--sandbox-port", default=8002, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where keys, settings and payments stay, for a shop that is being written.",
)
def demo(host: str, shop_port: int, port: int, sandbox_port: int, folder: Path | None) -> None:
    """Start the sample shop, checkout and the sandbox gateways; Ctrl-C ends all."""
    require_sandbox()
    require_free(host, shop_port, "--shop-port")
    require_free(host, port)
    require_free(host, sandbox_port, "--sandbox-port")
    signal.signal(signal.SIGTERM, _stop)
    with _place(folder) as place:
        addresses = {
            "shop": f"http://{host}:{shop_port}",
            "checkout": f"http://{host}:{port}",
            # Another host name than the shop's and checkout's: the gateway return is cross-site.
            "sandbox": f"http://localhost:{sandbox_port}",
        }
        resumed = _resumes(place, {name.upper(): url for name, url in addresses.items()})
        servers = LocalServers(
            folder=place,
            **addresses,
            keys=saved_keys(place / "keys.json") if folder else new_keys(),
            return_origins=DEVELOPED,
        )
        try:
            with running() as processes:
                processes.append(start(*sandbox_arguments(host, sandbox_port)))
                wait_for(processes, f"{servers.sandbox}/sandbox/public_key")
                config = _settings(servers, resumed=resumed)
                serve = [
                    "serve",
                    "--migrate",
                    "--config",
                    str(config),
                    "--host",
                    host,
                    "--port",
                    str(port),
                ]
                processes.append(start("-m", "checkout", *serve))
                processes.append(start(*shop_arguments(servers.folder, host, shop_port)))
                wait_for(processes, f"{servers.checkout}/health/ready")
                wait_for(processes, servers.shop)
                _print_addresses(servers, config)
                _watch(processes)
        except KeyboardInterrupt:
            click.echo("Ended.")
        except NotStarted as error:
            fail(str(error), FAILED)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """The folder to stay, or one for this time."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="checkout-demo-") as name:
            yield Path(name)
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{folder} can't be made: {error.strerror}", UNUSABLE)
    yield folder.resolve()


def _resumes(folder: Path, addresses: Mapping[str, str]) -> bool:
    """Whether the folder has this demo already. Ends the command where it has anything else."""
    before = read_env_file(folder)
    if not any((folder / name).exists() for name in (ENV_FILE, DEFAULT)):
        return False
    if not addresses.items() <= before.items():
        owner = before.get("CHECKOUT", "another server")
        fail(f"{folder} has settings of {owner}: name another folder, or its ports", UNUSABLE)
    return True


def _settings(servers: LocalServers, *, resumed: bool) -> Path:
    """Of the last time, where there are some: they may have been changed since."""
    if resumed:
        servers.write_gateway_key()
        return servers.folder / DEFAULT
    config = servers.write_settings()
    variables = servers.handed_over()
    written = "".join(f"{env_line(name, value)}\n" for name, value in variables.items())
    write_private(servers.folder / ENV_FILE, written)
    return config


def _print_addresses(servers: LocalServers, config: Path) -> None:
    click.echo(f"shop      {servers.shop}   press Pay here; every way to pay: /ways")
    click.echo(f"checkout  {servers.checkout}")
    click.echo(f"sandbox   {servers.sandbox}   cards, controls and the ledger of the gateways")
    click.echo(f"settings  {config}")
    click.echo(f"for shops {servers.folder / ENV_FILE}")
    for name, value in servers.handed_over().items():
        click.echo(f"          {name}={value}")
    click.echo("Pay with card 4012 0000 0000 1097, any later date, any code; password 1111.")
    click.echo("Ctrl-C ends all.")


def _watch(processes: Processes) -> None:
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    raise NotStarted("One of the servers has ended.")


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
