"""Typed answers: the custom fields of one account, known to the type checker.

Needs KAUNEONGA_BASE_URL and KAUNEONGA_TOKEN; `kauneonga sandbox` prints both for a server to try it on.
"""

from __future__ import annotations

import asyncio
from datetime import date

import msgspec

from kauneonga_async import KauneongaClient, Message


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What this account's script asks; other answers are ignored."""

    urgent: str | None = None
    meeting_preference: str | None = None


async def main() -> None:
    """Print the urgent messages of January."""
    async with KauneongaClient() as client:
        stream = client.messages.stream(date(2025, 1, 1), date(2025, 1, 31), record_type=Message[Answers])
        async for message in stream:
            if message.answers is not None and message.answers.urgent == "Yes":
                print(message.id, message.created_at, message.answers.meeting_preference)


if __name__ == "__main__":
    asyncio.run(main())
