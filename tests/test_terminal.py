"""Pictures of a terminal: what is left on it, and that they load nothing."""

from __future__ import annotations

import pytest

from tools.site import loads_from_elsewhere
from tools.terminal import draw, screen


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("a bar\r\x1b[2Kanother\r\n", "another\n"),
        ("a bar\r\n\x1b[1A\x1b[2Kthe sum", "the sum\n"),
        ("\x1b[?25l\x1b[1mbold\x1b[0m\x1b[?25h", "\x1b[1mbold\x1b[0m"),
    ],
)
def test_what_was_erased_is_not_shown(written: str, left: str) -> None:
    assert screen(written) == left


def test_a_picture_needs_no_network_and_no_fonts_of_its_own() -> None:
    picture = draw("$ kauneonga --version\n\x1b[1mkauneonga\x1b[0m")
    assert "font-face" not in picture
    assert loads_from_elsewhere(picture) == []
    assert "--version" in picture.replace("&#160;", " ")
