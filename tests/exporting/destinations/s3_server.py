"""An S3 that tests can look into, and that fails when it is told to: moto behind a lock, over a real socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from threading import Lock, Thread
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

Fault = Callable[[str, str], str | None]  # of a method and a path: "lose" the answer, "refuse", or None


class QuietHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


class S3Server:
    """Attributes:
    requests: The method and path of each.
    later: What its clock is ahead of ours.
    fault: Is asked before each request.
    ignores: Headers that it does not honour.
    page: How many keys a listing tells at once.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.later = timedelta()
        self.fault: Fault | None = None
        self.ignores: tuple[str, ...] = ()
        self.page = 1000
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto looks at a condition and writes in two steps: real stores do it in one.
        self._one_at_a_time = Lock()
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @staticmethod
    def make_older(bucket: str, key: str, by: timedelta) -> None:
        found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
        assert found is not None
        found.last_modified -= by

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        query = environ.get("QUERY_STRING", "")
        asked = f"{path}?{query}" if query else path
        if "list-type=2" in query:
            environ["QUERY_STRING"] = f"{query}&max-keys={self.page}"
        for header in self.ignores:
            environ.pop("HTTP_" + header.upper().replace("-", "_"), None)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        answer: list[Any] = []
        with self._one_at_a_time:
            self.requests.append(f"{method} {asked}")
            what = self.fault(method, asked) if self.fault is not None else None
            if what == "refuse":
                return self._fail(start_response, "403 Forbidden", "AccessDenied")
            if what == "conflict":
                return self._fail(start_response, "409 Conflict", "ConditionalRequestConflict")
            body = b"".join(self._moto(environ, lambda status, headers, *_: answer.extend((status, headers))))
        if what == "lose":
            return self._fail(start_response, "500 Internal Server Error", "InternalError")
        status, headers = answer
        now = datetime.now(UTC) + self.later
        headers = [(name, value) for name, value in headers if name.lower() != "date"]
        start_response(status, [*headers, ("Date", format_datetime(now, usegmt=True))])
        return [body]

    @staticmethod
    def _fail(start_response: Callable[..., Any], status: str, code: str) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>{code}, says the test</Message></Error>".encode()]


def fail_once(pattern: str, what: str, *, times: int = 1) -> Fault:
    """Fail the first requests whose ``METHOD path?query`` matches."""
    left = times

    def fault(method: str, path: str) -> str | None:
        nonlocal left
        if left and re.search(pattern, f"{method} {path}"):
            left -= 1
            return what
        return None

    return fault
