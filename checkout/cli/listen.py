"""`checkout listen`: a shop's notifications on its developer's machine, where no server can call.

It asks the shop's API for what is new and posts each to an address here as the server would: the
same body, the same headers, signed anew. Nothing of it counts as a delivery.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import click
import httpx
from msgspec import Struct

from checkout.cli.basics import FAILED, UNUSABLE, fail, json_option
from checkout.cli.common import console
from checkout.cli.link import seconds
from checkout.model.urls import is_loopback
from checkout.payments.call_failures import in_words
from checkout.settings.env_and_file import Missing, follow

FIELDS: Final = ("id", "payment", "uid", "type", "status")
REMEMBERED: Final = 10_000  # webhooks, so that none is posted twice
NO_CHECKOUT: Final = "There is no /webhooks: is --url the address of a checkout?"
ANSWERS: Final = {
    401: "The shop's id or secret is wrong",
    404: NO_CHECKOUT,
}


class Listener:
    """One shop at one server, and the address on this machine that its webhooks are posted to."""

    def __init__(
        self,
        url: str,
        shop: str,
        secret: str,
        forward_to: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        pair = base64.b64encode(f"{shop}:{secret}".encode()).decode()
        self._basic = {"Authorization": f"Basic {pair}"}
        self._url, self._forward_to, self._sleep = url.rstrip("/"), forward_to, sleep
        self._http = httpx.Client(trust_env=False, timeout=30, follow_redirects=False)
        self._seen: dict[str, None] = {}
        self._lost = False

    def new(self, since: float | None, interval: float) -> Iterator[list[dict[str, Any]]]:
        """What is new, again and again, without end; an empty list where nothing is."""
        query = {"listen": "true"}
        if since is not None:
            query["since"] = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
        while True:
            page = self._asked("/webhooks", query)
            fresh = [each for each in page["webhooks"] if each["id"] not in self._seen]
            self._seen |= dict.fromkeys(each["id"] for each in fresh)
            while len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
            yield fresh
            query = {"listen": "true", "after": page["next"]}
            if not fresh:
                self._sleep(interval)

    def forward(self, webhook: dict[str, Any]) -> str:
        """The local answer: a status, or in words why there is none."""
        found = self._asked(f"/webhooks/{quote(webhook['id'], safe='')}", {})["webhook"]
        if found["body"] is None:
            return "its content was removed"
        headers: dict[str, str] = found["headers"]
        if "webhook-signature" in headers:  # not of an app's payments
            headers = headers | self._basic
        try:
            answer = self._http.post(
                self._forward_to, content=found["body"].encode(), headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return in_words(error)
        return str(answer.status_code)

    def _asked(self, path: str, query: dict[str, str]) -> Any:
        """What the shop's API answers, as soon as it does."""
        while True:
            wait = 2.0
            try:
                answer = self._http.get(self._url + path, params=query, headers=self._basic)
            except httpx.HTTPError as error:
                self._tell(f"{self._url}: {in_words(error)}")
            else:
                if answer.status_code == 200:
                    self._lost = False
                    return _json(answer)
                if answer.status_code not in (429, 503):
                    fail(ANSWERS.get(answer.status_code, f"Answered {answer.status_code}"), FAILED)
                self._tell(f"{self._url}: answered {answer.status_code}")
                given = answer.headers.get("retry-after", "")
                wait = min(float(given), 60.0) if given.isascii() and given.isdigit() else wait
            self._sleep(wait)

    def _tell(self, what: str) -> None:
        """Once, until it has answered again."""
        if not self._lost:
            click.echo(f"{what}; trying again", err=True)
        self._lost = True


def _json(answer: httpx.Response) -> Any:
    if answer.headers.get("content-type", "").partition(";")[0] != "application/json":
        fail(NO_CHECKOUT, FAILED)
    return answer.json()


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command."""

    forward_to: str
    url: str
    shop: str
    secret: str
    since: str | None
    interval: float
    as_json: bool


@click.command()
@click.option("--forward-to", required=True, metavar="URL", help="Where your shop takes them.")
@click.option(
    "--url",
    envvar="CHECKOUT",
    default="http://127.0.0.1:8001",
    show_default=True,
    help="The checkout; or the variable CHECKOUT.",
)
@click.option("--shop", envvar="SHOP_ID", required=True, help="Its id; or the variable SHOP_ID.")
@click.option(
    "--secret",
    default="env:SHOP_SECRET",
    show_default=True,
    help="Where the shop's secret_key is: env:NAME or file:PATH.",
)
@click.option("--since", metavar="10m", help="Begin with those of the last ten minutes.")
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1, 30))
@json_option
def listen(**given: Any) -> None:
    """Post a shop's new notifications to an address on this machine, signed as the server signs
    them; also of payments that name no notification_url. Ctrl-C ends."""
    options = Options(**given)
    since = _since(options.since)
    listener = Listener(
        _address("--url", options.url, secret=True),
        options.shop,
        _secret(options.secret),
        _address("--forward-to", options.forward_to),
    )
    try:
        _run(listener, options, since)
    except KeyboardInterrupt:
        return


def _run(listener: Listener, options: Options, since: float | None) -> None:
    begun = False
    for fresh in listener.new(since, options.interval):
        if not begun:
            begun = True
            where = f"shop {options.shop} at {options.url} -> {options.forward_to}"
            click.echo(f"Listening: {where}", err=True)
        for webhook in fresh:
            _print(webhook, listener.forward(webhook), options.as_json)


def _print(webhook: dict[str, Any], answer: str, as_json: bool) -> None:
    """One line, at once: another program may read it."""
    at = datetime.now(UTC)
    if as_json:
        shown = {name: webhook[name] for name in FIELDS} | {"answer": answer}
        click.echo(json.dumps({"at": at.isoformat(timespec="milliseconds")} | shown))
        return
    what = f"{webhook['type'] or 'checkout'} {webhook['status']}"
    line = f"{at:%H:%M:%S}  {what:<24} {webhook['uid']}  -> {answer}"
    console().print(line, style=None if answer.startswith("2") else "red", soft_wrap=True)


def _secret(where: str) -> str:
    """The secret itself is no option: everybody on the machine can read those."""
    if not where.startswith(("env:", "file:")):
        fail("--secret: name where it is, env:NAME or file:PATH, not the secret itself", UNUSABLE)
    try:
        return follow(where, os.environ, Path.cwd())
    except Missing as missing:
        fail(f"--secret: {missing}", UNUSABLE)


def _address(option: str, url: str, *, secret: bool = False) -> str:
    """`secret`: the shop's secret is sent there."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = parts.scheme, parts.hostname, parts.port
        # What is printed holds no password.
        host = None if parts.username or parts.password else host
    except ValueError:
        scheme, host = "", None
    if not host or scheme not in ("http", "https"):
        fail(f"{option}: must be an address like https://pay.example.com", UNUSABLE)
    if secret and scheme != "https" and not is_loopback(host):
        fail(f"{option}: must be https, as the shop's secret is sent there", UNUSABLE)
    return url


def _since(given: str | None) -> float | None:
    try:
        return None if given is None else time.time() - seconds(given)
    except ValueError as error:
        fail(f"--since: {error}", UNUSABLE)
