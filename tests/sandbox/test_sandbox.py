"""The sandbox keeps to API.md: its endpoints, its quirks, and the same world for the same seed."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from kauneonga_async import CallRecording, KauneongaClient, Message, ToDo
from kauneonga_async.sandbox import Fault, RandomFaults, Sandbox, ScriptedFaults, World
from tests.data import example


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    async with aiohttp.ClientSession(sandbox.origin, headers=headers, auto_decompress=False) as session:
        yield session


async def body_of(http: aiohttp.ClientSession, path: str, **options: Any) -> Any:
    async with http.get(path, headers={"Accept-Encoding": "identity"}, **options) as answer:
        assert answer.status == 200
        return json.loads(await answer.read())


async def test_every_endpoint_answers_with_records_of_its_kind(http: aiohttp.ClientSession) -> None:
    messages = await body_of(http, "/api/v2/messages")
    assert len(msgspec.convert(messages["data"], list[Message])) == 200
    recordings = await body_of(http, "/api/v2/call-recordings")
    assert len(msgspec.convert(recordings["data"], list[CallRecording])) == 3
    async with http.post("/api/v2/to_dos", data=example("to_do_request")) as answer:
        assert answer.status == 201
        created = json.loads(await answer.read())["data"]
    assert msgspec.convert(created["to_do"], ToDo).message_text == "Latest code: This should be an active todo"
    assert (await body_of(http, "/api/v2/to_dos"))["data"] == [created]


async def test_a_record_has_the_fields_of_the_document(http: aiohttp.ClientSession) -> None:
    whole = (await body_of(http, "/api/v2/messages/1001"))["data"]
    assert whole.keys() == json.loads(example("message"))["data"].keys()
    summary = (await body_of(http, "/api/v2/messages"))["data"][0]
    assert summary.keys() < whole.keys()
    recording = (await body_of(http, "/api/v2/call-recordings"))["data"][0]
    documented = json.loads(example("call_recordings"))["data"][0]
    assert recording.keys() == documented.keys()
    assert recording["cdr"].keys() == documented["cdr"].keys()
    async with http.post("/api/v2/to_dos", data=example("to_do_request")) as answer:
        created = json.loads(await answer.read())["data"]
    documented = json.loads(example("to_do"))["data"]
    assert created["to_do"].keys() == documented["to_do"].keys()
    assert created["schedule"].keys() == documented["schedule"].keys()
    assert created["schedule"]["rule"] == documented["schedule"]["rule"]


@pytest.mark.parametrize("days", [["Tueday"], ["Monday", "tuesday"], "Tuesday", [2]])
async def test_a_to_do_on_a_day_that_is_none_is_refused(http: aiohttp.ClientSession, days: Any) -> None:
    async with http.post("/api/v2/to_dos", json={"message_text": "x", "schedule": {"days": days}}) as answer:
        assert answer.status == 422
        refusal = json.loads(await answer.read())
    assert refusal["success"] is False
    assert "days" in refusal["info"]
    assert (await body_of(http, "/api/v2/to_dos"))["data"] == []


async def test_messages_are_about_as_long_as_the_document_s(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v2/messages", headers={"Accept-Encoding": "identity"}) as answer:
        assert 1300 < len(await answer.read()) / 200 < 1800


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}])
async def test_a_bad_token_is_a_404_as_the_document_has_it(
    http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with http.get("/api/v2/messages", headers=headers) as answer:
        assert answer.status == 404
        assert json.loads(await answer.read()) == json.loads(example("invalid_token"))


async def test_dates_filter_in_the_server_s_zone_and_manner() -> None:
    async with Sandbox(messages=900, timezone="America/New_York", to_date_inclusive=False) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        async with aiohttp.ClientSession(sandbox.origin, headers=headers) as http:
            dates = {"from_date": "02-01-2025", "to_date": "02-03-2025"}
            found = (await body_of(http, "/api/v2/messages", params=dates))["data"]
        times = [datetime.fromisoformat(message["created_at"]) for message in found]
        assert len(times) == 20
        assert min(times) >= datetime(2025, 2, 1, 5, tzinfo=UTC)
        assert max(times) < datetime(2025, 2, 3, 5, tzinfo=UTC)


async def test_an_etag_is_weak_and_answers_304_until_something_changes(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    async with http.get("/api/v2/messages/1001") as answer:
        etag = answer.headers["ETag"]
        assert etag.startswith('W/"')
    async with http.get("/api/v2/messages/1001", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    sandbox.world.edit(1001, status="held")
    async with http.get("/api/v2/messages/1001", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_bodies_are_compressed_when_asked_for(http: aiohttp.ClientSession) -> None:
    plain = await body_of(http, "/api/v2/messages")
    async with http.get("/api/v2/messages", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(await answer.read())) == plain


async def test_the_rate_is_limited_and_says_for_how_long(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.configure(rate_limit=3)
    statuses = []
    for _ in range(9):
        async with http.get("/api/v2/messages/1001") as answer:
            statuses.append(answer.status)
            assert (answer.headers.get("Retry-After") == "1") == (answer.status == 429)
    assert 3 <= statuses.count(200) <= 6
    assert statuses.count(429) == 9 - statuses.count(200)


async def test_bandwidth_and_latency_take_their_time(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.configure(latency=0.05, bandwidth=3_000_000)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await body_of(http, "/api/v2/messages")
    assert loop.time() - began >= 0.05 + 200 * 1400 / 3_000_000


async def test_faults_happen_by_script(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    sandbox.configure(
        faults=ScriptedFaults([Fault(status=418, body=b"x"), None, Fault(reset=True), Fault(cut_after=100)])
    )
    async with http.get("/api/v2/messages") as answer:
        assert (answer.status, await answer.read()) == (418, b"x")
    await body_of(http, "/api/v2/messages")
    with pytest.raises(aiohttp.ClientError):
        await http.post("/api/v2/to_dos", data=b"{}")
    with pytest.raises(aiohttp.ClientPayloadError):
        await body_of(http, "/api/v2/messages")
    await body_of(http, "/api/v2/messages")


def test_faults_by_chance_are_the_same_for_the_same_seed() -> None:
    def draw() -> list[Fault | None]:
        faults = RandomFaults(0.3, seed=7)
        return [faults("GET", "/") for _ in range(100)]

    assert draw() == draw()
    assert 15 < sum(fault is not None for fault in draw()) < 45
    for rate, kinds in ((1.5, ("500",)), (0.5, ("unheard of",)), (0.5, ())):
        with pytest.raises(ValueError, match=r"rate|kinds"):
            RandomFaults(rate, kinds)


async def test_a_setting_that_is_none_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="latencies"):
        sandbox.configure(latencies=1)
    with pytest.raises(TypeError):
        Sandbox(latencies=1)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"order": "random"}, ValueError),
        ({"date_field": "id"}, ValueError),
        ({"latency": -1}, ValueError),
        ({"latency": "0.1"}, TypeError),
        ({"bandwidth": 0}, ValueError),
        ({"rate_limit": 0}, ValueError),
        ({"cap": -1}, ValueError),
        ({"filters": "no"}, TypeError),
        ({"latency": 10**400}, ValueError),
        ({"skew": "x"}, TypeError),
        ({"skew": float("nan")}, ValueError),
        ({"skew": 1e12}, ValueError),
        ({"token": 5}, TypeError),
        ({"more_tokens": "abc"}, TypeError),
        ({"more_tokens": frozenset({5})}, TypeError),
        ({"faults": 5}, TypeError),
    ],
)
async def test_a_setting_that_cannot_be_is_named_and_changes_nothing(
    sandbox: Sandbox, settings: dict[str, Any], error: type[Exception]
) -> None:
    (name,) = settings
    with pytest.raises(error, match=name):
        Sandbox(**settings)
    before = msgspec.structs.asdict(sandbox.settings)
    with pytest.raises(error, match=name):
        sandbox.configure(**{"cap": 5, **settings})
    assert msgspec.structs.asdict(sandbox.settings) == before


@pytest.mark.parametrize("tokens", [["b", "c"], ("b", "c"), {"b", "c"}, frozenset({"b", "c"}), {"b": 1, "c": 2}])
async def test_more_tokens_may_be_in_any_collection(tokens: Collection[str]) -> None:
    async with Sandbox(messages=1, more_tokens=tokens) as sandbox:
        for token in ("b", "c"):
            async with KauneongaClient(sandbox.base_url, token) as client:
                assert len(await client.messages.list()) == 1


@pytest.mark.parametrize("options", [{"host": 5}, {"port": "80"}])
def test_an_address_that_cannot_be_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        Sandbox(**options)


@pytest.mark.parametrize("options", [{"messages": -1}, {"recordings": -1}, {"start": date(2026, 1, 1)}])
def test_a_world_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Sandbox(**options)


async def test_a_request_that_cannot_be_understood_is_told_so(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v2/messages", params={"from_date": "2025-01-05", "to_date": "2025-01-06"}) as answer:
        assert (answer.status, (await answer.json())["info"]) == (422, "dates must be MM-DD-YYYY")
    for body in (b"{", b"[]"):
        async with http.post("/api/v2/to_dos", data=body) as answer:
            assert answer.status == 400


def test_a_sandbox_that_does_not_run_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        assert Sandbox().base_url


def test_the_same_seed_makes_the_same_world() -> None:
    one, same, other = (list(World(seed=seed, messages=50).between(None, None)) for seed in (1, 1, 2))
    assert one == same != other


def test_a_world_of_any_size_takes_no_memory() -> None:
    tracemalloc.start()
    world = World(messages=100_000_000, start=date(1950, 1, 1), end=date(2025, 12, 31))
    begin = datetime(2001, 9, 9, tzinfo=UTC)
    found = list(world.between(begin, begin + timedelta(minutes=2)))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 4 <= len(found) <= 8
    assert used < 1_000_000


def test_a_world_may_end_with_the_last_day_that_there_is() -> None:
    world = World(messages=50, start=date(9999, 12, 1), end=date(9999, 12, 31))
    last = world.created_at(49)
    assert datetime(9999, 12, 31, tzinfo=UTC) <= last
    assert len(list(world.between(None, None))) == 50


def test_its_texts_have_all_that_makes_json_hard() -> None:
    whole = b"".join(World(messages=300).between(None, None))
    for hard in (b'\\"', b"\\\\", b"\\n", b"{", b"]", "ñ".encode(), "💊".encode(), b"},{"):
        assert hard in whole


def test_what_is_added_edited_and_deleted() -> None:
    world = World(messages=3, start=date(2025, 1, 1), end=date(2025, 1, 3))
    added = world.add(datetime(2025, 1, 2, tzinfo=UTC), content="new")
    world.edit(1001, content="edited", unknown=[1])
    world.delete(1003)
    found = [msgspec.json.decode(record) for record in world.between(None, None)]
    assert [record["created_at"] for record in found] == sorted(record["created_at"] for record in found)
    assert {record["id"]: record["content"] for record in found}[added] == "new"
    assert (found[0]["content"], found[0]["unknown"]) == ("edited", [1])
    assert world.message(1003) is None
    assert sorted(world.message_ids()) == [1001, 1002, added]
    assert world.version == 3
