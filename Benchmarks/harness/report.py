"""Formats results as the Markdown report and as lines for the terminal."""

from .cases import Case
from .measure import Results
from .servers import BASELINE, EPOLL_BASELINE, ON_EPOLL, Server
from .tables import markdown_table

# Case name -> server name -> results.
Table = dict[str, dict[str, Results]]


def ratios(table: Table, case: str, server: str, baseline: str = BASELINE) -> tuple[float, float] | None:
    """Throughput and CPU per message relative to a baseline; higher is better, 1.00 equals the baseline."""
    if server not in table[case]:
        return None
    base, own = table[case][baseline], table[case][server]
    if not base.samples or not own.samples:
        return None
    cpu = own.median("cpu_us")
    return own.median("ops_s") / base.median("ops_s"), base.median("cpu_us") / cpu if cpu else 0


def servers_of(table: Table) -> list[str]:
    """The servers of all cases, in the order of the first case that has them."""
    return list(dict.fromkeys(server for row in table.values() for server in row))


def _cell(table: Table, case: str, server: str, baseline: str = BASELINE) -> str:
    if server not in table[case]:
        return ""
    found = ratios(table, case, server, baseline)
    if found:
        return f"{found[0]:.2f} / {found[1]:.2f}"
    return "FAILED" if not table[case][server].samples else "no baseline"


def _detail_row(table: Table, case: str, server: str, rounds: int) -> list[str]:
    own = table[case][server]
    if not own.samples:
        return [server, "FAILED", "", "", "", "", "", "", f"0/{rounds}"]
    found = ratios(table, case, server)
    return [
        server,
        f"{found[0]:.2f}" if found else "",
        f"{found[1]:.2f}" if found else "",
        f"{own.median('ops_s'):,.0f}",
        own.spread(),
        f"{own.median('cpu_us'):.2f}",
        f"{own.median('p50_us'):.0f}",
        f"{own.median('p99_us'):.0f}",
        f"{len(own.samples)}/{rounds}",
    ]


DETAIL_HEAD = [
    "server", "throughput", "CPU", "messages/s", "min to max", "CPU us per message", "p50 us", "p99 us", "rounds",
]  # fmt: skip


def case_lines(table: Table, case: Case, rounds: int) -> str:
    """One case for the terminal, in columns."""
    rows = [DETAIL_HEAD] + [_detail_row(table, case.name, server, rounds) for server in table[case.name]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(DETAIL_HEAD))]
    lines = [
        "  ".join(text.ljust(width) if not column else text.rjust(width)
                  for column, (text, width) in enumerate(zip(row, widths)))
        for row in rows
    ]  # fmt: skip
    return "\n".join([f"\n{case.title}", *lines])


def echo_sections(
    table: Table,
    cases: list[Case],
    rounds: int,
    seconds: float,
    allocations: dict[str, tuple[float, float] | str],
    missing: list[Server],
    plots: list[str],
) -> list[str]:
    """The sections about echo servers."""
    servers = servers_of(table)
    parts = ["## Echo servers"]
    plural = "s" if rounds > 1 else ""
    parts.append(
        f"Medians of {rounds} round{plural} of {seconds:g} s, servers in rotating order, server and load generator "
        "each on its own core, loopback.\n"
        "Cells are ratios to raw liburing C in the same run: **throughput / server CPU per message**.\n"
        "1.00 equals raw C, higher is better. A case is bytes x connections x messages in flight, over TCP unless it\n"
        "names another transport."
    )

    parts.append("### Ratios")
    overview = [[case.name, *(_cell(table, case.name, server) for server in servers)] for case in cases]
    parts.append(markdown_table(["case", *servers], overview))
    parts += [f"![{name}]({name})" for name in plots]

    on_epoll = [server for server in ON_EPOLL if server in servers]
    if EPOLL_BASELINE in servers and on_epoll:
        parts.append("### On epoll: ratios to plain epoll C")
        rows = [
            [case.name, *(_cell(table, case.name, server, EPOLL_BASELINE) for server in on_epoll)] for case in cases
        ]
        parts.append(markdown_table(["case", *on_epoll], rows))

    parts.append("### Heap allocations per message")
    rows = [
        [server, *([f"{found[0]:.3f}", f"{found[1]:.1f}"] if isinstance(found, tuple) else ["FAILED", ""])]
        for server, found in allocations.items()
    ]
    parts.append(markdown_table(["server", "allocations", "bytes"], rows))

    parts.append("### Each case")
    for case in cases:
        rows = [_detail_row(table, case.name, server, rounds) for server in table[case.name]]
        parts += [f"#### {case.title}", markdown_table(DETAIL_HEAD, rows)]

    notes = [f"- {server.name}: MISSING, not built. Remedy: `{server.remedy}`" for server in missing]
    for case in cases:
        for server, own in table[case.name].items():
            notes += [f"- {server}, {case.name}: FAILED, {why}" for why in own.failures]
    notes += [f"- {name}, allocations: FAILED, {why}" for name, why in allocations.items() if isinstance(why, str)]
    return parts + ["### Missing and failed", "\n".join(notes) or "Nothing."]


def document(facts: dict[str, str], sections: list[str]) -> str:
    described = markdown_table(["what", "value"], [[key, value] for key, value in facts.items()], numbers=False)
    return "\n\n".join([f"# Benchmarks, {facts['date'].split()[0]}", described, *sections]) + "\n"
