"""Makes the ASGI application from the settings."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from msgspec.structs import replace

from checkout import __version__, log, shared_metrics, tracing
from checkout.gateways import OPTIONS, open_accounts
from checkout.ledger.store import open_ledger, open_wakeups, require_schema
from checkout.model.mail import Kind
from checkout.payments import adoption, metrics, retention
from checkout.payments.apple_pay import MerchantSessions
from checkout.payments.background import Background, Task
from checkout.payments.connections import HostConnections
from checkout.payments.context import Context
from checkout.payments.due_queries import DueQueries
from checkout.payments.http_transport import HttpTransport
from checkout.payments.ledger_shops import INTERVAL, LedgerShops
from checkout.payments.mailer import Mailer
from checkout.payments.pictures import Pictures
from checkout.payments.readiness import Readiness
from checkout.payments.recovery import Sweeper
from checkout.payments.schedule import HOUR, Schedule
from checkout.payments.summaries import Summaries
from checkout.payments.verification import Verifier
from checkout.payments.webhook_sender import WebhookSender
from checkout.process import end_with_parent, keep_private, kept_out
from checkout.settings import Settings, load
from checkout.settings.load import accepted
from checkout.signing import Signer
from checkout.web import (
    csp_reports,
    gateway_notification,
    gateway_return,
    health,
    logos,
    payment_links,
    pictures,
    receipt_mail,
    security_txt,
    static,
    widget,
)
from checkout.web.api import (
    app_payments,
    checkouts,
    document,
    family_addresses,
    invoices,
    merchant_initiated,
    payment_lists,
    products,
    tracking_id,
    transactions,
    webhooks,
)
from checkout.web.challenge import Challenge, open_challenge
from checkout.web.concurrency_limits import ConcurrencyLimits
from checkout.web.context import AppContext
from checkout.web.cors import readable_by_pages
from checkout.web.errors import on_error
from checkout.web.invoice_mail import invoice_sender
from checkout.web.language_choice import in_another_language
from checkout.web.load_shedding import LoadShedder
from checkout.web.mail import logo_of
from checkout.web.pages import (
    apple_pay,
    cancel,
    pay,
    payment,
    product,
    receipt,
    redirect,
    result,
    wait,
    who,
)
from checkout.web.proof_of_work import ProofOfWork
from checkout.web.render import Assets, Renderer
from checkout.web.request_metrics import measured
from checkout.web.request_size import bounded
from checkout.web.security import LARGEST_BODY, security_headers
from checkout.web.summary_mail import summary_sender

READINESS_INTERVAL = 15.0  # seconds
SUMMARIES_INTERVAL = 300.0

HANDLERS = (
    *payment.HANDLERS,
    *pay.HANDLERS,
    *who.HANDLERS,
    *apple_pay.HANDLERS,
    *cancel.HANDLERS,
    *redirect.HANDLERS,
    *wait.HANDLERS,
    *result.HANDLERS,
    *receipt.HANDLERS,
    *product.HANDLERS,
    *gateway_return.HANDLERS,
    *payment_links.HANDLERS,
    *checkouts.HANDLERS,
    *payment_lists.HANDLERS,
    *app_payments.HANDLERS,
    *transactions.HANDLERS,
    *tracking_id.HANDLERS,
    *merchant_initiated.HANDLERS,
    *products.HANDLERS,
    *invoices.HANDLERS,
    *webhooks.HANDLERS,
    *family_addresses.HANDLERS,
    *gateway_notification.HANDLERS,
    *csp_reports.HANDLERS,
    *static.HANDLERS,
    *pictures.HANDLERS,
    *widget.HANDLERS,
    *health.HANDLERS,
    *security_txt.HANDLERS,
)
CHALLENGES = {"proof_of_work": ProofOfWork}


def create_app(
    settings: Settings,
    *,
    schedule: Schedule | None = None,
    clock: Callable[[], float] = time.time,
    upstream: httpx.AsyncBaseTransport | None = None,
    downstream: httpx.AsyncBaseTransport | None = None,
    deliver: bool = True,
    name: str | None = None,
    load: LoadShedder | None = None,
) -> Litestar:
    """The server. Everything that holds a connection opens in the lifespan: in the worker, after
    the fork. `upstream` and `downstream` replace the network for calls to the gateways and to the
    shops, for tests. Without `deliver` the webhooks stay in the outbox. `name`: for the `Server`
    header. `load`: limits on concurrent requests other than the usual ones."""
    assets, signer = Assets(), Signer(settings.secrets)
    challenge = challenge_of(settings, signer)
    for file, script in challenge.scripts.items() if challenge else ():
        assets.add(file, script)
    renderer = Renderer(assets)
    renderer.compile()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        tracing.begin()
        async with (
            open_context(settings, schedule=schedule, clock=clock, upstream=upstream) as context,
            _shops(downstream) as http,
        ):
            webhook_sender = WebhookSender(context, http)
            context.verify = Verifier(context, http)
            due_queries = DueQueries(context)
            sessions = MerchantSessions(settings, (lambda _: downstream) if downstream else None)
            pictures = Pictures(context, http)
            serving = AppContext(
                context, signer, renderer, {}, due_queries, sessions, pictures, challenge
            )
            app.state.context = serving
            notify = dict.fromkeys(receipt_mail.TEXTS, receipt_mail.receipt_sender(serving))
            notify[Kind.SUMMARY] = summary_sender(serving)
            logo = partial(logo_of, serving)
            mailer = Mailer(context, invoice_sender(context, logo), notify)
            often = context.schedule.recovery_interval
            tasks = [
                Task("recovery", Sweeper(context).turn, often),
                Task("adoption", partial(adoption.turn, context), often, longest=HOUR),
                Task("mailer", mailer.deliver, often, wake=context.mails_due),
                Task("summaries", Summaries(context).turn, SUMMARIES_INTERVAL),
                Task(
                    "purge",
                    partial(retention.turn, context),
                    context.schedule.purge_interval,
                    longest=HOUR,
                ),
                Task("logos", partial(logos.fetch, serving, http), HOUR, longest=HOUR),
            ]
            if (ledger_shops := context.ledger_shops) is not None:
                tasks[-1] = replace(tasks[-1], wake=ledger_shops.changed)
                tasks.append(Task("shops", ledger_shops.turn, INTERVAL, wake=context.shops_due))
            if deliver:
                tasks.append(
                    Task("webhooks", webhook_sender.deliver, often, wake=context.webhooks_due)
                )
            if context.wakeups is not None:
                tasks.append(Task("wakeups", context.wakeups.listen, often))
            background = Background(tasks)
            readiness = app.state.readiness = Readiness(context.ledger, background.overdue)
            background.add(Task("readiness", readiness.failing, READINESS_INTERVAL))
            background.start()
            try:
                yield
            finally:
                await background.stop()
                due_queries.clear()
                await asyncio.gather(context.finish(), webhook_sender.finish(), mailer.finish())
                await asyncio.to_thread(tracing.end)

    # Litestar supports these where they are installed, 9 MB; ours are msgspec's models alone.
    with kept_out("pydantic", "attr", "attrs"):
        app = Litestar(
            route_handlers=[*HANDLERS, *family_addresses.heads(HANDLERS)],
            lifespan=[lifespan],
            exception_handlers={Exception: on_error},
            before_request=in_another_language,
            middleware=[ConcurrencyLimits(settings), load or LoadShedder()],
            before_send=[security_headers(settings, name=name), readable_by_pages(settings)],
            request_max_body_size=LARGEST_BODY,
            openapi_config=OpenAPIConfig(
                title="checkout",
                version=__version__,
                path="/schema",
                render_plugins=document.RENDERERS,
                operation_id_creator=document.operation_id,
            ),
            debug=False,
            logging_config=None,
        )
    app.state.reports = csp_reports.PolicyReports(clock)
    app.asgi_handler = measured(bounded(app.asgi_handler))
    metrics.begin(settings)
    shared_metrics.reserve()
    return app


def challenge_of(settings: Settings, signer: Signer) -> Challenge | None:
    """The challenge of the settings, if any. Raises BadSettings where it is not installed."""
    return open_challenge(settings, signer, CHALLENGES)


@asynccontextmanager
async def open_context(
    settings: Settings,
    *,
    schedule: Schedule | None = None,
    clock: Callable[[], float] = time.time,
    upstream: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Context]:
    """A context with the settings' ledger and gateways, for the server and for commands."""
    schedule = schedule or Schedule()
    require_schema(settings.database)
    ledger = open_ledger(settings.database, settings.postgresql)
    try:
        async with upstream or HostConnections(
            partial(HttpTransport, _trusted(), most=200, kept=200)
        ) as transport:
            gateways = open_accounts(
                settings.gateways,
                transport,
                charge_seconds=schedule.charge_timeout,
                query_seconds=schedule.query_timeout,
            )
            context = Context(settings, ledger, gateways, schedule=schedule, clock=clock)
            context.wakeups = open_wakeups(settings.database, ledger, context.wake)
            if settings.shops_key:
                context.ledger_shops = LedgerShops(settings, ledger)
                await context.ledger_shops.turn()
            try:
                await adoption.recognise(context)
                yield context
            finally:
                await context.pass_on()
    finally:
        await ledger.close()


def from_environment(text: bytes | None = None) -> Litestar:
    """The application for the server's workers, with the settings that the supervisor has accepted,
    else with those of CHECKOUT_CONFIG."""
    log.configure()
    keep_private()
    end_with_parent()
    path = os.environ.get("CHECKOUT_CONFIG")
    settings = (
        accepted(text, OPTIONS) if text else load(Path(path) if path else None, os.environ, OPTIONS)
    )
    app = create_app(settings, name="checkout")  # without a name Granian sends its own
    # What is built at start stays: the garbage collector need not traverse it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return app


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed, whatever the environment says. Gateways and shops share it,
    as reading it takes 18 ms and 0.6 MiB."""
    return httpx.create_ssl_context(trust_env=False)


def _shops(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """For calls to the shops: no redirects, no cookies. The number of connections is unlimited
    here, as the callers' slots (`payments.concurrency`) limit them for each shop and host. None is
    kept: it is known by its address, and shops may share one, but not a certificate."""
    client = httpx.AsyncClient(
        transport=transport or HttpTransport(_trusted()),
        timeout=httpx.Timeout(30, connect=5),
        follow_redirects=False,
        trust_env=False,
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client
