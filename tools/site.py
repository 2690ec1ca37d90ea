"""Site: builds the documentation into site/, warnings being errors, and checks that its pages need no network.

`python -m tools.site`, with the extra `docs` installed. Zensical itself checks links and anchors within docs/.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent.parent
SITE = ROOT / "site"
_NEEDED = ("click", "mkdocstrings", "zensical")  # of the extra

# What a browser fetches by itself, by element; an <a> is fetched by a reader who follows it.
_LOADED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
# Links that name a page and load nothing.
_NAMING = frozenset({"canonical", "prev", "next", "alternate", "author", "license"})
_ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_STYLE_URL = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """What a page loads, where its links lead, and which anchors it has."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(filter(None, (given.get("id"), given.get("name") if tag == "a" else None)))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        # The theme fetches Mermaid from a CDN where a page has such a diagram.
        if "mermaid" in given.get("class", "").split():
            self.loads.append("//a CDN, for a Mermaid diagram")
        if tag == "link" and given.get("rel") in _NAMING:
            return
        self.loads += [given[name] for name in _LOADED.get(tag, ()) if name in given]


def loads_from_elsewhere(page: str) -> list[str]:
    """Return the addresses of other hosts that a browser would load from to show an HTML page."""
    parser = _Page()
    parser.feed(page)
    return [url for url in parser.loads if _ELSEWHERE.match(url)] + styles_from_elsewhere(page)


def styles_from_elsewhere(style: str) -> list[str]:
    """Return the addresses of other hosts that a style sheet, or the styles within a page, would load from."""
    return _STYLE_URL.findall(style)


def broken_links(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield pages of a built site, each with a link that leads to no file or no anchor of it."""
    pages = {path: _parsed(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if target.is_dir():
                target /= "index.html"
            found = pages.get(target)
            if not target.exists() or (url.fragment and found and unquote(url.fragment) not in found.anchors):
                yield path, link


def _parsed(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def check(site: Path) -> list[str]:
    """Return what is wrong with a built site."""
    faults = [f"{path.relative_to(site)}: leads nowhere: {link}" for path, link in broken_links(site)]
    for path in site.rglob("*"):
        if path.suffix in (".html", ".css", ".svg"):
            text = path.read_text(encoding="utf-8")
            found = styles_from_elsewhere(text) if path.suffix == ".css" else loads_from_elsewhere(text)
            faults += [f"{path.relative_to(site)}: loads {url}" for url in found]
    return faults


def build() -> None:
    """Build the site; end the process if anything is said while that is done."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    # griffe's warnings of docstrings do not fail a strict build.
    if done.returncode or "griffe:" in said or "Warning" in said:
        sys.exit(f"{said}\nthe documentation was not built without warnings")


def main() -> None:
    """Build and check."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        sys.exit(f"{' and '.join(missing)} missing: pip install -e '.[docs]'")
    from tools.reference import write_pages  # noqa: PLC0415 - it imports what the extra brings

    write_pages()
    build()
    faults = check(SITE.resolve())
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(list(SITE.rglob('*.html')))} pages in {SITE}, which need no network")


if __name__ == "__main__":
    main()
