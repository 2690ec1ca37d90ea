"""Destinations: where an export's files go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kauneonga_async.errors import ConfigurationError
from kauneonga_async.exporting.destinations.destination import Destination, PartFile, Stamp
from kauneonga_async.exporting.destinations.folder import Folder

__all__ = ["Destination", "Folder", "PartFile", "Stamp", "destination_at"]


def destination_at(
    place: str | os.PathLike[str], kind: str, storage_options: Mapping[str, Any] | None = None
) -> Destination:
    """Return the destination that a path or a URL means.

    Args:
        place: The path of a folder, or a URL such as ``s3://bucket/folder``.
        kind: What it holds.
        storage_options: What fsspec is to know of a URL's store.

    Raises:
        TypeError: An argument is of the wrong type.
        ValueError: The path is empty.
        ConfigurationError: The URL's protocol is not known, or what speaks it is not installed; or what is at
            the path is no folder.
    """
    if not isinstance(place, (str, os.PathLike)):
        raise TypeError(f"destination: a path or a URL is needed, not {type(place).__name__}")
    if not isinstance(storage_options, Mapping | None):
        raise TypeError(f"storage_options: a mapping is needed, not {type(storage_options).__name__}")
    if not str(place):
        raise ValueError("destination: it is empty; '.' is the current folder")
    if "://" in str(place):
        from kauneonga_async.exporting.destinations.object_store import object_store  # noqa: PLC0415 - an extra

        return object_store(str(place), storage_options)
    if storage_options:
        raise ConfigurationError("storage_options: they are for a URL, and the destination is a folder")
    path = Path(place)
    if os.path.lexists(path) and not path.is_dir():
        kind_of = "no folder" if path.exists() else "a symbolic link that leads nowhere"
        raise ConfigurationError(f"destination: {path} is {kind_of}; a folder is needed")
    return Folder(path, kind)
