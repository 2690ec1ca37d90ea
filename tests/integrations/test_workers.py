"""What Dask lets go ends on its worker, in Dask's own state machine, at whatever moment it is let go."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from distributed import Reschedule
from distributed.worker_state_machine import ComputeTaskEvent, FreeKeysEvent, RescheduleEvent, WorkerState

from kauneonga_async.integrations.dask.workers import Clients, Key

KEY = ("kauneonga-run", "part", 1)


@pytest.fixture
def clients() -> Clients:
    clients = Clients()
    worker: Any = None
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
