"""Token file: where a worker, or whoever computes a partition, has its token from."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from anyio import to_thread

from kauneonga_async import config
from kauneonga_async.errors import ConfigurationError

__all__ = ["token_of"]


async def token_of(token_file: str | None) -> str | None:
    """Return the token that a file of this machine holds, or None without one: the environment's will do.

    Raises:
        ConfigurationError: The file cannot be read, or holds none; or there is none in the environment either.
    """
    if token_file is None:
        if not os.environ.get(config.TOKEN_VARIABLE):
            raise ConfigurationError(
                f"token_file: none was given, and on {socket.gethostname()} {config.TOKEN_VARIABLE} is not set"
            )
        return None
    # Not which file: somebody may have written the token in place of a path.
    where = f"token_file: on {socket.gethostname()} it"
    try:
        text = await to_thread.run_sync(Path(token_file).read_text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    try:
        return config.resolve_token(text.strip())
    except ConfigurationError:
        del text  # a crash reporter may show a frame's locals
        raise ConfigurationError(f"{where} holds no token: visible ASCII characters without spaces") from None
