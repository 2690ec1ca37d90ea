"""What the tests read: the vendor's examples (api/) and a corpus of JSON documents (json/)."""

from __future__ import annotations

from pathlib import Path

API = Path(__file__).parent / "api"


def example(name: str) -> bytes:
    """Return one of the vendor's examples."""
    return (API / f"{name}.json").read_bytes()
