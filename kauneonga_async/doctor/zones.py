"""Zones: the world's time zones by when their days begin, and which name is used for those that are alike."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from collections.abc import Collection, Iterable
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final

__all__ = ["Zone", "alike", "load_zones", "name_of"]

# The zones that Rails knows by name (ActiveSupport::TimeZone::MAPPING): the server is one of its applications, and of
# names that mean the same days these are the ones its operator chose from.
_RAILS_ZONES: Final = frozenset(
    """
    America/Argentina/Buenos_Aires America/Bogota America/Caracas America/Chicago America/Chihuahua America/Denver
    America/Godthab America/Guatemala America/Guyana America/Halifax America/Indiana/Indianapolis America/Juneau
    America/La_Paz America/Lima America/Los_Angeles America/Mazatlan America/Mexico_City America/Monterrey
    America/Montevideo America/New_York America/Phoenix America/Puerto_Rico America/Regina America/Santiago
    America/Sao_Paulo America/St_Johns America/Tijuana Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Harare
    Africa/Johannesburg Africa/Monrovia Africa/Nairobi Asia/Almaty Asia/Baghdad Asia/Baku Asia/Bangkok
    Asia/Chongqing Asia/Colombo Asia/Dhaka Asia/Hong_Kong Asia/Irkutsk Asia/Jakarta Asia/Jerusalem Asia/Kabul
    Asia/Kamchatka Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Krasnoyarsk Asia/Kuala_Lumpur Asia/Kuwait
    Asia/Magadan Asia/Muscat Asia/Novosibirsk Asia/Rangoon Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore
    Asia/Srednekolymsk Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo Asia/Ulaanbaatar Asia/Urumqi
    Asia/Vladivostok Asia/Yakutsk Asia/Yekaterinburg Asia/Yerevan Atlantic/Azores Atlantic/Cape_Verde
    Atlantic/South_Georgia Australia/Adelaide Australia/Brisbane Australia/Canberra Australia/Darwin
    Australia/Hobart Australia/Melbourne Australia/Perth Australia/Sydney Europe/Amsterdam Europe/Athens
    Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest Europe/Budapest
    Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kaliningrad Europe/Kiev Europe/Lisbon
    Europe/Ljubljana Europe/London Europe/Madrid Europe/Minsk Europe/Moscow Europe/Paris Europe/Prague Europe/Riga
    Europe/Rome Europe/Samara Europe/Sarajevo Europe/Skopje Europe/Sofia Europe/Stockholm Europe/Tallinn
    Europe/Vienna Europe/Vilnius Europe/Volgograd Europe/Warsaw Europe/Zagreb Europe/Zurich Pacific/Apia
    Pacific/Auckland Pacific/Chatham Pacific/Fakaofo Pacific/Fiji Pacific/Guadalcanal Pacific/Guam Pacific/Honolulu
    Pacific/Majuro Pacific/Midway Pacific/Noumea Pacific/Pago_Pago Pacific/Port_Moresby Pacific/Tongatapu
    """.split()  # noqa: SIM905 - as a list it would be a hundred lines
)

# Of those that are alike among the above, the ones that most servers are set to; UTC is what Rails does by default.
_FIRST: Final = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Australia/Sydney",
)

_NO_PLACES: Final = frozenset({"Factory", "localtime"})


class Zone:
    """A time zone that a server's dates may be in.

    Args:
        name: Its IANA name.
        tz: It.
        is_canonical: Whether the database names a place by it, and keeps it not only for those who know an old name.
    """

    __slots__ = ("_starts", "_tz", "is_canonical", "name")

    def __init__(self, name: str, tz: tzinfo, *, is_canonical: bool) -> None:
        self.name: str = name
        self.is_canonical: bool = is_canonical
        self._tz = tz
        self._starts: dict[date, int] = {}

    def start_of(self, day: date) -> int:
        """Return when a day begins, in milliseconds since the epoch."""
        start = self._starts.get(day)
        if start is None:
            start = int(datetime(day.year, day.month, day.day, tzinfo=self._tz).timestamp() * 1000)
            self._starts[day] = start
        return start

    def offset_on(self, day: date) -> int:
        """Return by how many minutes it is ahead of UTC when a day begins."""
        offset = datetime(day.year, day.month, day.day, tzinfo=self._tz).utcoffset()
        assert offset is not None
        return round(offset.total_seconds() / 60)

    def __repr__(self) -> str:
        return f"Zone({self.name})"


def load_zones() -> tuple[Zone, ...]:
    """Return all zones that this machine knows. Blocking: it reads several hundred small files."""
    canonical = _canonical_names()
    names = sorted(zoneinfo.available_timezones() - _NO_PLACES)
    return tuple(Zone(name, zoneinfo.ZoneInfo(name), is_canonical=name in canonical) for name in names)


def name_of(zones: Iterable[Zone]) -> str:
    """Return the name to use for zones whose days are alike: the one that a Rails server most likely has."""
    return min(zones, key=_rank).name


def _rank(zone: Zone) -> tuple[int, bool, bool, str]:
    first = _FIRST.index(zone.name) if zone.name in _FIRST else len(_FIRST)
    return first, zone.name not in _RAILS_ZONES, not zone.is_canonical, zone.name


def _canonical_names() -> frozenset[str]:
    """Return the names in the database's table of places; none where the machine does not have it."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "zone.tab").is_file():
            return _names_in((folder / "zone.tab").read_text(encoding="utf-8"))
    try:
        return _names_in(importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8"))
    except (ModuleNotFoundError, OSError):
        return frozenset()


def _names_in(table: str) -> frozenset[str]:
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return frozenset(row[2] for row in rows)


def alike(zones: Collection[Zone], days: Collection[date]) -> list[list[Zone]]:
    """Return the zones in groups: those of a group begin all of these days at the same instants."""
    groups: dict[tuple[int, ...], list[Zone]] = {}
    for zone in zones:
        groups.setdefault(tuple(map(zone.start_of, days)), []).append(zone)
    return list(groups.values())
