"""Awaited futures, and tasks."""

import contextlib
from time import perf_counter_ns as now

BATCH = 1000


def future_awaited(new_loop, count):
    async def play():
        """Completes the future that the other task awaits, then awaits its own."""
        nonlocal awaited
        for _ in range(count // 2):
            others, awaited = awaited, loop.create_future()
            mine = awaited
            others.set_result(None)
            await mine
        if not awaited.done():
            awaited.set_result(None)

    async def play_with_another():
        other = loop.create_task(play())
        await play()
        await other

    with contextlib.closing(new_loop()) as loop:
        awaited = loop.create_future()
        began = now()
        loop.run_until_complete(play_with_another())
        return now() - began


def batch(new_loop, count):
    ended = 0

    async def body():
        nonlocal ended
        ended += 1
        if ended == count:
            loop.stop()
        elif ended % BATCH == 0:
            make_batch()

    def make_batch():
        # Kept, because the loop holds its tasks only weakly.
        nonlocal tasks
        tasks = [loop.create_task(body()) for _ in range(BATCH)]

    tasks = []
    with contextlib.closing(new_loop()) as loop:
        began = now()
        make_batch()
        loop.run_forever()
        return now() - began


def awaited(new_loop, count):
    async def body():
        return 1

    async def await_each():
        for _ in range(count):
            await loop.create_task(body())

    with contextlib.closing(new_loop()) as loop:
        began = now()
        loop.run_until_complete(await_each())
        return now() - began
