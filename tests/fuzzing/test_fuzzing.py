"""What fuzzing found is not found again, and a sample of what it does finds nothing else."""

from __future__ import annotations

import random

import pytest

from tests.fuzzing import differential
from tests.fuzzing.corpus import FOLDER, kept
from tests.fuzzing.mutations import Mutator
from tests.fuzzing.targets import TARGETS

SAMPLE = 200  # mutations


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_bears_anything(name: str) -> None:
    target = TARGETS[name]
    mutator = Mutator(target.seeds, random.Random(name))
    for data in (*target.seeds, *kept(name), *(mutator.next() for _ in range(SAMPLE))):
        target.attempt(data)


def test_what_is_kept_is_of_a_target() -> None:
    assert {path.name for path in FOLDER.iterdir()} <= set(TARGETS)


def test_a_body_in_pieces_comes_to_what_it_is_at_once() -> None:
    read, refused = differential.run(seed=0, inputs=10_000)
    assert read > 2000
    assert refused > 2000


def test_a_difference_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "in_pieces", lambda body, places, reader: ([], []))
    with pytest.raises(AssertionError):
        differential.run(seed=0, inputs=100)
