"""Workers: what a Dask worker does for an export: one client for each, and its orders, which end when nobody waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio import CancelScope
from distributed import Reschedule, Worker, WorkerPlugin, get_worker

from kauneonga_async.client import KauneongaClient
from kauneonga_async.config import TOKEN_VARIABLE
from kauneonga_async.errors import AuthenticationError, ConfigurationError
from kauneonga_async.exporting import Delivery, Order, fulfil
from kauneonga_async.integrations.dask.token_file import token_of
from kauneonga_async.integrations.dask.turns import Turns

__all__ = ["NAME", "Clients", "carry_out_order"]

NAME = "kauneonga"

Key = tuple[str, str, int]
"""The key of a task: the export, the file, and how many tasks there were before it."""

_KEPT = 30.0  # seconds for which a client without orders is kept, with its connections and its token


class _Kept:
    """An export's client, and how many orders use it."""

    def __init__(self, client: KauneongaClient, turns: Turns) -> None:
        self.client = client
        self.turns = turns
        self.users = 0
        self.timer: asyncio.TimerHandle | None = None


class Clients(WorkerPlugin):
    """The clients of a worker process, which live as long as they have orders, and a little more.

    It holds no secret while it travels: a worker opens its clients by itself.
    """

    name = NAME
    idempotent = True

    def setup(self, worker: Worker) -> None:
        """Be ready for orders."""
        self._worker = worker
        self._kept: dict[str, _Kept] = {}  # by export
        self._open: set[_Kept] = set()  # also those whose token was refused, which are lent no more
        self._opening = anyio.Lock()
        self._scopes: dict[Key, CancelScope] = {}
        self._unwanted: set[Any] = set()  # keys of tasks that were released before their first step

    async def teardown(self, worker: Worker) -> None:
        """Close what is open."""
        for kept in self._open:
            if kept.timer is not None:
                kept.timer.cancel()
        for kept in list(self._open):  # orders begin and end meanwhile
            await kept.client.aclose()

    def transition(self, key: Any, start: str, finish: str, **more: Any) -> None:
        """End an order that nobody waits for any more: Dask itself would let it go on."""
        if start in ("executing", "long-running") and finish == "released":
            if key in self._scopes:
                self._scopes[key].cancel()
            else:  # a task and its release come in one message when a driver stops as soon as it has given it
                self._unwanted.add(key)
        elif start == "cancelled":
            self._unwanted.discard(key)

    @asynccontextmanager
    async def client(self, run: str, order: Order, token_file: str | None) -> AsyncIterator[_Kept]:
        """Lend the client of an export."""
        async with self._opening:
            kept = self._kept.get(run)
            if kept is None:
                turns = Turns(self._worker, run)
                kept = self._kept[run] = _Kept(await _open_client(order, token_file, turns), turns)
                self._open.add(kept)
        kept.users += 1
        if kept.timer is not None:
            kept.timer.cancel()
        try:
            yield kept
        except AuthenticationError:
            self._lend_no_more(run, kept)  # the token may have been renewed; others are done with it too
            raise
        finally:
            kept.users -= 1
            if not kept.users:
                kept.timer = asyncio.get_running_loop().call_later(_KEPT, self._expire, run, kept)

    @asynccontextmanager
    async def cancellable(self, key: Key) -> AsyncIterator[None]:
        """Let a block end when the task is released, or not begin if it was."""
        with CancelScope() as scope:
            if key in self._unwanted:
                scope.cancel()
            self._scopes[key] = scope
            try:
                yield
            finally:
                del self._scopes[key]
        if scope.cancelled_caught:
            raise Reschedule  # which Dask heeds if somebody wants it again after all

    def _lend_no_more(self, run: str, kept: _Kept) -> None:
        if self._kept.get(run) is kept:  # and no newer one
            del self._kept[run]

    def _expire(self, run: str, kept: _Kept) -> None:
        self._lend_no_more(run, kept)
        self._open.discard(kept)
        self._worker.loop.add_callback(kept.client.aclose)


async def carry_out_order(key: Key, order: Order, token_file: str | None, paced: bool) -> Delivery:  # noqa: FBT001
    """Carry out an order: the task, which runs on the worker's event loop.

    Args:
        key: The task's own.
        order: What is to be done.
        token_file: Where the worker finds the token; None for its environment.
        paced: Whether turns are to be taken.
    """
    clients: Any = get_worker().plugins[NAME]
    async with clients.cancellable(key), clients.client(key[0], order, token_file) as kept:
        return await fulfil(order, kept.client, kept.turns.take if paced else None)


async def _open_client(order: Order, token_file: str | None, turns: Turns) -> KauneongaClient:
    """Return a client that has its token from a file, or from the environment, and is the order's account's.

    Raises:
        ConfigurationError: There is no token, or it is another account's.
    """
    job, token = order.job, await token_of(token_file)
    # The driver was allowed to use the URL; a proxy is the worker's own.
    client = KauneongaClient(
        job.base_url, token, calendar=job.calendar, trust_env=True, allow_http=True, on_event=turns.note
    )
    salt, _, expected = job.account.partition(":")
    found = client.fingerprint(salt.encode())
    if expected and found != expected:
        await client.aclose()
        host = socket.gethostname()
        raise ConfigurationError(
            f"token_file: on {host} it, or without it {TOKEN_VARIABLE}, holds another than the driver's token"
        )
    return client
