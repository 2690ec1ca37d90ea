"""RecordReader: a JSON array's bytes -> records, their ids and their dates, and those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from operator import attrgetter
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec

from kauneonga_async.decoding.invalid import LARGEST_ID, UNREADABLE, InvalidRecord, describe, is_expressible
from kauneonga_async.decoding.keys import hands_out_bytes, key_attributes, key_type, type_of
from kauneonga_async.decoding.nesting import split_elements
from kauneonga_async.models import RecordId

__all__ = ["Batch", "NotABoundary", "RecordReader", "check_text", "record_reader"]

_BLOCK = 4096  # bytes

T = TypeVar("T")


class NotABoundary(Exception):
    """The document does not end where an element ends."""


class Batch(Generic[T]):
    """Records decoded at once.

    Attributes:
        records: Those that fit their type.
        ids: The id of each.
        times: The date of each; empty where the listing has no dates.
        invalid: The others.
        span: The first and the last date, once they were measured; None where there are none.
    """

    __slots__ = ("ids", "invalid", "records", "span", "times")

    def __init__(
        self, records: Sequence[T], ids: list[int], times: list[datetime], invalid: list[InvalidRecord]
    ) -> None:
        self.records: Sequence[T] = records
        self.ids: list[int] = ids
        self.times: list[datetime] = times
        self.invalid: list[InvalidRecord] = invalid
        self.span: tuple[datetime, datetime] | None = None

    def measure(self) -> None:
        """Find the first and the last date."""
        if self.times:
            self.span = min(self.times), max(self.times)

    def __len__(self) -> int:
        return len(self.records) + len(self.invalid)


class RecordReader(Generic[T]):
    """Reads arrays of one type of record.

    A record's id and date are taken from its own attributes where its type has them, else from a second pass
    over the same bytes, so that any type can be asked for, one that lacks both included.

    Args:
        record_type: Any type that msgspec decodes.
        id_path: Where the id stands: ``"id"``, or ``"to_do.id"``.
        time_field: The field that holds a record's date, which each record must then have; None for none.
        convert: Makes the record that is handed out from what was decoded.

    Raises:
        TypeError: msgspec cannot decode to this type.
    """

    def __init__(
        self,
        record_type: Any,
        *,
        id_path: str = "id",
        time_field: str | None = None,
        convert: Callable[[Any], T] | None = None,
    ) -> None:
        self._convert = convert
        try:
            # As list[record_type], which pyright takes, now and then, for a type expression that it cannot read.
            self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(GenericAlias(list, (record_type,)))
        except TypeError as error:
            raise TypeError(f"record_type: msgspec cannot decode to {record_type!r}: {error}") from error
        self._record_type = record_type
        self._key_id: Callable[[Any], int] = attrgetter(id_path)
        self._key_time: Callable[[Any], datetime] | None = attrgetter("time") if time_field else None
        self._id_path = id_path
        self._time_field = time_field
        attributes = key_attributes(record_type, id_path, time_field)
        self._is_keyed = attributes is not None
        self._has_sound_ids = not attributes or type_of(record_type, attributes[0]) == RecordId
        self._hands_out_bytes = hands_out_bytes(record_type)
        self._get_id: Callable[[Any], int] = attrgetter(attributes[0]) if attributes else self._key_id
        self._get_time = self._key_time
        if attributes and self._key_time:
            self._get_time = attrgetter(attributes[1])

    def read(self, document: bytes, *, trusted: bool) -> Batch[T]:
        """Decode an array.

        Args:
            document: The array, from its ``[`` to its ``]``.
            trusted: Whether its last element is known to be whole.

        Raises:
            NotABoundary: The last element is not whole, or that cannot be told; only if not trusted.
            DecodeError: It is no JSON, or nested beyond reason.
        """
        try:
            records = self._decoder.decode(document)
            keys = records if self._is_keyed else self._keys.decode(document)
            if self._hands_out_bytes:
                check_text(document)
        except UNREADABLE as error:
            if not trusted and not isinstance(error, msgspec.ValidationError):
                raise NotABoundary from None
            return self._salvage(document, trusted=trusted)
        batch: Batch[T] = Batch(records, *self._ids_and_times(keys), [])
        if not self._is_sound(batch):
            return self._salvage(document, trusted=trusted)
        if self._convert:
            batch.records = list(map(self._convert, records))
        return batch

    # Seldom needed, and half a millisecond each to make.

    @cached_property
    def _one(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(self._record_type)

    @cached_property
    def _keys(self) -> msgspec.json.Decoder[list[Any]]:
        return msgspec.json.Decoder(GenericAlias(list, (key_type(self._id_path, self._time_field),)))

    @cached_property
    def _key(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(key_type(self._id_path, self._time_field))

    def converted(self, decoded: Any) -> T:
        """Return the record that is handed out for what was decoded."""
        return self._convert(decoded) if self._convert else decoded

    def read_one(self, element: bytes) -> Batch[T]:
        """Decode one record that stands alone."""
        return self.read(b"[" + element + b"]", trusted=True)

    def _salvage(self, document: bytes, *, trusted: bool) -> Batch[T]:
        """Read record by record, so that one that does not fit costs itself alone."""
        try:
            elements: Iterable[bytes] = map(bytes, msgspec.json.decode(document, type=list[msgspec.Raw]))
        except UNREADABLE:
            if not trusted:
                raise NotABoundary from None
            elements = split_elements(document)
        records: list[T] = []
        batch: Batch[T] = Batch(records, [], [], [])
        for element in elements:
            self._salvage_one(element, batch, records)
        batch.measure()
        return batch

    def _salvage_one(self, element: bytes, batch: Batch[T], records: list[T]) -> None:
        try:
            record = self._one.decode(element)
            key = self._key.decode(element)
            if self._hands_out_bytes:
                check_text(element)
        except UNREADABLE as error:
            batch.invalid.append(self._invalid(element, error))
            return
        key_id = self._key_id(key)
        if self._key_time:
            time = self._key_time(key)
            if not is_expressible(time):
                fault = msgspec.ValidationError(f"Datetime is out of range - at `$.{self._time_field}`")
                batch.invalid.append(self._invalid(element, fault))
                return
            batch.times.append(time)
        batch.ids.append(key_id)
        records.append(self.converted(record))

    def _ids_and_times(self, keys: list[Any]) -> tuple[list[int], list[datetime]]:
        return list(map(self._get_id, keys)), list(map(self._get_time, keys)) if self._get_time else []

    def _invalid(self, element: bytes, error: Exception) -> InvalidRecord:
        return describe(element, error, self._id_path, self._time_field)

    def _is_sound(self, batch: Batch[T]) -> bool:
        """Tell whether ids and dates are such as can be relied upon."""
        if not self._has_sound_ids and batch.ids and (min(batch.ids) < 1 or max(batch.ids) > LARGEST_ID):
            return False
        try:
            batch.measure()
        except TypeError:  # None, or naive beside aware
            return False
        return batch.span is None or all(map(is_expressible, batch.span))


def check_text(document: bytes) -> None:
    """Make sure that bytes are UTF-8: msgspec leaves what it does not decode unchecked.

    Raises:
        UnicodeDecodeError: They are not.
    """
    if document.isascii():
        return
    # Only stretches with other than ASCII in them are decoded; no character reaches from one into a block of ASCII.
    begin = -1
    for place in range(0, len(document), _BLOCK):
        if document[place : place + _BLOCK].isascii():
            if begin >= 0:
                str(document[begin:place], "utf-8")
                begin = -1
        elif begin < 0:
            begin = place
    if begin >= 0:
        str(document[begin:], "utf-8")


@lru_cache(maxsize=128)
def record_reader(record_type: Any, id_path: str, time_field: str | None) -> RecordReader[Any]:
    """Return a reader, made once for each type: it holds no state."""
    return RecordReader(record_type, id_path=id_path, time_field=time_field)
