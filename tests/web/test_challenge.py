"""The challenge: asked of whom cards may be tested by, answered by work or by waiting, once."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from checkout.app import challenge_of
from checkout.errors import BadSettings
from checkout.settings import Limits
from checkout.signing import Signer
from checkout.web.challenge import About
from checkout.web.proof_of_work import SEED, TASK_BITS, TASKS, ProofOfWork, proved
from tests.support import samples
from tests.web.conftest import Opened
from tests.web.page import Form, Page
from tests.web.server import CARD, DECLINED, PAID, CreatedPayment, Customer, Server

BITS = 8  # of the server
WAIT = 15
ON: dict[str, str] = {"declines": "4", "challenge": "proof_of_work"}


def solved(token: str, bits: int = BITS) -> str:
    """What the script of the page does."""
    numbers = []
    for place in range(TASKS):
        for number in count():
            text = f"{token[-SEED:]}.{place}.{number}"
            found = int.from_bytes(hashlib.sha256(text.encode()).digest())
            if found >> (256 - bits + TASK_BITS) == 0:
                numbers.append(str(number))
                break
    return ".".join(numbers)


async def near(server: Server, customer: Customer) -> CreatedPayment:
    """A payment of somebody of whose cards two were declined."""
    for _ in range(2):
        assert (await customer.pay(await server.create(), DECLINED)).status_code == 303
    # The third is what makes this worker look.
    made = await server.create()
    assert (await customer.pay(made)).status_code == 422
    return made


async def form_of(customer: Customer, made: CreatedPayment) -> tuple[Form, Page]:
    page = await customer.open(made.path())
    return page.form("pay"), page


async def sent(customer: Customer, form: Form, **values: str) -> httpx.Response:
    return await customer.submit(form, **CARD, **values)


async def test_nobody_is_asked_in_quiet_times(opened: Opened) -> None:
    async with opened(**ON) as server, server.customer() as customer:
        form, page = await form_of(customer, await server.create())
        assert "challenge" not in form.fields
        assert "/static/challenge" not in page.html
        assert (await sent(customer, form)).status_code == 303


async def test_the_page_asks_and_work_answers(opened: Opened) -> None:
    async with opened(**ON) as server, server.customer() as customer:
        made = await near(server, customer)
        form, page = await form_of(customer, made)
        assert "/static/challenge." in page.html
        assert "To keep robots out" in page.text
        assert f"{WAIT} seconds after" in page.html
        answer = await sent(customer, form, proof=solved(form.fields["challenge"]))
        assert answer.status_code == 303
        assert answer.headers["location"] == made.path("result")
        # Used up with its attempt: sent again it is the same attempt.
        again = await sent(customer, form, proof=solved(form.fields["challenge"]))
        assert again.headers["location"] == made.path("result")
        assert len(made.attempts()) == 1


async def test_without_an_answer_the_page_comes_again(opened: Opened) -> None:
    async with opened(**ON) as server, server.customer() as customer:
        made = await near(server, customer)
        charges = len(server.line.charges)
        form, _ = await form_of(customer, made)
        for proof in ("", "0", ".".join("0" * 16), "9" * 5000, "x", solved("x" * SEED)):
            answer = await sent(customer, form, proof=proof)
            assert answer.status_code == 422
            assert CARD["number"] not in answer.text
            page = Page(answer.text)
            assert "One more check" in page.text
            assert page.form("pay").fields["challenge"] == form.fields["challenge"]
        assert made.attempts() == []
        assert len(server.line.charges) == charges


async def test_who_runs_no_script_waits(opened: Opened) -> None:
    """From when the page was first seen: one that comes again does not begin anew."""
    async with opened(**ON) as server, server.customer() as customer:
        made = await near(server, customer)
        form, _ = await form_of(customer, made)
        server.offset += WAIT - 2
        early = await sent(customer, form)
        assert early.status_code == 422
        server.offset += 2
        answer = await sent(customer, Page(early.text).form("pay"))
        assert answer.status_code == 303


async def test_it_is_of_one_payment_and_attempt_and_hour(opened: Opened) -> None:
    async with opened(**ON) as server, server.customer() as customer:
        made = await near(server, customer)
        other = await server.create()
        foreign, _ = await form_of(customer, other)
        form, _ = await form_of(customer, made)
        token = foreign.fields["challenge"]
        assert (await sent(customer, form, challenge=token, proof=solved(token))).status_code == 422
        for forged in ("", "1.0.8.AAAAAAAAAAAA.x", "1", "\u0661.0.8.A.B"):
            assert (await sent(customer, form, challenge=forged)).status_code == 422
        # Of an attempt that was made.
        declined = await customer.submit(
            form,
            **CARD | {"number": DECLINED},
            proof=solved(form.fields["challenge"]),
        )
        assert declined.status_code == 303
        second, _ = await form_of(customer, made)
        old = form.fields["challenge"]
        answer = await sent(customer, second, challenge=old, proof=solved(old))
        assert answer.status_code == 422
        server.offset += 3601
        assert Page(answer.text).form("pay").fields["challenge"] != old


async def test_old_ones_are_asked_anew(opened: Opened) -> None:
    clock = 1_900_000_000.0
    limits = Limits(challenge_bits=BITS)
    work = ProofOfWork(samples.settings(limits=limits), Signer(["a secret of some length " * 2]))
    about = About("uid", 1, "en", clock)
    fields = dict(work.ask(about, {}).hidden)
    fields["proof"] = solved(fields["challenge"])
    assert work.met(about, fields)
    for seconds, met in ((-6, False), (-4, True), (3600, True), (3601, False)):
        assert work.met(samples.changed(about, now=clock + seconds), fields) is met
    easier = ProofOfWork(
        samples.settings(limits=Limits(challenge_bits=9)), Signer(["a secret of some length " * 2])
    )
    assert not easier.met(about, fields), "another difficulty's"
    assert dict(work.ask(samples.changed(about, now=clock + 3601), fields).hidden) != fields


def test_a_proof_has_every_zero() -> None:
    token = "1.1.18.AAAAAAAAAAAA." + "b" * 43
    proof = solved(token, 12)
    assert proved(token, proof, 12)
    assert not proved(token, proof, 24)
    assert not proved("x" + token[:-1] + "c", proof, 12)
    assert not proved(token, proof + ".1", 12)
    assert not proved(token, proof.rpartition(".")[0], 12)


async def test_all_are_asked_while_cards_are_tested_at_the_shop(opened: Opened) -> None:
    """And who answers pays: an attack from many addresses costs others a second of their device's
    time."""
    async with opened(per_shop="6", challenge="proof_of_work") as server:
        for number in range(6):
            async with server.customer(f"203.0.113.{number}") as robot:
                await robot.pay(await server.create(), DECLINED)
        server.offset += 3
        async with server.customer("198.51.100.1") as customer:
            made = await server.create()
            form, _ = await form_of(customer, made)
            first = await sent(customer, form)  # this worker has not looked yet
            assert first.status_code == 422
            form = Page(first.text).form("pay")
            answer = await sent(customer, form, proof=solved(form.fields["challenge"]))
            assert answer.status_code == 303
        async with server.customer("198.51.100.2") as customer:
            form, _ = await form_of(customer, await server.create())
            assert "challenge" in form.fields


async def test_off(opened: Opened) -> None:
    async with opened(declines="4") as server, server.customer() as customer:
        for _ in range(4):
            form, page = await form_of(customer, await server.create())
            assert "challenge" not in page.html
            answer = await customer.submit(form, **CARD | {"number": DECLINED})
            assert answer.status_code == 303


async def test_an_app_is_sent_to_the_page(opened: Opened) -> None:
    async with opened(**ON) as server, server.customer() as customer:
        await near(server, customer)
        made = await server.create()
        key = server.settings.shops["361"].publishable_key
        card = {"number": PAID, "exp_month": "12", "exp_year": "2039", "verification_value": "123"}
        values = {"payment_method": "credit_card", "credit_card": card | {"holder": "A LEE"}}
        body = {"request": {"token": made.token} | values}
        headers = {"Authorization": f"Bearer {key}"}
        answer = await customer.post("/ctp/api/payments", json=body, headers=headers)
        assert answer.status_code == 429
        assert "open the payment page" in answer.json()["message"]
        async with server.customer("198.51.100.1") as other:
            answer = await other.post("/ctp/api/payments", json=body, headers=headers)
            assert answer.json()["response"]["status"] == "successful"


# An operator's own


MINE = """
from checkout.web.challenge import Challenge, ChallengeFields
from checkout.web.pages.components import Field

class Mine(Challenge):
    scripts = {"mine.js": b"0;"}
    def __init__(self, settings, signer): ...
    def ask(self, about, fields):
        field = Field("sum", "How much is three and four?", "")
        return ChallengeFields(fields=(field,), script="mine.js")
    def met(self, about, fields):
        return fields.get("sum") == "7"
"""


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """A distribution with the entry point, as pip leaves it."""
    (folder / "its_challenge.py").write_text(MINE)
    info = folder / "its_challenge-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: its-challenge\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[checkout.challenges]\nsums = its_challenge:Mine\n")
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("its_challenge", None)


async def test_an_operators_own(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    with installed(folder):
        async with opened(**ON | {"challenge": "sums"}) as server, server.customer() as customer:
            made = await near(server, customer)
            form, page = await form_of(customer, made)
            assert "How much is three and four?" in page.text
            script: Any = page.html.partition('src="/static/mine.')[2].partition('"')[0]
            answer = await customer.get(f"/static/mine.{script}")
            assert (answer.text, answer.headers.get("server")) == ("0;", None)
            assert (await sent(customer, form, sum="8")).status_code == 422
            assert (await sent(customer, form, sum="7")).status_code == 303


def test_one_that_is_not_there() -> None:
    settings = samples.settings(limits=Limits(challenge="nowhere"))
    with pytest.raises(BadSettings, match=r"limits.challenge: must be one of off, proof_of_work"):
        challenge_of(settings, Signer(settings.secrets))
