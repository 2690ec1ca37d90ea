"""Nesting: a walk through JSON that follows brackets and strings and reads no value."""

from __future__ import annotations

import re

from kauneonga_async.errors import DecodeError

__all__ = ["Nesting", "split_elements"]

# Everything up to and including the next bracket (at depth 0: or comma), strings being stepped over whole. The
# quantifiers are possessive: what has been stepped over is never tried again, so time is linear.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+[{}\[\]]', re.DOTALL)
_TO_COMMA = re.compile(rb'[^",{}\[\]]*+(?:' + _STRING + rb'[^",{}\[\]]*+)*+[,{}\[\]]', re.DOTALL)

_OPENING = frozenset(b"{[")
_COMMA = ord(",")

# Far beyond what msgspec follows (about a thousand), and far below what would cost time to count.
DEEPEST = 10_000


class Nesting:
    """Where a walk through the inside of an array or an object stands.

    It may be handed a buffer that grows between calls, and continues where it stopped. It checks no grammar:
    what it finds to be an element must be decoded to be believed.

    Attributes:
        position: Everything before it has been walked through.
        depth: Brackets open inside the container.
        comma: The last comma found between two elements, or -1.
        closed: The bracket that closes the container, or -1.
    """

    __slots__ = ("closed", "comma", "depth", "position")

    def __init__(self, position: int = 0) -> None:
        self.position: int = position
        self.depth: int = 0
        self.comma: int = -1
        self.closed: int = -1

    def walk(self, buffer: bytes | bytearray, *, to_first_comma: bool = False) -> None:
        """Go on as far as the buffer allows, or to the container's end, or to the next comma if asked to."""
        position, depth = self.position, self.depth
        while self.closed < 0:
            found = (_TO_BRACKET if depth else _TO_COMMA).match(buffer, position)
            if found is None:
                break
            position = found.end()
            token = buffer[position - 1]
            if token == _COMMA:
                self.comma = position - 1
                if to_first_comma:
                    break
            elif token in _OPENING:
                depth += 1
                if depth > DEEPEST:
                    raise DecodeError("the body is nested too deeply to be read")
            elif depth:
                depth -= 1
            else:
                self.closed = position - 1
        self.position, self.depth = position, depth

    def forget(self, count: int) -> None:
        """Tell that so many bytes were taken off the buffer's front, the last comma among them."""
        self.position -= count
        self.comma = -1


def split_elements(document: bytes) -> list[bytes]:
    """Return the elements of an array, each with the white space around it, by their nesting alone.

    Args:
        document: A whole array, from its ``[`` to its ``]``.
    """
    elements: list[bytes] = []
    walk = Nesting(position=1)
    begin = 1
    while True:
        walk.walk(document, to_first_comma=True)
        end = walk.closed if walk.closed >= 0 else walk.comma
        elements.append(document[begin:end])
        if walk.closed >= 0 or walk.comma < begin:
            return elements
        begin = walk.comma + 1
