"""`checkout demo`: the sample shop, checkout and the sandbox gateways on loopback, ready to pay."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

import click

from checkout.cli.basics import FAILED, fail
from checkout.cli.sandbox import require_sandbox
from checkout.local_servers import (
    DEVELOPED,
    SHOP,
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


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--shop-port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--sandbox-port", default=8002, show_default=True, type=click.IntRange(1, 65535))
def demo(host: str, shop_port: int, port: int, sandbox_port: int) -> None:
    """Start the sample shop, checkout and the sandbox gateways; Ctrl-C ends all."""
    require_sandbox()
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory(prefix="checkout-demo-") as name:
        servers = LocalServers(
            folder=Path(name),
            shop=f"http://{host}:{shop_port}",
            checkout=f"http://{host}:{port}",
            # Another host name than the shop's and checkout's: the gateway return is cross-site.
            sandbox=f"http://localhost:{sandbox_port}",
            keys=new_keys(),
            return_origins=DEVELOPED,
        )
        try:
            with running() as processes:
                processes.append(start(*sandbox_arguments(host, sandbox_port)))
                wait_for(processes, f"{servers.sandbox}/sandbox/public_key")
                config = servers.write_settings()
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


def _print_addresses(servers: LocalServers, config: Path) -> None:
    click.echo(f"shop      {servers.shop}   press Pay here; every way to pay: /ways")
    click.echo(f"checkout  {servers.checkout}")
    click.echo(f"sandbox   {servers.sandbox}   cards, controls and the ledger of the gateways")
    click.echo(f"settings  {config}")
    click.echo(f"API       SHOP_ID={SHOP} SHOP_SECRET={servers.keys.secret_key}")
    click.echo("Pay with card 4012 0000 0000 1097, any later date, any code; password 1111.")
    click.echo("Ctrl-C ends all.")


def _watch(processes: Processes) -> None:
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    raise NotStarted("One of the servers has ended.")


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
