"""Tokens: the bearer token, from a string or an async callable, renewed once when the server refuses it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import ClassVar

from kauneonga_async import config

__all__ = ["Authorization", "TokenProvider", "TokenSource"]

TokenProvider = Callable[[], Awaitable[str]]


class Authorization:
    """The value of an Authorization header, which no repr and no traceback's locals show."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    def reveal(self) -> str:
        """Return the header's value."""
        return f"Bearer {self._token}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Authorization) and other._token == self._token

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Authorization(Bearer ***)"


class TokenSource:
    """Where an account's token comes from.

    Args:
        token: The token, an async callable that fetches it, or None for the environment's.

    Raises:
        TypeError: It is neither.
        ConfigurationError: There is none, or it is not visible ASCII.

    Attributes:
        current: The token in use, or None while none was fetched.
    """

    def __init__(self, token: str | TokenProvider | None) -> None:
        self._provider: TokenProvider | None = None
        self.current: Authorization | None = None
        self._lock = asyncio.Lock()
        if callable(token):
            self._provider = token
        else:
            self.current = Authorization(config.resolve_token(token))

    def fingerprint(self, salt: bytes) -> str | None:
        """Return what tells this token from another, and nothing else; None if it is fetched, and may change."""
        if self._provider is not None or self.current is None:
            return None
        return blake2b(self.current.reveal().encode(), key=salt, digest_size=8).hexdigest()

    async def get(self) -> Authorization:
        """Return the token, fetching it the first time; many who ask at once cause one fetch."""
        return self.current or await self._fetch(None)

    async def renew(self, refused: Authorization) -> Authorization | None:
        """Return another token than the refused one, or None if there is none to be had."""
        if self._provider is None:
            return None
        renewed = await self._fetch(refused)
        return None if renewed == refused else renewed

    async def _fetch(self, known: Authorization | None) -> Authorization:
        async with self._lock:
            if self.current is None or self.current == known:
                assert self._provider is not None
                pending = self._provider()
                if not inspect.isawaitable(pending):
                    del pending  # a crash reporter may show a frame's locals
                    raise TypeError("token: an async callable is needed, not one that returns its token at once")
                self.current = Authorization(config.resolve_token(await pending))
            return self.current
