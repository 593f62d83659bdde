"""`checkout payments resend`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from checkout.ledger import audit, outbox
from checkout.payments.context import Context
from tests.cli.conftest import Run, answered
from tests.cli.test_payments import made, with_context
from tests.web.server import PAID
from tests.web.settings import write_usual_settings

NOTIFIED = {"notification_url": "http://127.0.0.1:8009/notify", "return_url": None}
Kept = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def ledger(pem: str, sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    key = httpx.get(f"{sandbox}/sandbox/public_key", trust_env=False).text
    folder = tmp_path_factory.mktemp("webhooks")
    config = write_usual_settings(folder, pem, sandbox=sandbox, gateway=f'public_key = "{key}"')

    async def fill(context: Context) -> dict[str, str]:
        return {
            "told": await made(context, PAID, settings=NOTIFIED),
            "failed": await made(context, PAID, settings=NOTIFIED),
            "untold": await made(context, PAID),
            "open": await made(context, None),
        }

    return config, with_context(config, fill)


def webhooks(config: Path, uid: str) -> list[outbox.Webhook]:
    async def work(context: Context) -> list[outbox.Webhook]:
        return await context.ledger.read(outbox.of, uid)

    found: list[outbox.Webhook] = with_context(config, work)
    return found


def test_it_is_due_again_under_its_id(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    (before,) = webhooks(config, uids["told"])
    (again,) = answered(run("payments", "resend", uids["told"], "--config", config, "--json"))
    assert (again["id"], again["tries"], again["url"]) == (before.id, 0, before.url)
    (after,) = webhooks(config, uids["told"])
    assert (after.id, after.body, after.tries) == (before.id, before.body, 0)
    assert after.due_at is not None
    assert before.due_at is not None
    assert after.due_at > before.due_at

    async def work(context: Context) -> list[audit.Entry]:
        return await context.ledger.read(audit.listed, subject=before.id)

    assert [(each.act, each.via) for each in with_context(config, work)] == [
        ("webhook.resend", "cli")
    ]
    said = run("payments", "resend", uids["told"], "--all", "--config", config)
    assert said.exit_code == 0
    assert before.id in said.output
    assert "within a second" in said.output


def test_whatever_was_given_up(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    (webhook,) = webhooks(config, uids["failed"])

    async def give_up(context: Context) -> None:
        await context.ledger.write(outbox.settle, webhook.id, answer="410", due_at=None)

    with_context(config, give_up)
    again = ("payments", "resend", "--all-given-up", "--config", config)
    later = ("--since", "2999-01-01")
    assert "Nothing was given up" in run(*again, *later).output
    (sent,) = answered(run(*again, "--json"))
    assert (sent["id"], sent["tries"]) == (webhook.id, 0)
    (after,) = webhooks(config, uids["failed"])
    assert after.due_at is not None
    assert answered(run(*again, "--json")) == []  # it is due


def test_nobody_to_tell(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    said = run("payments", "resend", uids["untold"], "--config", config)
    assert said.exit_code == 1
    assert said.output == (
        "notification_url the payment names none, nor do the settings of its shop\n"
    )
    said = run("payments", "resend", uids["open"], "--config", config)
    assert (said.exit_code, said.output) == (
        1,
        "status is incomplete: its shop is told once it has ended\n",
    )
    said = run("payments", "resend", "nonsense", "--config", config)
    assert (said.exit_code, said.output) == (1, "Record not found\n")


def test_one_is_written_once_the_settings_have_an_address(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    now = config.with_name("now.toml")
    url = "http://127.0.0.1:8009/later"
    now.write_text(
        config.read_text().replace("[shops.361]\n", f'[shops.361]\nnotification_url = "{url}"\n')
    )
    (written,) = answered(run("payments", "resend", uids["untold"], "--config", now, "--json"))
    assert (written["url"], written["tries"]) == (url, 0)
    (kept,) = webhooks(config, uids["untold"])
    assert kept.id == written["id"]
    assert uids["untold"] in kept.body
    (again,) = answered(run("payments", "resend", uids["untold"], "--config", now, "--json"))
    assert again["id"] == written["id"], "the same from now on"


def test_nothing_is_left_to_send(run: Run, ledger: Kept) -> None:
    """The customer's data were removed, and the notification's content with them."""
    config, uids = ledger

    async def work(context: Context) -> None:
        def blank(conn: object) -> None:
            conn.exec_driver_sql("UPDATE outbox SET body = ''")  # type: ignore[attr-defined]

        await context.ledger.write(blank)

    with_context(config, work)
    said = run("payments", "resend", uids["told"], "--config", config)
    assert (said.exit_code, said.output) == (1, "body was removed with the customer's data\n")


def test_a_payment_or_all(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    for given in ((), (uids["told"], "--all-given-up")):
        said = run("payments", "resend", *given, "--config", config)
        assert said.exit_code == 2
        assert "Name a payment's UID, or --all-given-up" in said.output
