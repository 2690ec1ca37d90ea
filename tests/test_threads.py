"""Blocking work comes to its end, and its error out bare."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kauneonga_async.threads import carry_out


async def test_what_was_begun_is_done_before_the_task_is_cancelled() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    task = asyncio.create_task(carry_out(work))
    while not begun.is_set():
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert done.is_set()


async def test_an_error_keeps_no_group_that_it_came_in() -> None:
    """Whose frames hold the function, and what that was given."""

    def fail() -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full") as caught:
        await carry_out(fail)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
