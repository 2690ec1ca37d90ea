"""What is said of how a command ended."""

from __future__ import annotations

import pytest

from kauneonga_async.cli.endings import exit_code_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            FileNotFoundError("s3://none/x/: put_object: The specified bucket does not exist"),
            "s3://none/x/: put_object",
        ),
        (FileNotFoundError(2, "No such file or directory", "nowhere"), "No such file or directory: nowhere"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_an_error_of_a_disk_or_store_says_what_and_where(
    error: OSError, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == 1
    assert said in capsys.readouterr().err
