"""A payment is one trace: creation, pages, the gateway's calls, the notification, and the shop can
join it. No span has an address, a card or a word of a customer's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.fake_network import open_fake_network
from tests.support.form_customer import CARD, FormCustomer
from tests.support.polling import until
from tests.support.served import served


class Collector:
    """What a collector got at /v1/traces, and the `traceparent` of what a shop got at /webhooks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []
        self.traceparents: list[str] = []

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                found.bodies.append(body)
            else:
                found.traceparents.append(self.headers.get("traceparent", ""))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


async def test_a_payment_is_one_trace(tmp_path: Path) -> None:
    with collecting() as collector:
        async with open_fake_network() as network:
            how = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
            with served(tmp_path, network.url, 2, **how) as server:
                async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                    visitor = FormCustomer(server.settings, client, f"{collector.url}/webhooks")
                    bought = await visitor.buy()
                    form = await visitor.form(bought)
                    assert form
                    await visitor.press_pay(form)
                    assert await visitor.status(bought) == "successful"
                    wanted = {"payment", "pay", "gateway charge", "notification"}
                    await until(lambda: wanted <= {each.name for each in collector.spans})
            await asyncio.sleep(0.1)  # the server's connections to the network end
    spans = collector.spans
    uid, secret = bought.page.split("/payment/")[1].split("/")[:2]
    assert len({each.trace_id for each in spans}) == 1
    (root,) = [each for each in spans if not each.parent_span_id]
    assert root.name == "payment"
    by_name = {each.name: each for each in spans if each is not root}
    assert by_name["gateway charge"].parent_span_id == by_name["pay"].span_id
    assert by_name["notification"].parent_span_id == root.span_id
    attributes = {pair.key: pair.value for pair in by_name["gateway charge"].attributes}
    assert attributes["checkout.answer"].string_value == "answered"
    assert attributes["checkout.payment"].string_value == uid

    (traceparent,) = collector.traceparents
    trace, parent = root.trace_id.hex(), by_name["notification"].span_id.hex()
    assert traceparent == f"00-{trace}-{parent}-01"
    told = b"".join(collector.bodies)
    for word in (secret, bought.token, CARD["number"], CARD["number"].replace(" ", ""), "ANN LEE"):
        assert word.encode() not in told
    assert b"checkout" in told
