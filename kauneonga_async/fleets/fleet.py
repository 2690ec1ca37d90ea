"""Fleet: many accounts watched at once; they come and go while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Generic, Literal, Self, overload

import anyio
from anyio.abc import TaskGroup
from typing_extensions import TypeVar

from kauneonga_async import config
from kauneonga_async.client import KauneongaClient
from kauneonga_async.fleets.account import Account
from kauneonga_async.fleets.events import AccountChange, AccountFailure
from kauneonga_async.fleets.lane import Lane
from kauneonga_async.models import Message
from kauneonga_async.streams import OnInvalid
from kauneonga_async.transport import TokenProvider
from kauneonga_async.watching import Cursor, SqliteCursor, WatchReport, account_key

__all__ = ["Fleet"]

E_co = TypeVar("E_co", covariant=True)
T = TypeVar("T")

OnError = Callable[[str, Exception], Any]
Cursors = str | Path | Callable[[str], Cursor]
LookBack = timedelta | Mapping[timedelta, timedelta | None]


class Fleet(Generic[E_co]):
    """Watches many accounts at once, over one client's connections.

    Use it in an ``async with`` block, which ends all watches when it is left, and iterate it in there, in one loop. A
    change is acknowledged when the next event is asked for. Each account has one event waiting at the most, and they
    come in turn. A request that waits for its answer for more than a second gives up its place in flight: accounts
    that are slow, in trouble or refused cost the others nothing.

    Args:
        client: Its connections, its requests in flight, and its settings serve all accounts.
        record_type: What a message is decoded to; see :class:`Messages`.
        interval: Seconds from the beginning of an account's poll to its next's, at the least.
        cursor: Where to keep what is known: a path for one SQLite file for all, or a callable that returns the
            :class:`Cursor` of an account by its name; None to know it only while an account is watched.
        start: As ``messages.watch`` has it, as for what follows.
        look_back: How far back changes are looked for.
        on_invalid: What becomes of a message that does not fit.
        on_error: Is called with an account's name and the error that has ended its watch, and may add it again; without
            it, that comes as an :class:`AccountFailure`. Troubles that may pass end no watch: see :attr:`reports`. It
            is not called any more once the block is left.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: An argument has a value that cannot be.

    Examples:
        >>> async def main(tokens: dict[str, str]) -> None:
        ...     async with KauneongaClient() as client, Fleet(client, cursor="cursors.db") as fleet:
        ...         for name, token in tokens.items():
        ...             fleet.add(name, token)
        ...         async for event in fleet:
        ...             print(event.account)
    """

    @overload
    def __init__(
        self: Fleet[AccountChange[Message] | AccountFailure],
        client: KauneongaClient,
        *,
        interval: float = ...,
        cursor: Cursors | None = ...,
        start: date | Literal["now"] = ...,
        look_back: LookBack = ...,
        on_invalid: OnInvalid = ...,
        on_error: None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Fleet[AccountChange[Message]],
        client: KauneongaClient,
        *,
        interval: float = ...,
        cursor: Cursors | None = ...,
        start: date | Literal["now"] = ...,
        look_back: LookBack = ...,
        on_invalid: OnInvalid = ...,
        on_error: OnError,
    ) -> None: ...
    @overload
    def __init__(
        self: Fleet[AccountChange[T] | AccountFailure],
        client: KauneongaClient,
        *,
        record_type: type[T],
        interval: float = ...,
        cursor: Cursors | None = ...,
        start: date | Literal["now"] = ...,
        look_back: LookBack = ...,
        on_invalid: OnInvalid = ...,
        on_error: None = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Fleet[AccountChange[T]],
        client: KauneongaClient,
        *,
        record_type: type[T],
        interval: float = ...,
        cursor: Cursors | None = ...,
        start: date | Literal["now"] = ...,
        look_back: LookBack = ...,
        on_invalid: OnInvalid = ...,
        on_error: OnError,
    ) -> None: ...
    def __init__(
        self,
        client: KauneongaClient,
        *,
        record_type: Any = Message,
        interval: float = config.WATCH_INTERVAL,
        cursor: Cursors | None = None,
        start: date | Literal["now"] = "now",
        look_back: LookBack = config.LOOK_BACK,
        on_invalid: OnInvalid = "raise",
        on_error: OnError | None = None,
    ) -> None:
        if not isinstance(client, KauneongaClient):
            raise TypeError(f"client: a KauneongaClient is needed, not {type(client).__name__}")
        if on_error is not None:
            config.check_callback("on_error", on_error)
        self._client = client
        self._options: dict[str, Any] = {
            "record_type": record_type,
            "interval": interval,
            "start": start,
            "look_back": look_back,
            "on_invalid": on_invalid,
        }
        self._file = SqliteCursor(cursor) if isinstance(cursor, (str, Path)) else None
        self._make_cursor = cursor if callable(cursor) else None
        if cursor is not None and self._file is None and self._make_cursor is None:
            raise TypeError(f"cursor: a path, a callable or None is needed, not {type(cursor).__name__}")
        client.messages.watch(**self._options)  # bad arguments are refused here and now
        self._on_error = on_error
        self._lane: Lane[Any] = Lane()
        self._accounts: dict[str, Account] = {}
        self._begins: dict[str, float] = {}  # of accounts whose watch an error has ended: when they may be asked again
        self._tasks: TaskGroup | None = None
        self._ended = False

    @property
    def reports(self) -> Mapping[str, WatchReport]:
        """What has been done for each account that is watched, by its name."""
        return MappingProxyType({name: account.watch.report for name, account in self._accounts.items()})

    def add(self, name: str, account: str | TokenProvider | KauneongaClient) -> None:
        """Watch one more account, from now on; one that an error has just ended, when ``interval`` has passed since.

        Args:
            name: What events call it, and what a cursor file keeps it under.
            account: Its token, or an async callable that returns it; or a client, for one on another host.

        Raises:
            ValueError: The name is empty, or an account of this name is being watched.
        """
        if not isinstance(name, str):
            raise TypeError(f"name: a string is needed, not {type(name).__name__}")
        if not name or name in self._accounts:
            raise ValueError(f"name: {name!r} is being watched already" if name else "name: one is needed, not ''")
        if self._ended:
            raise RuntimeError("the fleet has ended: make another")
        own = not isinstance(account, KauneongaClient)
        client = self._client.with_token(account) if not isinstance(account, KauneongaClient) else account
        watch = client.messages.watch(**self._options, cursor=self._cursor_of(name, client))
        begin = self._begins.pop(name, 0.0)
        self._accounts[name] = added = Account(name, client, watch, self._lane, begin, closes=own)
        if self._tasks is not None:
            self._tasks.start_soon(self._run, added)

    async def remove(self, name: str) -> None:
        """Watch an account no more; return when its connection and cursor are released.

        What it has waiting comes again when the account is added again, if there is a cursor.

        Raises:
            KeyError: No account of this name is being watched.
        """
        account = self._accounts[name]
        account.scope.cancel()
        if self._tasks is not None:
            await account.ended.wait()
        else:
            await self._forget(account)

    async def __aenter__(self) -> Self:
        if self._tasks is not None or self._ended:
            raise RuntimeError("a fleet is entered once: make another")
        tasks = anyio.create_task_group()
        self._tasks = await tasks.__aenter__()
        for account in self._accounts.values():
            tasks.start_soon(self._run, account)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        assert self._tasks is not None
        self._ended = True
        self._tasks.cancel_scope.cancel()
        try:
            return await self._tasks.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            if group.exceptions == (error,):
                return None  # it goes on as it came
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise

    def __aiter__(self) -> AsyncIterator[E_co]:
        """Yield events, without end."""
        return self._events()

    def __repr__(self) -> str:
        return f"Fleet({len(self._accounts)} accounts)"

    async def _events(self) -> AsyncIterator[E_co]:
        if self._tasks is None or self._ended:
            raise RuntimeError("a fleet is iterated within its 'async with' block")
        while True:
            yield await self._lane.receive()

    def _cursor_of(self, name: str, client: KauneongaClient) -> Cursor | None:
        if self._file is not None:
            return self._file.for_account(account_key(client.base_url, name))
        return self._make_cursor(name) if self._make_cursor else None

    async def _run(self, account: Account) -> None:
        try:
            with account.scope:
                error = await account.watch_until_it_ends()
                del self._accounts[account.name]  # whoever is told may add it again at once
                self._begins[account.name] = anyio.current_time() + self._options["interval"]
                if self._ended:
                    return
                if self._on_error is not None:
                    self._on_error(account.name, error)
                else:
                    self._lane.tell(AccountFailure(account=account.name, error=error))
        finally:
            with anyio.CancelScope(shield=True):
                await self._forget(account)

    async def _forget(self, account: Account) -> None:
        if self._accounts.get(account.name) is account:
            del self._accounts[account.name]
        if account.closes:
            await account.client.aclose()
        account.ended.set()
