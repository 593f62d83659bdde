"""Letters to shops: at least once, the same id at each try, on a schedule, proved to be ours."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from structlog.testing import capture_logs

from checkout.errors import Unavailable
from checkout.flow.background import Background, Task
from checkout.flow.courier import Courier
from checkout.flow.pace import LETTERS
from checkout.ledger import outbox
from tests.flow.postman import Post, open_post, until
from tests.support import shops
from tests.support.world import World


@pytest.fixture
async def post(world: World) -> AsyncIterator[Post]:
    async with open_post(world) as opened:
        yield opened


# What arrives


async def test_it_is_delivered_once(post: Post) -> None:
    story = await post.paid()
    for _ in range(3):
        await post.deliver()
        post.world.clock.move(120)
    (request,) = post.requests
    letter = await post.letter(story)
    assert (letter.answer, letter.due_at, letter.tries) == ("200", None, 1)
    assert letter.delivered_at is not None
    assert request.method == "POST"
    assert request.content.decode() == letter.body
    assert request.headers["content-type"] == "application/json"
    assert "letter" in await post.world.kinds(story)


async def test_its_signatures_verify(post: Post) -> None:
    await post.paid()
    await post.deliver()
    (request,) = post.requests
    said = request.headers
    signature = base64.b64decode(said["content-signature"], validate=True)
    shops.rsa_key().public_key().verify(signature, request.content, PKCS1v15(), SHA256())
    credentials = base64.b64decode(said["authorization"].removeprefix("Basic "), validate=True)
    assert credentials.decode() == f"{shops.SHOP_ID}:{shops.SHOP_SECRET}"


async def test_its_standard_webhooks_headers_verify(post: Post) -> None:
    story = await post.paid()
    await post.deliver()
    (request,) = post.requests
    said, letter = request.headers, await post.letter(story)
    assert said["webhook-id"] == letter.id
    assert said["webhook-timestamp"] == str(int(post.world.clock()))
    signed = f"{letter.id}.{said['webhook-timestamp']}.{letter.body}".encode()
    mac = hmac.new(shops.SHOP_SECRET.encode(), signed, hashlib.sha256).digest()
    assert said["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


async def test_nothing_is_written_where_the_shop_wants_nothing(post: Post) -> None:
    story = await post.paid(ways=shops.Ways())
    await post.deliver()
    assert await post.world.letters(story) == []
    assert post.requests == []


# Tries


async def test_the_schedule(post: Post) -> None:
    """0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each at most a tenth later."""
    story = await post.paid()
    post.answers = [500] * 20
    clock = post.world.clock
    waits = []
    for _ in range(20):
        await post.deliver()
        due_at = (await post.letter(story)).due_at
        if due_at is None:
            break
        waits.append(due_at - clock())
        clock.move(waits[-1] - 0.01)
        await post.deliver()
        assert len(post.requests) == len(waits), "not before it is due"
        clock.move(0.01)
    assert len(waits) == len(LETTERS) == 9
    for wait, least in zip(waits, LETTERS, strict=True):
        assert least <= wait <= least * 1.1
    assert len(post.requests) == 10
    letter = await post.letter(story)
    assert (letter.delivered_at, letter.due_at, letter.answer) == (None, None, "500")


async def test_shops_are_not_all_called_in_the_same_second(post: Post) -> None:
    stories = [await post.paid() for _ in range(10)]
    post.answers = [500] * 10
    await post.deliver()
    assert len({(await post.letter(story)).due_at for story in stories}) > 5


async def test_the_id_is_the_same_at_each_try(post: Post) -> None:
    await post.paid()
    post.answers = [500, httpx.ConnectError("refused"), httpx.ReadTimeout("silence"), 404, 200]
    for _ in range(6):
        await post.deliver()
        post.world.clock.move(10_000)
    assert len(post.requests) == 5
    assert len({request.headers["webhook-id"] for request in post.requests}) == 1
    assert len({request.content for request in post.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in post.requests}) == 5


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_success(post: Post, status: int) -> None:
    story = await post.paid()
    post.answers = [status]
    await post.deliver()
    assert (await post.letter(story)).delivered_at is not None


@pytest.mark.parametrize("status", [300, 302, 307, 400, 401, 404, 409, 429, 500, 503])
async def test_all_else_is_tried_again(post: Post, status: int) -> None:
    story = await post.paid()
    post.answers = [httpx.Response(status, headers={"location": "https://shop.example.com/x"})]
    await post.deliver()
    letter = await post.letter(story)
    assert (letter.delivered_at, letter.answer) == (None, str(status))
    assert letter.due_at is not None
    assert len(post.requests) == 1, "a redirect is not followed"


async def test_410_stops(post: Post) -> None:
    story = await post.paid()
    post.answers = [410]
    await post.deliver()
    letter = await post.letter(story)
    assert (letter.delivered_at, letter.due_at, letter.answer) == (None, None, "410")


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120, 120),
        ("2", 5, 5.5),  # never sooner than the schedule
        ("999999999999", 24 * 3600, 24 * 3600),
        ("-5", 5, 5.5),
        ("soon", 5, 5.5),
        ("", 5, 5.5),
        ("١٢٠", 5, 5.5),
    ],
)
async def test_retry_after_is_obeyed(post: Post, said: str, least: float, most: float) -> None:
    story = await post.paid()
    headers = {"retry-after": said.encode()} if said else {}
    post.answers = [httpx.Response(503, headers=headers)]
    await post.deliver()
    due_at = (await post.letter(story)).due_at
    assert due_at is not None
    assert least <= due_at - post.world.clock() <= most


@pytest.mark.parametrize(("ahead", "least"), [(600, 600), (-600, 5)])
async def test_retry_after_may_be_a_date(post: Post, ahead: float, least: float) -> None:
    story = await post.paid()
    at = datetime.fromtimestamp(post.world.clock() + ahead, UTC)
    post.answers = [httpx.Response(429, headers={"retry-after": format_datetime(at, usegmt=True)})]
    await post.deliver()
    due_at = (await post.letter(story)).due_at
    assert due_at is not None
    assert least <= due_at - post.world.clock() <= least * 1.1


# Several couriers, and the death of one


async def test_two_couriers_send_once(post: Post) -> None:
    for _ in range(10):
        await post.paid()
    other = post.another()
    for _ in range(3):
        await asyncio.gather(post.deliver(), post.deliver(other))
    assert len(post.requests) == 10


async def test_a_letter_outlives_its_courier(post: Post) -> None:
    """Killed after the shop has answered and before that was written down: sent again, the same."""
    story = await post.paid()
    post.answers = [asyncio.CancelledError()]
    await post.deliver()
    letter = await post.letter(story)
    assert (letter.delivered_at, letter.tries) == (None, 1)
    next_one = post.another()
    post.world.clock.move(59)
    await post.deliver(next_one)
    assert len(post.requests) == 1, "the lease holds for a minute"
    post.world.clock.move(1)
    await post.deliver(next_one)
    first, second = post.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (await post.letter(story)).delivered_at is not None


async def test_a_letter_that_could_not_be_written_down_is_no_loss(post: Post) -> None:
    story = await post.paid()
    flow = post.world.restarted()
    courier = Courier(flow, post.http, post._resolve)
    flow.ledger = Forgetful(flow.ledger)
    with capture_logs() as said:
        await post.deliver(courier)
    assert "courier.failed" in [line["event"] for line in said]
    assert (await post.letter(story)).delivered_at is None
    post.world.clock.move(60)
    await post.deliver()
    assert (await post.letter(story)).delivered_at is not None


class Forgetful:
    """A ledger that is away whenever the end of a letter is to be written."""

    def __init__(self, real: object) -> None:
        self.real = real
        self.read = real.read  # type: ignore[attr-defined]

    async def write(self, verb: object, *args: object, **more: object) -> object:
        if verb is outbox.take_all:
            return await self.real.write(verb, *args, **more)  # type: ignore[attr-defined]
        raise Unavailable

    async def close(self) -> None:
        pass


async def test_it_runs_by_itself(post: Post) -> None:
    """Woken by the letter, and not stopped by one that fails."""
    courier = Courier(post.world.flow, post.http, post._resolve)
    flow = post.world.flow
    running = Background([Task("courier", courier.deliver, 1.0, wake=flow.letters_waiting)])
    running.start()
    post.answers = [httpx.ReadError("reset")]
    await asyncio.sleep(0)
    stories = [await post.paid() for _ in range(3)]

    async def told() -> bool:
        letters = [await post.letter(story) for story in stories]
        return sum(letter.delivered_at is not None for letter in letters) == 2

    await until(told)
    await running.stop()
    await courier.finish(5)


async def test_a_shop_that_is_gone_from_the_settings_gets_nothing(post: Post) -> None:
    story = await post.paid()
    flow = post.world.restarted(settings=shops.settings(shops.shop(id="another")))
    courier = Courier(flow, post.http, post._resolve)
    await post.deliver(courier)
    assert post.requests == []
    letter = await post.letter(story)
    assert letter.answer == "unknown shop"
    assert letter.due_at is not None, "it may come back"


async def test_no_secret_is_logged(post: Post) -> None:
    post.answers = [httpx.ConnectError(f"no route to {shops.NOTIFIED}")]
    with capture_logs() as said:
        await post.paid()
        await post.deliver()
    everything = repr(said)
    assert "letter.sent" in everything
    assert shops.SHOP_SECRET not in everything
    assert shops.NOTIFIED not in everything
