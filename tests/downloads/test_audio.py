"""A file's name is the recording's id and one of a few endings, whatever its URL is."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from kauneonga_async.downloads.audio import destination, file_name, parse_url

PIECES = (
    "../", "/", "\\", "%2f", "%2e%2e", "%00", "%0a", "a", ".mp3", ".sh", ".", "~", ":", "con", "-rf", "é", "?x=", "#",
    ";", "$(id)", "`", " ", "\n",
)  # fmt: skip


def test_ten_thousand_hostile_names_lead_to_no_other_file(tmp_path: Path) -> None:
    tried = 0
    for pieces in itertools.product(PIECES, repeat=3):
        url = parse_url(f"https://example.com/{''.join(pieces)}")
        if url is None:
            continue
        tried += 1
        assert re.fullmatch(r"36\.(mp3|wav|ogg|m4a)", file_name(36, url))
        assert destination(36, tmp_path, url).parent == tmp_path
    assert tried > 10_000
