"""A message that an agent took for an account holder."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic

import msgspec
from typing_extensions import TypeVar

__all__ = ["Identifier", "Instant", "Message", "RecordId"]

RecordId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An id: a positive integer that fits a signed 64-bit column."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time; one without an offset is refused, for it could mean any of 26 hours."""

Identifier = int | str | None
"""Where the vendor's document shows only null for what is named like a reference."""

AnswersT = TypeVar("AnswersT", default=dict[str, Any])


class Message(msgspec.Struct, Generic[AnswersT], frozen=True, kw_only=True, gc=False):
    """A message, as listed ("a summary": only ``id`` can be relied upon) or fetched whole.

    ``answers`` holds the account's custom fields; ``Message[MyAnswers]`` types them. Fields that the document
    shows only as null accept a string or a number. Its repr shows no text (API.md, Responses).
    """

    id: RecordId
    read: bool | None = None
    pbx_name: str | None = None
    phone_number: str | None = None
    extension: str | None = None
    caller_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    content: str | None = None
    status: str | None = None
    account_id: int | None = None
    agent_id: int | None = None
    user_id: Identifier = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    ivr: str | None = None
    pickup_date: str | None = None
    pickup_user_id: Identifier = None
    contact_id: int | None = None
    delivered_at: Instant | None = None
    delivered_by: int | None = None
    delivered_to: Identifier = None
    phone: str | None = None
    email: str | None = None
    call_ref_id: str | None = None
    sale_id: Identifier = None
    note: str | None = None
    did_id: int | None = None
    address: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    how_you_hear_about_us: str | None = None
    is_emergency: bool | None = None
    alt_phone: str | None = None
    positive_data_dip: bool | None = None
    answers: AnswersT | None = None
    escalation_level_id: int | None = None
    next_escalation_at: Instant | None = None
    receiver_name: str | None = None
    non_message_type: str | None = None
    activities_count: int | None = None
    closing_action_group_id: int | None = None
    email_subject: str | None = None
    escalation_counter: int | None = None
    origin: Identifier = None
    message_received_date: str | None = None
    disposition: Identifier = None
    call_id: Identifier = None
    chat_session_id: Identifier = None
    to_do_task_id: Identifier = None
    from_to_do: bool | None = None
    send_at: Instant | None = None
    uuid: str | None = None
    klass_names: str | list[str] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id}, created_at={self.created_at!s}, status={self.status!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("created_at", self.created_at), ("status", self.status)]
