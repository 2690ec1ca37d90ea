"""Tokens: fetched once, renewed once, and shown nowhere."""

from __future__ import annotations

import asyncio

import pytest

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.transport.tokens import Authorization, TokenSource


async def test_many_who_ask_at_once_cause_one_fetch() -> None:
    calls = 0

    async def provide() -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return f"token-{calls}"

    source = TokenSource(provide)
    first = await asyncio.gather(*(source.get() for _ in range(10)))
    assert {auth.reveal() for auth in first} == {"Bearer token-1"}
    renewed = await asyncio.gather(*(source.renew(first[0]) for _ in range(10)))
    assert {auth.reveal() for auth in renewed if auth} == {"Bearer token-2"}
    assert calls == 2


async def test_a_provider_that_gives_the_same_token_again_has_none_better() -> None:
    async def provide() -> str:
        return "same"

    source = TokenSource(provide)
    assert await source.renew(await source.get()) is None


async def test_a_provider_that_is_not_async_is_named_and_its_token_is_not() -> None:
    source = TokenSource("can-ary".upper)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="token: an async callable") as caught:
        await source.get()
    assert "CAN-ARY" not in str(caught.getrepr(showlocals=True))


async def test_a_fixed_token_cannot_be_renewed() -> None:
    source = TokenSource("fixed")
    assert await source.renew(await source.get()) is None


async def test_what_a_provider_gives_is_checked() -> None:
    async def provide() -> str:
        return "two words"

    with pytest.raises(ConfigurationError):
        await TokenSource(provide).get()


def test_a_token_is_shown_nowhere() -> None:
    authorization = Authorization("CANARY")
    assert "CANARY" not in f"{authorization} {authorization!r}"
    with pytest.raises(TypeError):
        hash(authorization)
