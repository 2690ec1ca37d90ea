"""Amounts: counts and sizes as people say them. Pure."""

from __future__ import annotations

from typing import Final

__all__ = ["amount", "counted"]

_STEP: Final = 1000  # SI


def amount(size: float) -> str:
    """Return bytes as people say them: ``27.2 kB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} TB"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return how many there are of something: ``1 file``, ``2,000 files``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
