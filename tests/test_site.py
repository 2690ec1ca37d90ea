"""The documentation's site: what its check finds, and that the reference is complete."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import kauneonga_async
from kauneonga_async import config, errors, sandbox, testing
from kauneonga_async.cli.app import app
from tools import reference
from tools.site import check, main

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {
    **{path.name: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")},
    **{name: make() for name, make in reference.PAGES.items()},
}


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/app.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img alt="" srcset="https://cdn.example/a.png 2x">',
        "<style>@import 'https://fonts.example/css';</style>",
        '<p style="background: url(https://cdn.example/a.png)"></p>',
        '<pre class="mermaid"></pre>',
        '<a href="gone.html">there</a>',
        '<a href="other.html#gone">there</a>',
    ],
)
def test_a_page_that_loads_from_elsewhere_or_leads_nowhere_is_found(page: str, tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text('<h2 id="here">Here</h2>', encoding="utf-8")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert len(check(tmp_path)) == 1


def test_a_style_sheet_that_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("a { background: url('//cdn.example/a.png') }", encoding="utf-8")
    assert check(tmp_path) == ["style.css: loads //cdn.example/a.png"]


def test_a_page_that_needs_no_network_is_fine(tmp_path: Path) -> None:
    (tmp_path / "other.html").write_text('<h2 id="here">Here</h2>', encoding="utf-8")
    (tmp_path / "page.html").write_text(
        '<link rel="canonical" href="https://docs.example/"><script src="app.js"></script>'
        '<img alt="" src="data:image/png;base64,"><a href="other.html#here">here</a> <a href="https://msgspec.dev">m</a>',
        encoding="utf-8",
    )
    assert check(tmp_path) == []


@pytest.mark.parametrize("name", ["click", "mkdocstrings", "zensical"])
def test_an_extra_that_is_missing_is_told_of(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit, match=rf"{name}.* missing: pip install -e '\.\[docs\]'"):
        main()


def test_every_public_name_is_in_the_reference() -> None:
    shown = set(re.findall(r"^::: ([\w.]+)$", "\n".join(PAGES.values()), re.MULTILINE))
    public = {f"kauneonga_async.{name}" for name in kauneonga_async.__all__ if name != "__version__"}
    public |= {f"kauneonga_async.sandbox.{name}" for name in sandbox.__all__}
    assert public - shown == set()
    # Modules that are shown as a whole.
    assert {errors.__name__, testing.__name__} <= shown


def test_every_default_is_in_the_reference_with_what_it_means() -> None:
    found = {name: value for name, value in vars(config).items() if re.fullmatch(r"[A-Z][A-Z_]+", name)}
    defaults = [name for name, value in found.items() if not isinstance(value, type)]
    page = PAGES["defaults.md"]
    for name in set(defaults) - {"BASE_URL_VARIABLE", "TOKEN_VARIABLE", "USER_AGENT", "VERSION"}:
        assert re.search(rf"^\| `{name}` \| `.+` \| .+ \|$", page, re.MULTILINE), name


def test_every_command_is_in_the_reference() -> None:
    for name, command in app.commands.items():
        assert f"## kauneonga {name}\n" in PAGES["command.md"]
        for below in getattr(command, "commands", {}):
            assert f"## kauneonga {name} {below}\n" in PAGES["command.md"]
