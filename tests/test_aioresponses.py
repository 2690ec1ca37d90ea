"""The client under aioresponses, which many users' tests are made with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses

from kauneonga_async import KauneongaClient, errors

BASE_URL = "https://acme.example.com/api"


class Response(aiohttp.ClientResponse):
    """What aioresponses 0.7 does not give, and aiohttp 3.14 asks for (pnuckowski/aioresponses, issue 289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, stream_writer=Mock(), **kwargs)


@pytest.fixture
def mocked() -> Iterator[aioresponses]:
    with aioresponses() as active:
        yield active


@pytest.fixture
def client() -> KauneongaClient:
    return KauneongaClient(BASE_URL, "token")


async def test_a_message_is_fetched(mocked: aioresponses, client: KauneongaClient) -> None:
    mocked.get(f"{BASE_URL}/v2/messages/939", payload={"data": {"id": 939}}, response_class=Response)
    async with client:
        assert (await client.messages.get(939)).id == 939


async def test_a_list_is_streamed(mocked: aioresponses, client: KauneongaClient) -> None:
    url = f"{BASE_URL}/v2/messages?from_date=01-01-2025&to_date=01-05-2025"
    records = [{"id": number, "created_at": f"2025-01-0{number}T12:00:00Z"} for number in (1, 2, 3, 4)]
    mocked.get(url, payload={"data": records}, response_class=Response)
    async with client:
        found = [message.id async for message in client.messages.stream(date(2025, 1, 2), date(2025, 1, 3))]
    assert found == [2, 3]


async def test_what_may_pass_is_tried_again(mocked: aioresponses, client: KauneongaClient) -> None:
    url = f"{BASE_URL}/v2/messages/1"
    mocked.get(url, status=502, response_class=Response)
    mocked.get(url, exception=aiohttp.ServerDisconnectedError())
    mocked.get(url, payload={"data": {"id": 1}}, response_class=Response)
    async with client:
        assert (await client.messages.get(1)).id == 1


async def test_an_invalid_token_is_an_authentication_error(mocked: aioresponses, client: KauneongaClient) -> None:
    refusal = {"success": False, "info": "Invalid token", "data": {}}
    mocked.get(f"{BASE_URL}/v2/to_dos", status=404, payload=refusal, response_class=Response)
    async with client:
        with pytest.raises(errors.AuthenticationError):
            await client.to_dos.list()
