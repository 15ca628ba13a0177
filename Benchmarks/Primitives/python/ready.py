"""Callbacks that are ready at once."""

import contextlib
from time import perf_counter_ns as now

BATCH = 1000


def batch(new_loop, count):
    left = count // BATCH

    def nothing():
        pass

    def last_of_batch():
        nonlocal left
        left -= 1
        if left:
            make_batch()
        else:
            loop.stop()

    def make_batch():
        for _ in range(BATCH - 1):
            loop.call_soon(nothing)
        loop.call_soon(last_of_batch)

    with contextlib.closing(new_loop()) as loop:
        began = now()
        make_batch()
        loop.run_forever()
        return now() - began


def chain(new_loop, count):
    left = count

    def step():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            loop.stop()

    with contextlib.closing(new_loop()) as loop:
        began = now()
        loop.call_soon(step)
        loop.run_forever()
        return now() - began
