"""The primitives of a loop: the cases, what each peer does in them, and how they are measured.

To add a peer, add a line to PEERS. Its command gets the name of a case, a number of operations and a number of
repetitions, and prints the median of its repetitions in nanoseconds per operation."""

import os
import statistics
import subprocess
from dataclasses import dataclass, field

from .measure import Failed
from .servers import HERE

# A program that runs longer than this hangs.
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class PrimitiveCase:
    name: str
    title: str
    # Operations per repetition for compiled programs; Python programs do a tenth of them.
    count: int
    # What a peer does if the title does not say it, or why its cell is empty.
    peers: dict[str, str]
    repetitions: int = 5
    # Whether the number of operations is part of the case, so that slow programs do all of them, too.
    is_of_one_size: bool = False
    cores: int = 1


@dataclass(frozen=True)
class Peer:
    name: str
    program: str
    arguments: tuple[str, ...] = ()
    slowness: int = 1
    remedy: str = "make -C Benchmarks primitives"

    @property
    def is_built(self) -> bool:
        return (HERE / self.program).exists()


def _python(kind: str) -> Peer:
    return Peer(kind, ".build-python/bin/python", (str(HERE / "Primitives/python/primitives.py"), kind), slowness=10)


OURS = ["proactor", "selector"]
PEERS = [
    Peer("proactor", ".build/release/ProactorPrimitives", ("io_uring",)),
    Peer("selector", ".build/release/ProactorPrimitives", ("epoll",)),
    Peer("libuv", ".build-c/libuv-primitives", remedy="apt-get install libuv1-dev && make -C Benchmarks primitives"),
    _python("uvloop"),
    _python("asyncio"),
    Peer("nio", ".build/release/NIOPrimitives"),
]

_NO_TASKS = "-: C has no tasks"
_NO_BARE = "-: Python has one kind of task"
_ON_LOOP = "methods of an actor on `eventLoop.executor`; a task cannot prefer an event loop"


def _only_libuv(what: str) -> dict[str, str]:
    """For what only libuv has: handles that are kept and used again."""
    return {"libuv": what} | {peer.name: "-: each handle is new" for peer in PEERS if peer.name != "libuv"}


CASES = [
    PrimitiveCase(
        "call-soon-batch", "`callSoon`, 1000 callbacks ready at a time", 1_000_000,
        {"libuv": "has no ready queue: a new `uv_idle_t` each, closed by its callback", "nio": "`execute`"},
    ),
    PrimitiveCase(
        "call-soon-kept", "a callback that is kept and scheduled again", 1_000_000,
        _only_libuv("`uv_idle_start` of the same 1000 handles, each of which stops itself"),
    ),
    PrimitiveCase(
        "call-soon-chain", "`callSoon` from the previous callback, one per turn", 500_000,
        {"libuv": "one `uv_idle_t`, called in each turn",
         "nio": "`execute`; thousands run within one turn, without polling the kernel"},
    ),
    PrimitiveCase(
        "timer-fired", "`callLater` and firing, a million timers within 50 ms", 1_000_000,
        {"libuv": "`uv_timer_start` of existing handles", "nio": "`scheduleCallback`, which creates no future"},
        repetitions=1, is_of_one_size=True,
    ),
    PrimitiveCase(
        "timer-rearmed", "a timer that is due at once and creates its successor, 100 at a time", 500_000,
        {"libuv": "a new `uv_timer_t` each, closed by its callback", "nio": "`scheduleCallback`"},
    ),
    PrimitiveCase(
        "timer-rearmed-kept", "the same with 100 handles that are kept", 500_000,
        _only_libuv("`uv_timer_start` in the handle's callback; all run within one turn"),
    ),
    PrimitiveCase(
        "timer-cancelled", "`callLater` and `cancel`, 1000 at a time", 1_000_000,
        {"libuv": "a new `uv_timer_t` each, started and closed", "nio": "`scheduleCallback` and `cancel`"},
    ),
    PrimitiveCase(
        "timer-cancelled-kept", "the same with 1000 handles that are kept", 1_000_000,
        _only_libuv("`uv_timer_start` and `uv_timer_stop`"),
    ),
    PrimitiveCase(
        "timer-cancelled-100k", "`cancel` and `callLater`, among 100,000 live timers", 200_000,
        {"libuv": "`uv_close`, and a new `uv_timer_t`", "nio": "`cancel` and `scheduleCallback`"},
        is_of_one_size=True,
    ),
    PrimitiveCase(
        "timer-cancelled-100k-kept", "the same with 100,000 handles that are kept", 200_000,
        _only_libuv("`uv_timer_stop` and `uv_timer_start`"), is_of_one_size=True,
    ),
    PrimitiveCase(
        "post-busy", "`callSoonThreadsafe` to a busy loop, time of the caller", 200_000,
        {"libuv": "carries no data, so a new node of a locked list, and `uv_async_send` after each append",
         "nio": "`execute` from another thread"},
        cores=2,
    ),
    PrimitiveCase(
        "post-sleeping", "`callSoonThreadsafe` to a sleeping loop and back to another", 5_000,
        {"libuv": "the same list and `uv_async_send`", "nio": "`execute` from event loop to event loop"}, cores=2,
    ),
    PrimitiveCase(
        "executor", "`runInExecutor` to its done callback, a pool of one thread", 5_000,
        {"libuv": "`uv_queue_work`", "nio": "`NIOThreadPool.runIfActive(eventLoop:)` and `whenComplete`"}, cores=2,
    ),
    PrimitiveCase(
        "future-awaited", "a future: created, completed, and the waiting task resumed", 200_000,
        {"libuv": _NO_TASKS, "nio": f"`EventLoopFuture.get()` in {_ON_LOOP}"},
    ),
    PrimitiveCase(
        "task-batch", "`createTask`, 1000 at a time: created, run, result set", 100_000,
        {"libuv": _NO_TASKS, "nio": f"`makePromise`, and a `Task {{}}` that completes it, in {_ON_LOOP}"},
    ),
    PrimitiveCase(
        "task-bare", "a bare Swift task, 1000 at a time: without result, name, or entry in the loop's list", 100_000,
        {"libuv": _NO_TASKS, "uvloop": _NO_BARE, "asyncio": _NO_BARE, "nio": f"`Task {{}}` in {_ON_LOOP}"},
    ),
    PrimitiveCase(
        "task-awaited", "`createTask` and `await` its value", 100_000,
        {"libuv": _NO_TASKS, "nio": f"`Task {{}}` and `value` in {_ON_LOOP}"},
    ),
]  # fmt: skip


@dataclass
class PrimitiveResults:
    """The results of one peer in one case, in nanoseconds per operation."""

    rounds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        return statistics.median(self.rounds) if self.rounds else None


# Case name -> peer name -> results; a peer that lacks the primitive has no entry.
PrimitiveTable = dict[str, dict[str, PrimitiveResults]]


def takes_part(peer: Peer, case: PrimitiveCase) -> bool:
    return not case.peers.get(peer.name, "").startswith("-")


def _run(peer: Peer, case: PrimitiveCase, shrink: int) -> float:
    cores = sorted(os.sched_getaffinity(0))[: case.cores]
    if len(cores) < case.cores:
        raise Failed(f"needs {case.cores} cores")
    # A multiple of the batch size.
    slowness = 1 if case.is_of_one_size else peer.slowness
    count = max(case.count // slowness // shrink // 1000, 1) * 1000
    command = ["taskset", "-c", ",".join(map(str, cores)), str(HERE / peer.program), *peer.arguments]
    command += [case.name, str(count), str(case.repetitions)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"did not finish within {PATIENCE_SECONDS} s") from None
    try:
        return float(run.stdout)
    except ValueError:
        said = run.stderr.strip().splitlines()
        raise Failed(f"exit status {run.returncode}: {said[-1] if said else 'no output'}") from None


def run_case(case: PrimitiveCase, peers: list[Peer], rounds: int, shrink: int = 1) -> dict[str, PrimitiveResults]:
    """Runs each peer once per round, in rotating order, so that disturbances of the machine affect all of them."""
    peers = [peer for peer in peers if takes_part(peer, case)]
    results = {peer.name: PrimitiveResults() for peer in peers}
    for number in range(rounds):
        shift = number % len(peers)
        for peer in peers[shift:] + peers[:shift]:
            try:
                results[peer.name].rounds.append(_run(peer, case, shrink))
            except Failed as failure:
                results[peer.name].failures.append(f"round {number + 1}: {failure}")
                print(f"FAILED {peer.name}, {case.name}, round {number + 1}: {failure}", flush=True)
    return results


def select() -> tuple[list[Peer], list[Peer]]:
    """The peers that can run and those that are missing."""
    missing = [peer for peer in PEERS if not peer.is_built]
    for peer in missing:
        print(f"MISSING {peer.name} (primitives): not built. Remedy: {peer.remedy}")
    return [peer for peer in PEERS if peer.is_built], missing
