"""Spans and metrics of a month of messages, printed: put your own exporters in place of these.

Needs the extra `otel`, opentelemetry-sdk, KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a
server to try it on.
"""

from __future__ import annotations

import asyncio
from datetime import date

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from kauneonga_async import KauneongaClient
from kauneonga_async.integrations.opentelemetry import OpenTelemetryHook


async def read(hook: OpenTelemetryHook, tracers: TracerProvider) -> None:
    """Read a month, under a span of our own."""
    async with KauneongaClient(on_event=hook) as client:
        with tracers.get_tracer("example").start_as_current_span("January") as span:
            messages = await client.messages.list(date(2025, 1, 1), date(2025, 1, 31))
            span.set_attribute("messages", len(messages))


def main() -> None:
    """Set the SDK up, read, and export what is left."""
    tracers, meters = TracerProvider(), MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter())])
    tracers.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
    try:
        asyncio.run(read(OpenTelemetryHook(tracers, meters), tracers))
    finally:
        tracers.shutdown()
        meters.shutdown()


if __name__ == "__main__":
    main()
