"""Destinations: where an export's files go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kauneonga_async.exporting.destinations.destination import Destination, PartFile, Stamp
from kauneonga_async.exporting.destinations.folder import Folder

__all__ = ["Destination", "Folder", "PartFile", "Stamp", "destination_at"]


def destination_at(
    place: str | os.PathLike[str], kind: str, storage_options: Mapping[str, Any] | None = None
) -> Destination:
    """Return the destination that a path or a URL means.

    Args:
        place: The path of a folder, or a URL.
        kind: What it holds.
        storage_options: What fsspec is to know of a URL's store.
    """
    return Folder(Path(place), kind)
