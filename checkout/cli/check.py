"""`checkout check`: whether the server would start, and the gateways accept the credentials."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import httpx
import msgspec
from rich.console import Console
from rich.progress import track
from rich.text import Text

from checkout.app import challenge_of, open_context
from checkout.cli.basics import FAILED, config_option, json_option, print_json
from checkout.cli.common import console, reason, settings_of, settings_path
from checkout.errors import CheckoutError
from checkout.gateways.base import Gateway, PaymentReference
from checkout.i18n import LANGUAGES, translations
from checkout.identifiers import new_attempt_key
from checkout.ledger.migrate import is_empty, migrate
from checkout.ledger.store import require_schema, sqlite_file
from checkout.model.money import Money
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status
from checkout.model.urls import is_loopback, parse
from checkout.model.validation.reader import Invalid
from checkout.payments.dns import Resolver
from checkout.payments.shop_requests import allowed
from checkout.settings import Settings
from checkout.settings.file_permissions import exposed_files
from checkout.settings.signing_keys import check_whole
from checkout.settings.wallets import ends_at
from checkout.signing import Signer
from checkout.web.render import Assets, Renderer

ENDS_SOON: Final = timedelta(days=30)


@click.command()
@config_option
@click.option("--online", is_flag=True, help="Also ask each gateway whether it knows us.")
@json_option
def check(config: Path | None, online: bool, as_json: bool) -> None:
    """Check settings, templates, catalogues and database; with --online the gateways too, and what
    each of them says that it can take."""
    settings = settings_of(config)
    database_and_gateways = asyncio.run(_database_and_gateways(settings, online=online))
    # From here on the settings have the ledger's shops, too.
    results = [{"check": "settings", "ok": True, "detail": ""}]
    results += [_warning("proxy", line) for line in _remarks(settings)]
    results += [_warning("mails", line) for line in _without_mail_server(settings)]
    results += [_warning("http", line) for line in _plain_origins(settings)]
    results += [_warning("apple_pay", line) for line in _certificates(settings)]
    results += [_warning("files", line) for line in exposed_files(settings_path(config))]
    results += _broken_keys(settings)
    results.append(_try("templates", lambda: Renderer(Assets()).compile()))
    results.append(_try("catalogues", lambda: [translations(name) for name in LANGUAGES]))
    results.append(_try("challenge", lambda: challenge_of(settings, Signer(settings.secrets))))
    results += database_and_gateways
    if as_json:
        print_json(results)
    else:
        _print(results)
    sys.exit(0 if all(result["ok"] for result in results) else FAILED)


def _print(results: list[dict[str, Any]]) -> None:
    for result in results:
        mark = ("ok", "green") if result["ok"] else ("failed", "red")
        mark = ("warning", "yellow") if result.get("warning") else mark
        first, *others = str(result["detail"]).split("\n")
        console().print(Text.assemble(mark, f"  {result['check']}  {first}"))
        for line in others:
            console().print(Text(f"      {line}"))


def _remarks(settings: Settings) -> Iterator[str]:
    """Settings that are valid, but probably a mistake."""
    if settings.https and not settings.trusted_proxies:
        yield (
            "trusted_proxies is empty, though public_url is https: something stands in front that "
            "speaks TLS, and unless it is named all customers count as its one address"
        )


def _without_mail_server(settings: Settings) -> Iterator[str]:
    """Shops that want mails which nobody sends."""
    for shop in settings.shops.values():
        if shop.notify_email and settings.smtp is None:
            yield f"shops.{shop.id}.notify_email gets nothing: there is no [smtp] in the settings"


def _certificates(settings: Settings) -> Iterator[str]:
    """Apple Pay's that end soon or have ended: then no sheet opens any more."""
    soon = datetime.now(UTC) + ENDS_SOON
    for shop in settings.shops.values():
        if shop.apple_pay and (ends := ends_at(shop.apple_pay)) < soon:
            key = f"shops.{shop.id}.apple_pay.certificate"
            yield f"{key} ends on {ends:%Y-%m-%d}: renew it at Apple"


def _broken_keys(settings: Settings) -> Iterator[dict[str, Any]]:
    """Shops' keys whose numbers don't belong together. The server starts with such a key; its shop
    is told nothing."""
    shops = list(settings.shops.values())
    # On standard error: standard output is the answer alone.
    for shop in track(shops, "keys", console=Console(stderr=True), transient=True):
        for key in shop.private_keys:
            try:
                check_whole(key)
            except Invalid as wrong:
                name = f"shops.{shop.id}.private_key"
                yield {"check": "keys", "ok": False, "detail": f"{name} {wrong}"}


def _plain_origins(settings: Settings) -> Iterator[str]:
    """Sites without TLS that shops list: allowed, but anybody on the way reads and changes it."""
    for shop in settings.shops.values():
        sites = [each for each in shop.plain_origins if not is_loopback(parse(each).host)]
        if sites:
            yield (
                f"shops.{shop.id}.return_origins lists {', '.join(sites)}: customers and "
                "notifications go there without TLS"
            )


def _warning(name: str, detail: str) -> dict[str, Any]:
    """A result that does not keep the server from starting."""
    return {"check": name, "ok": True, "warning": True, "detail": detail}


def _try(name: str, work: Any) -> dict[str, Any]:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - any error is reported
        return {"check": name, "ok": False, "detail": f"{type(error).__name__}: {error}"}
    return {"check": name, "ok": True, "detail": ""}


def _database(settings: Settings) -> dict[str, Any]:
    """Whether the server could run on the database, which is left as it is."""
    try:
        if settings.sandbox and is_empty(settings.database):
            file = sqlite_file(settings.database)
            if file is not None and not file.parent.is_dir():
                return {"check": "database", "ok": False, "detail": f"no folder for {file}"}
            detail = "holds no ledger yet: `checkout serve` makes one there, as sandbox = true"
            return _warning("database", detail)
        require_schema(settings.database)
    except Exception as error:  # noqa: BLE001 - drivers raise errors of their own
        return {"check": "database", "ok": False, "detail": _why(error)}
    return {"check": "database", "ok": True, "detail": ""}


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, CheckoutError) else reason(error)


async def _database_and_gateways(settings: Settings, *, online: bool) -> list[dict[str, Any]]:
    """A database without a usable ledger keeps no gateway from being asked."""
    database = _database(settings)
    if not database["detail"]:
        return [database, *await _shops_and_gateways(settings, online=online)]
    if not online:
        return [database]
    with TemporaryDirectory() as folder:
        elsewhere = f"sqlite:///{Path(folder).as_posix()}/checkout.db"
        migrate(elsewhere)
        instead = msgspec.structs.replace(settings, database=elsewhere)
        return [database, *await _shops_and_gateways(instead, online=online)]


async def _shops_and_gateways(settings: Settings, *, online: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        async with open_context(settings) as context:
            if context.ledger_shops is not None:
                found += [
                    {"check": f"shops.{shop}", "ok": False, "detail": why}
                    for shop, why in context.ledger_shops.unreadable.items()
                ]
            if online:
                for name, gateway in context.gateways.items():
                    found.append(await _private(settings, name) or await _query(name, gateway))
    except Exception as error:  # noqa: BLE001 - drivers raise errors of their own
        found.append({"check": "gateways", "ok": False, "detail": _why(error)})
    return found


async def _private(settings: Settings, name: str) -> dict[str, Any] | None:
    """The failed result for an account whose address is in a private network; it is not queried."""
    url = httpx.URL(settings.gateways[name].options.base_url)
    try:
        hosts = await Resolver("check").of("")(url.host, url.port or 443)
    except OSError:
        return None  # the query will report it
    if all(allowed(host, sandbox=settings.sandbox) for host in hosts):
        return None
    wrong = "base_url leads to a private address"
    return {"check": f"gateways.{name}", "ok": False, "detail": wrong}


async def _query(name: str, gateway: Gateway) -> dict[str, Any]:
    """Query a payment that does not exist: a gateway that accepts the credentials says so. `detail`
    has the error, and what the gateway says that it can take."""
    await gateway.prepare()
    described = gateway.describe()
    key = new_attempt_key(1)
    outcome = await gateway.status(
        PaymentReference(
            key=key,
            id=None,
            money=Money(1, "EUR"),
            method="credit_card",
            transaction_type="payment",
        )
    )
    wrong = "" if outcome.status is Status.NOT_SENT else "did not answer"
    if outcome.reason is DeclineReason.CREDENTIALS:
        wrong = "refused our credentials"
    lines = (*([wrong] if wrong else []), *(described.lines if described else ()))
    ok = not wrong and (described is None or described.ok)
    return {"check": f"gateways.{name}", "ok": ok, "detail": "\n".join(lines)}
