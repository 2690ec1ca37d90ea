"""Transport: one call through token, throttle, connection and retry, to what its reader makes of the answer.

The first try runs bare: only a failure meets the machinery of retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache, partial
from typing import Any, TypeVar

from yarl import URL

from kauneonga_async import config
from kauneonga_async.errors import (
    AuthenticationError,
    ClientClosed,
    KauneongaError,
    OutcomeUnknown,
    RequestTimeout,
)
from kauneonga_async.transport.answer import NOT_MODIFIED, READABLE, Answer, Request, new_request_id
from kauneonga_async.transport.events import Events
from kauneonga_async.transport.exchange import open_answer, refusal_of
from kauneonga_async.transport.patience import ENDLESS, Patience
from kauneonga_async.transport.recovery import Recovery, out_of_time
from kauneonga_async.transport.retry import Budget, blame_budget, outcome_unknown
from kauneonga_async.transport.session import Sessions
from kauneonga_async.transport.throttle import Loan, Places, Throttle
from kauneonga_async.transport.tokens import TokenSource

__all__ = ["Reader", "Transport"]

T = TypeVar("T")
Reader = Callable[[Answer], Awaitable[T]]


class Transport:
    """One account's calls.

    Args:
        base_url: The URL under which ``/v2/...`` stands.
        tokens: Where the token comes from.
        sessions: The connections, which accounts of a client share.
        places: The places in flight, which they share too.
        options: Timeout, retries and headers of calls that name none.
        events: Who is told of tries, waits and give-ups.
    """

    def __init__(
        self,
        base_url: URL,
        tokens: TokenSource,
        sessions: Sessions,
        places: Places,
        options: config.CallOptions,
        events: Events,
    ) -> None:
        self.base_url = base_url
        self.options = options
        self.sessions = sessions
        self._base = str(base_url)
        self._tokens = tokens
        self._places = places
        self._throttle = Throttle(places)
        self._foreign_throttle: Throttle | None = None  # made when needed: few accounts have recordings elsewhere
        self._budget = Budget()
        self._events = events
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether no more calls are taken."""
        return self._closed or self.sessions.closed

    def close(self) -> None:
        """Take no more calls."""
        self._closed = True

    def check(self) -> None:
        """Make sure that a call may be made, here and now.

        Raises:
            ClientClosed: The client was closed.
            WrongEventLoop: It was first used in another event loop.
        """
        if self._closed:
            raise ClientClosed("the client was closed: make another, or close it later")
        self.sessions.check()

    def for_account(self, tokens: TokenSource) -> Transport:
        """Return the transport of another account over the same connections and places."""
        return Transport(self.base_url, tokens, self.sessions, self._places, self.options, self._events)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        options: config.CallOptions | None = None,
        etag: str | None = None,
        streaming: bool = False,
        lets_others_by: bool = False,
        splits: bool = False,
        is_one_of_many: bool = False,
    ) -> Request:
        """Return a request for a path under the base URL; see Request for the arguments."""
        return Request(
            method=method,
            url=_url(self._base + path, tuple(query.items())) if query else URL(self._base + path, encoded=True),
            request_id=new_request_id(),
            options=options or self.options,
            body=body,
            accepts=READABLE if etag is None else (*READABLE, NOT_MODIFIED),
            etag=etag,
            streaming=streaming,
            lets_others_by=lets_others_by,
            splits=splits,
            is_one_of_many=is_one_of_many,
        )

    def fingerprint(self, salt: bytes) -> str | None:
        """Return what tells the account's token from another; None if that changes by itself."""
        return self._tokens.fingerprint(salt)

    def borrow_retry(self, error: KauneongaError) -> int:
        """Take a retry's tokens from the account's budget, for a caller that tries again in a way of its own.

        Args:
            error: Why; where there are not enough, it tells so.

        Returns:
            How many were taken, to be given back by ``give_back`` when that has succeeded; 0 if there are not enough.
        """
        taken = self._budget.withdraw(throttled=False)
        if not taken:
            blame_budget(error)
        return taken

    def give_back(self, tokens: int) -> None:
        """Put what was borrowed back into the account's budget."""
        self._budget.deposit(tokens)

    def refill_budget(self) -> None:
        """Forget what retries have cost: the server was lost, and is back."""
        self._budget.deposit(config.BUDGET)

    def send(self, request: Request, read: Reader[T]) -> Coroutine[Any, Any, T]:
        """Send a request, again if it fails and may be, and return what its reader makes of the answer.

        Args:
            request: The request.
            read: Reads the answer. It is called once for each try that is answered with 200 to 203, or with 304 where
                the request has an ETag.

        Raises:
            KauneongaError: As the tree in ``errors`` says.
        """
        self.check()
        # No coroutine around the other one: many accounts' polls are as fast as their chains of coroutines are short.
        return self._send_framed(request, read) if self._events.frames_calls else self._send(request, read)

    async def _send_framed(self, request: Request, read: Reader[T]) -> T:
        """Send a request, and tell of the call's beginning and end."""
        began = asyncio.get_running_loop().time()
        error: str | None = None
        self._events.tell("begin", request)
        try:
            return await self._send(request, read)
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            self._events.tell("end", request, error=error, seconds=asyncio.get_running_loop().time() - began)

    async def _send(self, request: Request, read: Reader[T]) -> T:
        """Make all tries: the first one bare, and within one deadline where the answer is no stream."""
        patience: Patience | None = None
        if not request.streaming:
            patience = Patience(self.sessions.alarms, request.options.timeout)
            request.deadline = asyncio.get_running_loop().time() + request.options.timeout
            request.patience = patience if request.is_one_of_many else None
        failure: KauneongaError
        try:
            with patience or ENDLESS:
                try:
                    return await self._exchange(request, read)
                except KauneongaError as error:
                    request.failure = error
                return await self._recover(request, read)
        except KauneongaError as error:
            failure = error
        except TimeoutError:
            if patience is None or not patience.is_over:
                raise  # not ours: the token provider's, or the reader's
            failure = out_of_time(request)
        if self._events.wanted:
            self._events.tell("give_up", request, status=_status_of(failure), error=type(failure).__name__)
        if not request.repeatable and outcome_unknown(failure):
            raise OutcomeUnknown(
                f"{request} was sent, and no clear answer came: it may have been carried out, and is not sent again; "
                f"look before you do (request id {request.request_id})",
                request_id=request.request_id,
            ) from failure
        raise failure

    async def _recover(self, request: Request, read: Reader[T]) -> T:
        """Make the tries that may follow a first one which failed."""
        try:
            return await self._try_fresh_token(request, read)
        except KauneongaError as error:
            request.failure = error
        return await Recovery(
            request, partial(self._retry, request, read), self._budget, partial(self._tell_wait, request)
        ).run(request.failure)

    async def _retry(self, request: Request, read: Reader[T]) -> T:
        try:
            try:
                return await self._exchange(request, read)
            except AuthenticationError as error:
                request.failure = error
            return await self._try_fresh_token(request, read)
        except KauneongaError as error:
            request.failure = error
            raise

    async def _try_fresh_token(self, request: Request, read: Reader[T]) -> T:
        """Make a try with a fresh token, if the latest was refused for its token; else raise what that ended in."""
        failure, refused = request.failure, request.authorization
        assert failure is not None
        if isinstance(failure, AuthenticationError) and refused and await self._tokens.renew(refused):
            return await self._exchange(request, read)
        raise failure

    async def _exchange(self, request: Request, read: Reader[T]) -> T:
        """Make one try."""
        authorization = None if request.foreign else self._tokens.current or await self._tokens.get()
        throttle = self._throttle if not request.foreign else self._foreign()
        loop = asyncio.get_running_loop()
        asked = loop.time()
        started = await _enter(throttle, request)
        request.attempts += 1
        request.authorization = authorization
        answer: Answer | None = None
        failure: KauneongaError | None = None
        loan: Loan | None = None
        if request.lets_others_by:
            loan = Loan(throttle)
            self.sessions.alarms.set(loan, config.PLACE_SECONDS, started)
        try:
            answer = await open_answer(self.sessions, request, throttle, authorization)
            if answer.status not in request.accepts:
                raise await refusal_of(answer)
            result = await read(answer)
            throttle.succeeded()
            if request.attempts == 1:
                self._budget.deposit()
            return result
        except KauneongaError as error:
            failure = error
            throttle.failed(error, started)
            raise
        except asyncio.CancelledError:
            if request.deadline is not None and loop.time() >= request.deadline:
                throttle.failed(RequestTimeout(), started)
            raise
        finally:
            if answer is not None:
                answer.close()
            if loan is None or loan.call_off():
                throttle.leave()
            if self._events.wanted:
                self._events.tell(
                    "try",
                    request,
                    status=answer.status if answer else _status_of(failure),
                    error=type(failure).__name__ if failure else None,
                    seconds=loop.time() - started,
                    throttled=started - asked,
                    received=answer.received if answer else 0,
                )

    def _foreign(self) -> Throttle:
        self._foreign_throttle = self._foreign_throttle or Throttle(self._places)
        return self._foreign_throttle

    def _tell_wait(self, request: Request, error: KauneongaError, seconds: float) -> None:
        if self._events.wanted:
            self._events.tell("wait", request, status=_status_of(error), error=type(error).__name__, seconds=seconds)


def _status_of(error: KauneongaError | None) -> int | None:
    return getattr(error, "status", None)


def _enter(throttle: Throttle, request: Request) -> Coroutine[Any, Any, float]:
    if request.patience is not None:
        return _enter_unhurried(throttle, request, request.patience)
    return throttle.enter(request.deadline, again=request.attempts > 0)


async def _enter_unhurried(throttle: Throttle, request: Request, patience: Patience) -> float:
    """Wait for a turn, while no time passes for the call."""
    clock = asyncio.get_running_loop().time
    asked = clock()
    patience.stop()
    try:
        return await throttle.enter(again=request.attempts > 0)
    finally:
        request.excuse(clock() - asked)
        patience.go_on()


@lru_cache(maxsize=64)  # many accounts, and many polls of each, ask for the same days
def _url(address: str, query: tuple[tuple[str, str], ...]) -> URL:
    return URL(address, encoded=True).with_query(query)
