#!/usr/bin/env python3
"""Compares echo servers, as ratios to raw liburing C, and primitives of loops, in nanoseconds.

  bench.py                                   everything; writes Results/<date>.md and plots
  bench.py --only nio --case 64x64x1         one peer in one case (raw liburing C always runs, as the baseline)
  bench.py --only-primitives                 no servers: callSoon, timers, posts, futures, tasks
  bench.py --quick                           a smoke test: one short round, written to .build-c/quick.md

Build first: `make -C Benchmarks build`. README.md says how to read the figures.
"""

import argparse
import datetime
import json
import shlex
import subprocess
import sys
from pathlib import Path

from harness import measure, primitives, primitives_report, report
from harness.cases import DEFAULT_CASES, Case
from harness.facts import facts
from harness.servers import BASELINE, HERE, SERVERS, Server

# The steady state of small messages, where an allocation would show most.
ALLOCATION_CASE = Case.parse("64x64x1")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each server in each case (5)")
    parser.add_argument("--secs", type=float, default=2, help="measured seconds per run (2)")
    parser.add_argument("--only", action="append", metavar="SERVER", help="this server; may be repeated")
    parser.add_argument("--case", action="append", metavar="CASE", help="[unix-|udp-]SIZExCONNECTIONSxDEPTH or [unix-]churn; repeatable")
    parser.add_argument("--primitive", action="append", metavar="NAME", help="this primitive; repeatable")
    parser.add_argument("--only-primitives", action="store_true", help="measure no servers")
    parser.add_argument("--quick", action="store_true", help="one short round, which only proves that everything runs")
    parser.add_argument("--no-plots", action="store_true")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="path of the report")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.secs = 1, 0.3
    if options.rounds < 1 or options.secs <= 0:
        parser.error("--rounds and --secs must be positive")
    # A selected server or case excludes the primitives.
    options.no_primitives = bool(options.only or options.case) and not (options.primitive or options.only_primitives)
    unknown = set(options.primitive or []) - {case.name for case in primitives.CASES}
    if unknown:
        names = ", ".join(case.name for case in primitives.CASES)
        parser.error(f"unknown primitive {', '.join(sorted(unknown))}; choose from {names}")
    unknown = set(options.only or []) - {server.name for server in SERVERS}
    if unknown:
        parser.error(f"unknown server {', '.join(sorted(unknown))}; choose from {', '.join(s.name for s in SERVERS)}")
    try:
        options.cases = [Case.parse(text) for text in options.case] if options.case else DEFAULT_CASES
    except ValueError as error:
        parser.error(str(error))
    return options


def report_path(options: argparse.Namespace) -> Path:
    if options.out:
        return options.out
    if options.quick:
        return HERE / ".build-c/quick.md"
    # A second run on the same day does not overwrite the first.
    date = datetime.date.today().isoformat()
    names = [f"{date}.md", *(f"{date}-{number}.md" for number in range(2, 1000))]
    return next(path for path in (HERE / "Results" / name for name in names) if not path.exists())


def select(only: list[str] | None, transports: set[str]) -> tuple[list[Server], list[Server]]:
    """The servers to run, and those among them that are not built for each transport that they support."""
    wanted = [server for server in SERVERS if not only or server.name in only or server.name == BASELINE]
    missing = [server for server in wanted if server.missing(transports)]
    for server in missing:
        print(f"MISSING {server.name}: not built for {', '.join(server.missing(transports))}. Remedy: {server.remedy}")
    if not measure.GENERATOR.exists() or any(server.name == BASELINE for server in missing):
        sys.exit("Nothing can be measured without the load generator and raw liburing C: make -C Benchmarks build")
    return wanted, missing


def run_case(case: Case, servers: list[Server], rounds: int, seconds: float) -> dict[str, measure.Results]:
    servers = [server for server in servers if server.serves(case.transport)]
    results = {server.name: measure.Results() for server in servers}
    for number in range(rounds):
        # Rotate, so that no server always follows the same other one or always starts on a cool machine.
        shift = number % len(servers)
        for server in servers[shift:] + servers[:shift]:
            try:
                results[server.name].samples.append(measure.sample(server, case, seconds))
            except measure.Failed as failure:
                results[server.name].failures.append(f"round {number + 1}: {failure}")
                print(f"FAILED {server.name}, {case.name}, round {number + 1}: {failure}", flush=True)
    return results


def count_allocations(servers: list[Server], seconds: float) -> dict[str, tuple[float, float] | str]:
    """Allocations and bytes per message of each server, or why they could not be measured."""
    found: dict[str, tuple[float, float] | str] = {}
    print(f"\nheap allocations per message, {ALLOCATION_CASE.name}")
    for server in (server for server in servers if server.serves(ALLOCATION_CASE.transport)):
        try:
            found[server.name] = measure.allocations(server, ALLOCATION_CASE, seconds)
            print("{:20} {:8.3f} allocations {:10.1f} bytes".format(server.name, *found[server.name]), flush=True)
        except measure.Failed as failure:
            found[server.name] = str(failure)
            print(f"{server.name:20} FAILED: {failure}", flush=True)
    return found


def draw(table: report.Table, cases: list[Case], out: Path) -> list[str]:
    """The names of the plots drawn beside the report; empty without matplotlib."""
    names = [case.name for case in cases]
    servers = report.servers_of(table)
    plots = []
    for index, (kind, title) in enumerate([("throughput", "Throughput"), ("cpu", "Server CPU per message, inverted")]):
        found = {server: [report.ratios(table, case, server) for case in names] for server in servers}
        values = {server: [ratio and ratio[index] for ratio in row] for server, row in found.items()}
        plots.append({"path": str(out.with_name(f"{out.stem}-{kind}.png")), "title": title, "values": values})
    wanted = json.dumps({"cases": names, "servers": servers, "plots": plots})
    # The system's Python, which has the distribution's matplotlib.
    command = ["/usr/bin/python3", str(HERE / "harness/plots.py")]
    try:
        run = subprocess.run(command, input=wanted, text=True, capture_output=True)
    except OSError as error:
        print(f"No plots: {error}")
        return []
    if run.returncode:
        print(f"No plots: {run.stderr.strip().splitlines()[-1]} (apt-get install python3-matplotlib)")
        return []
    return [Path(plot["path"]).name for plot in plots]


def measure_servers(options: argparse.Namespace, out: Path) -> tuple[list[str], bool]:
    """The report's sections about servers, and whether every run succeeded."""
    servers, missing = select(options.only, {case.transport for case in options.cases})
    runs = sum(server.serves(case.transport) for case in options.cases for server in servers)
    minutes = runs * options.rounds * (options.secs + 0.7) / 60
    print(f"{len(servers)} servers x {len(options.cases)} cases x {options.rounds} rounds: about {minutes:.0f} minutes")
    table: report.Table = {}
    for case in options.cases:
        table[case.name] = run_case(case, servers, options.rounds, options.secs)
        print(report.case_lines(table, case, options.rounds), flush=True)
    allocations = count_allocations(servers, options.secs)
    plots = [] if options.no_plots else draw(table, options.cases, out)
    failed = any(own.failures for row in table.values() for own in row.values())
    failed = failed or any(isinstance(found, str) for found in allocations.values())
    sections = report.echo_sections(table, options.cases, options.rounds, options.secs, allocations, missing, plots)
    return sections, not failed


def measure_primitives(options: argparse.Namespace) -> tuple[list[str], bool]:
    """The report's section about primitives, and whether every run succeeded."""
    peers, missing = primitives.select()
    table: primitives.PrimitiveTable = {}
    print("\nprimitives, ns per operation")
    for case in primitives.CASES:
        if options.primitive and case.name not in options.primitive:
            continue
        table[case.name] = primitives.run_case(case, peers, options.rounds, shrink=20 if options.quick else 1)
        print(primitives_report.case_line(table, case.name, peers), flush=True)
    failed = any(own.failures for row in table.values() for own in row.values())
    return primitives_report.sections(table, peers, missing, options.rounds), not failed


def main() -> None:
    options = parse_arguments()
    out = report_path(options)
    out.parent.mkdir(parents=True, exist_ok=True)
    described = facts(shlex.join(["Benchmarks/bench.py", *sys.argv[1:]]))
    sections, fine = [], True
    if not options.only_primitives:
        sections, fine = measure_servers(options, out)
    if not options.no_primitives:
        more, also_fine = measure_primitives(options)
        sections, fine = sections + more, fine and also_fine
    out.write_text(report.document(described, sections))
    print(f"\nwritten: {out}")
    if not fine:
        sys.exit("Some runs FAILED: see the end of the report.")


main()
