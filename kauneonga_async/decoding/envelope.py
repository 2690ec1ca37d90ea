"""Envelope: what stands around "data" in a body: where its value is, and whether the rest is as it should be. Pure."""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec

from kauneonga_async.decoding.invalid import UNREADABLE
from kauneonga_async.decoding.nesting import Nesting
from kauneonga_async.errors import DecodeError

__all__ = ["BYTE_ORDER_MARK", "Refusal", "check_rest", "cut_out_data", "find_data"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Stands for the records when the rest of the envelope is checked; unguessable, so that a second "data" shows.
_PLACEHOLDER = f'"{secrets.token_hex(16)}"'.encode()

_SPACES = b" \t\r\n"
_SPACE = rb"[ \t\r\n]*"
_KEY = re.compile(_SPACE + rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")' + _SPACE + rb":" + _SPACE, re.DOTALL)


class Refusal(Exception):
    """The body says ``"success": false``."""

    def __init__(self, info: str | None) -> None:
        super().__init__()
        self.info = info


class _Envelope(msgspec.Struct):
    """What stands around the records (API.md, Responses)."""

    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    success: Any = True
    info: msgspec.Raw = msgspec.Raw(b"null")  # read only where it is shown: what it holds is no reason to refuse a list


def find_data(buffer: bytes | bytearray) -> int | None:
    """Return where the value of the outermost "data" begins; None if that is still to come.

    Raises:
        DecodeError: The body is no object.
    """
    begin = len(buffer) - len(buffer.lstrip(_SPACES))
    if begin == len(buffer) or BYTE_ORDER_MARK.startswith(buffer):
        return None
    if buffer[begin : begin + 1] != b"{":
        raise DecodeError(_what_else(buffer, begin), malformed=True)
    position = begin + 1
    while True:
        key = _KEY.match(buffer, position)
        if key is None or key.end() == len(buffer):
            return None
        try:
            name = msgspec.json.decode(key.group(1), type=str)
        except UNREADABLE:
            return None  # left to the check of the whole
        if name == "data":
            return key.end()
        walk = Nesting(key.end())
        walk.walk(buffer, to_first_comma=True)
        if walk.comma < 0:
            return None
        position = walk.comma + 1


def cut_out_data(body: bytes) -> bytes:
    """Return the value of the outermost "data" of a whole body, undecoded.

    Raises:
        DecodeError: The body is no JSON object with one "data".
        Refusal: It says ``"success": false``.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    if not body.strip(_SPACES):
        raise DecodeError("the body is empty", malformed=True)
    begin = find_data(body)
    if begin is None:
        _read_envelope(body)
        raise DecodeError('the body has no "data"')
    walk = Nesting(begin)
    walk.walk(body, to_first_comma=True)
    end = walk.closed if walk.comma < 0 else walk.comma
    if end < 0:
        raise DecodeError("the body stops short", malformed=True)
    content = body[begin:end].strip(_SPACES)
    if not content:
        raise DecodeError("the body is no valid JSON", malformed=True)
    check_rest(body[:begin], body[end:])
    return content


def check_rest(head: bytes, rest: bytes) -> None:
    """Check what stands around the value of "data".

    Raises:
        DecodeError: It is no JSON, or has another "data".
        Refusal: It says ``"success": false``.
    """
    envelope = _read_envelope(head + _PLACEHOLDER + rest)
    if not isinstance(envelope.data, msgspec.Raw) or bytes(envelope.data) != _PLACEHOLDER:
        raise DecodeError('the body has two "data" keys')


def _what_else(buffer: bytes | bytearray, begin: int) -> str:
    if buffer[begin : begin + 1] == b"<":
        return "the body is an HTML or XML page, not JSON: is base_url right, or a proxy's page in between?"
    if buffer[begin : begin + 1] == b"[":
        return 'the body is a bare list, not an object with "data"'
    return "the body is no JSON object"


def _read_envelope(body: bytes) -> _Envelope:
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        str(body, "utf-8")
    except RecursionError:
        raise DecodeError("the body is nested too deeply to be read") from None
    except UNREADABLE:
        raise DecodeError("the body is no valid JSON, or stops short", malformed=True) from None
    if envelope.success is False:
        raise Refusal(_text_of(envelope.info))
    return envelope


def _text_of(info: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(info, type=str)
    except UNREADABLE:
        return None
