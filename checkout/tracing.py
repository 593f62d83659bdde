"""Traces (OpenTelemetry), where the extra is installed and the environment names a collector: a
payment is one trace, from its creation over pages and gateway calls to notifications days later.

A trace's id is made of the payment's uid: nothing is stored, and every worker joins the same trace.
No span has an address, a card or a text of a customer's. Without a collector nothing is loaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import structlog

from checkout import __version__

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

log = structlog.get_logger(__name__)

# The usual names; all others of OpenTelemetry's (headers, sampler, resource) hold as well.
COLLECTORS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
MISSING: Final = "the collector gets no traces: pip install 'checkout[opentelemetry]'"
NAME: Final = "checkout"
ROOT: Final = "payment"
Value = str | int | None

_provider: TracerProvider | None = None
_tracer: Tracer | None = None
_ids: ContextVar[tuple[int, int] | None] = ContextVar("ids", default=None)  # of the next root


def begin() -> None:
    """In a worker, once."""
    global _provider, _tracer  # noqa: PLW0603 - one for the process
    if not any(os.environ.get(name) for name in COLLECTORS):
        return
    try:
        from checkout.trace_exporter import open_provider
    except ImportError:
        log.warning("tracing.not_installed", detail=MISSING)
        return
    _provider = open_provider(NAME, __version__, _ids)
    _tracer = _provider.get_tracer(NAME, __version__)


def end() -> None:
    """Sends what was not sent yet; it may take seconds: not for the event loop."""
    if _provider is not None:
        _provider.shutdown()


def are_on() -> bool:
    return _tracer is not None


def root(payment: str, **attributes: Value) -> None:
    """The payment was created: the span that all others of its trace are under."""
    if _tracer is None:
        return
    from opentelemetry.context import Context

    forced = _ids.set(_ids_of(payment))
    try:
        _tracer.start_span(ROOT, Context(), attributes=_stated(payment, attributes)).end()
    finally:
        _ids.reset(forced)


def span(
    name: str, payment: str | None, *, asks: bool = False, **attributes: Value
) -> AbstractContextManager[Span | None]:
    """A part of the payment's trace until the block ends; None where there are no traces, or no
    payment. `asks`: it is a call to somebody else."""
    if _tracer is None or payment is None:
        return nullcontext()
    return _started(_tracer, name, payment, asks, attributes)


def state(span: Span | None, **attributes: Value) -> None:
    """What is known of it at its end."""
    if span is not None:
        span.set_attributes(_named(attributes))


def headers() -> dict[str, str]:
    """For a call inside of a span: by what the other side can join the trace (W3C)."""
    found: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found)
    return found


@contextmanager
def _started(
    tracer: Tracer, name: str, payment: str, asks: bool, attributes: dict[str, Value]
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind

    # What it raises may say what nobody should read: not recorded.
    with tracer.start_as_current_span(
        name, _parent(payment), SpanKind.CLIENT if asks else SpanKind.INTERNAL,
        _stated(payment, attributes), record_exception=False, set_status_on_exception=False,
    ) as started:  # fmt: skip
        yield started


def _parent(payment: str) -> Context | None:
    """The current span where it is of this payment, else the payment's root."""
    from opentelemetry import trace

    trace_id, span_id = _ids_of(payment)
    if trace.get_current_span().get_span_context().trace_id == trace_id:
        return None
    assert _provider is not None  # noqa: S101
    asked = _provider.sampler.should_sample(None, trace_id, ROOT)
    kept = asked.decision.is_sampled()  # type: ignore[no-untyped-call]
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if kept else trace.TraceFlags.DEFAULT)
    of_root = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(of_root))


def _ids_of(payment: str) -> tuple[int, int]:
    """The ids of the payment's trace and of its root."""
    digest = hashlib.blake2b(payment.encode(), digest_size=24, person=b"checkout-trace").digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:], "big")


def _stated(payment: str, attributes: dict[str, Value]) -> dict[str, str | int]:
    return {"checkout.payment": payment, **_named(attributes)}


def _named(attributes: dict[str, Value]) -> dict[str, str | int]:
    return {f"checkout.{name}": value for name, value in attributes.items() if value is not None}
