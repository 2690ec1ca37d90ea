"""Dates: the survey carried out over the network, and what its verdict means for lists and settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from datetime import date, datetime, time
from typing import Final

from anyio import to_thread

from kauneonga_async.calendars import DAY, ServerCalendar
from kauneonga_async.doctor.asking import Asker
from kauneonga_async.doctor.diagnosis import Finding, Status
from kauneonga_async.doctor.endpoints import failed
from kauneonga_async.doctor.evidence import Held, Question
from kauneonga_async.doctor.survey import CalendarVerdict, Flaw, survey
from kauneonga_async.doctor.zones import load_zones
from kauneonga_async.errors import KauneongaError
from kauneonga_async.streams import USUAL_CAPS

__all__ = ["check_dates", "judge_lengths", "judge_to_date", "judge_zone"]

_FLAWS: Final[dict[Flaw, str]] = {
    "unfiltered": "lists hold messages of other days: the server filters by another date, or not at all",
    "cut": "lists are cut off, so their edges say nothing",
    "contradiction": "what lists of days hold fits no time zone",
    "no records": "there are no messages to tell by",
}
_LEAVE_OUT: Final = "leave the setting out: windows then ask for days more on each side, which is right for any zone"
_OTHER_DATE: Final = (
    "lists of days cannot be relied upon, and streams say so (CalendarMismatch): list without dates, or if the server "
    'filters by another field, say so in Python: ServerCalendar(date_field="updated_at")'
)
_SHOWN: Final = 6  # candidates


class _Ended(Exception):
    """Carries the verdict out of a thread, which no StopIteration leaves."""

    def __init__(self, verdict: CalendarVerdict) -> None:
        super().__init__()
        self.verdict = verdict


async def check_dates(
    asker: Asker, today: date, stated: ServerCalendar
) -> tuple[list[Finding], CalendarVerdict | None]:
    """Find out the server's calendar, and compare it with what is stated of it.

    Args:
        asker: Asks for the lists.
        today: The present day, by the server's clock.
        stated: What the client believes.
    """
    lengths: Counter[int] = Counter()
    try:
        verdict = await _carry_out(asker, today, lengths)
    except KauneongaError as error:
        finding = failed("list lengths", error, "the time zone was not looked for, as lists of days cannot be had")
        skipped = [Finding(check=check, status="skipped", says="not looked at") for check in ("time zone", "to_date")]
        return [finding, *skipped], None
    zone = judge_zone(verdict, stated, today)
    return [judge_lengths(verdict, lengths), zone, judge_to_date(verdict, stated)], verdict


async def _carry_out(asker: Asker, today: date, lengths: Counter[int]) -> CalendarVerdict:
    asking = survey(today, await to_thread.run_sync(load_zones))
    held: Held | None = None
    while True:
        try:
            # In a thread: some hundred zones are compared, day by day.
            question = await to_thread.run_sync(_step, asking, held)
        except _Ended as ended:
            return ended.verdict
        held = (await asker.list_days(question)).held
        lengths[len(held.instants)] += held.complete


def _step(asking: Generator[Question, Held, CalendarVerdict], held: Held | None) -> Question:
    try:
        return next(asking) if held is None else asking.send(held)
    except StopIteration as stop:
        verdict = stop.value
    raise _Ended(verdict)


def judge_lengths(verdict: CalendarVerdict, lengths: Counter[int]) -> Finding:
    """Tell whether lists seem to be cut off. Pure."""
    check, longest = "list lengths", max(lengths, default=0)
    facts = {"longest": longest, "lists": lengths.total()}
    advice = "streams ask for less at once when they see that; ask who runs the server for the limit"
    if verdict.flaw == "cut":
        says = f"lists are cut off: a short one holds what a longer one lacks; the longest has {longest:,}"
        return Finding(check=check, status="warning", says=says, advice=advice, facts=facts)
    if longest in USUAL_CAPS and lengths[longest] > 1:
        says = f"{lengths[longest]} lists have just {longest:,} messages, and none has more: they may be cut off"
        return Finding(check=check, status="warning", says=says, advice=advice, facts=facts)
    says = f"no sign of a limit: the longest of {lengths.total()} lists has {longest:,} messages"
    return Finding(check=check, status="ok", says=says, facts=facts)


def judge_zone(verdict: CalendarVerdict, stated: ServerCalendar, today: date) -> Finding:
    """Tell what is known of the zone, and whether what is stated of it is true. Pure."""
    check = "time zone"
    if verdict.flaw == "unfiltered":
        return Finding(check=check, status="failure", says=f"not known: {_FLAWS[verdict.flaw]}", advice=_OTHER_DATE)
    if verdict.flaw is not None:
        doubted = verdict.flaw == "contradiction" and stated.timezone is not None
        status: Status = "failure" if doubted else "warning"
        return Finding(check=check, status=status, says=f"not known: {_FLAWS[verdict.flaw]}", advice=_LEAVE_OUT)
    if stated.timezone is not None and not _may_be(verdict, stated, today):
        return Finding(
            check=check,
            status="failure",
            says=f"{stated.timezone} is stated, and the server's is {_described(verdict)}: records could be missed",
            advice="set it as below" if verdict.timezone else _LEAVE_OUT,
        )
    if verdict.timezone is None:
        return Finding(
            check=check,
            status="warning",
            says=f"not known: {_described(verdict)}",
            advice=f"{_LEAVE_OUT}; ask again when there are more messages, of winter and of summer",
        )
    return Finding(
        check=check,
        status="ok",
        says=f"{_described(verdict)}; told by {verdict.records:,} messages since {verdict.since}",
    )


def judge_to_date(verdict: CalendarVerdict, stated: ServerCalendar) -> Finding:
    """Tell what is known of ``to_date``, and whether what is stated of it is true. Pure."""
    check, known, told = "to_date", verdict.to_date_inclusive, stated.to_date_inclusive
    if known is None:
        return Finding(
            check=check,
            status="warning",
            says="whether its day is included did not show",
            advice="leave the setting out: windows then ask for a day more",
        )
    what = "included: its day is listed" if known else "exclusive: its day is not listed"
    if told is not None and told is not known:
        says = f"{what}, and {'inclusive' if told else 'exclusive'} is stated: records could be missed"
        return Finding(check=check, status="failure", says=says, advice="set it as below")
    return Finding(check=check, status="ok", says=what)


def _may_be(verdict: CalendarVerdict, stated: ServerCalendar, today: date) -> bool:
    """Tell whether the days of the stated zone are those of a zone that is possible."""
    if not verdict.candidates:
        spans = (verdict.january, verdict.july)
        middles = (date(today.year, month, 15) for month in (1, 7))
        return all(
            span is None or span[0] <= _offset(stated, day) <= span[1] for span, day in zip(spans, middles, strict=True)
        )
    first = verdict.since or today
    days = [first + n * DAY for n in range((today - first).days)]
    starts = [stated.start_of(day) for day in days]
    return any([ServerCalendar(name).start_of(day) for day in days] == starts for name in verdict.candidates)


def _offset(stated: ServerCalendar, day: date) -> int:
    offset = datetime.combine(day, time.min, stated.timezone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def _described(verdict: CalendarVerdict) -> str:
    spans = [
        f"{_span(span)} in {month}"
        for month, span in (("January", verdict.january), ("July", verdict.july))
        if span is not None
    ]
    offsets = " and ".join(spans)
    if verdict.timezone is not None:
        return f"{verdict.timezone} ({offsets})"
    if not verdict.candidates:
        return f"{offsets}; many zones are possible"
    names = ", ".join(verdict.candidates[:_SHOWN])
    more = len(verdict.candidates) - _SHOWN
    return f"{offsets}; possible are {names}{f' and {more} more' if more > 0 else ''}"


def _span(minutes: tuple[int, int]) -> str:
    low, high = (f"UTC{'-' if value < 0 else '+'}{abs(value) // 60}:{abs(value) % 60:02}" for value in minutes)
    return low if low == high else f"{low} to {high}"
