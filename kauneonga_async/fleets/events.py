"""Events: what a fleet tells of."""

from __future__ import annotations

from typing import Any, Generic

import msgspec
from typing_extensions import TypeVar

from kauneonga_async.models import Message
from kauneonga_async.watching import MessageChange

__all__ = ["AccountChange", "AccountFailure"]

T = TypeVar("T", default=Message)


class AccountChange(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A message of an account has appeared, or is not what it was.

    Attributes:
        account: The name that the account was added by.
        change: What has changed.
    """

    account: str
    change: MessageChange[T]


class AccountFailure(msgspec.Struct, frozen=True, kw_only=True):
    """An account is watched no more: asking again cannot mend what happened. It can be added again.

    Attributes:
        account: The name that the account was added by.
        error: What happened.
    """

    account: str
    error: Exception

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("account", self.account), ("error", type(self.error).__name__)]
