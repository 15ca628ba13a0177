"""Timers that fire, and timers that are cancelled."""

import contextlib
from time import perf_counter_ns as now

BATCH = 1000
ARMED = 100
LIVE = 100_000


def fired(new_loop, count):
    left = count
    # Delays are so short that nearly all timers are due before the last one is made, so waiting is not measured.
    span = count // 20000 + 1

    def fire():
        nonlocal left
        left -= 1
        if not left:
            loop.stop()

    with contextlib.closing(new_loop()) as loop:
        began = now()
        for index in range(count):
            loop.call_later((index * 7919 % span + 1) / 1000, fire)
        loop.run_forever()
        return now() - began


def rearmed(new_loop, count):
    left = count

    def fire():
        nonlocal left
        left -= 1
        if left >= ARMED:
            loop.call_later(0, fire)
        elif not left:
            loop.stop()

    with contextlib.closing(new_loop()) as loop:
        began = now()
        for _ in range(ARMED):
            loop.call_later(0, fire)
        loop.run_forever()
        return now() - began


def nothing():
    pass


def cancelled(new_loop, count):
    left = count // BATCH

    def make_batch():
        nonlocal left
        handles = [loop.call_later(index * 7919 % BATCH + 1, nothing) for index in range(BATCH)]
        for handle in handles:
            handle.cancel()
        left -= 1
        if left:
            loop.call_soon(make_batch)
        else:
            loop.stop()

    with contextlib.closing(new_loop()) as loop:
        began = now()
        loop.call_soon(make_batch)
        loop.run_forever()
        return now() - began


def cancelled_among_many(new_loop, count):
    done = 0

    def replace_some():
        nonlocal done
        for _ in range(BATCH):
            place = done * 104729 % LIVE
            live[place].cancel()
            live[place] = loop.call_later(done * 7919 % LIVE + 1000, nothing)
            done += 1
        if done < count:
            loop.call_soon(replace_some)
        else:
            loop.stop()

    with contextlib.closing(new_loop()) as loop:
        live = [loop.call_later(index * 7919 % LIVE + 1000, nothing) for index in range(LIVE)]
        began = now()
        loop.call_soon(replace_some)
        loop.run_forever()
        took = now() - began
        for handle in live:
            handle.cancel()
        return took
