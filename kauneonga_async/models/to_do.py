"""To-dos: scheduled reminders sent by SMS or e-mail, and the schedules they follow."""

from __future__ import annotations

from typing import Any

import msgspec

from kauneonga_async.models.message import Identifier, Instant, RecordId

__all__ = ["RecurrenceRule", "Schedule", "ToDo", "ToDoSchedule"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a to-do is sent: what a creation asks for (API.md, To-do).

    Attributes:
        frequency: ``"weekly"`` is the one the vendor documents.
        times: Times of day, as ``"9:00 AM"``.
        days: Days of the week, as ``"Tuesday"``.
        interval: Every how many weeks; 1 or more.
    """

    frequency: str
    times: list[str]
    days: list[str] = msgspec.field(default_factory=list)
    interval: int | None = None


class RecurrenceRule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule the server made of a schedule.

    ``validations["day"]`` holds days of the week, Sunday being 0: the document's Tuesday, Thursday and
    Saturday came back as 2, 4 and 6.
    """

    rule_type: str | None = None
    interval: int | None = None
    validations: dict[str, Any] | None = None


class ToDoSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """The schedule that the server keeps for a to-do."""

    id: RecordId | None = None
    schedulable_id: int | None = None
    schedulable_type: str | None = None
    rule: RecurrenceRule | None = None
    times: list[str] | None = None
    previous_occurrence: Instant | None = None
    next_occurrence: Instant | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ToDo(msgspec.Struct, frozen=True, kw_only=True):
    """A to-do and the schedule it follows. Its repr shows no text and no contact."""

    id: RecordId
    phone_id: int | None = None
    delivery_type: str | None = None
    instructions: str | None = None
    contact: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    message_text: str | None = None
    times: list[str] | str | None = None
    is_sending: bool | None = None
    run_at: Instant | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    subject: str | None = None
    from_email: str | None = None
    sendgrid_authenticated_domain_id: Identifier = None
    sender_name: str | None = None
    schedule: ToDoSchedule | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id}, delivery_type={self.delivery_type!r}, schedule={self.schedule!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("delivery_type", self.delivery_type), ("schedule", self.schedule)]
