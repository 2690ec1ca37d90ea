"""The documentation says what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "kauneonga_async"
FILES = sorted(PACKAGE.rglob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_architecture_says_of_every_file_what_it_is_for(path: Path) -> None:
    purpose = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    purpose = purpose.replace("\n", " ").replace("``", "`").replace("|", "/")
    assert f"| `{path.relative_to(PACKAGE).as_posix()}` | {purpose} |" in (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_sections_of_the_api_page_that_docstrings_cite_are_there() -> None:
    page = (ROOT / "docs/API.md").read_text(encoding="utf-8")
    for path in FILES:
        for section in re.findall(r"\(API\.md, ([^)]+)\)", path.read_text(encoding="utf-8")):
            assert re.search(rf"^## {section}|^\*{section}\*", page, re.MULTILINE), section


def test_the_readme_s_code_is_python() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        ast.parse(block)


def test_the_exports_page_lists_the_columns_that_parquet_files_have() -> None:
    from kauneonga_async.exporting.formats.parquet_schema import message_schema  # noqa: PLC0415 - a second to import

    page = (ROOT / "docs/exports.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|$", page, re.MULTILINE)
    assert listed == [(field.name, str(field.type)) for field in message_schema()]
