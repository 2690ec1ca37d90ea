"""RecordReader: a JSON array's bytes -> records, their ids and their dates, and those that do not fit."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin

import msgspec

from kauneonga_async.decoding.nesting import split_elements
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import Instant, RecordId

__all__ = ["Batch", "InvalidRecord", "NotABoundary", "RecordReader", "explain", "record_reader"]

T = TypeVar("T")

LARGEST_ID = 2**63 - 1

# All that decoding can raise over a document's content (msgspec 0.19 to 0.22, tried).
_BLOCK = 1024  # bytes
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class NotABoundary(Exception):
    """The document does not end where an element ends."""


class InvalidRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that does not fit its type, handed to ``on_invalid``. Its repr shows no content.

    Attributes:
        raw: The record's own bytes.
        id: Its id, where it can be read.
        time: Its date (``created_at``, unless the calendar names another field), where it can be read.
        error: What is wrong with it.
    """

    raw: bytes
    id: int | None
    time: datetime | None
    error: DecodeError

    def __repr__(self) -> str:
        return f"InvalidRecord(id={self.id}, error={self.error!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("error", self.error)]


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
        self.records = records
        self.ids = ids
        self.times = times
        self.invalid = invalid
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
            self._decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[record_type])
        except TypeError as error:
            raise TypeError(f"record_type: msgspec cannot decode to {record_type!r}: {error}") from error
        self._record_type = record_type
        self._key_id: Callable[[Any], int] = attrgetter(id_path)
        self._key_time: Callable[[Any], datetime] | None = attrgetter("time") if time_field else None
        self._id_path = id_path
        self._time_field = time_field
        attributes = _key_attributes(record_type, id_path, time_field)
        self._is_keyed = attributes is not None
        self._has_sound_ids = not attributes or _type_of(record_type, attributes[0]) == RecordId
        self._hands_out_bytes = _hands_out_bytes(record_type)
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
        return msgspec.json.Decoder(list[_key_type(self._id_path, self._time_field)])  # type: ignore[misc]

    @cached_property
    def _key(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(_key_type(self._id_path, self._time_field))

    def converted(self, decoded: Any) -> T:
        """Return the record that is handed out for what was decoded."""
        return self._convert(decoded) if self._convert else cast("T", decoded)

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
        except RecursionError:
            raise DecodeError("a record is nested too deeply to be read") from None
        except UNREADABLE as error:
            batch.invalid.append(self._describe(element, error))
            return
        key_id = self._key_id(key)
        if self._key_time:
            time = self._key_time(key)
            if not _is_expressible(time):
                fault = msgspec.ValidationError(f"Datetime is out of range - at `$.{self._time_field}`")
                batch.invalid.append(self._describe(element, fault))
                return
            batch.times.append(time)
        batch.ids.append(key_id)
        records.append(self.converted(record))

    def _ids_and_times(self, keys: list[Any]) -> tuple[list[int], list[datetime]]:
        return list(map(self._get_id, keys)), list(map(self._get_time, keys)) if self._get_time else []

    def _is_sound(self, batch: Batch[T]) -> bool:
        """Tell whether ids and dates are such as can be relied upon."""
        if not self._has_sound_ids and batch.ids and (min(batch.ids) < 1 or max(batch.ids) > LARGEST_ID):
            return False
        try:
            batch.measure()
        except TypeError:  # None, or naive beside aware
            return False
        return batch.span is None or all(map(_is_expressible, batch.span))

    def _describe(self, element: bytes, error: Exception) -> InvalidRecord:
        """Read what can be read of a record that does not fit its type.

        Raises:
            DecodeError: It is no JSON at all, so that the whole body cannot be believed.
        """
        try:
            # More lenient than msgspec: lone surrogates, NaN, and numbers of any size are let pass.
            content = json.loads(element.decode("utf-8", "replace"), parse_int=_parse_int)
        except RecursionError:
            raise DecodeError("a record is nested too deeply to be read") from None
        except ValueError:
            raise DecodeError("the body is no valid JSON", malformed=True) from None
        record_id = _follow(content, self._id_path)
        if isinstance(record_id, bool) or not isinstance(record_id, int) or not 1 <= record_id <= LARGEST_ID:
            record_id = None
        time = None
        if self._time_field:
            try:
                time = msgspec.convert(_follow(content, self._time_field), Instant)
            except msgspec.ValidationError:
                time = None
            if time is not None and not _is_expressible(time):
                time = None
        path, reason = explain(error)
        return InvalidRecord(
            raw=element.strip(b" \t\r\n"),
            id=record_id,
            time=time,
            error=DecodeError(
                f"record {'of unreadable id' if record_id is None else record_id}: {reason}"
                + (f" at {path}" if path else ""),
                path=path,
                record_id=record_id,
            ),
        )


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


# What msgspec says of a value, where it says nothing of the value itself: an enum's error, or one of a type of
# the user's own, could echo a message's text.
_SAFE_REASON = re.compile(
    r"Expected `[^`]*`(?:, got `[^`]*`| [<>=]+ -?[\d.]+| with a timezone component)?"
    r"|Object missing required field `[^`]*`"
    r"|Invalid RFC3339 encoded \w+"
    r"|(?:Number|Integer value|Datetime) (?:is )?out of range"
)
_PATH = re.compile(r" - at `(.*)`\Z", re.DOTALL)


def explain(error: Exception) -> tuple[str | None, str]:
    """Return the path and the reason of a decoding error, free of the content that caused it."""
    if isinstance(error, UnicodeDecodeError):
        return None, "it is not valid UTF-8"
    text = str(error)
    place = _PATH.search(text)
    path = place.group(1).replace("$[0]", "$", 1) if place else None
    reason = text[: place.start()] if place else text
    if isinstance(error, msgspec.ValidationError):
        return path, reason if _SAFE_REASON.fullmatch(reason) else "a value does not fit its type"
    return path, "it holds what JSON does not allow, such as NaN or half of a surrogate pair"


def _is_expressible(time: datetime | None) -> bool:
    """Tell whether a time is an instant that UTC can express (year 9999 with an offset may not be)."""
    if time is None or time.utcoffset() is None:
        return False
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _key_type(id_path: str, time_field: str | None) -> type[msgspec.Struct]:
    *parents, leaf = id_path.split(".")
    fields: list[tuple[str, Any, Any]] = [(leaf, RecordId, msgspec.NODEFAULT)]
    for parent in reversed(parents):
        fields = [(parent, msgspec.defstruct("Key", cast("Any", fields), gc=False), msgspec.NODEFAULT)]
    if time_field:
        fields.append(("time", Instant, msgspec.field(name=time_field)))
    return msgspec.defstruct("Key", cast("Any", fields), gc=False)


def _key_attributes(record_type: Any, id_path: str, time_field: str | None) -> tuple[str, str] | None:
    """Return the attributes that hold id and date, if the type's own decoding makes them what a key needs."""
    origin = get_origin(record_type) or record_type
    if not (isinstance(origin, type) and issubclass(origin, msgspec.Struct)) or "." in id_path:
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(record_type)}
    if id_path not in fields or _members(fields[id_path].type) != {int}:
        return None
    if time_field is None:
        return fields[id_path].name, ""
    if time_field not in fields or _members(fields[time_field].type) - {type(None)} != {datetime}:
        return None
    return fields[id_path].name, fields[time_field].name


def _hands_out_bytes(record_type: Any) -> bool:
    """Tell whether any of a record is handed out as it came."""
    kinds = _members(record_type)
    origin = get_origin(record_type) or record_type
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        kinds = kinds.union(*(_members(field.type) for field in msgspec.structs.fields(record_type)))
    return msgspec.Raw in kinds


def _type_of(record_type: Any, attribute: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(record_type) if field.name == attribute)


def _members(annotation: Any) -> set[Any]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*map(_members, get_args(annotation)))
    return {annotation}


def _follow(content: object, path: str) -> Any:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _parse_int(digits: str) -> int | None:
    # Python refuses to turn more than 4,300 digits into an int.
    return int(digits) if len(digits) <= len(str(LARGEST_ID)) + 1 else None
