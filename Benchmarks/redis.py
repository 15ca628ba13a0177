#!/usr/bin/env python3
"""Compares Examples/RespServer with redis-server, under redis-benchmark, as ratios.

  redis.py                                   PING, SET, GET, INCR, LPUSH, HSET with -P 1 and -P 16
  redis.py --command get --pipeline 16       one case
  redis.py --keys 100000                     random keys instead of one

Build first: `swift build -c release --package-path Examples --product RespServer`. Needs Debian's package redis.
Both servers have one thread, pinned to the first core; redis-benchmark is pinned to the second. A cell is throughput /
CPU per command of redis-server divided by ours, so that higher is better in both. If the generator is saturated, a
better server shows as less CPU, not as more commands.
"""

import argparse
import contextlib
import csv
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from harness.measure import cores
from harness.servers import HERE

COMMANDS = ["ping_mbulk", "set", "get", "incr", "lpush", "hset"]
OURS = HERE.parent / "Examples/.build/release/RespServer"


@dataclass(frozen=True)
class Sample:
    ops_s: float
    cpu_us: float


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each server in each case (5)")
    parser.add_argument("--secs", type=float, default=1, help="about how long a run takes (1)")
    parser.add_argument("--command", action="append", choices=COMMANDS, help="this command; may be repeated")
    parser.add_argument("--pipeline", action="append", type=int, metavar="N", help="commands in a batch; may be repeated")
    parser.add_argument("--clients", type=int, default=50, help="connections (50)")
    parser.add_argument("--size", type=int, default=3, help="bytes of a value (3)")
    parser.add_argument("--keys", type=int, default=0, help="random keys, as many as this; 0 for one key")
    parser.add_argument("--backend", default="auto", help="the backend of our loop (auto)")
    return parser.parse_args()


@contextlib.contextmanager
def running(command: list[str], port_option: str, ready: str) -> Iterator[tuple[subprocess.Popen, int]]:
    """A server on the first core, with its port."""
    port = 20000 + time.monotonic_ns() % 10000
    process = subprocess.Popen(
        ["taskset", "-c", str(cores()[0]), *command, port_option, str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if re.search(ready, line):
                break
        else:
            sys.exit(f"{command[0]} ended before it listened")
        yield process, port
        if process.poll() is not None:
            sys.exit(f"{command[0]} ended with status {process.returncode}")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def cpu_seconds(process: subprocess.Popen) -> float:
    total = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def sample(server: tuple[subprocess.Popen, int], command: str, pipeline: int, count: int, options) -> Sample:
    process, port = server
    arguments = ["-p", port, "-c", options.clients, "-n", count, "-P", pipeline, "-d", options.size, "-t", command, "--csv"]
    if options.keys:
        arguments += ["-r", options.keys]
    before = cpu_seconds(process)
    run = subprocess.run(
        ["taskset", "-c", str(cores()[1]), "redis-benchmark", *map(str, arguments)], capture_output=True, text=True)
    used = cpu_seconds(process) - before
    rows = list(csv.DictReader(run.stdout.splitlines()))
    if run.returncode or not rows:
        sys.exit(f"redis-benchmark failed: {run.stderr.strip() or run.stdout.strip()}")
    return Sample(float(rows[-1]["rps"]), used / count * 1e6)


def measure(command: str, pipeline: int, servers: list, options) -> None:
    # A short run says how many commands fit into the time.
    count = int(sample(servers[1], command, pipeline, 20_000 * pipeline, options).ops_s * options.secs)
    samples = [[], []]
    for number in range(options.rounds):
        # Alternate, so that neither always starts on a cool machine.
        for index in [number % 2, 1 - number % 2]:
            samples[index].append(sample(servers[index], command, pipeline, count, options))
    ours, theirs = ({name: statistics.median(getattr(one, name) for one in own) for name in ("ops_s", "cpu_us")}
                    for own in samples)
    ratios = sorted(mine.ops_s / other.ops_s for mine, other in zip(*samples))
    print(
        f"{command:11} -P {pipeline:<3} {statistics.median(ratios):5.2f} / {theirs['cpu_us'] / ours['cpu_us']:4.2f}   "
        f"RespServer {ours['ops_s']:10,.0f}/s {ours['cpu_us']:6.3f} us   "
        f"redis-server {theirs['ops_s']:10,.0f}/s {theirs['cpu_us']:6.3f} us   "
        f"rounds {ratios[0]:.2f} to {ratios[-1]:.2f}", flush=True)


def main() -> None:
    options = parse_arguments()
    for program in ("redis-server", "redis-benchmark"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing: apt-get install redis")
    if not OURS.exists():
        sys.exit(f"{OURS} is not built: swift build -c release --package-path Examples --product RespServer")
    with (
        running([str(OURS), "--backend", options.backend], "--port", r"^listening on ") as ours,
        running(["redis-server", "--save", "", "--appendonly", "no"], "--port", "Ready to accept") as theirs,
    ):
        for pipeline in options.pipeline or [1, 16]:
            for command in options.command or COMMANDS:
                measure(command, pipeline, [ours, theirs], options)


main()
