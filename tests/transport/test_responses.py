"""From status, headers and body to the error they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from kauneonga_async import errors
from kauneonga_async.transport.responses import error_for, retry_after
from tests.data import example

URL_1 = URL("https://acme.example.com/api/v2/messages/1")


def error(status: int, body: bytes = b"", url: URL = URL_1, **headers: str) -> errors.StatusError:
    names = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return error_for(
        status,
        names,
        body,
        call=f"GET {url.path}",
        method="GET",
        url=url,
        request_id="r-1",
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, example("invalid_token"), errors.AuthenticationError),
        (200, example("invalid_token"), errors.AuthenticationError),
        (404, b'{"success":false,"info":"Your token has expired"}', errors.AuthenticationError),
        (404, b'{"success":false,"info":"Message not found"}', errors.NotFound),
        (404, b"<html>Not Found</html>", errors.NotFound),
        (404, b"", errors.NotFound),
        (200, b'{"success":false,"info":"no"}', errors.StatusError),
        (401, b"", errors.AuthenticationError),
        (403, b'{"info":"Invalid token"}', errors.PermissionDenied),
        (400, b"", errors.InvalidRequest),
        (422, b'{"info":"message_text can\'t be blank"}', errors.InvalidRequest),
        (429, b"", errors.RateLimited),
        (500, b"", errors.ServerError),
        (503, b"", errors.ServerError),
        (599, b"", errors.ServerError),
        (302, b"", errors.StatusError),
        (304, b"", errors.StatusError),
        (409, b"", errors.StatusError),
        (418, b"\xff\xfe{", errors.StatusError),
    ],
)
def test_status_and_body_choose_the_error(status: int, body: bytes, kind: type[errors.StatusError]) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert (found.status, found.method, found.url, found.body) == (status, "GET", str(URL_1), body)


def test_an_error_says_what_was_tried_what_came_back_and_what_to_do() -> None:
    assert str(error(404, example("invalid_token"))) == (
        'GET /api/v2/messages/1: 404 Not Found; the server says "Invalid token"; the token was refused: check that it '
        "is this account's, and has not expired (request id r-1)"
    )
    assert "redirects to https://other.example.com" in str(error(301, Location="https://other.example.com/x?secret=1"))
    assert "secret" not in str(error(301, Location="https://other.example.com/x?secret=1"))
    assert "404 Not Found" in str(error(404))
    assert "799 (a status of no known meaning)" in str(error(799))


def test_the_server_s_request_id_is_the_one_to_look_for() -> None:
    assert error(500, X_Request_Id="of-the-server").request_id == "of-the-server"
    assert error(500).request_id == "r-1"


@pytest.mark.parametrize(
    "info",
    ["Invalid token", "message_text can't be blank", "Contact is invalid", "Rate limit exceeded, try again later.",
     "Schedule days is not included in the list", "Too many requests (429)", "Message text is too long"],
)  # fmt: skip
def test_a_plain_explanation_is_shown(info: str) -> None:
    assert f'the server says "{info}"' in str(error(422, msgspec.json.encode({"info": info})))


@pytest.mark.parametrize(
    "info",
    [
        "Text 'please call my wife at home' is not allowed",
        "Invalid: Smith",
        "+17542838007 is invalid",
        "7542838007",
        "no such token: abc123",
        "Token \u0661\u0662\u0663\u0664 is invalid",
        "token CANARY is invalid",
        "invalid\u200btoken",
        "x" * 300,
        "\x1b[31minvalid",
        "!!!",
        "ungültig",
    ],
)
def test_any_other_explanation_is_for_the_program_alone(info: str) -> None:
    found = error(422, msgspec.json.encode({"info": info}))
    assert found.info == info
    assert info not in str(found)
    assert ".info" in str(found)


def test_a_query_is_shown_only_where_it_holds_dates() -> None:
    dated = URL_1.with_query(from_date="01-01-2025", to_date="01-31-2025")
    assert error(500, url=dated).url == str(dated)
    assert "secret" not in error(500, url=URL_1.with_query(signature="secret")).url


DATE = "Tue, 21 Jan 2025 22:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Tue, 21 Jan 2025 22:00:30 GMT", 30),
        ("Tue, 21 Jan 2025 21:00:00 GMT", 0),
        ("Tuesday, 21-Jan-25 22:00:30 GMT", 30),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Tue, 99 Jan 2025 22:00:30 GMT", None),
    ],
)
def test_retry_after_is_believed_only_in_a_form_the_rfc_knows(value: str, seconds: float | None) -> None:
    assert retry_after(CIMultiDict({"retry-after": value, "date": DATE})) == seconds


def test_a_retry_after_date_without_a_date_counts_from_our_own_clock() -> None:
    now = datetime.now(UTC)
    found = retry_after({"Retry-After": format_datetime(now.replace(year=now.year + 1), usegmt=True)})
    assert found is not None
    assert found > 86_400 * 300


@given(st.text(max_size=40))
def test_retry_after_never_raises_and_is_never_negative(value: str) -> None:
    found = retry_after({"Retry-After": value, "Date": DATE})
    assert found is None or 0 <= found < float("inf")


@given(st.integers(100, 999), st.binary(max_size=200))
def test_any_answer_makes_an_error(status: int, body: bytes) -> None:
    assert isinstance(error(status, body), errors.StatusError)
