"""Diagnose: all checks, in order; what cannot be looked at because of what failed before is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from kauneonga_async.client import KauneongaClient
from kauneonga_async.doctor import habits
from kauneonga_async.doctor.asking import MESSAGES, Asker
from kauneonga_async.doctor.dates import check_dates
from kauneonga_async.doctor.diagnosis import CHECKS, Diagnosis, Finding
from kauneonga_async.doctor.endpoints import (
    check_download,
    check_get,
    check_list,
    check_to_dos,
    check_token,
    list_recordings,
)
from kauneonga_async.doctor.network import check_names, check_tls, check_url
from kauneonga_async.doctor.survey import CalendarVerdict

__all__ = ["diagnose"]

OnFinding = Callable[[Finding], None]


async def diagnose(client: KauneongaClient, *, on_finding: OnFinding | None = None) -> Diagnosis:
    """Find out whether an account can be reached and used, and what the server's dates mean.

    It makes at most 64 calls, one after the other, each a GET that is tried again as the client's settings say. It
    keeps ids and dates of messages, and nothing of what they say.

    Args:
        client: The account's client.
        on_finding: Is called with each finding as it is there.

    Examples:
        >>> async def main() -> None:
        ...     async with KauneongaClient("https://acme.example.com/api", token="...") as client:
        ...         diagnosis = await diagnose(client)
        ...         print(diagnosis.is_well, diagnosis.as_python)
    """
    examination = _Examination(client, on_finding)
    await examination.run()
    return examination.diagnosis()


class _Examination:
    def __init__(self, client: KauneongaClient, on_finding: OnFinding | None) -> None:
        self._client = client
        self._asker = Asker(client)
        self._tell = on_finding
        self._findings: list[Finding] = []
        self._calendar: CalendarVerdict | None = None

    async def run(self) -> None:
        if await self._reach():
            await self._use()
        failures = [finding.check for finding in self._findings if finding.status == "failure"]
        for check in CHECKS[len(self._findings) :]:
            self._note(Finding(check=check, status="skipped", says=f"not looked at, because of {failures[0]}"))

    def diagnosis(self) -> Diagnosis:
        return Diagnosis(findings=tuple(self._findings), calendar=self._calendar, calls=self._asker.calls)

    async def _reach(self) -> bool:
        url, options = self._client.base_url, self._asker.transport.sessions.options
        self._note(check_url(url))
        return self._note(await check_names(url, options)) and self._note(await check_tls(url, options))

    async def _use(self) -> None:
        asker = self._asker
        today = datetime.now(UTC).date()
        finding, empty = await check_token(asker, today)
        if not self._note(finding) or empty is None:
            return
        today = empty.date.date() if empty.date is not None else today
        finding, message_id = await check_list(asker, today)
        self._note(finding)
        finding, message = await check_get(asker, message_id)
        self._note(finding)
        finding, recording = await list_recordings(asker, self._client)
        self._note(finding)
        self._note(await check_download(asker, recording))
        self._note(await check_to_dos(asker, self._client))
        self._note(habits.check_clock(empty))
        self._note(habits.check_compression([empty] if message is None else [empty, message]))
        self._note(await habits.check_etags(asker, f"{MESSAGES}/{message_id}", message))
        self._note(await habits.check_latency(asker, today))
        self._note(habits.check_connections(asker))
        findings, self._calendar = await check_dates(asker, today, self._client.calendar)
        for finding in findings:
            self._note(finding)

    def _note(self, finding: Finding) -> bool:
        """Keep a finding; return whether one can go on after it."""
        self._findings.append(finding)
        if self._tell is not None:
            self._tell(finding)
        return finding.status != "failure"
