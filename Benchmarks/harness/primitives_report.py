"""The report's section about primitives."""

from .primitives import CASES, OURS, Peer, PrimitiveTable
from .tables import markdown_table


def _nanoseconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def best_rival(table: PrimitiveTable, case: str) -> tuple[str, float] | None:
    """None if our loops lack the primitive."""
    found = {name: own.median for name, own in table[case].items() if name not in OURS and own.median}
    if not set(OURS) & set(table[case]):
        return None
    return min(found.items(), key=lambda item: item[1]) if found else None


def _ratio(table: PrimitiveTable, case: str, ours: str) -> str:
    rival = best_rival(table, case)
    own = table[case].get(ours)
    return f"{rival[1] / own.median:.2f}" if rival and own and own.median else ""


def _row(table: PrimitiveTable, case: str, peers: list[Peer]) -> list[str]:
    cells = []
    for peer in peers:
        own = table[case].get(peer.name)
        cells.append("FAILED" if own and not own.rounds else _nanoseconds(own.median if own else None))
    rival = best_rival(table, case)
    return [*cells, rival[0] if rival else "", *(_ratio(table, case, name) for name in OURS)]


def case_line(table: PrimitiveTable, case: str, peers: list[Peer]) -> str:
    """One case for the terminal."""
    cells = zip(peers, _row(table, case, peers))
    return f"{case:22}" + "".join(f"  {peer.name} {cell or '-':>9}" for peer, cell in cells)


def sections(table: PrimitiveTable, peers: list[Peer], missing: list[Peer], rounds: int) -> list[str]:
    cases = [case for case in CASES if case.name in table]
    head = ["primitive", *(peer.name for peer in peers), "best other", *(f"ahead: {name}" for name in OURS)]
    rows = [[case.title, *_row(table, case.name, peers)] for case in cases]
    spread = [[case.title, *(_spread(table, case.name, peer) for peer in peers)] for case in cases]
    rivals = [peer.name for peer in peers if peer.name not in OURS]
    equals = [[case.title, *(case.peers.get(name, "the same").lstrip("-: ") for name in rivals)] for case in cases]
    parts = [
        "## Primitives: ns per operation",
        f"Medians of {rounds} round{'s' if rounds > 1 else ''}, each the median of a program's own repetitions after a "
        "warm-up; one core, or two with one per thread where threads take part. Lower is better.\n"
        "The last columns are the best other library's time divided by ours: above 1, ours is ahead.",
        markdown_table(head, rows),
        "### Minimum to maximum of the rounds",
        markdown_table(["primitive", *(peer.name for peer in peers)], spread),
        "### What each other library does, or why it has no figure",
        "Python's loops have the same calls as ours.",
        markdown_table(["primitive", *rivals], equals, numbers=False),
    ]
    notes = [f"- {peer.name}: MISSING, not built. Remedy: `{peer.remedy}`" for peer in missing]
    for case in cases:
        for name, own in table[case.name].items():
            notes += [f"- {name}, {case.name}: FAILED, {why}" for why in own.failures]
    return parts + (["### Primitives missing and failed", "\n".join(notes)] if notes else [])


def _spread(table: PrimitiveTable, case: str, peer: Peer) -> str:
    own = table[case].get(peer.name)
    if not own or not own.rounds:
        return ""
    return f"{_nanoseconds(min(own.rounds))} to {_nanoseconds(max(own.rounds))}"
