"""TokenFile: a token in a file that nobody but its owner may read, read anew when the server refuses it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from anyio import to_thread

from kauneonga_async.errors import ConfigurationError

__all__ = ["TokenFile"]

_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST = 64 * 1024  # bytes


class TokenFile:
    """Is called by the client for the token: when it is first needed, and when the server says it is invalid.

    Args:
        path: The file.
        where: Who names it, as messages say.

    Raises:
        ConfigurationError: When it is called: the file is not there, others may use it, or it holds no text.
    """

    def __init__(self, path: Path, where: str) -> None:
        self._path = path
        self._where = where

    async def __call__(self) -> str:
        """Return the token that is in the file now."""
        return await to_thread.run_sync(self._read)

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if os.name == "posix" and mode & _OF_OTHERS:
                    raise ConfigurationError(
                        f"{self._where}: {self._path} may be read or written by others (mode {stat.S_IMODE(mode):04o}):"
                        f" chmod 600 {self._path}"
                    )
                content = file.read(_LONGEST)
        except OSError as error:
            # Not which file: somebody may have written the token in place of a path.
            raise ConfigurationError(f"{self._where}: it cannot be read: {error.strerror}") from None
        if not content.strip():
            raise ConfigurationError(f"{self._where}: {self._path} is empty")
        try:
            return content.decode("ascii").strip()
        except UnicodeDecodeError:
            pass
        raise ConfigurationError(f"{self._where}: {self._path} holds no token: it is not ASCII")

    def __repr__(self) -> str:
        return f"TokenFile({self._where})"
