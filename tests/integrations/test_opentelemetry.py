"""Spans and metrics, as the SDK's own exporters receive them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from kauneonga_async import KauneongaClient, Schedule, errors
from kauneonga_async.integrations.opentelemetry import OpenTelemetryHook
from kauneonga_async.sandbox import FAULT_KINDS, Fault, Sandbox, ScriptedFaults

FAILS = Fault(status=500, body=b"canary: the caller's diagnosis")


class Observed:
    """A client under observation, and what was seen of it."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader])
        self.hook = OpenTelemetryHook(self.tracers, self.meters)

    @property
    def span(self) -> ReadableSpan:
        (span,) = self.spans.get_finished_spans()
        return span

    def points(self, metric: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        found = data.resource_metrics[0].scope_metrics[0].metrics
        return [point for each in found if each.name == metric for point in each.data.data_points]

    def everything(self) -> str:
        data = self.reader.get_metrics_data()
        return "".join(span.to_json() for span in self.spans.get_finished_spans()) + (data.to_json() if data else "")


@pytest.fixture
def observed() -> Observed:
    return Observed()


@pytest.fixture
async def client(sandbox: Sandbox, observed: Observed) -> AsyncIterator[KauneongaClient]:
    async with KauneongaClient(sandbox.base_url, sandbox.token, on_event=observed.hook) as opened:
        yield opened


@pytest.fixture
def port(sandbox: Sandbox) -> int:
    return int(sandbox.origin.rsplit(":", 1)[1])


async def test_a_call_is_a_span_without_the_id(client: KauneongaClient, observed: Observed, port: int) -> None:
    await client.messages.get(1001)
    span = observed.span
    assert (span.name, span.kind) == ("GET /api/v2/messages/{id}", SpanKind.CLIENT)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.template": "/api/v2/messages/{id}",
        "http.response.status_code": 200,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert not span.events


async def test_a_span_belongs_to_what_was_current(client: KauneongaClient, observed: Observed) -> None:
    with observed.tracers.get_tracer("mine").start_as_current_span("request") as outer:
        await client.messages.get(1001)
        async for _ in client.messages.stream(date(2025, 1, 1), date(2025, 3, 31)):
            pass
    *inner, last = observed.spans.get_finished_spans()
    assert last.name == "request"
    assert {span.name for span in inner} == {"GET /api/v2/messages/{id}", "GET /api/v2/messages"}
    assert {span.parent.span_id for span in inner if span.parent} == {outer.get_span_context().span_id}


async def test_retries_are_events_of_the_span(client: KauneongaClient, observed: Observed, sandbox: Sandbox) -> None:
    sandbox.configure(faults=ScriptedFaults([FAILS, FAULT_KINDS["reset"]]))
    await client.messages.get(1001)
    span = observed.span
    assert span.attributes is not None
    assert (span.attributes["http.response.status_code"], span.attributes["http.request.resend_count"]) == (200, 2)
    assert span.status.status_code is StatusCode.UNSET
    assert [event.name for event in span.events] == ["retry", "retry"]
    first, second = (dict(event.attributes or {}) for event in span.events)
    assert 0 <= first.pop("kauneonga.wait") <= 0.1  # type: ignore[operator]
    assert first == {"http.request.resend_count": 1, "http.response.status_code": 500, "error.type": "ServerError"}
    assert second["error.type"] == "ConnectionFailed"
    assert "http.response.status_code" not in second
    retries = observed.points("kauneonga.client.retries")
    assert {point.attributes["error.type"]: point.value for point in retries} == {
        "ServerError": 1,
        "ConnectionFailed": 1,
    }
    assert sum(point.count for point in observed.points("http.client.request.duration")) == 3
    assert sum(point.count for point in observed.points("kauneonga.client.call.duration")) == 1


async def test_a_call_that_fails_is_an_error(client: KauneongaClient, observed: Observed) -> None:
    with pytest.raises(errors.NotFound):
        await client.messages.get(7)
    assert observed.span.status.status_code is StatusCode.ERROR
    assert observed.span.attributes is not None
    assert observed.span.attributes["error.type"] == "NotFound"
    assert observed.span.attributes["http.response.status_code"] == 404
    (point,) = observed.points("http.client.request.duration")
    assert (point.attributes["error.type"], point.attributes["http.response.status_code"]) == ("NotFound", 404)


async def test_a_call_that_is_left_is_no_error_and_ends(
    client: KauneongaClient, observed: Observed, sandbox: Sandbox
) -> None:
    sandbox.configure(faults=ScriptedFaults([Fault(delay=60)]))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.messages.get(1001)
    assert observed.span.status.status_code is StatusCode.UNSET
    assert [event.name for event in observed.span.events] == ["abandoned"]
    assert [point.value for point in observed.points("kauneonga.client.active_calls")] == [0]
    assert not observed.hook._open


async def test_a_call_that_is_left_between_two_tries_ends_too(
    client: KauneongaClient, observed: Observed, sandbox: Sandbox
) -> None:
    sandbox.configure(faults=ScriptedFaults([Fault(status=429, headers={"Retry-After": "9"})]))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.messages.get(1001)
    assert [event.name for event in observed.span.events] == ["retry", "abandoned"]
    assert not observed.hook._open


async def test_what_is_in_flight_is_counted(client: KauneongaClient, observed: Observed, sandbox: Sandbox) -> None:
    sandbox.configure(latency=0.05)
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(client.messages.get(1001 + number))
        await asyncio.sleep(0)
        assert [point.value for point in observed.points("kauneonga.client.active_calls")] == [3]
    assert [point.value for point in observed.points("kauneonga.client.active_calls")] == [0]


async def test_waiting_for_a_place_is_told_apart_from_the_request(sandbox: Sandbox, observed: Observed) -> None:
    sandbox.configure(latency=0.05)
    async with KauneongaClient(sandbox.base_url, sandbox.token, concurrency=1, on_event=observed.hook) as client:
        await asyncio.gather(client.messages.get(1001), client.messages.get(1002))
    (throttled,) = observed.points("kauneonga.client.throttle.duration")
    (requests,) = observed.points("http.client.request.duration")
    assert throttled.min < 0.01
    assert throttled.max >= 0.05
    assert requests.max < 0.1


async def test_a_stream_counts_its_bytes(client: KauneongaClient, observed: Observed) -> None:
    stream = client.messages.stream(date(2025, 1, 1), date(2025, 3, 31))
    await stream.collect()
    (point,) = observed.points("kauneonga.client.received")
    assert point.value == stream.report.bytes


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.request("GET", "/v2/messages", params={"from_date": "01-02-2025", "canary": "canary"}),
        lambda client: client.request("GET", "/v2/canary/canary@example.com"),
        lambda client: client.request("GET", "/v2/messages/canary"),
        lambda client: client.messages.get(987654321),
        lambda client: client.to_dos.create(
            account_number="canary",
            delivery_type="canary",
            contact="canary",
            from_="canary",
            message_text="canary",
            schedule=Schedule(frequency="canary", times=["canary"], days=["canary"], interval=1),
        ),
        lambda client: client.messages.list(date(2025, 1, 1), date(2025, 1, 3)),
    ],
)
async def test_nothing_confidential_is_told(
    sandbox: Sandbox, observed: Observed, call: Callable[[KauneongaClient], Any]
) -> None:
    sandbox.configure(token="canary-token", faults=ScriptedFaults([FAILS]))
    async with KauneongaClient(sandbox.base_url, "canary-token", on_event=observed.hook) as client:
        with contextlib.suppress(errors.KauneongaError):
            await call(client)
    told = observed.everything()
    assert "http.request.method" in told
    for secret in ("canary", "987654321", "from_date", "-2025"):
        assert secret not in told, secret


async def test_recordings_are_told_of_without_their_path(
    client: KauneongaClient, observed: Observed, sandbox: Sandbox, tmp_path: Any
) -> None:
    recordings = await client.call_recordings.list()
    observed.spans.clear()
    await client.call_recordings.download(recordings[0], tmp_path / "one.mp3")
    spans = observed.spans.get_finished_spans()
    assert {span.name for span in spans} == {"GET"}
    assert not any("url.template" in (span.attributes or {}) for span in spans)
