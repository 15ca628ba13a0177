"""The primitives of asyncio and uvloop: `primitives.py asyncio|uvloop CASE COUNT REPETITIONS` prints the median in
nanoseconds per operation."""

import asyncio
import statistics
import sys

import ready
import tasks
import threads
import timers

# harness/primitives.py describes the cases. Each returns the nanoseconds that `count` operations took.
CASES = {
    "call-soon-batch": ready.batch,
    "call-soon-chain": ready.chain,
    "timer-fired": timers.fired,
    "timer-rearmed": timers.rearmed,
    "timer-cancelled": timers.cancelled,
    "timer-cancelled-100k": timers.cancelled_among_many,
    "post-busy": threads.post_to_busy_loop,
    "post-sleeping": threads.post_to_sleeping_loop,
    "executor": threads.work_in_executor,
    "future-awaited": tasks.future_awaited,
    "task-batch": tasks.batch,
    "task-awaited": tasks.awaited,
}


def main() -> None:
    try:
        kind, name, count, repetitions = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        run = CASES[name]
    except (IndexError, KeyError, ValueError):
        sys.exit(f"usage: {sys.argv[0]} asyncio|uvloop CASE COUNT REPETITIONS; cases: {' '.join(CASES)}")
    if kind == "uvloop":
        import uvloop

        new_loop = uvloop.new_event_loop
    else:
        new_loop = asyncio.new_event_loop
    run(new_loop, count)  # warms up
    print(f"{statistics.median(run(new_loop, count) for _ in range(repetitions)) / count:.2f}")


main()
