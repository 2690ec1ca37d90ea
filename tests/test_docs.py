"""The documentation says what is there."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from benchmarks.figures import KEPT, Figures
from benchmarks.report import page_with_tables
from kauneonga_async import errors
from kauneonga_async.sandbox import Sandbox
from kauneonga_async.testing import in_thread
from tests.documents import RUN, Reader, blocks_of

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kauneonga_async"
FILES = sorted(PACKAGE.rglob("*.py"))
GENERATED = {"command.md", "defaults.md", "records.md"}  # by tools/reference.py, before a build
FOR_CONTRIBUTORS = {"test", "fuzz", "mutation", "bench", "docs", "dev"}  # extras
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_architecture_says_of_every_file_what_it_is_for(path: Path) -> None:
    purpose = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    purpose = purpose.replace("\n", " ").replace("``", "`").replace("|", "/")
    assert f"| `{path.relative_to(PACKAGE).as_posix()}` | {purpose} |" in (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists() or Path(target).name in GENERATED, target


def test_sections_of_the_api_page_that_docstrings_cite_are_there() -> None:
    page = (ROOT / "docs/API.md").read_text(encoding="utf-8")
    for path in FILES:
        for section in re.findall(r"\(API\.md, ([^)]+)\)", path.read_text(encoding="utf-8")):
            assert re.search(rf"^## {section}|^\*{section}\*", page, re.MULTILINE), section


@pytest.mark.usefixtures("metrics_of_a_test")
@pytest.mark.parametrize("page", [page for page in PAGES if any(blocks_of(page))], ids=lambda page: page.name)
def test_the_code_on_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_thread(Sandbox(messages=10_000, start=date(2025, 1, 1), end=date(2025, 12, 31))) as sandbox:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("KAUNEONGA_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("KAUNEONGA_TOKEN", sandbox.token)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
        Reader(sandbox, page).follow()


def test_what_is_not_run_is_known() -> None:
    reasons = [(page.name, block.reason) for page in PAGES for block in blocks_of(page) if block.reason is not None]
    assert reasons == [
        ("README.md", "it installs from a package registry"),
        ("README.md", "it installs from a package registry, and runs these very tests; .ci/run does so"),
        ("CONTRIBUTING.md", "it installs from a package registry, and checks all that .ci/run does"),
        ("dask.md", "a cluster serves until Ctrl-C; the tests' own stands for it"),
        ("production.md", "it needs a certificate of yours"),
        ("tutorial.md", "it installs from a package registry; .ci/run does so"),
        ("tutorial.md", "it serves until Ctrl-C; the tests' own sandbox stands for it"),
        ("tutorial.md", "the port and the token are those of the sandbox that was started"),
        ("web.md", "it is for a browser"),
    ]


def test_every_fence_says_what_it_holds() -> None:
    for page in PAGES:
        # Fences open and close by turns; a block without a language would escape the tests above.
        opening = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)[::2]
        languages = {fence.split(" ")[0] for fence in opening} - {*RUN, "text", ""}
        assert not languages, page
        assert "" not in opening or page.name == "architecture.md", page


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```python\nprint(2)\n#> 3\n```\n", "printed"),
        ("```python\nprint(2)\n# > 3\n```\n", "printed"),
        ("```sh\nkauneonga watch --look-back 0\n```\n", "look-back"),
        ("```python\nawait client.messages.get(1)\n```\n", "404"),
        ("```console\n$ kauneonga messages get 1\n```\n", "Message not found"),
        ("```console\n$ echo 2\n3\n```\n", "printed"),
        ("```sh\nfalse\n```\n", "false"),
        ("```python\nfile = open('page.md')\n\ndef read(): ...\n```\n", "leaves open.*page.md"),
    ],
)
def test_code_that_does_not_do_what_the_page_says_is_found(
    text: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with in_thread(Sandbox(messages=1)) as sandbox:
        monkeypatch.setenv("KAUNEONGA_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("KAUNEONGA_TOKEN", sandbox.token)
        with pytest.raises((AssertionError, errors.NotFound), match=complaint):
            Reader(sandbox, page).follow()


def test_tables_are_made_of_what_was_measured() -> None:
    for page in (ROOT / "README.md", ROOT / "docs/performance.md"):
        assert page_with_tables(page, Figures.read(KEPT)) == page.read_text(encoding="utf-8"), page


def test_the_exports_page_lists_the_columns_that_parquet_files_have() -> None:
    from kauneonga_async.exporting.formats.parquet_schema import message_schema  # noqa: PLC0415 - a second to import

    page = (ROOT / "docs/exports.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|$", page, re.MULTILINE)
    assert listed == [(field.name, str(field.type)) for field in message_schema()]


def test_the_readme_says_what_every_extra_is_for() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rows = page.partition("| extra | for |\n")
    cells = [row.split("|")[1] for row in rows.partition("\n\n")[0].splitlines()]
    assert set(re.findall(r"`(\w+)`", "".join(cells))) == extras.keys() - FOR_CONTRIBUTORS


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r'= "([\w/.-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8"))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(listed) == sorted(there | {f"reference/{name}" for name in GENERATED})
    assert len(set(listed)) == len(listed)
