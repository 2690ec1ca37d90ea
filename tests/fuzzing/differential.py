"""Differential: a body decoded in pieces, as the package does it, and by msgspec at once, must come to the same.

``python -m tests.fuzzing.differential --inputs 1000000`` compares so many mutated bodies.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from kauneonga_async.decoding import LineReader, ListDecoder, RecordReader, Refusal, compact
from kauneonga_async.errors import DecodeError
from kauneonga_async.models import CallRecording, Message, RecordId
from tests.fuzzing.grammar import make_body
from tests.fuzzing.mutations import Mutator

__all__ = ["BODIES", "READERS", "Key", "check", "run"]


class Narrow(msgspec.Struct):
    id: int
    created_at: str | None = None


class Key(msgspec.Struct):
    id: RecordId


class _Whole(msgspec.Struct):
    data: list[msgspec.Raw]
    success: Any = True


class Reader(NamedTuple):
    """One type of record, read in two ways."""

    ours: RecordReader[Any]
    decoder: msgspec.json.Decoder[Any]
    hands_out_bytes: bool


def _reader(kind: Any) -> Reader:
    return Reader(RecordReader(kind), msgspec.json.Decoder(kind), kind in (dict, msgspec.Raw))


READERS: Final = {
    "dict": _reader(dict),
    "raw": _reader(msgspec.Raw),
    "narrow": _reader(Narrow),
    "message": _reader(Message),
    "recording": _reader(CallRecording),
    "lines": Reader(LineReader(None), msgspec.json.Decoder(msgspec.Raw), hands_out_bytes=True),
}
_key = msgspec.json.Decoder(Key)
_whole = msgspec.json.Decoder(_Whole)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _bodies() -> list[bytes]:
    message = {
        "id": 939, "read": False, "content": 'Said: "},{\\"id\\":2}" é 🙂', "answers": {"a": "b", "c": ""},
        "status": "held",
        "created_at": "2025-01-21T22:08:20.671Z", "account_id": 7, "phone": "3055550000", "is_emergency": None,
    }  # fmt: skip
    recording = {"id": 36, "from": "305", "recording": "https://x.example/36.mp3", "edr": {"id": 1, "talk_sec": 3.5}}
    nested = {"id": 4, "list": [{"id": 1}, {"id": 2}, [], {}], "x": -1.5e3, "y": [[["z"]]]}
    lists: list[list[Any]] = [
        [],
        [{"id": 1}],
        [{"id": n} for n in range(1, 9)],
        [message, {**message, "id": 940}, {"id": 5, "content": None}],
        [recording, {**recording, "id": 37}],
        [nested, nested, {"x": [nested], "id": 9}],
    ]
    bodies = [json.dumps({"data": records}, separators=(",", ":"), ensure_ascii=False).encode() for records in lists]
    bodies += [json.dumps({"total": 3, "data": lists[3], "info": ""}, indent=1).encode()]
    bodies += [b'{"data" : [ {"id":1} , {"id":2} ] , "page":{"data":[1]}}', b'\xef\xbb\xbf{"d\\u0061ta":[{"id":1}]}']
    return [*bodies, b'{"success":false,"info":"Invalid token","data":{}}', b'{"data":{"id":1}}', b"<html></html>", b""]


BODIES: Final = _bodies()

Outcome = tuple[list[Any], list[bytes]] | None
"""Records, and the bytes of those that do not fit; None for a body that is refused."""


def in_pieces(body: bytes, places: Sequence[int], reader: Reader) -> Outcome:
    """Decode a body as it arrives, cut at some places."""
    decoder = ListDecoder(reader.ours)
    bounds = [0, *sorted(places), len(body)]
    records: list[Any] = []
    invalid: list[bytes] = []
    try:
        batches = [decoder.feed(body[begin:end]) for begin, end in zip(bounds, bounds[1:], strict=False)]
        for batch in (*batches, decoder.finish()):
            if batch is not None:
                records += map(_plain, batch.records)
                invalid += [record.raw for record in batch.invalid]
    except (DecodeError, Refusal):
        return None
    return records, invalid


def at_once(body: bytes, reader: Reader) -> Outcome:
    """Decode a body with msgspec alone, each record by itself."""
    try:
        whole = _whole.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except _UNREADABLE:
        return None
    if whole.success is False:
        return None
    records: list[Any] = []
    invalid: list[bytes] = []
    for element in map(bytes, whole.data):
        try:
            record = reader.decoder.decode(element)
            _key.decode(element)
            if reader.hands_out_bytes:
                str(element, "utf-8")
        except _UNREADABLE:
            invalid.append(element.strip())
        else:
            records.append(compact(record) if isinstance(reader.ours, LineReader) else _plain(record))
    return records, invalid


def _plain(record: Any) -> Any:
    # msgspec counts white space after the last element of a list as part of it.
    return bytes(record).rstrip() if isinstance(record, msgspec.Raw) else record


def check(body: bytes, places: Sequence[int], name: str) -> bool:
    """Make sure that both come to the same, and return whether the body was read.

    Raises:
        AssertionError: They do not.
    """
    reader = READERS[name]
    ours, whole = in_pieces(body, places, reader), at_once(body, reader)
    if ours == whole:
        return ours is not None
    if any(names.count("id") > 1 for names in _keys_of(body)):
        return ours is not None  # each of them is looked at as the type says, and types differ in that
    if ours is None:
        # What was handed out cannot be taken back, and a field that is looked at in passing may be bad in its own way.
        assert _has_two_lists(body) or not _is_text(body) or _is_only_msgspec_s(body), (body, places, name)
    else:
        # msgspec refuses the whole body for one record that is no JSON; it alone is set aside.
        assert whole is None, (body, places, name, ours, whole)
        assert ours[1], (body, places, name, ours)
    return ours is not None


def _has_two_lists(body: bytes) -> bool:
    names = _keys_of(body)
    return bool(names) and names[-1].count("data") > 1  # the outermost is closed last


def _keys_of(body: bytes) -> list[list[str]]:
    """Return the keys of each object of a body, in the order in which they are closed; none if it is no JSON."""
    names: list[list[str]] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        names.append([name for name, _ in pairs])

    try:
        json.loads(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"), object_pairs_hook=keep, strict=False)
    except (ValueError, RecursionError):
        return []
    return names


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_only_msgspec_s(body: bytes) -> bool:
    """Tell whether msgspec lets pass, where it skips a value, what no other reader of JSON does."""
    try:
        json.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return True
    return False


def run(seed: int, inputs: int) -> tuple[int, int]:
    """Compare so many bodies, each cut at a few places; return how many were read, and refused.

    Some are well made, some are damaged in one place, and some are what mutations make of a few.
    """
    chance = random.Random(seed)
    mutator = Mutator(BODIES, chance)
    ways: list[Callable[[], bytes]] = [
        lambda: make_body(chance),
        lambda: mutator.damage(make_body(chance)),
        mutator.next,
    ]
    names = list(READERS)
    read = 0
    for number in range(inputs):
        body = ways[number % len(ways)]()
        places = [chance.randint(0, len(body)) for _ in range(chance.randrange(5))]
        read += check(body, places, chance.choice(names))
    return read, inputs - read


def main() -> int:
    """Run in as many processes as there are; return 1 if a difference was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing.differential", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="bodies to compare (default: 1000000)")
    parser.add_argument("--processes", type=int, default=2, help="at once (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="from which they follow (default: 1)")
    arguments = parser.parse_args()
    share = 10_000
    jobs = [(arguments.seed + number, share) for number in range(-(-arguments.inputs // share))]
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        counts = pool.starmap(run, jobs, chunksize=1)
    read, refused = map(sum, zip(*counts, strict=True))
    print(f"{read + refused:,} inputs, {read:,} read and {refused:,} refused by both; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
