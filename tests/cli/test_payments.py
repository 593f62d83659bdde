"""`checkout payments`: what the ledger holds, and settling what is open."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from checkout.app import open_context
from checkout.gateways import OPTIONS
from checkout.ledger import operations
from checkout.model.browser import Browser
from checkout.model.card import Card
from checkout.model.order import Customer
from checkout.model.status import Status
from checkout.payments import charge, create, find, transitions
from checkout.payments.charge import Submission
from checkout.payments.context import Context
from checkout.settings import load
from checkout.shop_api.checkout_request import read_order
from tests.cli.conftest import Run, answered
from tests.web.server import CHALLENGE, DECLINED, PAID, ordered
from tests.web.settings import write_usual_settings

Kept = tuple[Path, dict[str, str]]


def with_context(config: Path, work: Callable[[Context], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_context(load(config, {}, OPTIONS)) as context:
            found = await work(context)
            await context.finish()
            return found

    return asyncio.run(run())


async def made(context: Context, number: str | None, shop: str = "361", **changes: Any) -> str:
    """A payment, paid with this card."""
    seller = context.settings.shops[shop]
    settings = {"settings": {"return_url": None}} | changes
    data = {"checkout": ordered(**settings)}
    payment = await create.create(
        context, read_order(data, seller, sandbox=True, now=context.clock()), seller
    )
    if number:
        await pay(context, payment.uid, number)
    return payment.uid


async def pay(context: Context, uid: str, number: str) -> None:
    payment = await context.ledger.read(transitions.read, uid)
    sent = Submission(
        number=1,
        method="credit_card",
        card=Card(number, 12, 2039, "123", "ANNA LEE"),
        browser=Browser(),
        customer=Customer(email="anna.canary@example.com"),
        language="en",
    )
    await charge.pay(context, payment, sent)


@pytest.fixture(scope="module")
def filled(pem: str, sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Settings over a ledger with a payment of each kind, by name."""
    key = httpx.get(f"{sandbox}/sandbox/public_key", trust_env=False).text
    folder = tmp_path_factory.mktemp("filled")
    config = write_usual_settings(folder, pem, sandbox=sandbox, gateway=f'public_key = "{key}"')

    async def fill(context: Context) -> dict[str, str]:
        return {
            "open": await made(context, None),
            "paid": await made(context, PAID),
            "declined": await made(context, DECLINED, attempts=1),
            "bank": await made(context, CHALLENGE),
            "other": await made(context, None, "framing"),
        }

    return config, with_context(config, fill)


@pytest.fixture
def ledger(filled: Kept, tmp_path: Path) -> Kept:
    """A copy of it for one test."""
    config, uids = filled
    shutil.copytree(config.parent, tmp_path / "copy")
    copy = tmp_path / "copy" / config.name
    copy.write_text(config.read_text().replace(str(config.parent), str(copy.parent)))
    return copy, uids


STATUS = {
    "open": "open", "paid": "paid", "declined": "declined", "bank": "action", "other": "open",
}  # fmt: skip


def test_list(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    found = answered(run("payments", "list", "--json", "--config", config))
    assert {each["uid"]: each["status"] for each in found} == {
        uid: STATUS[name] for name, uid in uids.items()
    }
    assert [each["created_at"] for each in found] == sorted(
        (each["created_at"] for each in found), reverse=True
    )
    (paid,) = [each for each in found if each["uid"] == uids["paid"]]
    assert (paid["amount"], paid["currency"], paid["shop"]) == (1999, "EUR", "361")
    assert paid["tracking_id"] == "order-7"
    assert (paid["type"], paid["test"], paid["created_by"]) == ("payment", False, "shop")

    few = answered(run("payments", "list", "--json", "--limit", 2, "--config", config))
    assert few == found[:2]
    other = answered(run("payments", "list", "--json", "--shop", "framing", "--config", config))
    assert [each["uid"] for each in other] == [uids["other"]]
    assert answered(run("payments", "list", "--json", "--shop", "x", "--config", config)) == []
    assert run("payments", "list", "--limit", 0, "--config", config).exit_code == 2


def test_list_filtered(run: Run, ledger: Kept) -> None:
    config, uids = ledger

    def names(*options: object) -> set[str]:
        found = answered(run("payments", "list", "--json", "--config", config, *options))
        return {name for name, uid in uids.items() if uid in {each["uid"] for each in found}}

    everything = set(uids)
    assert names("--status", "successful") == {"paid"}
    assert names("--status", "failed") == {"declined"}
    assert names("--status", "incomplete") == {"bank"}
    assert names("--status", "open") == {"open", "other"}
    assert names("--status", "open", "--shop", "361") == {"open"}
    assert names("--tracking-id", "order-7") == everything
    assert names("--tracking-id", "order") == set()
    assert names("--amount", 1999, "--currency", "EUR") == everything
    assert names("--amount", 5) == set()
    assert names("--currency", "USD") == set()
    assert names("--type", "authorization") == set()
    assert names("--search", "ORDER-7") == everything
    assert names("--search", uids["paid"][:13].upper()) == {"paid"}
    assert names("--search", "tick") == everything
    assert names("--search", "%") == names("--search", "shop") == set()
    assert names("--since", "1h", "--search", "tick", "--status", "failed") == {"declined"}
    for since in ("1h", "2020-01-01", "2020-01-01T00:00:00Z"):
        assert names("--from", since) == everything
        assert names("--to", since) == set()
    for wrong in (
        ("--from", "yesterday"),
        ("--to", "2026-13-01"),
        ("--status", "paid"),
        ("--amount", "19.99"),
        ("--after", "x"),
    ):
        said = run("payments", "list", "--config", config, *wrong)
        assert said.exit_code == 2
        assert wrong[0] in said.stderr


def test_list_by_pages(run: Run, ledger: Kept) -> None:
    config, _ = ledger
    whole = answered(run("payments", "list", "--json", "--config", config))
    found: list[Any] = []
    more: list[str] = []
    for _ in range(3):
        said = run("payments", "list", "--json", "--limit", 2, "--config", config, *more)
        found += json.loads(said.stdout)
        more = re.findall(r"--after=\S+", said.stderr)
    assert found == whole
    assert more == []
    said = run("payments", "list", "--limit", 2, "--config", config)
    assert re.search(r"^There are more: --after=\S+$", said.stdout, re.MULTILINE)


@pytest.mark.parametrize("columns", ["40", "60", "80", "100", "200"])
def test_list_for_people(run: Run, ledger: Kept, columns: str) -> None:
    """A uid is whole, on one line, to be copied; what does not fit is left out whole."""
    config, uids = ledger
    said = run("payments", "list", "--config", config, COLUMNS=columns)
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    assert len(lines) == len(uids) + 2
    assert max(map(len, lines)) <= int(columns)
    for name, uid in uids.items():
        (line,) = [line for line in lines if uid in line]
        assert "…" not in line
        if int(columns) >= 80:
            assert STATUS[name] in line
            assert re.search(r"19\.99 EUR +\d\d-\d\d \d\d:\d\d", line)
    assert ("description" in said.stdout) == (columns == "200")


def test_what_is_a_test_says_so(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    uid = with_context(config, lambda context: made(context, None, test=True))
    real = with_context(config, lambda context: made(context, None))
    lines = run("payments", "list", "--config", config, COLUMNS="80").stdout.splitlines()
    assert lines[0].split() == ["uid", "status", "test", "amount", "created"]
    assert [re.search(r"  test  ", line) is not None for line in lines[2:]] == [False, True]
    assert lines[2].startswith(real)
    assert lines[3].startswith(uid)


def test_list_as_csv(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    """What a shop wrote is no formula to a spreadsheet."""
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    evil = {"description": '=HYPERLINK("https://evil.example";"a")', "tracking_id": "-5"}
    with_context(config, lambda context: made(context, None, order=evil))
    usual = {"description": 'a "b", c', "tracking_id": None}
    with_context(config, lambda context: made(context, None, order=usual))
    said = run("payments", "list", "--csv", "--config", config)
    assert said.exit_code == 0
    second, first = csv.DictReader(io.StringIO(said.stdout))
    assert first["description"] == "'" + str(evil["description"])
    assert first["tracking_id"] == "'-5"
    assert (first["amount"], first["decimals"], first["test"]) == ("1999", "2", "false")
    assert (second["description"], second["tracking_id"]) == ('a "b", c', "")
    known = answered(run("payments", "list", "--json", "--config", config))
    assert list(first) == list(known[0])
    more = run("payments", "list", "--csv", "--limit", 1, "--config", config)
    assert len(list(csv.DictReader(io.StringIO(more.stdout)))) == 1
    assert "There are more" in more.stderr


def test_show(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    found = answered(run("payments", "show", uids["paid"], "--json", "--config", config))
    assert found["status"] == "paid"
    (attempt,) = found["attempts"]
    assert (attempt["status"], attempt["method"], attempt["account"]) == (
        "paid", "credit_card", "cards",
    )  # fmt: skip
    assert attempt["gateway_id"]
    kinds = [event["kind"] for event in found["events"]]
    assert kinds[0] == "created"
    assert {"claimed", "moved", "payment"} <= set(kinds)
    assert found["letters"] == []
    (attempt,) = found["attempts"]  # what the bank found, in words
    assert (attempt["avs"], attempt["cvc"]) == ("1 (not supported for this card)",) * 2
    declined = answered(run("payments", "show", uids["declined"], "--json", "--config", config))
    assert declined["attempts"][0]["reason"] == "do_not_honour"
    text = json.dumps([found, declined])
    for private in ("anna.canary", "ANNA LEE", PAID, DECLINED):
        assert private not in text

    said = run("payments", "show", uids["paid"], "--config", config)
    assert said.exit_code == 0
    assert "status: paid" in said.output
    assert "kind=created" in said.output


@pytest.mark.parametrize("uid", ["nobody", "", "00000000-0000-4000-8000-000000000000"])
def test_show_what_is_not_there(run: Run, config: Path, uid: str) -> None:
    for command in ("show", "reconcile"):
        said = run("payments", command, uid, "--config", config)
        assert said.exit_code == 1
        assert "Record not found" in said.stderr
        assert said.stdout == ""


def test_a_letter_is_shown(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    settings = {"notification_url": "http://127.0.0.1:9/n"}
    uid = with_context(config, lambda context: made(context, PAID, settings=settings))
    (webhook,) = answered(run("payments", "show", uid, "--json", "--config", config))["letters"]
    assert webhook["url"] == "http://127.0.0.1:9/n"
    assert (webhook["tries"], webhook["answer"], webhook["delivered_at"]) == (0, None, None)
    assert webhook["due_at"]


def test_what_was_dropped_is_shown(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    sent = {"email": "anna.canary", "city": "x" * 61}
    uid = with_context(config, lambda context: made(context, None, customer=sent))
    said = run("payments", "show", uid, "--json", "--config", config)
    assert answered(said)["dropped"] == [
        {"field": "customer.email", "reason": "must be an e-mail address"},
        {"field": "customer.city", "reason": "cut to 60 characters"},
    ]
    assert "anna.canary" not in said.output


def test_reconcile(run: Run, ledger: Kept, sandbox: str) -> None:
    config, uids = ledger
    shown = answered(run("payments", "show", uids["bank"], "--json", "--config", config))
    gateway_id = shown["attempts"][0]["gateway_id"]
    # Nothing has changed yet.
    found = answered(run("payments", "reconcile", "--json", "--config", config))
    assert found == [{"uid": uids["bank"], "before": "action", "after": "action"}]
    httpx.post(
        f"{sandbox}/sandbox/transactions/{gateway_id}/settle",
        json={"status": "successful"},
        trust_env=False,
    ).raise_for_status()

    async def wait(context: Context) -> None:
        """Until the gateway may be asked again."""
        payment = await find.by_token(context, await token(context, uids["bank"]))
        assert payment.live
        await asyncio.sleep(max(0.0, payment.live.next_query_at - context.clock()) + 0.05)

    with_context(config, wait)
    said = run("payments", "reconcile", "--config", config)
    assert said.exit_code == 0
    assert f"{uids['bank']}  action -> paid" in said.output
    assert "1 asked about, 1 settled or moved" in said.output
    assert answered(run("payments", "reconcile", "--json", "--config", config)) == []


async def token(context: Context, uid: str) -> str:
    def find(conn: Any) -> str:
        query = "SELECT token FROM payments WHERE uid = ?"
        return str(conn.exec_driver_sql(query, (uid,)).scalar_one())

    return await context.ledger.read(find)


def test_reconcile_named_ones(run: Run, ledger: Kept) -> None:
    config, uids = ledger
    chosen = (uids["paid"], uids["open"])
    found = answered(run("payments", "reconcile", *chosen, "--json", "--config", config))
    assert found == [
        {"uid": uids["paid"], "before": "paid", "after": "paid"},
        {"uid": uids["open"], "before": "open", "after": "open"},
    ]


def test_reconcile_when_the_gateway_is_away(
    run: Run, tmp_path: Path, pem: str, sandbox: str
) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    uid = with_context(config, lambda context: made(context, CHALLENGE))
    config.write_text(config.read_text().replace(sandbox, "http://127.0.0.1:9"))
    found = answered(run("payments", "reconcile", "--json", "--config", config))
    assert found == [{"uid": uid, "before": "action", "after": "action"}]


def test_what_a_shop_wrote_is_text(run: Run, tmp_path: Path, pem: str, sandbox: str) -> None:
    """Brackets are rich's markup; a shop's text is none."""
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    evil = "[/b] [red]x[/red] [link=https://evil.example]y[/link]"
    order = {"description": evil, "tracking_id": "[/]"}
    uid = with_context(config, lambda context: made(context, None, order=order))
    listed = run("payments", "list", "--config", config, COLUMNS="300")
    assert listed.exit_code == 0
    assert evil[:40] in listed.output
    assert "[/]" in listed.output
    shown = run("payments", "show", uid, "--config", config, COLUMNS="300")
    assert shown.exit_code == 0
    assert f"description: {evil}" in shown.output
    assert not re.search(r"\x1b", shown.output)


@pytest.mark.parametrize(
    ("verb", "judged", "payment"),
    [("accept", "accepted", "paid"), ("refuse", "refused", "open")],
)
def test_a_mismatch_is_ended_by_hand(
    run: Run, tmp_path: Path, pem: str, sandbox: str, verb: str, judged: str, payment: str
) -> None:
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    httpx.post(f"{sandbox}/sandbox/faults", json={"faults": ["wrong_amount"]}).raise_for_status()
    uid = with_context(config, lambda context: made(context, PAID))
    shown = answered(run("payments", "show", uid, "--json", "--config", config))
    (attempt,) = shown["attempts"]
    assert shown["status"] == "pending"
    stated, ours = (attempt["mismatch"]["amount"][name] for name in ("stated", "ours"))
    assert stated != ours
    assert run("payments", verb, uid, "--config", config).exit_code == 2, "a reason is needed"
    said = run("payments", verb, uid, "--reason", "seen at the bank", "--config", config)
    assert said.exit_code == 0, said.output
    shown = answered(run("payments", "show", uid, "--json", "--config", config))
    assert shown["status"] == payment
    assert shown["attempts"][0]["judged"] == judged
    (event,) = [e for e in shown["events"] if e["kind"] in ("accepted", "refused")]
    assert event["reason"] == "seen at the bank"
    assert event["by"]
    again = run("payments", verb, uid, "--reason", "again", "--config", config)
    assert again.exit_code == 1
    assert "no attempt in mismatch" in again.output


@pytest.fixture
def held(tmp_path: Path, pem: str, sandbox: str) -> tuple[Path, str]:
    """Settings, and the uid of an authorization."""
    config = write_usual_settings(tmp_path, pem, sandbox=sandbox)
    kind = {"transaction_type": "authorization"}
    return config, with_context(config, lambda context: made(context, PAID, **kind))


def operations_of(run: Run, config: Path, uid: str) -> list[dict[str, Any]]:
    shown = answered(run("payments", "show", uid, "--json", "--config", config))
    found: list[dict[str, Any]] = shown["operations"]
    return found


def test_what_follows_a_payment(run: Run, held: tuple[Path, str]) -> None:
    config, uid = held
    kept = ("--config", config)
    assert answered(run("payments", "capture", uid, "--amount", "15", "--json", *kept))
    (capture,) = operations_of(run, config, uid)
    assert (capture["state"], capture["parent_uid"], capture["amount"]) == ("paid", uid, 1500)
    # By the capture's own uid, in its own money.
    said = run("payments", "refund", capture["uid"], "--amount", "4.00", *kept)
    assert "refund successful" in said.output, said.output
    said = run("payments", "refund", capture["uid"], "--amount", "11.01", *kept)
    assert (said.exit_code, "must be from 1 to 1100" in said.output) == (1, True)
    assert run("payments", "refund", uid, "--amount", "11", *kept).exit_code == 0
    kinds = [(row["type"], row["status"], row["amount"]) for row in operations_of(run, config, uid)]
    assert kinds == [
        ("capture", "successful", 1500),
        ("refund", "successful", 400),
        ("refund", "successful", 1100),
    ]
    text = run("payments", "show", uid, *kept, COLUMNS="300").output
    assert "status: refunded" in text
    assert "state=refunded" in text


@pytest.mark.parametrize(("verb", "word"), [("accept", "successful"), ("refuse", "failed")])
def test_what_was_accepted_and_never_ends(
    run: Run, held: tuple[Path, str], verb: str, word: str
) -> None:
    config, uid = held
    assert run("payments", "capture", uid, "--config", config).exit_code == 0
    run("payments", "refund", uid, "--amount", "1", "--config", config)
    refund = operations_of(run, config, uid)[-1]["uid"]

    async def weeks_ago(context: Context) -> None:
        known = {"status": Status.ACCEPTED, "sweep_at": None, "created_at": context.clock() - 1e6}
        await context.ledger.write(operations.change, refund, **known)

    with_context(config, weeks_ago)
    row = operations_of(run, config, uid)[0]
    assert (row["uid"], row["status"], row["state"]) == (refund, "pending", "accepted")
    asked = ("payments", verb, refund, "--reason", "the bank's statement")
    assert run(*asked, "--config", config).exit_code == 0
    row = operations_of(run, config, uid)[0]
    assert (row["uid"], row["status"]) == (refund, word)
    assert run(*asked, "--config", config).exit_code == 1
