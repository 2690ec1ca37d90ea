"""Requests: the id that all tries of a call share, and no other call has."""

from __future__ import annotations

import os
import random
import warnings

from kauneonga_async.transport import new_request_id


def test_a_program_that_seeds_its_chance_has_other_ids_each_time() -> None:
    before = random.getstate()
    try:
        ids = []
        for _ in range(2):
            random.seed(1)
            ids.append(new_request_id())
    finally:
        random.setstate(before)
    assert ids[0] != ids[1]


def test_a_child_process_has_other_ids() -> None:
    receiver, sender = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, where threads of other tests live
        child = os.fork()
    if child == 0:
        os.write(sender, new_request_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(receiver, 100).decode() != new_request_id()
    os.close(receiver)
    os.close(sender)
