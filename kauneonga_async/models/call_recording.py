"""Call recordings, and the call detail record (CDR) of each."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from kauneonga_async.models.message import Identifier, Instant, RecordId

__all__ = ["CallDetailRecord", "CallRecording"]


class CallDetailRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened in a call; ``*_sec`` are seconds. Its repr shows no number and no name."""

    id: RecordId | None = None
    unique_call_id: Identifier = None
    start_time: Instant | None = None
    call_type: str | None = None
    start_client: str | None = None
    end_client: str | None = None
    callerid: str | None = None
    number_dialed: str | None = None
    did: str | None = None
    agent_name: str | None = None
    agent_id: int | None = None
    skill_name: str | None = None
    skill_id: Identifier = None
    connection_sec: float | None = None
    ivr_sec: float | None = None
    wait_sec: float | None = None
    talk_sec: float | None = None
    hold_sec: float | None = None
    transfer_sec: float | None = None
    wrap_sec: float | None = None
    agent_answer_time: Instant | None = None
    end_time: Instant | None = None
    hang_up_time: Instant | None = None
    who_hung_up: str | None = None
    original_call_id: Identifier = None
    call_created_at: Instant | None = None
    is_orphaned: bool | None = None
    conference_sec: float | None = None
    conference_talk_sec: float | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id}, start_time={self.start_time!s})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("start_time", self.start_time)]


class CallRecording(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A recorded call. ``recording`` is the URL of its audio, on any host.

    The CDR is read from ``cdr`` and from ``edr``, the spelling of the vendor's document (API.md, Requests);
    it is ``.cdr`` either way. Its repr shows no number and no URL.
    """

    id: RecordId
    call_id: Identifier = None
    call_sid: str | None = None
    account_number: str | None = None
    did_number: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    agent_username: str | None = None
    started_at: Instant | None = None
    recording: str | None = None
    cdr: CallDetailRecord | None = None
    _edr: CallDetailRecord | UnsetType | None = msgspec.field(default=UNSET, name="edr")

    def __post_init__(self) -> None:
        if self._edr is not UNSET:
            if self.cdr is None:
                msgspec.structs.force_setattr(self, "cdr", self._edr)
            msgspec.structs.force_setattr(self, "_edr", UNSET)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id}, started_at={self.started_at!s}, cdr={self.cdr!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("started_at", self.started_at), ("cdr", self.cdr)]
