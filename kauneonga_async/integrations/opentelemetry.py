"""OpenTelemetry: a span for each call, with its retries, and metrics of requests, out of the client's events.

::

    KauneongaClient(on_event=OpenTelemetryHook())

Nothing confidential is in any attribute: no query, no id, no token, no text. Names are those of the semantic
conventions for HTTP clients where there is one, else they begin with ``kauneonga.``.
"""

from __future__ import annotations

import re
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from kauneonga_async.config import VERSION
from kauneonga_async.transport import Event

__all__ = ["OpenTelemetryHook"]

Attributes = dict[str, AttributeValue]

_SCOPE = "kauneonga_async"
_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
# A consumer that leaves its loop ends calls so, and a stream that was held back for too long asks anew.
_NO_FAILURES = frozenset({"CancelledError", "HeldBack"})
_KNOWN_PATH = re.compile(r"(?P<list>.*/v2/(?:messages|to_dos|call-recordings))(?P<id>/\d+)?")
# Seconds, as the conventions have them for http.client.request.duration.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class _Call:
    __slots__ = ("address", "span", "status")

    def __init__(self, span: Span, address: Attributes) -> None:
        self.span = span
        self.address = address
        self.status: int | None = None


class OpenTelemetryHook:
    """Makes spans and metrics of events: give it to a client, or to any number of them, as ``on_event``.

    A span lasts as long as a call, over all its tries, and belongs to what was current where the call was made. Each
    wait for another try is an event of it. Each try is a request in ``http.client.request.duration``.

    Args:
        tracer_provider: Who takes the spans; None for the global one.
        meter_provider: Who takes the metrics; None for the global one.
    """

    wants_calls = True

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(_SCOPE, VERSION, tracer_provider, _SCHEMA)
        meter = metrics.get_meter(_SCOPE, VERSION, meter_provider, _SCHEMA)
        self._open: dict[str, _Call] = {}
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._calls = meter.create_histogram(
            "kauneonga.client.call.duration",
            "s",
            "Duration of calls, over all their tries and waits.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._throttled = meter.create_histogram(
            "kauneonga.client.throttle.duration",
            "s",
            "How long requests waited for their turn and for a place in flight.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._retries = meter.create_counter(
            "kauneonga.client.retries", "{retry}", "Tries that followed a failed one, by what it failed of."
        )
        self._active = meter.create_up_down_counter(
            "kauneonga.client.active_calls", "{call}", "Calls that have begun and not ended."
        )
        self._received = meter.create_counter("kauneonga.client.received", "By", "Bytes of bodies, inflated.")

    def __call__(self, event: Event) -> None:
        """Take an event in."""
        match event.kind:
            case "begin":
                self._begin(event)
            case "try":
                self._note_try(event)
            case "wait":
                self._note_wait(event)
            case "end":
                self._end(event)

    def _begin(self, event: Event) -> None:
        address = _address_of(event)
        template = address.get("url.template")
        name = f"{event.method} {template}" if template else event.method
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=address)
        self._active.add(1, address)
        self._open[event.request_id] = _Call(span, address)

    def _note_try(self, event: Event) -> None:
        call = self._open[event.request_id]
        call.status = event.status
        self._requests.record(event.seconds, {**call.address, **_outcome_of(event.status, event.error)})
        self._throttled.record(event.throttled, call.address)
        if event.received:
            self._received.add(event.received, call.address)

    def _note_wait(self, event: Event) -> None:
        call = self._open[event.request_id]
        outcome = _outcome_of(event.status, event.error)
        self._retries.add(1, {**call.address, **outcome})
        waited: Attributes = {"http.request.resend_count": event.attempt, "kauneonga.wait": event.seconds}
        call.span.add_event("retry", {**waited, **outcome})

    def _end(self, event: Event) -> None:
        call = self._open.pop(event.request_id)
        span, outcome = call.span, _outcome_of(call.status, event.error)
        self._active.add(-1, call.address)
        self._calls.record(event.seconds, {**call.address, **outcome})
        span.set_attributes(outcome)
        if event.attempt > 1:
            span.set_attribute("http.request.resend_count", event.attempt - 1)
        if "error.type" in outcome:
            span.set_status(StatusCode.ERROR)
        elif event.error is not None:
            span.add_event("abandoned")
        span.end()


def _address_of(event: Event) -> Attributes:
    attributes: Attributes = {"http.request.method": event.method, "server.address": event.host}
    if event.port is not None:
        attributes["server.port"] = event.port
    if found := _KNOWN_PATH.fullmatch(event.path):
        attributes["url.template"] = found["list"] + ("/{id}" if found["id"] else "")
    return attributes


def _outcome_of(status: int | None, error: str | None) -> Attributes:
    attributes: Attributes = {}
    if status is not None:
        attributes["http.response.status_code"] = status
    if error is not None and error not in _NO_FAILURES:
        attributes["error.type"] = error
    return attributes
