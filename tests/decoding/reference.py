"""Two ways to decode a body: in pieces, as the package does it, and at once, by nothing but msgspec."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from kauneonga_async.decoding import InvalidRecord, ListDecoder, Refusal, record_reader
from kauneonga_async.errors import DecodeError


class Narrow(msgspec.Struct):
    id: int
    created_at: str | None = None


def decode_in_pieces(
    pieces: Iterable[bytes], record_type: Any = dict, **options: Any
) -> tuple[list[Any], list[InvalidRecord]]:
    decoder: ListDecoder[Any] = ListDecoder(record_reader(record_type, "id", None), **options)
    records: list[Any] = []
    invalid: list[InvalidRecord] = []
    for batch in [*(decoder.feed(piece) for piece in pieces), decoder.finish()]:
        if batch is not None:
            assert len(batch.records) == len(batch.ids)
            records += [bytes(r) if record_type is msgspec.Raw else r for r in batch.records]
            invalid += batch.invalid
    return records, invalid


class Key(msgspec.Struct):
    id: int


class Keys(msgspec.Struct):
    data: list[Key]


@lru_cache
def _decoder_of(record_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(msgspec.defstruct("Envelope", [("data", list[record_type])]))


def decode_whole(body: bytes, record_type: Any = dict) -> list[Any]:
    """Decode a body at once, by nothing but msgspec."""
    if record_type in (dict, msgspec.Raw):
        body.decode()  # what a struct has no field for is not looked into
    body = body.removeprefix(b"\xef\xbb\xbf")
    assert all(1 <= key.id < 2**63 for key in msgspec.json.decode(body, type=Keys).data)
    records = _decoder_of(record_type).decode(body).data
    return [bytes(r) if record_type is msgspec.Raw else r for r in records]


def outcome_whole(body: bytes, record_type: Any) -> list[Any] | None:
    try:
        return decode_whole(body, record_type)
    except (ValueError, AssertionError, RecursionError):
        return None


def outcome_in_pieces(pieces: Iterable[bytes], record_type: Any) -> list[Any] | None:
    try:
        records, invalid = decode_in_pieces(pieces, record_type)
    except (DecodeError, Refusal):
        return None
    return None if invalid else records


def cut(body: bytes, *places: int) -> list[bytes]:
    bounds = [0, *sorted(places), len(body)]
    return [body[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
