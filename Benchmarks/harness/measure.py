"""Runs one server and the load generator, each pinned to its own core, and collects the figures."""

import contextlib
import os
import random
import re
import selectors
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import Iterator

from .cases import Case
from .servers import HERE, Server

GENERATOR = HERE / ".build-c/loadgen"
MALLOC_COUNT = HERE / ".build-c/malloc_count.so"
START_SECONDS = 10
# Extra time for a generator: warm-up, 512 connects, and its timeout for a server that hangs.
GRACE_SECONDS = 20


class Failed(Exception):
    """A run without figures; the text gives the reason."""


class DiedAtStart(Failed):
    """The server ended before it listened, perhaps because another process took the port."""


@dataclass(frozen=True)
class Sample:
    ops_s: float
    cpu_us: float
    p50_us: float
    p99_us: float


@dataclass
class Results:
    """The results of one server in one case, over all rounds."""

    samples: list[Sample] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def median(self, figure: str) -> float:
        return statistics.median(getattr(sample, figure) for sample in self.samples)

    def spread(self) -> str:
        rates = [sample.ops_s for sample in self.samples]
        return f"{min(rates):,.0f} to {max(rates):,.0f}"


def cores() -> tuple[int, int]:
    """The server's core and the generator's."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("Two cores are needed: one for the server, one for the load generator.")
    return allowed[0], allowed[1]


def _pinned(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command]


def _free_port() -> int:
    # Below the ephemeral range, so that no connection of an earlier run uses the port.
    for _ in range(100):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise Failed("no free port between 20000 and 32000")


def _last_words(process: subprocess.Popen, log) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    code = process.poll()
    if code is None:
        end = "still running"
    elif code < 0:
        end = f"killed by {signal.Signals(-code).name}"
    else:
        end = f"exit status {code}"
    return f"{end}: {lines[-1]}" if lines else end


def _await_listening(process: subprocess.Popen, log) -> None:
    heard = b""
    deadline = time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                break
            some = os.read(process.stdout.fileno(), 4096)
            heard += some
            if re.search(rb"^listening on .*\n", heard, re.MULTILINE):
                return
            if not some:
                process.wait()
                raise DiedAtStart(f"server ended before it listened ({_last_words(process, log)})")
    raise Failed(f"server did not print `listening on` within {START_SECONDS} s ({_last_words(process, log)})")


def _end(process: subprocess.Popen) -> None:
    # Kill the process group, because a server may have started helpers.
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
            break
    process.stdout.close()


@contextlib.contextmanager
def _free_address(transport: str) -> Iterator[str]:
    """A free port, or the path of a Unix socket in a directory of its own."""
    if transport != "unix":
        yield str(_free_port())
        return
    with tempfile.TemporaryDirectory() as directory:
        yield f"{directory}/echo"


@contextlib.contextmanager
def _running_once(
    server: Server, transport: str, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen, str]]:
    with _free_address(transport) as address, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            _pinned(cores()[0], server.command(transport, address)),
            env=os.environ | server.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            _await_listening(process, log)
            yield process, address
            if process.poll() is not None:
                raise Failed(f"server died ({_last_words(process, log)})")
        except Failed as failure:
            # The generator's error is usually a consequence of the server's end and says less.
            time.sleep(0.1)
            if process.poll() is not None and not isinstance(failure, DiedAtStart):
                raise Failed(f"server died ({_last_words(process, log)})") from failure
            raise
        finally:
            _end(process)


@contextlib.contextmanager
def _running(server: Server, transport: str, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen, str]]:
    """A server that listens. Tried three times, because another process may take the port before it is bound."""
    with contextlib.ExitStack() as stack:
        for attempt in range(3):
            try:
                running = stack.enter_context(_running_once(server, transport, environment))
                break
            except DiedAtStart:
                if attempt == 2:
                    raise
        yield running


def _generate(case: Case, process: subprocess.Popen, address: str, seconds: float) -> dict[str, float]:
    arguments = [case.mode, address, case.size, case.connections, case.depth, seconds, process.pid]
    command = _pinned(cores()[1], [str(GENERATOR), *map(str, arguments)])
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed("load generator did not finish") from None
    figures = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", run.stdout)}
    if run.returncode or figures.get("errors") or not figures.get("ops"):
        said = run.stderr.strip().splitlines()
        raise Failed(said[0] if said else f"no message came back (load generator: exit status {run.returncode})")
    return figures


def sample(server: Server, case: Case, seconds: float) -> Sample:
    """One round: a fresh server, a warm-up, `seconds` of load."""
    with _running(server, case.transport, {}) as (process, address):
        figures = _generate(case, process, address, seconds)
    return Sample(figures["ops_s"], figures["server_us"], figures["p50_us"], figures["p99_us"])


def allocations(server: Server, case: Case, seconds: float) -> tuple[float, float]:
    """Heap allocations and requested bytes per message.

    This is the difference between a short and a long run on one server. Both open and close the same number of
    connections, so only the messages remain. A first run fills pools and caches."""
    with tempfile.NamedTemporaryFile() as counters:
        environment = {"LD_PRELOAD": str(MALLOC_COUNT), "MALLOC_COUNT_FILE": counters.name}

        def read() -> tuple[int, int]:
            # The server may still be closing connections of the previous run.
            time.sleep(0.2)
            with open(counters.name, "rb") as file:
                numbers = file.read(16)
            if len(numbers) < 16:
                raise Failed("nothing was counted: malloc_count.so is not built, or the server is statically linked")
            return struct.unpack("QQ", numbers)

        with _running(server, case.transport, environment) as (process, address):
            _generate(case, process, address, seconds / 4)
            before = read()
            short = _generate(case, process, address, seconds / 4)["total"]
            between = read()
            long = _generate(case, process, address, seconds)["total"]
            after = read()
    if long <= short:
        raise Failed("the long run sent no more messages than the short one")
    # The connections, which both runs share, cancel out; the additional messages remain.
    count, size = (((z - y) - (y - x)) / (long - short) for x, y, z in zip(before, between, after))
    # Round, without a negative zero: a pool that grew only in the short run leaves a trace below the threshold.
    return round(count, 3) + 0.0, round(size, 1) + 0.0
