"""Keys: where a record's id and date are found, in its own type or beside it. Pure."""

from __future__ import annotations

import types
from datetime import datetime
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from kauneonga_async.models import Instant, RecordId

__all__ = ["hands_out_bytes", "key_attributes", "key_type", "type_of"]


def key_type(id_path: str, time_field: str | None) -> type[msgspec.Struct]:
    """Return a struct of id and date alone."""
    *parents, leaf = id_path.split(".")
    fields: Any = [(leaf, RecordId, msgspec.NODEFAULT)]
    for parent in reversed(parents):
        fields = [(parent, msgspec.defstruct("Key", fields, gc=False), msgspec.NODEFAULT)]
    if time_field:
        fields.append(("time", Instant, msgspec.field(name=time_field)))
    return msgspec.defstruct("Key", fields, gc=False)


def key_attributes(record_type: Any, id_path: str, time_field: str | None) -> tuple[str, str] | None:
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


def hands_out_bytes(record_type: Any) -> bool:
    """Tell whether any of a record is handed out as it came."""
    kinds = _members(record_type)
    origin = get_origin(record_type) or record_type
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        kinds = kinds.union(*(_members(field.type) for field in msgspec.structs.fields(record_type)))
    return msgspec.Raw in kinds


def type_of(record_type: Any, attribute: str) -> Any:
    """Return the type of a struct's attribute."""
    return next(field.type for field in msgspec.structs.fields(record_type) if field.name == attribute)


def _members(annotation: Any) -> set[Any]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*map(_members, get_args(annotation)))
    return {annotation}
