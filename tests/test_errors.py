"""The tree of errors: complete, catchable, and safe to show and to send to another process."""

from __future__ import annotations

import inspect
import pickle

import pytest

from kauneonga_async import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_every_error_is_public_and_in_one_tree() -> None:
    defined = {cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__}
    assert set(CLASSES) == defined
    assert all(issubclass(cls, errors.KauneongaError) for cls in CLASSES)


def test_the_docstring_draws_the_whole_tree() -> None:
    assert errors.__doc__ is not None
    for cls in CLASSES:
        assert cls.__name__ in errors.__doc__


@pytest.mark.parametrize("status_error", [cls for cls in CLASSES if issubclass(cls, errors.StatusError)])
def test_a_status_error_hides_its_body(status_error: type[errors.StatusError]) -> None:
    error = status_error("GET /v2/messages/1: 500", status=500, info="CANARY", url="u", method="GET", body=b"CANARY")
    assert (error.status, error.info, error.url, error.method, error.body) == (500, "CANARY", "u", "GET", b"CANARY")
    assert "CANARY" not in f"{error} {error!r}"
    assert b"CANARY" not in pickle.dumps(error)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_survives_pickle(cls: type[errors.KauneongaError]) -> None:
    error = cls("what was tried", request_id="r-1")
    error.add_note("a note")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is cls
    assert str(copy) == "what was tried"
    assert copy.__dict__ == {**error.__dict__, **({"body": b"", "info": None} if hasattr(error, "body") else {})}


def test_a_configuration_error_is_a_value_error() -> None:
    assert issubclass(errors.ConfigurationError, ValueError)
