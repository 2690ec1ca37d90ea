"""Diagnosis: what was found, check by check, and the settings that follow from it."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from kauneonga_async.doctor.survey import CalendarVerdict

__all__ = ["CHECKS", "Diagnosis", "Finding", "Status"]

Status = Literal["ok", "warning", "failure", "skipped"]

CHECKS: Final = (
    "URL",
    "DNS",
    "TLS",
    "token",
    "list messages",
    "get a message",
    "list recordings",
    "download",
    "list to-dos",
    "clock",
    "compression",
    "ETags",
    "latency",
    "keep-alive",
    "list lengths",
    "time zone",
    "to_date",
)
"""What is checked, in this order."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found. It holds no token and nothing of what records say.

    Attributes:
        check: Which check, out of ``CHECKS``; or ``"settings"``, where no client can be made of them.
        status: ``"ok"``, ``"warning"`` (it works, and could be better or safer), ``"failure"``, or ``"skipped"``.
        says: What was found, in a sentence.
        advice: What to do about it, or None if nothing is to be done.
        facts: The same for programs: numbers, with their unit in the name.
    """

    check: str
    status: Status
    says: str
    advice: str | None = None
    facts: dict[str, Any] = {}


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found.

    Attributes:
        findings: One for each check, in order.
        calendar: What was found out of the server's dates; None if it did not come to that.
        calls: How many calls it took.
    """

    findings: tuple[Finding, ...]
    calendar: CalendarVerdict | None = None
    calls: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing failed."""
        return all(finding.status != "failure" for finding in self.findings)

    @property
    def as_toml(self) -> str:
        """The lines for the account's profile that say what was found out of the calendar; none if that is nothing."""
        zone, inclusive = self._calendar
        lines = [] if zone is None else [f'timezone = "{zone}"']
        if inclusive is not None:
            lines.append(f"to_date_inclusive = {str(inclusive).lower()}")
        return "\n".join(lines)

    @property
    def as_python(self) -> str:
        """The argument for ``KauneongaClient`` that says the same."""
        zone, inclusive = self._calendar
        arguments = [] if zone is None else [f'timezone="{zone}"']
        if inclusive is not None:
            arguments.append(f"to_date_inclusive={inclusive}")
        return f"calendar=ServerCalendar({', '.join(arguments)})"

    @property
    def _calendar(self) -> tuple[str | None, bool | None]:
        if self.calendar is None:
            return None, None
        return self.calendar.timezone, self.calendar.to_date_inclusive
