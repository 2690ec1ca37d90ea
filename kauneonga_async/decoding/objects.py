"""ObjectReader: a whole body whose "data" is one object -> that object."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from kauneonga_async.decoding.envelope import cut_out_data
from kauneonga_async.decoding.invalid import UNREADABLE, InvalidRecord
from kauneonga_async.decoding.records import RecordReader, record_reader
from kauneonga_async.errors import DecodeError

__all__ = ["ObjectReader", "object_reader"]

T = TypeVar("T")


class ObjectReader(Generic[T]):
    """Reads single objects of one type.

    Args:
        record_type: Any type that msgspec decodes.
        reader: Describes an object that does not fit.

    Raises:
        TypeError: msgspec cannot decode to this type.
    """

    def __init__(self, record_type: Any, reader: RecordReader[T]) -> None:
        fields: list[Any] = [("data", record_type), ("success", Any, True)]
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("One", fields))
        self._reader = reader

    def read(self, body: bytes) -> T | InvalidRecord:
        """Decode a body.

        Raises:
            DecodeError: It is no JSON of the API's shape.
            Refusal: It says ``"success": false``.
        """
        try:
            envelope = self._decoder.decode(body)
            if envelope.success is not False and (body.isascii() or str(body, "utf-8")):
                data = envelope.data
                if not isinstance(data, msgspec.Raw) or bytes(data).startswith(b"{"):
                    return self._reader.converted(data)
        except UNREADABLE:
            pass  # what follows finds out why
        content = cut_out_data(body)
        if not content.startswith(b"{"):
            what = "a list" if content.startswith(b"[") else "no object"
            raise DecodeError(f'"data" is {what} where an object belongs')
        batch = self._reader.read_one(content)
        return batch.invalid[0] if batch.invalid else batch.records[0]


@lru_cache(maxsize=128)
def object_reader(record_type: Any, id_path: str = "id") -> ObjectReader[Any]:
    """Return a reader, made once for each type: it holds no state."""
    return ObjectReader(record_type, record_reader(record_type, id_path, None))
