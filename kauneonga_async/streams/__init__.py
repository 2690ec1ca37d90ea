"""Streams: a range of dates to an async iterator of records, each once, in bounded memory."""

from kauneonga_async.streams.listing import Listing
from kauneonga_async.streams.listing_run import ListingRun
from kauneonga_async.streams.lookup import LookupRun
from kauneonga_async.streams.record_stream import RecordStream, Supervisors
from kauneonga_async.streams.report import LearntCalendar, StreamReport
from kauneonga_async.streams.sieve import InvalidPolicy, OnInvalid, check_on_invalid

__all__ = [
    "InvalidPolicy",
    "LearntCalendar",
    "Listing",
    "ListingRun",
    "LookupRun",
    "OnInvalid",
    "RecordStream",
    "StreamReport",
    "Supervisors",
    "check_on_invalid",
]
