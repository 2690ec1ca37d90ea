"""DaskEngine: exports whose windows are tasks on a Dask distributed cluster."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio import CancelScope
from distributed import Client, KilledWorker
from distributed.comm.core import CommClosedError
from distributed.security import Security

from kauneonga_async.errors import ConfigurationError, ConnectionFailed
from kauneonga_async.exporting import Carry, Delivery, Order
from kauneonga_async.integrations.dask.turns import Lender
from kauneonga_async.integrations.dask.workers import NAME, Clients, carry_out_order
from kauneonga_async.streams import bare_error

__all__ = ["DaskEngine"]

_PATIENCE = 600.0  # seconds for which a scheduler that was lost may stay away


class DaskEngine:
    """A Dask distributed cluster, for ``export_messages(..., engine=...)``.

    Each window is a task: a worker reads it and stages its file at the destination, which all processes must have in
    reach; the driver, which has the plan, the journal and the audit, lets the file appear. So a task that is run twice,
    or by a worker that was taken for dead, does no harm. When the scheduler is lost, it is waited for, and what was not
    delivered is asked for again.

    The token does not travel. A worker has it from ``token_file``, or from its own ``KAUNEONGA_TOKEN``; that it is the
    account's is compared by a salted digest.

    Args:
        scheduler: The scheduler's address, as ``"tls://scheduler:8786"``.
        token_file: A file on the workers that holds the token; None for their environment.
        security: Certificates for TLS; None for what Dask's configuration says.

    Examples:
        >>> async def main() -> None:
        ...     engine = DaskEngine("tcp://127.0.0.1:8786")
        ...     async with KauneongaClient() as client:
        ...         await export_messages(client, "/shared/messages", date(2025, 1, 1), engine=engine)
    """

    def __init__(self, scheduler: str, *, token_file: str | None = None, security: Security | None = None) -> None:
        self._scheduler = scheduler
        self._token_file = token_file
        self._security = security

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[Carry]:
        """Be connected, for as long as a block lasts; see Engine."""
        run = f"{NAME}-{secrets.token_hex(8)}"
        link = _Link(self._scheduler, self._security, Lender(run))

        async def carry(order: Order) -> Delivery:
            return await link.carry(order, run, self._token_file)

        try:
            async with anyio.create_task_group() as tasks:
                await link.connect(None)
                tasks.start_soon(link.lender.lend)
                try:
                    yield carry
                finally:
                    tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise bare_error(group) from None
        finally:
            with CancelScope(shield=True):
                await link.aclose()

    def __repr__(self) -> str:
        return f"DaskEngine({self._scheduler!r})"


class _Link:
    """The way to the scheduler, which is found again after it was lost."""

    def __init__(self, scheduler: str, security: Security | None, lender: Lender) -> None:
        self.lender = lender
        self._scheduler = scheduler
        self._security = security
        self._client: Client | None = None
        self._connecting = anyio.Lock()
        self._count = 0

    async def connect(self, timeout: float | None) -> None:
        """Connect.

        Args:
            timeout: Seconds; None for what Dask's configuration says.

        Raises:
            ConnectionFailed: There is no scheduler.
            ConfigurationError: The workers lack what is needed, or there is no such kind of address.
        """
        options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        client = Client(
            self._scheduler, asynchronous=True, set_as_default=False, security=self._security, name=NAME, **options
        )
        self._client = client
        try:
            await client
            await client.register_plugin(Clients())
            await self.lender.attach(client)
        except ImportError as error:
            raise ConfigurationError(f"engine: the workers at {self._scheduler} lack a module: {error.name}") from None
        except ValueError as error:
            raise ConfigurationError(f"engine: {self._scheduler} is no scheduler's address: {error}") from None
        except OSError:
            raise ConnectionFailed(
                f"the Dask scheduler at {self._scheduler} cannot be reached",
                phase="connect",
                sent=False,
                permanent=True,  # it is not the API's server, which exports wait for
            ) from None

    async def carry(self, order: Order, run: str, token_file: str | None) -> Delivery:
        """Have an order carried out; again, if the scheduler was lost meanwhile."""
        while True:
            client = self._client
            assert client is not None
            self._count += 1
            key = (run, order.name, self._count)
            try:
                paced = self.lender.is_needed
                future = client.submit(carry_out_order, key, order, token_file, paced, key=key, pure=False)
                try:
                    delivery: Delivery = await future
                    return delivery
                finally:
                    future.release()
            except (CancelledError, CommClosedError):
                pass  # the scheduler was lost: before its result was there, or while that was on its way
            except KilledWorker:
                raise ConnectionFailed(
                    f"each of the workers that {order.name} was given to died over it: see their logs, and whether "
                    "they have memory enough",
                    permanent=True,
                ) from None
            except Exception:
                # Unless another order has found it lost, and let this client go: Dasks differ in what they raise.
                if client.status == "running":
                    raise
            async with self._connecting:
                if self._client is client:
                    await self.aclose()
                    await self.connect(_PATIENCE)

    async def aclose(self) -> None:
        """Let the scheduler go, and with it what was not delivered."""
        if self._client is not None:
            closing: Any = self._client.close()  # its type is that of a client which is not asynchronous
            await closing
