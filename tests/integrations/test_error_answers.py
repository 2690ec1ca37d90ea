"""What a browser is told of an error, and what it is not."""

from __future__ import annotations

import inspect
import logging
import re

import msgspec
import pytest

from kauneonga_async import errors
from kauneonga_async.integrations import error_answers
from kauneonga_async.integrations.error_answers import answer_for

SECRET = "canary: the caller's diagnosis"

ANSWERS: list[tuple[errors.KauneongaError, int]] = [
    (errors.ConfigurationError(SECRET), 500),
    (errors.ClientClosed(SECRET), 503),
    (errors.WrongEventLoop(SECRET), 500),
    (errors.ConnectionFailed(SECRET), 502),
    (errors.RequestTimeout(SECRET), 504),
    (errors.StatusError(SECRET, status=409), 502),
    (errors.AuthenticationError(SECRET, status=404), 502),
    (errors.PermissionDenied(SECRET, status=403), 502),
    (errors.NotFound(SECRET, status=404), 404),
    (errors.InvalidRequest(SECRET, status=400), 422),
    (errors.RateLimited(SECRET, status=429, retry_after=6.2), 503),
    (errors.ServerError(SECRET, status=500, retry_after=6.2), 502),
    (errors.ServerError(SECRET, status=503), 503),
    (errors.ServerError(SECRET, status=504), 504),
    (errors.OutcomeUnknown(SECRET), 502),
    (errors.DecodeError(SECRET), 502),
    (errors.CalendarMismatch(SECRET), 502),
    (errors.IncompleteResult(SECRET), 502),
    (errors.DestinationLocked(SECRET), 500),
]


@pytest.mark.parametrize(("error", "status"), ANSWERS, ids=lambda value: type(value).__name__)
def test_each_error_has_a_status_and_words_that_are_ours(error: errors.KauneongaError, status: int) -> None:
    answer = answer_for(error)
    assert answer.status == status
    assert set(msgspec.json.decode(answer.body)) == {"title", "status"}
    assert b"canary" not in answer.body
    assert "canary" not in str(answer.headers)


def test_no_error_was_forgotten() -> None:
    every = {value for name in errors.__all__ if inspect.isclass(value := getattr(errors, name))}
    assert every - {type(error) for error, _ in ANSWERS} == {errors.KauneongaError}


def test_the_pause_that_the_server_asked_for_is_passed_on_in_whole_seconds() -> None:
    assert answer_for(errors.RateLimited(status=429, retry_after=6.2)).headers["Retry-After"] == "7"
    assert "Retry-After" not in answer_for(errors.RateLimited(status=429)).headers


def test_a_creation_in_doubt_is_not_taken_for_a_failure() -> None:
    assert "look before you send it again" in answer_for(errors.OutcomeUnknown()).title


def test_what_is_not_the_browser_s_business_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer_for(errors.NotFound("gone", status=404))
        assert not caplog.text
        answer_for(errors.AuthenticationError("the token was refused", status=401))
    assert "answered with 502: AuthenticationError: the token was refused" in caplog.text


def test_the_table_names_every_status_there_is() -> None:
    documented = set(re.findall(r"^\w.*? {2,}(\d{3})\b", error_answers.__doc__ or "", re.MULTILINE))
    assert documented == {str(status) for _, status in ANSWERS}
