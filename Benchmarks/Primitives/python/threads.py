"""Work across threads: posts to a loop, and jobs on an executor's thread."""

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter_ns as now

BATCH = 1000
CORES = sorted(os.sched_getaffinity(0))


def pin_to_core(index):
    """Pins the calling thread to one of the process's cores."""
    os.sched_setaffinity(0, {CORES[index]})


def post_to_busy_loop(new_loop, count):
    is_over = False
    took = 0
    received = threading.Event()

    def nothing():
        pass

    def keep_busy():
        if is_over:
            loop.stop()
        else:
            loop.call_soon(keep_busy)

    def post_batches():
        nonlocal is_over, took
        pin_to_core(1)
        for _ in range(count // BATCH):
            began = now()
            for _ in range(BATCH - 1):
                loop.call_soon_threadsafe(nothing)
            loop.call_soon_threadsafe(received.set)
            took += now() - began
            received.wait()
            received.clear()
        is_over = True

    pin_to_core(0)
    with contextlib.closing(new_loop()) as loop:
        loop.call_soon(keep_busy)
        poster = threading.Thread(target=post_batches)
        loop.call_soon(poster.start)
        loop.run_forever()
        poster.join()
    return took


def post_to_sleeping_loop(new_loop, count):
    left = count

    def answer():
        if left == 1:
            there.stop()
        here.call_soon_threadsafe(go_on)

    def go_on():
        nonlocal left
        left -= 1
        if left:
            there.call_soon_threadsafe(answer)
        else:
            here.stop()

    def run_there():
        pin_to_core(1)
        there.run_forever()

    pin_to_core(0)
    with contextlib.closing(new_loop()) as here, contextlib.closing(new_loop()) as there:
        other = threading.Thread(target=run_there)
        other.start()
        began = now()
        there.call_soon_threadsafe(answer)
        here.run_forever()
        took = now() - began
        other.join()
    return took


def work_in_executor(new_loop, count):
    left = count

    def nothing():
        pass

    def done(future):
        nonlocal left
        left -= 1
        if left:
            work()
        else:
            loop.stop()

    def work():
        loop.run_in_executor(pool, nothing).add_done_callback(done)

    pin_to_core(0)
    with contextlib.closing(new_loop()) as loop, ThreadPoolExecutor(1) as pool:
        pool.submit(pin_to_core, 1).result()
        began = now()
        work()
        loop.run_forever()
        return now() - began
