"""Corpus: the inputs that were findings once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "kept"]

FOLDER: Final = Path(__file__).parent.parent / "data" / "fuzzing"


def kept(name: str) -> list[bytes]:
    """Return the inputs that were kept for a target."""
    return [path.read_bytes() for path in sorted((FOLDER / name).glob("*"))]
