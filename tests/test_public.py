"""The public face: what is exported, what its import costs, and that nothing heavy comes along."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import kauneonga_async
from kauneonga_async import KauneongaClient, RecordStream, config, errors


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


def test_completion_shows_what_is_public_and_no_module_of_ours() -> None:
    code = """
import kauneonga_async, pkgutil, rlcompleter
from kauneonga_async import doctor, errors, sandbox
from kauneonga_async import *
import kauneonga_async.cli.app, kauneonga_async.exporting, kauneonga_async.sandbox.app  # whose parts are attributes now
for module in (kauneonga_async, doctor, errors, sandbox):
    assert dir(module) == sorted(module.__all__), set(dir(module)) ^ set(module.__all__)
shown = rlcompleter.Completer({"kauneonga_async": kauneonga_async})
found = {shown.complete("kauneonga_async.", i) for i in range(len(kauneonga_async.__all__) + 1)} - {None}
found = {name.split(".")[1].split("(")[0] for name in found}
assert found <= set(kauneonga_async.__all__), found
modules = {module.name for module in pkgutil.iter_modules(kauneonga_async.__path__)}
assert modules & found == {"errors"}, modules & found
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_stands_in_one_place() -> None:
    root = Path(kauneonga_async.__file__).parent.parent
    files = [*root.glob("*.toml"), *(root / "kauneonga_async").rglob("*.py")]
    holding = [path.name for path in files if f'"{kauneonga_async.__version__}"' in path.read_text(encoding="utf-8")]
    assert holding == ["config.py"]
    assert config.USER_AGENT.endswith(f"/{kauneonga_async.__version__}")


def test_type_checkers_are_told_that_it_is_typed() -> None:
    assert (Path(kauneonga_async.__file__).parent / "py.typed").exists()
