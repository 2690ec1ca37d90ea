"""What a group of errors comes to: its first, and what else there was."""

from __future__ import annotations

from kauneonga_async.errors import AuthenticationError, ConnectionFailed
from kauneonga_async.streams import bare_error


def refused() -> AuthenticationError:
    return AuthenticationError("the token is refused", status=401)


def test_another_failure_is_told_of_once_by_its_type() -> None:
    group = BaseExceptionGroup("several", [refused(), ConnectionFailed("a"), ConnectionFailed("b")])
    assert bare_error(group).__notes__ == ["and at the same time: ConnectionFailed"]


def test_the_same_failure_of_siblings_is_not_told_of() -> None:
    first = refused()
    group = BaseExceptionGroup("several", [BaseExceptionGroup("within", [first, refused()]), refused()])
    assert bare_error(group) is first
    assert not hasattr(first, "__notes__")
