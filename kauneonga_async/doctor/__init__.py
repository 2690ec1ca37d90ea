"""Doctor: whether an account can be reached and used, and what the server's dates mean."""

from kauneonga_async.doctor.diagnose import diagnose
from kauneonga_async.doctor.diagnosis import CHECKS, Diagnosis, Finding
from kauneonga_async.doctor.survey import CalendarVerdict

__all__ = ["CHECKS", "CalendarVerdict", "Diagnosis", "Finding", "diagnose"]


def __dir__() -> list[str]:
    return sorted(__all__)
