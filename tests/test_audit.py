"""An audit fails for a weakness, and for anything that went wrong but a database that nobody can reach."""

from __future__ import annotations

import pytest

from tools.audit import verdict


@pytest.mark.parametrize(
    ("code", "errors", "exit_code", "said"),
    [
        (0, "No known vulnerabilities found", 0, "no known weakness"),
        (1, "Found 1 known vulnerability in 1 package", 1, "Found 1 known"),
        (1, "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.osv.dev')", 0, "not audited"),
        (1, "WARNING: Timeout, tried again\nFound 2 known vulnerabilities in 1 package", 1, "Found 2 known"),
        (2, "usage: pip-audit [-h]", 1, "usage"),
    ],
)
def test_the_exit_code_says_whether_there_is_a_weakness(
    code: int, errors: str, exit_code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(code, errors) == exit_code
    assert said in capsys.readouterr().out
