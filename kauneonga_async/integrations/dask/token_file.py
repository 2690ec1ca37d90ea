"""Token file: where a worker, or whoever computes a partition, has its token from."""

from __future__ import annotations

import socket
from pathlib import Path

from anyio import to_thread

from kauneonga_async.errors import ConfigurationError

__all__ = ["token_of"]


async def token_of(token_file: str | None) -> str | None:
    """Return the token that a file of this machine holds, or None without one: the environment's will do.

    Raises:
        ConfigurationError: The file cannot be read, or holds none.
    """
    if token_file is None:
        return None
    # Not which file: somebody may have written the token in place of a path.
    where = f"token_file: on {socket.gethostname()} it"
    try:
        text = await to_thread.run_sync(Path(token_file).read_text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise ConfigurationError(f"{where} holds no token")
    return text.strip()
