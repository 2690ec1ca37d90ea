"""The network's checks: URL, name, and certificates of every kind, against servers on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from yarl import URL

from kauneonga_async.doctor.network import check_names, check_tls, check_url
from kauneonga_async.transport import ConnectionOptions


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def options(authority: trustme.CA) -> ConnectionOptions:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return ConnectionOptions(ssl_context=context)


@asynccontextmanager
async def serving(authority: trustme.CA | None, host: str = "localhost", days: float = 90) -> AsyncIterator[URL]:
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        end = datetime.now(UTC) + timedelta(days=days, hours=1)
        issued = authority.issue_cert(host, not_before=end - timedelta(days=100), not_after=end)
        issued.configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 X\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield URL(f"https://localhost:{server.sockets[0].getsockname()[1]}/api")


async def test_a_certificate_that_is_good_tells_for_how_long(authority: trustme.CA, options: ConnectionOptions) -> None:
    async with serving(authority) as url:
        finding = await check_tls(url, options)
    assert finding.status == "ok"
    assert finding.facts["certificate_days_left"] == 90
    assert finding.facts["version"].startswith("TLSv1.")


async def test_a_certificate_that_ends_soon_is_a_warning(authority: trustme.CA, options: ConnectionOptions) -> None:
    async with serving(authority, days=5) as url:
        finding = await check_tls(url, options)
    assert (finding.status, finding.says.partition("; ")[2]) == ("warning", "the certificate ends in 5 days")


@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("localhost", -1, True, "certificate has expired"),
        ("other.example", 90, True, "Hostname mismatch"),
        ("localhost", 90, False, "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_not_trusted_says_why(
    authority: trustme.CA, options: ConnectionOptions, host: str, days: float, trusted: bool, said: str
) -> None:
    async with serving(authority, host, days) as url:
        finding = await check_tls(url, options if trusted else ConnectionOptions())
    assert finding.status == "failure"
    assert said in finding.says
    assert finding.advice


async def test_a_port_without_tls_is_told_from_one_where_nobody_listens(options: ConnectionOptions) -> None:
    async with serving(None) as url:
        finding = await check_tls(url, options)
        assert finding.says.startswith("there is no TLS on port")
    finding = await check_tls(url, options)
    assert (finding.status, finding.says.startswith("no connection to port")) == ("failure", True)


async def test_where_http_or_a_proxy_is_used_there_is_no_certificate_to_look_at(options: ConnectionOptions) -> None:
    assert (await check_tls(URL("http://localhost/api"), options)).status == "skipped"
    proxied = ConnectionOptions(proxy=URL("http://proxy.example:3128"))
    assert (await check_tls(URL("https://h.example/api"), proxied)).status == "skipped"
    assert (await check_names(URL("https://h.example/api"), proxied)).status == "skipped"


async def test_a_name_is_looked_up(options: ConnectionOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await check_names(URL("http://localhost/api"), options)
    assert found.status == "ok"
    assert "127.0.0.1" in found.facts["addresses"]
    assert (await check_names(URL("http://127.0.0.1/api"), options)).status == "ok"
    finding = await check_names(URL("http://nowhere.invalid/api"), options)
    assert (finding.status, finding.says) == ("failure", "nowhere.invalid has no address")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://h.example/api", "ok"),
        ("http://127.0.0.1:8765/api", "ok"),
        ("http://h.example/api", "warning"),
        ("https://h.example/elsewhere", "warning"),
    ],
)
def test_a_url_is_judged_by_what_it_would_do_to_the_token(url: str, status: str) -> None:
    assert check_url(URL(url)).status == status
