"""JSON conformance: every document of a corpus is read or refused as the whole-body decoder does it.

The project keeps a small corpus of its own. KAUNEONGA_JSON_TEST_SUITE may name a folder with another, such as the
public JSONTestSuite.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from tests.decoding.reference import cut, outcome_in_pieces, outcome_whole

OWN_CORPUS = Path(__file__).parent.parent / "data" / "json"
PUBLIC_CORPUS = os.environ.get("KAUNEONGA_JSON_TEST_SUITE")

DOCUMENTS = sorted(OWN_CORPUS.glob("*.json")) + (sorted(Path(PUBLIC_CORPUS).glob("*.json")) if PUBLIC_CORPUS else [])

# What stands around a document: it alone, as the list, as a record, and as a field of one of three records.
PLACES = [
    b"%b",
    b'{"data":%b}',
    b'{"data":[%b]}',
    b'{"data":[{"id":1},{"id":2,"x":%b},{"id":3}]}',
    b'{"before":%b,"data":[{"id":1},{"id":2}]}',
    b'{"data":[{"id":1},{"id":2}],"after":%b}',
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_is_read_or_refused_as_the_whole_is(document: Path) -> None:
    content = document.read_bytes()
    for place in PLACES:
        body = place % content
        for record_type in (dict, msgspec.Raw):
            expected = outcome_whole(body, record_type)
            sizes = (1, 3, 64, len(body)) if len(body) < 4096 else (997, 65536)
            for size in sizes:
                pieces = [body[i : i + size] for i in range(0, len(body), size or 1)]
                assert outcome_in_pieces(pieces, record_type) == expected, (place, record_type, size)


def test_the_corpus_is_there() -> None:
    assert len(DOCUMENTS) >= 30
    assert cut(b"abc", 1) == [b"a", b"bc"]
