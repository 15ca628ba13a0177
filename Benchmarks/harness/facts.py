"""The machine and the versions, which are needed to repeat a measurement."""

import datetime
import json
import os
import platform
import re
import subprocess

from .servers import HERE


def _first_line(*command: str) -> str:
    try:
        run = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip().splitlines()[0] if run.returncode == 0 and run.stdout.strip() else ""


def _cpu_model() -> str:
    with open("/proc/cpuinfo") as file:
        found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", file.read(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    commit = _first_line("git", "rev-parse", "--short=12", "HEAD")
    # Without optional locks, so that a benchmark does not disturb other work in the same tree.
    changed = commit and _first_line("git", "--no-optional-locks", "status", "--porcelain")
    return f"{commit}, with uncommitted changes" if changed else commit


_PYTHON_VERSIONS = "import platform, uvloop; print(f'{platform.python_version()}, {uvloop.__version__}')"


def _nio_version() -> str:
    try:
        pins = json.loads((HERE / "Package.resolved").read_text())["pins"]
        return next(pin["state"]["version"] for pin in pins if pin["identity"] == "swift-nio")
    except (OSError, ValueError, KeyError, StopIteration):
        return ""


def facts(command_line: str) -> dict[str, str]:
    swift = re.search(r"Swift version \S+", _first_line("swift", "--version"))
    found = {
        "date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "command": f"`{command_line}`",
        "commit": _commit(),
        "kernel": f"{platform.system()} {platform.release()}",
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "Swift": swift[0].removeprefix("Swift version ") if swift else "",
        "C compiler": _first_line("cc", "--version"),
        "liburing": _first_line("pkg-config", "--modversion", "liburing"),
        "libuv": _first_line("pkg-config", "--modversion", "libuv"),
        "SwiftNIO": _nio_version(),
        "Python, uvloop": _first_line(".build-python/bin/python", "-c", _PYTHON_VERSIONS),
    }
    return {key: value or "not found" for key, value in found.items()}
