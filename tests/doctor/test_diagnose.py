"""Diagnose, against the sandbox: each thing that can be wrong is found, and called by its name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from kauneonga_async import KauneongaClient, ServerCalendar
from kauneonga_async.doctor import CHECKS, Diagnosis, Finding, diagnose
from kauneonga_async.doctor.asking import Asker, Reply
from kauneonga_async.doctor.evidence import Question
from kauneonga_async.doctor.habits import check_clock, check_compression
from kauneonga_async.sandbox import Fault, Sandbox
from tests.wire import TOKEN, WireServer, listing, response

MOST_CALLS = 64
TODAY = datetime.now(UTC).date()


def sandbox_of(**settings: Any) -> Sandbox:
    start = TODAY - timedelta(days=500)
    return Sandbox(**{"messages": 4000, "recordings": 2, "start": start, "end": TODAY, **settings})


async def examine(sandbox: Sandbox, **options: Any) -> Diagnosis:
    token = options.pop("token", sandbox.token)
    async with KauneongaClient(sandbox.base_url, token, max_retries=0, **options) as client:
        diagnosis = await diagnose(client)
    assert tuple(finding.check for finding in diagnosis.findings) == CHECKS
    assert len(sandbox.requests) == diagnosis.calls <= MOST_CALLS
    assert {request.method for request in sandbox.requests} <= {"GET"}
    return diagnosis


def found(diagnosis: Diagnosis, check: str) -> Finding:
    return diagnosis.findings[CHECKS.index(check)]


def failures(diagnosis: Diagnosis) -> list[str]:
    return [finding.check for finding in diagnosis.findings if finding.status == "failure"]


def failing_at(path: str) -> Any:
    return lambda method, asked: Fault(status=500, body=b'{"info": "CANARY"}') if asked.endswith(path) else None


async def test_a_server_without_fault_is_well_and_its_calendar_is_found() -> None:
    async with sandbox_of(timezone="Asia/Kathmandu", to_date_inclusive=False) as sandbox:
        with blockbuster_ctx("kauneonga_async.doctor"):
            diagnosis = await examine(sandbox)
    assert {finding.status for finding in diagnosis.findings} == {"ok", "skipped"}
    assert [finding.check for finding in diagnosis.findings if finding.status == "skipped"] == ["TLS"]
    assert diagnosis.is_well
    assert diagnosis.as_toml == 'timezone = "Asia/Kathmandu"\nto_date_inclusive = false'
    calendar = eval(diagnosis.as_python.removeprefix("calendar="), {"ServerCalendar": ServerCalendar})
    assert calendar == ServerCalendar("Asia/Kathmandu", to_date_inclusive=False)


async def test_the_settings_that_were_found_list_every_message_without_padding() -> None:
    async with sandbox_of(timezone="America/New_York", to_date_inclusive=True) as sandbox:
        diagnosis = await examine(sandbox)
        calendar = eval(diagnosis.as_python.removeprefix("calendar="), {"ServerCalendar": ServerCalendar})
        assert calendar.is_known
        async with KauneongaClient(sandbox.base_url, sandbox.token, calendar=calendar) as client:
            stream = client.messages.stream(TODAY - timedelta(days=400), TODAY - timedelta(days=10))
            assert len(await stream.collect()) == stream.report.records > 2500
            assert stream.report.dropped == 0


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        (ServerCalendar("America/New_York", to_date_inclusive=True), []),
        (ServerCalendar("America/Toronto"), []),
        (ServerCalendar("America/Chicago"), ["time zone"]),
        (ServerCalendar("Etc/GMT+5"), ["time zone"]),
        (ServerCalendar(to_date_inclusive=False), ["to_date"]),
    ],
)
async def test_a_stated_calendar_is_compared_with_the_server_s(stated: ServerCalendar, wrong: list[str]) -> None:
    async with sandbox_of(timezone="America/New_York", to_date_inclusive=True) as sandbox:
        assert failures(await examine(sandbox, calendar=stated)) == wrong


async def test_a_refused_token_is_found_with_one_call_and_the_rest_is_skipped() -> None:
    async with sandbox_of() as sandbox:
        diagnosis = await examine(sandbox, token="another")
    assert failures(diagnosis) == ["token"]
    assert 'refused: the server answers 404, "Invalid token"' in found(diagnosis, "token").says
    assert diagnosis.calls == 1
    assert {finding.status for finding in diagnosis.findings[4:]} == {"skipped"}


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("/v2/messages", "token"),
        ("/v2/call-recordings", "list recordings"),
        ("/v2/to_dos", "list to-dos"),
        (".mp3", "download"),
    ],
)
async def test_an_endpoint_that_fails_is_named_and_the_others_are_looked_at(path: str, check: str) -> None:
    async with sandbox_of(faults=failing_at(path), messages=300) as sandbox:
        diagnosis = await examine(sandbox)
    assert failures(diagnosis) == [check]
    assert "500" in found(diagnosis, check).says
    assert "CANARY" not in repr(diagnosis)


async def test_a_message_that_cannot_be_had_is_a_failure_of_that() -> None:
    async with sandbox_of(messages=300) as sandbox:
        sandbox.settings.faults = lambda _, path: Fault(status=403) if "/messages/" in path else None
        diagnosis = await examine(sandbox)
    assert failures(diagnosis) == ["get a message"]
    assert found(diagnosis, "ETags").status == "skipped"


async def test_lists_that_fail_leave_the_time_zone_open() -> None:
    asked = 0

    def later(method: str, path: str) -> Fault | None:
        nonlocal asked
        asked += path.endswith("/messages")
        return Fault(status=504) if asked > 8 else None

    async with sandbox_of(faults=later) as sandbox:
        diagnosis = await examine(sandbox)
    assert failures(diagnosis) == ["list lengths"]
    assert diagnosis.calendar is None
    assert found(diagnosis, "time zone").status == "skipped"


@pytest.mark.parametrize(
    ("settings", "check", "status", "said"),
    [
        ({"compress": False}, "compression", "warning", "uncompressed"),
        ({"etags": False}, "ETags", "warning", "there are none"),
        ({"not_modified": False}, "ETags", "warning", "not honoured"),
        ({"keep_alive": False}, "keep-alive", "warning", "needed a new connection"),
        ({"skew": 900.0}, "clock", "warning", "ahead of"),
        ({"skew": -900.0}, "clock", "warning", "behind"),
        ({"cap": 30}, "list lengths", "warning", "cut off"),
        ({"cap": 30}, "time zone", "warning", "cut off"),
        ({"filters": False, "messages": 300}, "time zone", "failure", "lists hold messages of other days"),
        ({"messages": 0}, "list messages", "warning", "empty"),
        ({"messages": 0}, "time zone", "warning", "no messages to tell by"),
        ({"recordings": 0}, "download", "skipped", "no recording"),
    ],
)
async def test_each_habit_of_the_server_is_noticed(
    settings: dict[str, Any], check: str, status: str, said: str
) -> None:
    async with sandbox_of(**settings) as sandbox:
        finding = found(await examine(sandbox), check)
    assert finding.status == status
    assert said in finding.says


async def test_few_messages_are_asked_for_within_the_bound_and_nothing_is_claimed() -> None:
    async with sandbox_of(messages=6, timezone="Asia/Kolkata") as sandbox:
        diagnosis = await examine(sandbox)
    assert diagnosis.is_well
    assert diagnosis.calendar is not None
    assert diagnosis.calendar.timezone is None
    assert "timezone" not in diagnosis.as_toml
    assert "leave the setting out" in (found(diagnosis, "time zone").advice or "")


async def test_a_recording_on_a_private_host_says_which_option_allows_it() -> None:
    body = listing([{"id": 36, "recording": "http://10.0.0.7/36.mp3"}])
    async with sandbox_of(messages=0) as sandbox:
        sandbox.settings.faults = lambda _, path: Fault(status=200, body=body) if path.endswith("recordings") else None
        async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
            finding = found(await diagnose(client), "download")
    assert finding.status == "failure"
    assert "--allow-private-recordings" in (finding.advice or "")


async def test_a_list_is_read_no_further_than_asked() -> None:
    records = [{"id": n, "created_at": "2026-01-05T12:00:00Z", "content": "x" * 500} for n in range(1, 4000)]
    async with WireServer(response(body=listing(records))) as server, KauneongaClient(server.base_url, TOKEN) as client:
        asker = Asker(client)
        some = await asker.list_days(Question(date(2026, 1, 1), date(2026, 1, 31)), most=1)
        every = await asker.list_days(Question(date(2026, 1, 1), date(2026, 1, 31)))
    assert not some.held.complete
    assert len(some.held.instants) < len(every.held.instants) == len(records)
    assert (every.held.complete, every.newest) == (True, len(records))


def reply(**headers: str) -> Reply:
    middle = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
    return Reply(200, {name.replace("_", "-"): value for name, value in headers.items()}, b"x" * 5000, 0.1, middle)


def test_a_clock_is_compared_to_the_half_second_that_a_date_leaves_open() -> None:
    assert check_clock(reply(Date="Mon, 23 Nov 2026 12:00:00 GMT")).facts == {"skew_seconds": 0.0}
    assert check_clock(reply(Date="Mon, 23 Nov 2026 12:00:31 GMT")).status == "warning"
    assert check_clock(reply(Date="Mon, 23 Nov 2026 11:59:31 GMT")).status == "ok"
    assert check_clock(reply(Date="yesterday")).status == check_clock(reply()).status == "warning"


def test_compression_is_judged_by_answers_that_are_worth_it() -> None:
    small = Reply(200, {}, b"x" * 20, 0.1, datetime.now(UTC))
    assert check_compression([small]).status == "skipped"
    assert check_compression([small, reply()]).status == "warning"
    assert check_compression([small, reply(Content_Encoding="gzip")]).status == "ok"
