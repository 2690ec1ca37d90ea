"""A canary for the token, and one for what messages say: neither is in a log, an error, a traceback or a pickle."""

from __future__ import annotations

import asyncio
import itertools
import logging
import resource
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kauneonga_async import KauneongaClient, Schedule, errors, export_messages, export_recordings, export_to_dos
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.sandbox.faults import Fault, ScriptedFaults
from tests.canaries import CANARY, TEXT, TOKEN, inhabit, shown_of, shown_of_error
from tests.wire import Exchange, WireServer, listing, response

Run = Callable[[Coroutine[Any, Any, Any]], Any]

RECORD = {"id": 5, "created_at": "2025-01-05T12:00:00Z", "content": TEXT, "answers": {"x": TEXT}}


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def cut(exchange: Exchange) -> None:
    answer = response(body=listing([RECORD] * 50))
    await exchange.send(answer[: len(answer) // 2])
    exchange.reset()


FAULTS: dict[str, Any] = {
    "reset": reset,
    "cut": cut,
    "garbage": f"{TEXT}\r\n\r\n".encode(),
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n" + TEXT.encode(),
    "bad header": f"HTTP/1.1 200 OK\r\n{TEXT}\r\n\r\n".encode(),
    "html": response(body=f"<html>{TEXT} {TOKEN}</html>".encode()),
    "malformed": response(body=listing([RECORD])[:-2] + f',{{"{TEXT}'.encode()),
    "wrong type": response(body=listing([{**RECORD, "read": TEXT}])),
    "wrong id": response(body=listing([{**RECORD, "id": TEXT}])),
    "no utf-8": response(body=listing([RECORD]).replace(b"CANARYTEXT", b"CANARYTEXT\xff")),
    "surrogate": response(body=listing([RECORD]).replace(b"CANARYTEXT", b"CANARYTEXT\\ud800")),
    "object": response(body=f'{{"data":{{"content":"{TEXT}"}}}}'.encode()),
    "success false": response(body=f'{{"success":false,"info":"no such token {TOKEN}"}}'.encode()),
    "invalid token": response(404, f'{{"success":false,"info":"Invalid token {TOKEN}"}}'.encode()),
    "refused": response(422, f'{{"info":"the text {TEXT} is too long"}}'.encode()),
    "status": response(500, TEXT.encode()),
    "throttled": response(429, TEXT.encode(), retry_after="9999"),
    "redirect": response(302, location=f"https://elsewhere.example/{TOKEN}?x={TOKEN}"),
    "encoding": response(body=TEXT.encode(), content_encoding="br"),
    "damaged": response(body=b"\x1f\x8b" + TEXT.encode(), content_encoding="gzip"),
    "calendar": response(body=listing([{**RECORD, "created_at": "2020-01-01T00:00:00Z"}])),
}


def surfaces(client: KauneongaClient, folder: Path) -> dict[str, Callable[[], Coroutine[Any, Any, Any]]]:
    schedule = Schedule(frequency="weekly", times=["9:00 AM"])
    return {
        "get": lambda: client.messages.get(5),
        "list": lambda: client.messages.list(date(2025, 1, 1), date(2025, 1, 9)),
        "get_many": lambda: client.messages.get_many([5, 6]).collect(),
        "to_dos": client.to_dos.list,
        "create": lambda: client.to_dos.create(
            account_number="W", delivery_type="sms", contact="c@example.com", from_="1", message_text=TEXT,
            schedule=schedule,
        ),
        "find": lambda: client.to_dos.find(contact="c@example.com", message_text=TEXT),
        "recordings": client.call_recordings.list,
        "export": lambda: export_messages(client, folder, date(2025, 1, 1), date(2025, 1, 9)),
        "export details": lambda: export_messages(client, folder, details=True, format="csv"),
        "export to-dos": lambda: export_to_dos(client, folder),
        "export recordings": lambda: export_recordings(client, folder),
        "request": lambda: client.request("POST", "/v2/x", json={"text": TEXT}),
    }  # fmt: skip


CALLS = ("get", "list", "get_many", "to_dos", "create", "request")
# They are made of those: what is left to show are frames of their own.
JOBS = ("find", "recordings", "export", "export details", "export to-dos", "export recordings")
FAULTS_OF_JOBS = ("cut", "malformed", "wrong id", "no utf-8", "calendar")


@pytest.mark.parametrize(
    ("surface", "fault"), [*itertools.product(CALLS, FAULTS), *itertools.product(JOBS, FAULTS_OF_JOBS)]
)
def test_no_canary_is_shown(
    surface: str, fault: str, caplog: pytest.LogCaptureFixture, run_jumping: Run, tmp_path: Path
) -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_debug(True)
        events: list[object] = []
        async with (
            WireServer(FAULTS[fault]) as server,
            KauneongaClient(
                server.base_url,
                TOKEN,
                on_event=events.append,
                timeout=200,
                extra_headers={"X-Api-Key": "CANARYKEY"},
                proxy_headers={"Proxy-Authorization": "CANARYKEY"},
            ) as client,
        ):
            try:
                await surfaces(client, tmp_path)[surface]()
            except Exception as error:  # noqa: BLE001 - whatever it is, it may show nothing
                failure: Exception | None = error
            else:
                failure = None
            assert not {line for line in map(shown_of, events) if CANARY.search(line)}
            assert not CANARY.search(f"{client!r} {vars(client)!r} {vars(client._transport)!r}")
            if failure is not None:
                assert [line for line in shown_of_error(failure) if CANARY.search(line)] == []

    caplog.set_level(logging.DEBUG)
    run_jumping(main())
    assert not CANARY.search(caplog.text)


@pytest.mark.parametrize("surface", ["get", "list", "create", "request", "to-dos", "recordings"])
async def test_headers_of_one_call_are_not_shown(surface: str) -> None:
    headers = {"X-Api-Key": "CANARYKEY"}
    async with WireServer(response(400)) as server, KauneongaClient(server.base_url, TOKEN) as client:
        calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "get": lambda: client.messages.get(5, extra_headers=headers),
            "list": lambda: client.messages.list(extra_headers=headers),
            "create": lambda: client.to_dos.create(
                account_number="W", delivery_type="sms", contact="c@example.com", from_="1", message_text=TEXT,
                schedule=Schedule(frequency="weekly", times=["9:00 AM"]), extra_headers=headers,
            ),
            "request": lambda: client.request("POST", "/v2/x", json={"text": TEXT}, extra_headers=headers),
            "to-dos": lambda: client.to_dos.list(extra_headers=headers),
            "recordings": lambda: client.call_recordings.list(extra_headers=headers),
        }  # fmt: skip
        with pytest.raises(errors.InvalidRequest) as caught:
            await calls[surface]()
    assert [line for line in shown_of_error(caught.value) if CANARY.search(line)] == []


@pytest.mark.parametrize("kind", ["messages", "to-dos", "recordings"])
async def test_what_an_export_is_given_for_its_store_and_its_calls_is_not_shown(kind: str) -> None:
    place, options = "memory://me:CANARYPASSWORD@secrets/folder", {"secret": "CANARYKEY"}
    headers = {"X-Api-Key": "CANARYKEY"}
    answers = [response(body=listing([RECORD])), response(400)] if kind == "messages" else [response(400)]
    async with WireServer(*answers) as server, KauneongaClient(server.base_url, TOKEN) as client:
        exports: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "messages": lambda: export_messages(
                client, place, details=True, extra_headers=headers, storage_options=options
            ),
            "to-dos": lambda: export_to_dos(client, place, storage_options=options),
            "recordings": lambda: export_recordings(client, place, storage_options=options),
        }
        with pytest.raises(errors.InvalidRequest) as caught:
            await exports[kind]()
    assert [line for line in shown_of_error(caught.value) if CANARY.search(line)] == []


@pytest.mark.parametrize("proxy", ["http://me:CANARYPASSWORD@127.0.0.1:99999", "socks5://me:CANARYPASSWORD@127.0.0.1"])
async def test_a_proxy_of_the_environment_that_cannot_be_used_is_named_and_not_shown(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    async with KauneongaClient("http://127.0.0.1:9/api", TOKEN, trust_env=True) as client:
        with pytest.raises(errors.ConfigurationError, match=r"^http_proxy: ") as caught:
            await client.messages.get(5)
    assert [line for line in shown_of_error(caught.value) if CANARY.search(line)] == []


def test_how_connections_and_calls_are_made_is_shown_without_values() -> None:
    client = KauneongaClient(
        "https://host.example",
        TOKEN,
        proxy="http://me:CANARYPASSWORD@proxy.example:3128",
        proxy_headers={"Proxy-Authorization": "CANARYKEY"},
        extra_headers={"X-Api-Key": "CANARYKEY"},
    )
    assert client._sessions is not None
    shown = shown_of(client._sessions.options) + shown_of(client._transport.options)
    assert not CANARY.search(shown)
    assert all(name in shown for name in ("proxy.example", "Proxy-Authorization", "X-Api-Key"))


def test_a_proxy_that_cannot_be_is_not_shown() -> None:
    proxy = "http://me:CANARYPASSWORD@127.0.0.1:99999"
    with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
        KauneongaClient("https://host.example", TOKEN, proxy=proxy)
    assert [line for line in shown_of_error(caught.value) if CANARY.search(line)] == []


# Frames that an error keeps by way of the errors before it.

BEGIN, END = date(2025, 1, 1), date(2025, 3, 31)


def canaries_of(error: BaseException) -> list[str]:
    return [line for line in shown_of_error(error) if CANARY.search(line)]


@pytest.mark.parametrize("moment", ["before the head", "within the body"])
async def test_a_timeout_of_the_caller_s_own_keeps_no_frame_that_holds_the_token(moment: str) -> None:
    """Of any package: the error that it is raised from has passed through aiohttp."""

    async def begin(exchange: Exchange) -> None:
        if moment == "within the body":
            await exchange.send(response(body=listing([RECORD]), content_length="1000"))
        await asyncio.sleep(3600)

    async with WireServer(begin) as server, KauneongaClient(server.base_url, TOKEN) as client:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.1):
                await client.messages.get(5)
        cause = caught.value.__cause__
        assert cause is not None
        frames = traceback.TracebackException.from_exception(cause, capture_locals=True).stack
        assert not [frame.locals for frame in frames if __file__ != frame.filename and CANARY.search(str(frame.locals))]
        assert canaries_of(caught.value) == []


async def test_a_list_that_fails_at_its_end_keeps_nothing_of_what_it_had() -> None:
    async with Sandbox(messages=500, compress=False) as sandbox:
        inhabit(sandbox)
        sandbox.configure(faults=ScriptedFaults([Fault(cut_after=300_000)]))
        async with KauneongaClient(sandbox.base_url, sandbox.token, max_retries=0) as client:
            with pytest.raises(errors.ConnectionFailed) as caught:
                await client.messages.list(record_type=dict)
            assert canaries_of(caught.value) == []


async def test_a_window_that_fails_while_it_is_read_aside_keeps_nothing_of_what_it_had() -> None:
    async with Sandbox(messages=3000, compress=False) as sandbox:
        inhabit(sandbox)
        sandbox.world.edit(sorted(sandbox.world.message_ids())[2000], read="neither")
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            with pytest.raises(errors.DecodeError) as caught:
                await client.messages.list(BEGIN, END, window=timedelta(days=30))
            assert canaries_of(caught.value) == []


async def test_a_full_disk_shows_nothing_of_the_to_dos_that_it_did_not_take(tmp_path: Path) -> None:
    async with Sandbox(messages=1) as sandbox, KauneongaClient(sandbox.base_url, sandbox.token) as client:
        now = datetime.now(UTC)
        for _ in range(1000):
            sandbox.world.create_to_do({"message_text": TEXT, "contact": "1", "schedule": {}}, now)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        try:
            with pytest.raises(OSError, match="too large") as caught:
                await export_to_dos(client, tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert canaries_of(caught.value) == []
