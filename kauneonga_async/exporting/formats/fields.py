"""Fields: what each field of a message may hold, as the model says. Pure."""

from __future__ import annotations

from enum import Enum

from msgspec import inspect

from kauneonga_async.models import Message

__all__ = ["EXTRA", "FIELDS", "Kind"]

EXTRA = "_extra"
"""The column of what has no column of its own, and of what does not fit its own: a JSON object."""


class Kind(Enum):
    """What a field holds, if it is not null."""

    TEXT = "text"
    NUMBER = "an integer"
    FLAG = "true or false"
    INSTANT = "a time"
    LOOSE = "text, or what the vendor's document leaves open"
    ANSWERS = "the account's custom fields"


_KINDS: dict[frozenset[type], Kind] = {
    frozenset({inspect.StrType}): Kind.TEXT,
    frozenset({inspect.IntType}): Kind.NUMBER,
    frozenset({inspect.BoolType}): Kind.FLAG,
    frozenset({inspect.DateTimeType}): Kind.INSTANT,
    frozenset({inspect.IntType, inspect.StrType}): Kind.LOOSE,
    frozenset({inspect.ListType, inspect.StrType}): Kind.LOOSE,
    frozenset({inspect.DictType}): Kind.ANSWERS,
}


def _kind(described: inspect.Type) -> Kind:
    members = described.types if isinstance(described, inspect.UnionType) else (described,)
    return _KINDS[frozenset(type(member) for member in members if not isinstance(member, inspect.NoneType))]


def _fields() -> dict[str, Kind]:
    described = inspect.type_info(Message[dict[str, str]])
    assert isinstance(described, inspect.StructType)
    return {field.encode_name: _kind(field.type) for field in described.fields}


FIELDS: dict[str, Kind] = _fields()
"""The fields of Message, in its order."""
