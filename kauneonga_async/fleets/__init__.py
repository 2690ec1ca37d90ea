"""Fleets: many accounts watched at once, over the same connections, none at another's cost."""

from kauneonga_async.fleets.events import AccountChange, AccountFailure
from kauneonga_async.fleets.fleet import Fleet

__all__ = ["AccountChange", "AccountFailure", "Fleet"]
