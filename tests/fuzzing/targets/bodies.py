"""Bodies: what stands in an answer, and how it came."""

from __future__ import annotations

import contextlib
import random
import zlib

import msgspec

from kauneonga_async import config, errors
from kauneonga_async.decoding import UNREADABLE, InvalidRecord, Refusal, object_reader
from kauneonga_async.exporting.formats.comma_separated import Csv
from kauneonga_async.models import Message
from kauneonga_async.transport.body import Inflater
from tests.fuzzing import differential
from tests.fuzzing.targets.target import Target

__all__ = ["BODIES"]


def listing(data: bytes) -> None:
    chance = random.Random(data)  # where it is cut, and what it is read as, follow from what it is
    places = [chance.randint(0, len(data)) for _ in range(chance.randrange(5))]
    differential.check(data, places, chance.choice(list(differential.READERS)))


def single_object(data: bytes) -> None:
    for kind in (Message, dict, msgspec.Raw):
        with contextlib.suppress(errors.DecodeError, Refusal):
            found = object_reader(kind).read(data)
            assert isinstance(found, (kind, InvalidRecord))


def compressed(data: bytes) -> None:
    encoding, data = ("gzip" if data[:1] == b"g" else "deflate"), data[1:]
    inflater = Inflater(encoding)
    inflated = bytearray()
    try:
        for begin in range(0, len(data), 7):
            inflater.feed(data[begin : begin + 7])
            while (piece := inflater.read()) or not inflater.is_starved:
                inflated += piece
                assert len(piece) <= config.SLICE_BYTES
                if len(inflated) > 4 * config.SLICE_BYTES:
                    return
        inflater.finish()
    except errors.ConnectionFailed:
        return
    if encoding == "gzip" and data and data.count(b"\x1f\x8b") == 1:
        assert bytes(inflated) == zlib.decompress(data, wbits=31)


def csv(data: bytes) -> None:
    """Whatever is let into an export can be written."""
    lines = []
    for line in data.split(b"\n"):
        with contextlib.suppress(*UNREADABLE):
            msgspec.json.decode(line, type=differential.Key)
            lines.append(str(line, "utf-8").encode())
    written = bytearray()
    encoder = Csv(None, ("a",)).encoder(written.extend)
    encoder.add(lines)
    encoder.finish()
    assert written.startswith(b"\xef\xbb\xbf")


_TEXT = b"abc" * 99

BODIES = {
    "listing": Target(listing, differential.BODIES),
    "object": Target(single_object, [b'{"data":{"id":1,"read":true}}', *differential.BODIES]),
    "compressed": Target(
        compressed,
        [b"g" + zlib.compress(_TEXT, wbits=31), b"d" + zlib.compress(_TEXT), b"d" + zlib.compress(_TEXT)[2:-4]],
    ),
    "csv": Target(csv, [b"\n".join(b'{"id":%d,"content":"=x","answers":{"a":"b"},"x":[1]}' % n for n in (1, 2, 3))]),
}
