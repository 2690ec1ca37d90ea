"""Everything the package can do, over a server with faults whose every word is a canary: none is shown anywhere."""

from __future__ import annotations

import asyncio
import inspect
import io
import logging
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import kauneonga_async
from kauneonga_async import (
    AccountChange,
    AccountFailure,
    Cursor,
    Fleet,
    KauneongaClient,
    MemoryCursor,
    Schedule,
    ServerCalendar,
    SqliteCursor,
    errors,
    export_messages,
    export_recordings,
    export_to_dos,
    verify_export,
)
from kauneonga_async.cli.app import run_app
from kauneonga_async.sandbox import RandomFaults, Sandbox
from kauneonga_async.testing import in_thread
from tests.canaries import CANARY, TEXT, TOKEN, inhabit, shown_of, shown_of_error

# What is handed out is the data itself, which is there to be shown by whoever asked for it.
DATA = ("messages_*", "recordings.jsonl", "to_dos.jsonl", "*.mp3")
BEGIN, END = date(2025, 1, 1), date(2025, 1, 20)


def faulty(rate: float) -> Sandbox:
    sandbox = Sandbox(messages=40, end=END, recordings=3, token=TOKEN, faults=RandomFaults(rate))
    inhabit(sandbox)
    sandbox.world.edit(1005, read=TEXT)  # does not fit
    return sandbox


def journals(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.match(pattern) for pattern in DATA):
            yield path.name, path.read_bytes().decode("utf-8", "replace")


class Witness:
    """Keeps what was shown, and of which types."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.types: set[type] = set()

    def __call__(self, *things: Any) -> None:
        for thing in things:
            self.types.add(type(thing))
            self.shown += shown_of_error(thing) if isinstance(thing, BaseException) else [shown_of(thing)]


async def do_everything(sandbox: Sandbox, folder: Path, see: Witness) -> None:
    async with KauneongaClient(sandbox.base_url, TOKEN, on_event=see, max_retries=12) as client:
        see(client, client.messages, client.to_dos, client.call_recordings, client.calendar, ServerCalendar("UTC"))
        see(await client.messages.get(1001), await client.messages.get(1005, on_invalid=see))
        stream = client.messages.stream(BEGIN, END, on_invalid=see)
        see(*[message async for message in stream], stream, stream.report, stream.report.calendar)
        see(*await client.messages.get_many([1001, 1002, 1005], on_invalid="skip").collect())
        schedule = Schedule(frequency="weekly", times=["9:00 AM"], days=["Monday"])
        see(schedule)
        for _ in range(8):
            try:
                to_do = await client.to_dos.create(
                    account_number="W0411", delivery_type="sms", contact="CANARY@example.com", from_="+13055550000",
                    message_text=TEXT, schedule=schedule,
                )  # fmt: skip
            except errors.OutcomeUnknown as error:
                see(error)
            else:
                assert to_do.schedule is not None
                see(to_do, to_do.schedule, to_do.schedule.rule)
        see(*await client.to_dos.find(contact="CANARY@example.com", message_text=TEXT))
        for recording in await client.call_recordings.list():
            see(recording, recording.cdr, await client.call_recordings.download(recording, folder))
        see(await client.request("GET", "/v2/messages/1001"))
        for options in ({}, {"format": "csv", "compression": "gz"}, {"format": "parquet"}, {"details": True}):
            place = folder / "-".join(map(str, options.values()))
            report = await export_messages(client, place, BEGIN, END, on_invalid=see, progress=see, **options)
            see(report, await verify_export(place))
        await watch_everything(client, folder, see)
        see(await export_recordings(client, folder / "audio", progress=see))
        see(await export_to_dos(client, folder / "to-dos"))


async def watch_everything(client: KauneongaClient, folder: Path, see: Witness) -> None:
    see(Cursor, memory := MemoryCursor(), SqliteCursor(folder / "unused.db"))
    see.types.add(Cursor)  # a protocol: nothing is of that very type
    watch = client.messages.watch(
        interval=0.01, cursor=memory, start=BEGIN, on_invalid=see, look_back=timedelta(days=2)
    )
    async with watch as changes:
        async for change in changes:
            see(change, watch, watch.report, memory)
            if watch.report.created > 20:
                break
    async with Fleet(client, interval=0.01, cursor=folder / "cursors.db", start=BEGIN, on_invalid=see) as fleet:
        fleet.add("one", TOKEN)
        fleet.add("refused", "a-token-CANARY")
        async for event in fleet:
            see(fleet, event)
            if {AccountChange, AccountFailure} <= see.types:
                break


def test_nothing_that_is_done_shows_a_canary(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    see = Witness()

    async def main() -> None:
        asyncio.get_running_loop().set_debug(True)
        async with faulty(0.2) as sandbox:
            await do_everything(sandbox, tmp_path, see)

    caplog.set_level(logging.DEBUG)
    asyncio.run(main())
    assert len(see.shown) > 300
    assert "status 50" in caplog.text  # there were faults, and they were logged
    assert [line for line in see.shown if CANARY.search(line)] == []
    assert not CANARY.search(caplog.text)
    assert not CANARY.search("".join(capfd.readouterr()))
    assert len(kept := dict(journals(tmp_path))) >= 3
    assert not {name for name, content in kept.items() if CANARY.search(name + content)}
    # Nobody adds a public class whose repr was never looked at.
    public = {thing for name in kauneonga_async.__all__ if inspect.isclass(thing := getattr(kauneonga_async, name))}
    assert public - see.types == set()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with in_thread(faulty(0.2)) as running:
        monkeypatch.setenv("KAUNEONGA_BASE_URL", running.base_url)
        monkeypatch.setenv("KAUNEONGA_TOKEN", TOKEN)
        yield running


def test_no_command_shows_a_canary_but_those_whose_output_it_is(
    server: Sandbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(TEXT))
        code = run_app([*arguments, *([] if arguments[1] == "verify" else ["-v"])])
        assert not CANARY.search(caplog.text)
        return (code, *capfd.readouterr())

    for arguments in (["messages", "list"], ["messages", "get", "1001"], ["recordings", "list"]):
        code, out, err = run(*arguments)
        assert (code, bool(CANARY.search(out)), bool(CANARY.search(err))) == (0, True, False)
    create = ["--account-number", "W", "--contact", "CANARY", "--from", "CANARY", "--time", "9:00 AM"]
    for _ in range(4):
        assert not CANARY.search(run("to-dos", "create", *create, "--message-text", "-")[2])
    for kind, *options in (
        ("messages", "--from", "2025-01-01", "--to", "2025-01-20"),
        ("messages", "--format", "csv", "--details"),
        ("recordings",),
        ("to-dos",),
    ):
        place = str(tmp_path / f"{kind}{len(options)}")
        code, out, err = run("export", kind, "-o", place, *options)
        assert code == 0, err
        assert not CANARY.search(out + err)
    code, out, err = run("export", "verify", str(tmp_path / "messages4"), "--json")
    assert not CANARY.search(out + err)
    server.configure(faults=RandomFaults(1.0))
    for arguments in (["messages", "list"], ["to-dos", "list"], ["recordings", "download", "--all"]):
        code, out, err = run(*arguments, "--retries", "1")
        assert code == 1
        assert not CANARY.search(out + err)


def test_a_token_from_a_file_is_in_no_title_of_the_process(server: Sandbox, tmp_path: Path) -> None:
    """Whoever may list processes sees their arguments, and the names of their threads."""
    seen: list[str] = []

    def look(method: str, path: str) -> None:
        shown = [*Path("/proc/self").glob("task/*/comm"), Path("/proc/self/cmdline")]
        seen.extend(path.read_bytes().decode() for path in shown)

    (tmp_path / "token").write_text(TOKEN)
    server.configure(faults=look)  # in the middle of a call
    assert run_app(["messages", "get", "1001", "--token-file", str(tmp_path / "token")]) == 0
    assert seen
    assert not CANARY.search(" ".join(seen))
