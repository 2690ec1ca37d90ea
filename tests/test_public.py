"""The public face: what is exported, what its import costs, and that nothing heavy comes along."""

from __future__ import annotations

import inspect
import subprocess
import sys

import kauneonga_async
from kauneonga_async import KauneongaClient, RecordStream, errors


def test_what_is_exported_is_there_and_documented() -> None:
    for name in kauneonga_async.__all__:
        value = getattr(kauneonga_async, name)
        assert inspect.isfunction(value) or inspect.isclass(value) or name in ("errors", "__version__")
        if inspect.isclass(value):
            assert value.__doc__, name


def test_every_public_method_says_what_it_does() -> None:
    for resource in (KauneongaClient, RecordStream, *(type(r) for r in _resources())):
        for name, member in inspect.getmembers(resource):
            if not name.startswith("_") and callable(member):
                assert inspect.getdoc(member), f"{resource.__name__}.{name}"


def _resources() -> list[object]:
    client = KauneongaClient("https://host.example", "token")
    return [client.messages, client.to_dos, client.call_recordings]


def test_importing_brings_nothing_that_is_not_used() -> None:
    late = [
        "tenacity",
        "click",
        "rich",
        "pytest",
        "sqlite3",
        "pyarrow",
        "zstandard",
        "fsspec",
        "kauneonga_async.sandbox",
        "kauneonga_async.cli",
    ]
    code = f"from kauneonga_async import KauneongaClient; import sys; print([m for m in {late!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


def test_every_error_is_reached_through_the_package() -> None:
    assert issubclass(kauneonga_async.errors.NotFound, errors.KauneongaError)
