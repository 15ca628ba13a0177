"""Draws the ratios as grouped bars. A separate program, because matplotlib may belong to another Python.

Reads from standard input: {"cases": [...], "servers": [...], "plots": [{"path", "title", "values"}]}, where values maps
a server to its ratio in each case, null if it has none."""

import json
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as pyplot  # noqa: E402  (the backend must be chosen first)

# Our loops in strong hues, the raw C servers in greys, the other libraries in other colours.
COLOURS = {
    "raw-uring": "#404040",
    "raw-epoll": "#a0a0a0",
    "proactor-protocols": "#d9480f",
    "proactor-streams": "#fd9a52",
    "selector-protocols": "#2b8a3e",
    "selector-streams": "#8ce99a",
    "libuv": "#2b8a3e",
    "nio": "#1864ab",
    "nio-async": "#74a9d8",
}


def draw(plot: dict, cases: list[str], servers: list[str]) -> None:
    figure, axes = pyplot.subplots(figsize=(max(8, 1.5 * len(cases)), 5), dpi=120)
    width = 0.85 / len(servers)
    for index, server in enumerate(servers):
        places = [place + (index - (len(servers) - 1) / 2) * width for place in range(len(cases))]
        heights = [value or 0 for value in plot["values"][server]]
        axes.bar(places, heights, width, label=server, color=COLOURS.get(server))
    axes.axhline(1, color="black", linewidth=0.8, linestyle="--")
    axes.set_xticks(range(len(cases)), cases, rotation=20)
    axes.set_title(plot["title"])
    axes.set_ylabel("ratio to raw liburing C, higher is better")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(ncols=len(servers), fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    figure.savefig(plot["path"], bbox_inches="tight")
    pyplot.close(figure)


def main() -> None:
    wanted = json.load(sys.stdin)
    for plot in wanted["plots"]:
        draw(plot, wanted["cases"], wanted["servers"])


main()
