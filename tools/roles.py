"""Roles: Sphinx's roles in docstrings, as IDEs know them -> links of the site. An extension of griffe."""

from __future__ import annotations

import re
from typing import Any

import griffe

import kauneonga_async

PACKAGE = "kauneonga_async"
_ROLE = re.compile(r":(?:class|meth|func|mod|attr):`(~?)([\w.]+)`")
_LITERAL = re.compile(r"\n::\n")
_SECTION = re.compile(r"\(API\.md, ([^)]+)\)")


class Roles(griffe.Extension):
    """Makes a link of each role whose object stands in the reference, and code of every other; takes `::` away."""

    def on_instance(self, *, node: Any, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of an object that was found."""
        if obj.docstring is not None:
            text = _LITERAL.sub("\n", obj.docstring.value).replace("::\n\n", ":\n\n")
            text = _ROLE.sub(lambda match: _link(match[2], match[1] == "~", obj), text)
            obj.docstring.value = _SECTION.sub(_cite, text)


def _link(name: str, short: bool, obj: griffe.Object) -> str:  # noqa: FBT001 - of one call
    title = name.rsplit(".", 1)[-1] if short else name
    target = _find(name, obj)
    return f"[`{title}`][{target}]" if target else f"`{title}`"


def _find(name: str, obj: griffe.Object) -> str | None:
    public = name.removeprefix(f"{PACKAGE}.")
    if public.split(".")[0] in kauneonga_async.__all__:
        return f"{PACKAGE}.{public}"
    if hasattr(kauneonga_async.errors, public):
        return f"{PACKAGE}.errors.{public}"
    if name in ("Sandbox", "Settings", f"{PACKAGE}.sandbox.Sandbox"):
        return f"{PACKAGE}.sandbox.{name.rsplit('.', 1)[-1]}"
    # A method of the same class, which the page may show under a shorter path than that of its file.
    owner = obj if obj.is_class else obj.parent
    if owner is not None and owner.is_class and name in owner.members:
        home = PACKAGE if owner.name in kauneonga_async.__all__ else f"{PACKAGE}.resources"
        return f"{home}.{owner.name}.{name}"
    return None


def _cite(match: re.Match[str]) -> str:
    section = match[1]
    # "To-do" and its like are paragraphs of one section, without an anchor of their own.
    anchor = section.lower() if section in ("Requests", "Responses") else "responses"
    return f"([API: {section}](../API.md#{anchor}))"
