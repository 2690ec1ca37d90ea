"""What Dask lets go ends on its worker, in Dask's own state machine, at whatever moment it is let go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from distributed import Reschedule
from distributed.worker_state_machine import ComputeTaskEvent, FreeKeysEvent, RescheduleEvent, WorkerState

from kauneonga_async import KauneongaClient, ServerCalendar, errors
from kauneonga_async.exporting import Order
from kauneonga_async.exporting.engine import Job
from kauneonga_async.integrations.dask import workers
from kauneonga_async.integrations.dask.workers import Clients, Key

KEY = ("kauneonga-run", "part", 1)


@pytest.fixture
def expired() -> list[Any]:
    """What the worker is asked to close when it was kept for long enough."""
    return []


@pytest.fixture
def clients(expired: list[Any], monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("KAUNEONGA_TOKEN", "t")
    clients = Clients()
    worker: Any = SimpleNamespace(loop=SimpleNamespace(add_callback=expired.append))
    clients.setup(worker)
    return clients


@pytest.fixture
def state(clients: Clients) -> WorkerState:
    return WorkerState(address="tcp://127.0.0.1:1", nthreads=1, plugins={clients.name: clients})


def given(key: Key) -> ComputeTaskEvent:
    return ComputeTaskEvent.dummy(key, stimulus_id="given")


def let_go(key: Key) -> FreeKeysEvent:
    return FreeKeysEvent(keys=[key], stimulus_id="let go")


async def test_an_order_that_is_let_go_ends(clients: Clients, state: WorkerState) -> None:
    state.handle_stimulus(given(KEY))
    with pytest.raises(Reschedule):
        async with clients.cancellable(KEY):
            state.handle_stimulus(let_go(KEY))
            await anyio.sleep_forever()


async def test_an_order_that_is_let_go_in_the_message_that_gave_it_ends_at_its_first_step(
    clients: Clients, state: WorkerState
) -> None:
    state.handle_stimulus(given(KEY), let_go(KEY))
    with pytest.raises(Reschedule):
        async with clients.cancellable(KEY):
            await anyio.sleep_forever()


async def test_what_was_let_go_may_be_given_again(clients: Clients, state: WorkerState) -> None:
    state.handle_stimulus(given(KEY), let_go(KEY))
    state.handle_stimulus(RescheduleEvent(key=KEY, stimulus_id="ended"))
    state.handle_stimulus(given(KEY))
    async with clients.cancellable(KEY):
        await anyio.lowlevel.checkpoint()


# The clients that orders share


ORDER = Order(
    job=Job(
        base_url="http://127.0.0.1:9/api",
        account="",
        calendar=ServerCalendar(),
        destination="nowhere",
        kind="messages",
        format="jsonl",
    ),
    window=None,
    name="messages.jsonl",
)


async def refuse(order: Any) -> None:
    """Let an order end because the server refused its token."""
    error = errors.AuthenticationError()
    assert not await order.__aexit__(type(error), error, None)


async def test_a_newer_client_stays_when_an_order_of_an_older_one_is_refused(clients: Clients) -> None:
    first, second, third = (clients.client("run", ORDER, None) for _ in range(3))
    old = await first.__aenter__()
    assert await second.__aenter__() is old
    await refuse(first)
    new = await third.__aenter__()
    assert new is not old
    await refuse(second)
    async with clients.client("run", ORDER, None) as kept:
        assert kept is new
    await third.__aexit__(None, None, None)


async def test_a_newer_client_stays_when_an_older_one_expires(
    clients: Clients, expired: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (clients.client("run", ORDER, None) for _ in range(2))
    old = await first.__aenter__()
    with monkeypatch.context() as patched:
        patched.setattr(workers, "_KEPT", 0)
        await refuse(first)
    new = await second.__aenter__()
    while not expired:
        await anyio.lowlevel.checkpoint()
    assert expired == [old.client.aclose]
    async with clients.client("run", ORDER, None) as kept:
        assert kept is new
    await second.__aexit__(None, None, None)


async def test_all_clients_are_closed_in_the_end(clients: Clients) -> None:
    first, second, third = (clients.client("run", ORDER, None) for _ in range(3))
    old = await first.__aenter__()
    await second.__aenter__()
    await refuse(first)
    new = await third.__aenter__()
    worker: Any = None
    await clients.teardown(worker)
    assert old.client.closed
    assert new.client.closed
    for order in (second, third):
        await order.__aexit__(None, None, None)


async def test_clients_that_would_expire_while_others_are_closed_are_closed_once(
    clients: Clients, expired: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    close = KauneongaClient.aclose

    async def close_slowly(client: KauneongaClient) -> None:
        for _ in range(3):  # turns of the loop, in which timers fire
            await anyio.lowlevel.checkpoint()
        await close(client)

    monkeypatch.setattr(KauneongaClient, "aclose", close_slowly)
    orders = [clients.client(run, ORDER, None) for run in ("first", "second", "third")]
    found = [(await order.__aenter__()).client for order in orders]
    monkeypatch.setattr(workers, "_KEPT", 0)
    for order in orders:
        await order.__aexit__(None, None, None)
    worker: Any = None
    await clients.teardown(worker)
    await anyio.lowlevel.checkpoint()
    assert all(client.closed for client in found)
    assert expired == []
