"""Mutations: what is well made, damaged as chance will have it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

__all__ = ["Mutator"]

MOST_MUTATIONS: Final = 4
LARGEST: Final = 16_384  # bytes

WORDS: Final = (
    b"", b",", b"{", b"}", b"[", b"]", b'"', b"\\", b":", b" ", b"\n", b"\r\n", b"\t", b"\x00", b"\x1f", b"\x7f",
    b"\xff", b"\xc3", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"0", b"-1",
    b"1e400", b"9223372036854775807", b"9223372036854775808", b"1.5", b"null", b"true", b"false", b"NaN", b"Infinity",
    b'""', b"{}", b"[]", b'"id":', b'"data":', b'"data":[', b'{"id":1}', b'},{"id":', b"},{", b'"}]', b"]}",
    b'"success":false', b'"info":', b'"created_at":', b'"2025-01-21T22:08:20.671Z"', b'"2016-12-31T23:59:60Z"',
    b'"9999-12-31T23:59:59-01:00"', b"\\ud800", b"\\u0000", b'\\"', b"\\\\", b"\\n", b"%00", b"..", b"/", b"@", b"=",
    b"+", b"#", b"?", b"::1", b"127.0.0.1", b"http://", b"bytes ", b"*", b"GMT", b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"+9999", b"99999999999999999999",
)  # fmt: skip


class Mutator:
    """Makes inputs of seeds; the same, for the same chance.

    Args:
        seeds: What is well made.
        chance: From which everything follows.
    """

    def __init__(self, seeds: Sequence[bytes], chance: random.Random) -> None:
        self._seeds = seeds
        self._chance = chance

    def next(self) -> bytes:
        """Return the next input."""
        chance = self._chance
        data = bytearray(chance.choice(self._seeds))
        for _ in range(chance.randint(1, MOST_MUTATIONS)):
            self._mutate(data)
        return bytes(data[:LARGEST])

    def damage(self, data: bytes) -> bytes:
        """Return an input with one place changed."""
        damaged = bytearray(data)
        self._mutate(damaged)
        return bytes(damaged)

    def _mutate(self, data: bytearray) -> None:
        chance = self._chance
        begin = chance.randint(0, len(data))
        end = min(len(data), begin + int(chance.expovariate(0.15)))
        match chance.randrange(7):
            case 0 | 1:
                data[begin:end] = chance.choice(WORDS)
            case 2:
                data[begin:begin] = chance.choice(WORDS)
            case 3:
                del data[begin:end]
            case 4:
                data[begin:begin] = data[begin:end] * chance.randint(1, 3)
            case 5 if begin < len(data):
                data[begin] ^= 1 << chance.randrange(8)
            case _:
                other = chance.choice(self._seeds)
                place = chance.randint(0, len(other))
                data[begin:end] = other[place : place + int(chance.expovariate(0.02))]
