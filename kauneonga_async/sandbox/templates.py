"""Templates: the API's records as compact JSON, as Rails writes it, without building objects first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

__all__ = ["message_template", "timestamp"]

_SUMMARY = (
    '{{"id":{id},"read":true,"pbx_name":"tascom","phone_number":"","extension":"","caller_id":"{caller_id}",'
    '"first_name":{first_name},"last_name":{last_name},"company_name":{company_name},"content":{content},'
    '"status":"{status}","account_id":4,"agent_id":3,"user_id":null,"created_at":"{created_at}",'
    '"updated_at":"{delivered_at}","ivr":"","pickup_date":null,"pickup_user_id":null,"contact_id":541,'
    '"delivered_at":"{delivered_at}","delivered_by":3,"delivered_to":null,"phone":"{caller_id}","email":"",'
    '"call_ref_id":"","sale_id":null,"note":"","did_id":5,"address":"","address2":"","city":"{city}",'
    '"state":"{state}","zip":"{zip}","how_you_hear_about_us":"{heard}","is_emergency":{is_emergency},'
    '"alt_phone":"","positive_data_dip":false,"answers":{{"recent_changes":"","additional_information":"",'
    '"other_parties":"","meeting_preference":"{meeting}","urgent":"Yes","content":{content},"zip":"{zip}",'
    '"city":"{city}","state":"{state}","user_id":""}},"escalation_level_id":7,"receiver_name":"John Doe",'
    '"non_message_type":"","activities_count":6,"email_subject":"","origin":null,"message_received_date":null,'
    '"disposition":null,"call_id":null,"chat_session_id":null,"to_do_task_id":null,"from_to_do":false,'
    '"send_at":null,"uuid":"{uuid}","klass_names":""'
)
# What only a single message has: the list is "a summary" (API.md, Responses).
_DETAILS = ',"next_escalation_at":null,"closing_action_group_id":1,"escalation_counter":0'


def message_template(*, whole: bool, **values: Any) -> bytes:
    """Return a message, as it is listed or whole; names and texts are given as JSON strings."""
    return ((_SUMMARY + _DETAILS if whole else _SUMMARY).format_map(values) + "}").encode()


def timestamp(moment: datetime) -> str:
    """Return an instant in UTC as Rails writes it, with milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
