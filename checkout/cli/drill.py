"""`checkout drill`: run the scenarios in which shops' integrations fail against a shop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec
import structlog
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from checkout.cli.basics import FAILED, UNUSABLE, fail, json_option, print_json
from checkout.cli.common import console
from checkout.cli.sandbox import require_sandbox
from checkout.cli.saved_keys import saved_keys
from checkout.drill.checks import Patience
from checkout.drill.run import Result, drill, open_servers
from checkout.drill.scenarios import SCENARIOS, Scenario
from checkout.drill.shop import Shop, Unusable, is_address
from checkout.errors import BadSettings
from checkout.local_servers import (
    SHOP,
    LocalServers,
    NotStarted,
    new_keys,
    running,
    shop_arguments,
    start,
    wait_for,
)
from checkout.settings import Settings

KEYS = Path("checkout-drill.json")
PORT = click.IntRange(1, 65535)
NOT_REPORTED = "The shop does not tell how often it hands an order over, so that was not checked."


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command."""

    start_at: str | None
    start_method: str
    state: str | None
    status_field: str
    fulfilled_field: str
    paid: tuple[str, ...]
    sample: bool
    return_origin: tuple[str, ...]
    only: tuple[str, ...]
    show_settings: bool
    keys_file: Path
    host: str
    port: int
    sandbox_port: int
    shop_port: int
    public_url: str | None
    patience: float
    quiet: float
    as_json: bool


@click.command("drill")
@click.option("--start", "start_at", help="Starts an order: an address, or a command.")
@click.option("--start-method", type=click.Choice(["POST", "GET"]), default="POST")
@click.option(
    "--state", help="Tells an order's state: an address or a command, {tracking_id} in it."
)
@click.option(
    "--status-field", default="status", show_default=True, help="Where the state is told."
)
@click.option("--fulfilled-field", default="fulfilled", show_default=True, help="How often sent.")
@click.option("--paid", multiple=True, default=["paid"], show_default=True, help="Means paid.")
@click.option("--demo", "sample", is_flag=True, help="Try it on the sample shop, started here.")
@click.option(
    "--return-origin",
    multiple=True,
    help="A site or an app (myshop://) that the shop's customers return to, beside --start's.",
)
@click.option("--only", multiple=True, type=click.Choice([each.name for each in SCENARIOS]))
@click.option("--show-settings", is_flag=True, help="What to point the shop to; then end.")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=KEYS,
    show_default=True,
    help="What the shop is pointed to; made when it isn't there.",
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=PORT)
@click.option("--sandbox-port", default=8002, show_default=True, type=PORT)
@click.option("--shop-port", default=8000, show_default=True, type=PORT, help="With --demo.")
@click.option("--public-url", help="Where the shop reaches this checkout, if not at host and port.")
@click.option("--patience", default=10.0, show_default=True, type=click.FloatRange(0, 600))
@click.option("--quiet", default=1.0, show_default=True, type=click.FloatRange(0, 60))
@json_option
def drill_command(**given: Any) -> None:
    """Try the classic disasters of paying on a shop, through a checkout and gateways of its own.

    Exit code 0: the shop did right in all; 1: not in all; 2: something given can't be used.
    """
    require_sandbox()
    signal.signal(signal.SIGTERM, _stop)
    # The drill causes faults on purpose: they are no alerts.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    options = Options(**given)
    with tempfile.TemporaryDirectory(prefix="checkout-drill-") as folder:
        servers = _servers(options, Path(folder))
        if options.show_settings:
            _show_settings(servers, options.as_json)
            return
        results = _run_all(options, servers)
    _report(results, options.as_json)
    if not all(result.passed for result in results):
        sys.exit(FAILED)


def _servers(options: Options, folder: Path) -> LocalServers:
    host, checkout = options.host, options.public_url or f"http://{options.host}:{options.port}"
    home = f"http://{host}:{options.shop_port}"
    if options.start_at and is_address(options.start_at) and not options.sample:
        home = _origin(options.start_at)
    return LocalServers(
        folder=folder,
        shop=home,
        checkout=checkout.rstrip("/"),
        sandbox=f"http://localhost:{options.sandbox_port}",
        keys=new_keys() if options.sample else saved_keys(options.keys_file),
        return_origins=options.return_origin,
    )


def _run_all(options: Options, servers: LocalServers) -> list[Result]:
    """Start the servers, and run the chosen scenarios."""
    shop = _shop(options, servers.shop)
    chosen = [each for each in SCENARIOS if not options.only or each.name in options.only]
    patience = Patience(most=options.patience, quiet=options.quiet)
    sample = _sample_shop(servers, options.host, options.shop_port)
    with (
        _failing(),
        open_servers(servers, options.host, options.port, options.sandbox_port) as settings,
        sample if options.sample else nullcontext(),
    ):
        return _run(shop, servers, settings, chosen, patience)


def _shop(options: Options, home: str) -> Shop:
    start, state, status_field = options.start_at, options.state, options.status_field
    if options.sample:
        start, state = f"{home}/orders", f"{home}/orders/{{tracking_id}}.json"
        status_field = "state"
    if not start or not state:
        fail("--start and --state are needed, or --demo: see docs/drill.md", UNUSABLE)
    return Shop(
        start=start,
        start_method=options.start_method,
        state=state,
        paid=frozenset(options.paid),
        status_field=status_field,
        fulfilled_field=options.fulfilled_field,
    )


@contextmanager
def _failing() -> Iterator[None]:
    """End the command with a message where the servers or the shop fail."""
    try:
        yield
    except BadSettings as error:
        fail(f"The settings can't be used:\n{error}", UNUSABLE)
    except Unusable as error:
        fail(str(error), UNUSABLE)
    except NotStarted as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        fail("Ended.", FAILED)


def _run(
    shop: Shop,
    servers: LocalServers,
    settings: Settings,
    chosen: Sequence[Scenario],
    patience: Patience,
) -> list[Result]:
    """Run the scenarios, with a progress bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(chosen[0].description, total=len(chosen))
        following = iter([*(each.description for each in chosen[1:]), "Done"])

        def advance(_: Result) -> None:
            progress.update(task, advance=1, description=next(following))

        return asyncio.run(
            drill(
                shop,
                settings,
                servers.sandbox,
                scenarios=chosen,
                patience=patience,
                on_result=advance,
            )
        )


@contextmanager
def _sample_shop(servers: LocalServers, host: str, port: int) -> Iterator[None]:
    with running() as processes:
        arguments = shop_arguments(servers.folder, host, port)
        processes.append(start(*arguments, log=servers.folder / "shop.log"))
        wait_for(processes, servers.shop)
        yield


def _show_settings(servers: LocalServers, as_json: bool) -> None:
    found = {
        "checkout_url": servers.checkout,
        "shop_id": SHOP,
        "secret_key": servers.keys.secret_key,
        "public_key": servers.keys.public_key,
    }
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name:<13} {value}")


def _report(results: Sequence[Result], as_json: bool) -> None:
    if as_json:
        passed = all(result.passed for result in results)
        print_json({"passed": passed, "disasters": [_shown(result) for result in results]})
        return
    table = Table("", "disaster", "after", "the shop should be", "the shop was", expand=False)
    for result in results:
        _rows(table, result)
    console().print(table)
    failed = [result.scenario.name for result in results if not result.passed]
    click.echo(
        f"{len(results) - len(failed)} of {len(results)} passed"
        + (f"; not: {', '.join(failed)}" if failed else "")
    )
    if not any("handed over" in check.should for result in results for check in result.checks):
        click.echo(NOT_REPORTED)


def _rows(table: Table, result: Result) -> None:
    """A row for the last check of a scenario that passed, or for each check that failed."""
    if result.passed:
        last = result.checks[-1]
        table.add_row("ok", result.scenario.name, last.after, last.should, last.did)
        return
    rows = [(c.after, c.should, c.did) for c in result.checks if not c.passed]
    if result.error is not None:
        rows.append(("it could not go on", "", result.error))
    for number, row in enumerate(rows):
        name = result.scenario.name if number == 0 else ""
        table.add_row("FAILED", name, *row, style="bold red")


def _shown(result: Result) -> dict[str, Any]:
    return {
        "name": result.scenario.name,
        "says": result.scenario.description,
        "passed": result.passed,
        "error": result.error,
        "checks": [msgspec.to_builtins(check) for check in result.checks],
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
