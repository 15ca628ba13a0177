"""The servers. To add one, add a line: its command must echo on the given address in one thread and print a line that
begins with `listening on` once it is ready."""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

BASELINE = "raw-uring"
# Servers on epoll are also compared with raw epoll C.
EPOLL_BASELINE = "raw-epoll"
ON_EPOLL = ["selector-protocols", "selector-streams", "selector-chunks", "libuv", "nio", "nio-async"]


@dataclass(frozen=True)
class Server:
    name: str
    # The program and its arguments for each transport that the server supports. `{address}` is a port, or the path of a
    # Unix socket.
    commands: dict[str, list[str]]
    environment: dict[str, str] = field(default_factory=dict)
    remedy: str = "make -C Benchmarks build"

    def serves(self, transport: str) -> bool:
        return transport in self.commands and (HERE / self.commands[transport][0]).exists()

    def missing(self, transports: set[str]) -> list[str]:
        """The transports among these that the server supports, but for which its program is not built."""
        return sorted(transport for transport in transports & set(self.commands) if not self.serves(transport))

    def command(self, transport: str, address: str) -> list[str]:
        program, *arguments = self.commands[transport]
        return [str(HERE / program), *(argument.format(address=address) for argument in arguments)]


def _streams(program: str, *arguments: str) -> dict[str, list[str]]:
    """The commands of a program that echoes over TCP and Unix sockets."""
    return {
        "tcp": [program, "--port", "{address}", *arguments],
        "unix": [program, "--unix", "{address}", *arguments],
    }


def _datagrams(program: str) -> dict[str, list[str]]:
    return {"udp": [program, "--udp", "{address}"]}


def _ours(loop: str, backend: str, style: str) -> Server:
    """One of the examples, so that the benchmark measures what users see."""
    commands = _streams("../Examples/.build/release/EchoServer", "--style", style)
    if style == "protocols":
        commands["udp"] = ["../Examples/.build/release/UDPEchoServer", "{address}"]
    return Server(
        f"{loop}-{style}",
        commands,
        {"PROACTOR_BACKEND": backend},
        "swift build -c release --package-path Examples",
    )


SERVERS = [
    Server(BASELINE, _streams(".build-c/uring-c") | _datagrams(".build-c/udp-uring-c")),
    _ours("proactor", "io_uring", "protocols"),
    _ours("proactor", "io_uring", "streams"),
    _ours("proactor", "io_uring", "chunks"),
    _ours("proactor", "io_uring", "sockets"),
    Server(EPOLL_BASELINE, _streams(".build-c/epoll-c") | _datagrams(".build-c/udp-mmsg-c")),
    _ours("selector", "epoll", "protocols"),
    _ours("selector", "epoll", "streams"),
    _ours("selector", "epoll", "chunks"),
    Server(
        "libuv",
        _streams(".build-c/libuv") | _datagrams(".build-c/libuv-udp"),
        remedy="apt-get install libuv1-dev && make -C Benchmarks build",
    ),
    Server("nio", _streams(".build/release/NIOEcho") | _datagrams(".build/release/NIODatagramEcho")),
    Server("nio-async", _streams(".build/release/NIOAsyncEcho")),
]
