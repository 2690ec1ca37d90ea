"""Whoever works for somebody else has the token from a file of its own, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kauneonga_async import errors
from kauneonga_async.integrations.dask.token_file import token_of


async def test_a_token_is_what_its_file_holds_without_space_around_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" of-a-file\n\n")
    assert await token_of(str(tmp_path / "token")) == "of-a-file"


async def test_without_a_file_the_environment_is_left_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        errors.ConfigurationError, match=r"token_file: none was given, and on .* KAUNEONGA_TOKEN is not"
    ):
        await token_of(None)
    monkeypatch.setenv("KAUNEONGA_TOKEN", "of-the-environment")
    assert await token_of(None) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b" \n", "holds no token"),
        (b"\xff", "holds no token"),
        (b"two words", "holds no token"),
    ],
)
async def test_a_file_without_a_token_is_told_of_by_machine_and_not_by_name(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "perhaps-the-token-itself"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.ConfigurationError, match=f"token_file: on .* it {said}") as caught:
        await token_of(str(path))
    assert path.name not in str(caught.value)
