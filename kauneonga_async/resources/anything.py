"""Anything: what ``client.request`` takes and returns, for calls that the SDK has no method for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from yarl import URL

from kauneonga_async.errors import DecodeError
from kauneonga_async.resources.texts import check_writable
from kauneonga_async.transport import Answer

__all__ = ["Response", "check_method", "check_params", "check_path", "read_response"]

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What :meth:`KauneongaClient.request` returns. Its repr shows no body.

    Attributes:
        status: The HTTP status.
        headers: The response's headers, by lower-case name.
        body: The body, decompressed.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded.

        Raises:
            DecodeError: It is no JSON.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        raise DecodeError("the body is no valid JSON", malformed=True)

    @property
    def data(self) -> Any:
        """What stands under ``"data"``, decoded (API.md, Responses)."""
        content = self.json()
        if not isinstance(content, dict) or "data" not in content:
            raise DecodeError('the body has no "data"')
        return content["data"]

    def __repr__(self) -> str:
        return f"Response(status={self.status}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status), ("bytes", len(self.body))]


async def read_response(answer: Answer) -> Response:
    """Read an answer of any shape."""
    body = await answer.read_whole()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(status=answer.status, headers=headers, body=body)


def check_method(method: str) -> str:
    """Return an HTTP method in capitals, if it is one."""
    if not isinstance(method, str):
        raise TypeError(f"method: a string is needed, not {type(method).__name__}")
    if method.upper() not in _METHODS:
        raise ValueError(f"method: one of {', '.join(sorted(_METHODS))} is needed, not {method!r}")
    return method.upper()


def check_path(path: str) -> str:
    """Return a path that leads nowhere but below the base URL."""
    if not isinstance(path, str):
        raise TypeError(f"path: a string is needed, not {type(path).__name__}")
    segments = check_writable("path", path).strip("/").split("/")
    if "://" in path or path.startswith("//") or "?" in path or "#" in path or "\\" in path:
        raise ValueError("path: a path under the base URL is needed, like '/v2/agents'; put the query into params")
    if any(segment in ("", ".", "..") or "%2e" in segment.lower() for segment in segments):
        raise ValueError("path: it must not have an empty, '.' or '..' segment")
    return URL.build(path="/" + "/".join(segments)).raw_path


def check_params(params: Mapping[str, str | int] | None) -> dict[str, str] | None:
    """Return a query whose values are strings."""
    if params is None:
        return None
    if not isinstance(params, Mapping):
        raise TypeError(f"params: a mapping of names to values is needed, not {type(params).__name__}")
    for name, value in params.items():
        if not isinstance(name, str) or not isinstance(value, (str, int)) or isinstance(value, bool):
            raise TypeError("params: names must be strings, and values strings or integers")
        check_writable("params", f"{name}{value}")
    return {name: str(value) for name, value in params.items()}
