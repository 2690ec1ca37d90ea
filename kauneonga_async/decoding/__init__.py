"""Bytes to records: fed in pieces, as they arrive. Knows no network."""

from kauneonga_async.decoding.envelope import Refusal
from kauneonga_async.decoding.invalid import UNREADABLE, InvalidRecord, explain
from kauneonga_async.decoding.lines import LineReader, Lines, compact, line_reader
from kauneonga_async.decoding.lists import ListDecoder
from kauneonga_async.decoding.objects import ObjectReader, object_reader
from kauneonga_async.decoding.records import Batch, RecordReader, record_reader

__all__ = [
    "UNREADABLE",
    "Batch",
    "InvalidRecord",
    "LineReader",
    "Lines",
    "ListDecoder",
    "ObjectReader",
    "RecordReader",
    "Refusal",
    "compact",
    "explain",
    "line_reader",
    "object_reader",
    "record_reader",
]
