"""Sandbox: the application on a socket of this machine, for as long as a block lasts."""

from __future__ import annotations

from datetime import date
from types import TracebackType
from typing import Any

import msgspec
from aiohttp import web

from kauneonga_async.config import check_count
from kauneonga_async.sandbox.app import make_app
from kauneonga_async.sandbox.settings import RecordedRequest, Settings
from kauneonga_async.sandbox.world import World

__all__ = ["Sandbox"]


class Sandbox:
    """An imitation of the Kauneonga API, for trying things out and for tests.

    Args:
        messages: How many messages it holds.
        start: The day of the first.
        end: The day of the last, included.
        recordings: How many call recordings it holds.
        seed: From which all it holds follows.
        host: The address it listens on.
        port: The port it listens on; 0 for any that is free.
        settings: How it behaves: the fields of :class:`Settings`, such as ``timezone``, ``latency`` or ``faults``.

    Raises:
        TypeError: An argument is of the wrong type, or there is no such setting.
        ValueError: An argument has a value that cannot be.

    Attributes:
        world: What it holds.
        settings: How it behaves.
        requests: The requests that came.

    Examples:
        >>> async def main() -> None:
        ...     async with Sandbox(messages=100) as sandbox:
        ...         async with KauneongaClient(sandbox.base_url, sandbox.token) as client:
        ...             messages = await client.messages.list()
    """

    def __init__(
        self,
        *,
        messages: int = 1000,
        start: date = date(2025, 1, 1),
        end: date = date(2025, 3, 31),
        recordings: int = 12,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        **settings: Any,
    ) -> None:
        if not isinstance(host, str):
            raise TypeError(f"host: a string is needed, not {type(host).__name__}")
        self.world: World = World(seed=seed, messages=messages, start=start, end=end, recordings=recordings)
        self.settings: Settings = Settings(**settings)
        self.requests: list[RecordedRequest] = []
        self._host = host
        self._port = check_count("port", port)
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """The token that it accepts."""
        return self.settings.token

    @property
    def base_url(self) -> str:
        """Where the API stands, while the sandbox runs."""
        return f"{self.origin}/api"

    @property
    def origin(self) -> str:
        """Scheme, host and port, while the sandbox runs."""
        if self._runner is None:
            raise RuntimeError("the sandbox is not running: use 'async with'")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    def configure(self, **settings: Any) -> None:
        """Change how it behaves from now on."""
        for name in settings:
            if name not in Settings.__struct_fields__:
                raise TypeError(f"there is no setting {name!r}")
        changed = msgspec.structs.replace(self.settings, **settings)  # which checks them, before any is changed
        for name in settings:
            setattr(self.settings, name, getattr(changed, name))

    async def __aenter__(self) -> Sandbox:
        app = make_app(self.world, self.settings, self.requests)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handle_signals=False, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def __repr__(self) -> str:
        return f"<Sandbox {self.base_url if self._runner else 'not running'}>"
