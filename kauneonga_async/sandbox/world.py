"""World: what the sandbox's server holds: messages, to-dos and recordings, made up when they are asked for.

Everything follows from the seed: a message is computed from its number, so that a hundred million of them take no
memory. What is edited, added or deleted is kept beside.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from typing import Any

import msgspec

from kauneonga_async.config import check_count
from kauneonga_async.sandbox import words
from kauneonga_async.sandbox.templates import message_template, timestamp

__all__ = ["World"]

DAY = timedelta(days=1)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_KEPT = 500  # messages, about a megabyte: windows overlap, and are asked for again
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def mix(seed: int, number: int) -> int:
    """Return 64 bits that look random and are always the same (SplitMix64's finalizer)."""
    z = (seed * 0x632BE59BD9B4E019 + number * _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class World:
    """What the server holds.

    Args:
        seed: From which everything follows.
        messages: How many messages there are to begin with.
        start: The day of the first message.
        end: The day of the last message, included.
        recordings: How many recordings there are.
        first_id: The id of the first message.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        messages: int = 1000,
        start: date = date(2025, 1, 1),
        end: date = date(2025, 3, 31),
        recordings: int = 12,
        first_id: int = 1001,
    ) -> None:
        if start > end:
            raise ValueError(f"start: {start} lies after end, {end}")
        self.seed = seed
        self.messages: int = check_count("messages", messages)
        self.recordings: int = check_count("recordings", recordings)
        self.first_id = first_id
        self.version: int = 0  # moves with every change, as an ETag does
        self._start = datetime.combine(start, time.min, UTC)
        self._step = (datetime.combine(end, time.min, UTC) - self._start + DAY) / max(1, messages)
        self._edits: dict[int, dict[str, Any]] = {}
        self._deleted: set[int] = set()
        self._added: list[tuple[datetime, int]] = []  # by time
        self._next_id = first_id + messages
        self._to_dos: dict[int, dict[str, Any]] = {}
        self._pick_texts()
        self._rendered = lru_cache(maxsize=_KEPT)(self._render)
        self._taken_at = lru_cache(maxsize=_KEPT)(self.created_at)

    def _pick_texts(self) -> None:
        encode = msgspec.json.encode
        self._texts = [encode(text).decode()[1:-1] for text in words.TEXTS]
        self._first_names = [encode(name).decode() for name in words.FIRST_NAMES]
        self._last_names = [encode(name).decode() for name in words.LAST_NAMES]
        self._companies = [encode(name).decode() for name in words.COMPANIES]

    def created_at(self, number: int) -> datetime:
        """Return when the message of this number was taken: later than the one before."""
        jitter = mix(self.seed, number) / 2**64
        whole = self._start + number * self._step + jitter * self._step
        return whole.replace(microsecond=whole.microsecond // 1000 * 1000)

    def message_ids(self) -> Iterator[int]:
        """Yield the ids of all messages, in the order in which they were taken."""
        return (record_id for _, record_id in self._between(None, None))

    def times(self) -> dict[int, datetime]:
        """Return when each message was taken, by id: for tests, on small worlds."""
        return {record_id: moment for moment, record_id in self._between(None, None)}

    def between(self, start: datetime | None, end: datetime | None) -> Iterator[bytes]:
        """Yield the messages taken in [start, end), as JSON, in the order in which they were taken."""
        return (self.message(record_id) or b"" for _, record_id in self._between(start, end))

    def message(self, record_id: int, *, whole: bool = False) -> bytes | None:
        """Return a message as JSON, as it is listed or whole; None if there is none."""
        if record_id in self._deleted:
            return None
        number = record_id - self.first_id
        if 0 <= number < self.messages:
            rendered = self._rendered(number, record_id, whole=whole)
        elif record_id in self._edits:
            rendered = b"{}"
        else:
            return None
        edit = self._edits.get(record_id)
        return rendered if edit is None else msgspec.json.encode({**msgspec.json.decode(rendered), **edit})

    def add(self, created_at: datetime, **fields: Any) -> int:
        """Take a message now; return its id."""
        record_id, self._next_id = self._next_id, self._next_id + 1
        template = msgspec.json.decode(self._render(0, record_id, whole=True))
        stamp = timestamp(created_at)
        self._edits[record_id] = {**template, "created_at": stamp, "updated_at": stamp, **fields, "id": record_id}
        insort(self._added, (created_at, record_id))
        self.version += 1
        return record_id

    def edit(self, record_id: int, **fields: Any) -> None:
        """Change fields of a message, or give it new ones."""
        self._edits.setdefault(record_id, {}).update(fields)
        self.version += 1

    def delete(self, record_id: int) -> None:
        """Delete a message."""
        self._deleted.add(record_id)
        self.version += 1

    def to_dos(self) -> list[dict[str, Any]]:
        """Return all to-dos, each with its schedule."""
        return list(self._to_dos.values())

    def create_to_do(self, asked: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Keep a to-do, and return it as the server would.

        Raises:
            ValueError: A day of its schedule is no day of the week.
        """
        number = len(self._to_dos) + 1
        stamp = timestamp(now)
        schedule = asked.get("schedule") or {}
        days = schedule.get("days") or ()
        if not all(day in _WEEKDAYS for day in days):
            raise ValueError("schedule: its days must be days of the week, as Tuesday")
        pair = {
            "to_do": {
                "id": 156 + number,
                "phone_id": 5,
                "delivery_type": asked.get("delivery_type"),
                "instructions": None,
                "contact": asked.get("contact"),
                "created_at": stamp,
                "updated_at": stamp,
                "message_text": asked.get("message_text"),
                "times": None,
                "is_sending": False,
                "run_at": None,
                "from": str(asked.get("from", "")).removeprefix("+1"),
                "subject": None,
                "from_email": None,
                "sendgrid_authenticated_domain_id": None,
                "sender_name": None,
            },
            "schedule": {
                "id": 75 + number,
                "schedulable_id": 156 + number,
                "schedulable_type": "ToDo",
                "rule": {
                    "rule_type": "IceCube::WeeklyRule",
                    "interval": schedule.get("interval") or 1,
                    "validations": {"day": [_WEEKDAYS.index(day) for day in days]},
                },
                "times": schedule.get("times"),
                "previous_occurrence": None,
                "next_occurrence": timestamp(now + DAY),
                "created_at": stamp,
                "updated_at": stamp,
            },
        }
        self._to_dos[156 + number] = pair
        self.version += 1
        return pair

    def recording(self, record_id: int, audio_base: str) -> dict[str, Any] | None:
        """Return a recording with its call detail record; None if there is none."""
        number = record_id - 36
        if not 0 <= number < self.recordings:
            return None
        bits = mix(self.seed + 1, number)
        began = self._start + timedelta(seconds=bits % int(max(1.0, self.messages * self._step.total_seconds())))
        talked = self.seconds_of_audio(record_id)
        agent = words.AGENTS[bits % len(words.AGENTS)]
        return {
            "id": record_id,
            "call_id": 2_668_065 + number,
            "call_sid": f"{bits:016x}",
            "account_number": "Sandbox",
            "did_number": "5617819977",
            "from": f"305{bits % 10_000_000:07}",
            "agent_username": agent,
            "started_at": timestamp(began),
            "recording": f"{audio_base}/{record_id}.mp3",
            "cdr": {
                "id": 247_298 + number,
                "unique_call_id": 1_000_266_805 + number,
                "start_time": timestamp(began - timedelta(seconds=14)),
                "call_type": "InboundCall",
                "start_client": "Sandbox",
                "end_client": "Sandbox",
                "callerid": f"305{bits % 10_000_000:07}",
                "number_dialed": "5617819977",
                "did": "5617819977",
                "agent_name": agent,
                "agent_id": 11,
                "skill_name": words.SKILLS[bits % len(words.SKILLS)],
                "skill_id": "1",
                "connection_sec": talked + 12,
                "ivr_sec": 0,
                "wait_sec": 11,
                "talk_sec": talked,
                "hold_sec": 0,
                "transfer_sec": 0,
                "wrap_sec": 0,
                "agent_answer_time": timestamp(began - timedelta(seconds=2)),
                "end_time": timestamp(began + timedelta(seconds=talked)),
                "hang_up_time": timestamp(began + timedelta(seconds=talked)),
                "who_hung_up": "agent",
                "original_call_id": 266_805 + number,
                "call_created_at": timestamp(began - timedelta(seconds=13)),
                "is_orphaned": False,
                "conference_sec": 0,
                "conference_talk_sec": 0,
            },
        }

    def seconds_of_audio(self, record_id: int) -> int:
        """Return how long a recording is, in seconds."""
        return 2 + mix(self.seed + 2, record_id) % 19

    def recording_ids(self) -> range:
        """Return the ids of all recordings."""
        return range(36, 36 + self.recordings)

    def _between(self, start: datetime | None, end: datetime | None) -> Iterator[tuple[datetime, int]]:
        first = 0 if start is None else self._first_at_or_after(start)
        last = self.messages if end is None else self._first_at_or_after(end)
        made_up = ((self._taken_at(number), self.first_id + number) for number in range(first, last))
        added = [pair for pair in self._added if (start is None or start <= pair[0]) and (end is None or pair[0] < end)]
        pairs = merge(made_up, added) if added else made_up
        return (pair for pair in pairs if pair[1] not in self._deleted) if self._deleted else pairs

    def _first_at_or_after(self, moment: datetime) -> int:
        return bisect_left(range(self.messages), moment, key=self._taken_at)

    def _render(self, number: int, record_id: int, *, whole: bool) -> bytes:
        bits = mix(self.seed + 3, number)
        created = self.created_at(number)
        text = self._texts[bits % len(self._texts)]
        longer = self._texts[(bits >> 8) % len(self._texts)]
        city, state, code = words.CITIES[(bits >> 16) % len(words.CITIES)]
        return message_template(
            whole=whole,
            id=record_id,
            created_at=timestamp(created),
            delivered_at=timestamp(created + timedelta(seconds=(bits >> 20) % 900)),
            caller_id=f"305{bits % 10_000_000:07}",
            first_name=self._first_names[(bits >> 24) % len(self._first_names)],
            last_name=self._last_names[(bits >> 32) % len(self._last_names)],
            company_name=self._companies[(bits >> 40) % len(self._companies)],
            content=f'"{text} {longer}"',
            status=words.STATUSES[(bits >> 44) % len(words.STATUSES)],
            is_emergency="true" if bits >> 60 == 0 else "false",
            city=city,
            state=state,
            zip=code,
            heard=words.HEARD[(bits >> 48) % len(words.HEARD)],
            meeting=words.MEETINGS[(bits >> 52) % len(words.MEETINGS)],
            uuid=_uuid(bits, number),
        )


def _uuid(bits: int, number: int) -> str:
    digits = f"{bits & 0xFFFFFFFF:08x}{number & 0xFFFF:04x}4{bits >> 52:03x}8{bits >> 40 & 0xFFF:03x}{bits >> 16:012x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
