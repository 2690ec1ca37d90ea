"""The kinds of fields."""

from __future__ import annotations

from kauneonga_async.exporting.formats.fields import EXTRA, FIELDS, Kind
from kauneonga_async.models import Message


def test_every_field_of_the_model_is_there_in_its_order() -> None:
    assert tuple(FIELDS) == Message.__struct_fields__
    assert EXTRA not in FIELDS


def test_kinds_follow_the_model() -> None:
    named = {kind: [name for name, found in FIELDS.items() if found is kind] for kind in Kind}
    assert named[Kind.INSTANT] == ["created_at", "updated_at", "delivered_at", "next_escalation_at", "send_at"]
    assert named[Kind.FLAG] == ["read", "is_emergency", "positive_data_dip", "from_to_do"]
    assert named[Kind.ANSWERS] == ["answers"]
    assert {"id", "account_id", "activities_count"} <= set(named[Kind.NUMBER])
    assert {"user_id", "origin", "klass_names"} <= set(named[Kind.LOOSE])
    assert {"content", "zip", "message_received_date"} <= set(named[Kind.TEXT])
