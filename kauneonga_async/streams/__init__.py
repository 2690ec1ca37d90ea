"""Streams: a range of dates to an async iterator of records, each once, in bounded memory."""

from kauneonga_async.streams.audit import Account, AuditState, Past
from kauneonga_async.streams.channel import Channel, ChannelClosed, bare_error
from kauneonga_async.streams.fetch import Fetch
from kauneonga_async.streams.ids import IdSet
from kauneonga_async.streams.iteration import Iteration, Iterations, Records, Supervisors
from kauneonga_async.streams.limits import FEWEST, USUAL_CAPS
from kauneonga_async.streams.listing import Listing
from kauneonga_async.streams.listing_run import ListingRun
from kauneonga_async.streams.lookup import LookupRun
from kauneonga_async.streams.outlet import ChannelOutlet, Outlet, Sink
from kauneonga_async.streams.overlap import Missing
from kauneonga_async.streams.record_stream import RecordStream
from kauneonga_async.streams.report import LearntCalendar, StreamReport
from kauneonga_async.streams.sieve import (
    RAISING,
    InvalidPolicy,
    OnInvalid,
    OnInvalidFailed,
    Sieve,
    check_on_invalid,
    check_reach,
    not_inclusive,
)
from kauneonga_async.streams.spool import SpoolBudget
from kauneonga_async.streams.work import AskAgain, Doubt, Work

__all__ = [
    "FEWEST",
    "RAISING",
    "USUAL_CAPS",
    "Account",
    "AskAgain",
    "AuditState",
    "Channel",
    "ChannelClosed",
    "ChannelOutlet",
    "Doubt",
    "Fetch",
    "IdSet",
    "InvalidPolicy",
    "Iteration",
    "Iterations",
    "LearntCalendar",
    "Listing",
    "ListingRun",
    "LookupRun",
    "Missing",
    "OnInvalid",
    "OnInvalidFailed",
    "Outlet",
    "Past",
    "RecordStream",
    "Records",
    "Sieve",
    "Sink",
    "SpoolBudget",
    "StreamReport",
    "Supervisors",
    "Work",
    "bare_error",
    "check_on_invalid",
    "check_reach",
    "not_inclusive",
]
