"""The servers. To add one, add a line: its command must echo on the given address in one thread and print a line that
begins with `listening on` once it is ready."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

BASELINE = "raw-uring"
# Servers on epoll are also compared with raw epoll C.
EPOLL_BASELINE = "raw-epoll"
ON_EPOLL = ["selector-protocols", "selector-streams", "selector-chunks", "libuv", "nio", "nio-async"]

STREAMS = ("tcp", "unix")
# The option that names the address, for each transport. The address is a port, or the path of a Unix socket.
OPTIONS = {"tcp": "--port", "unix": "--unix", "udp": "--udp"}


@dataclass(frozen=True)
class Server:
    name: str
    # The program for each transport that the server supports.
    programs: dict[str, str]
    arguments: tuple[str, ...] = ()
    remedy: str = "make -C Benchmarks build"

    def program(self, transport: str) -> Path:
        return HERE / self.programs[transport]

    def serves(self, transport: str) -> bool:
        return transport in self.programs and self.program(transport).exists()

    def missing(self, transports: set[str]) -> list[str]:
        """The transports among these that the server supports, but for which its program is not built."""
        return sorted(transport for transport in transports & set(self.programs) if not self.serves(transport))

    def command(self, transport: str, address: str) -> list[str]:
        return [str(self.program(transport)), OPTIONS[transport], address, *self.arguments]


def _streams(program: str) -> dict[str, str]:
    return dict.fromkeys(STREAMS, program)


def _ours(loop: str, backend: str, style: str, *, has_datagrams: bool = False) -> Server:
    programs = _streams("../Examples/.build/release/EchoServer")
    if has_datagrams:
        programs["udp"] = "../Examples/.build/release/UDPEcho"
    return Server(
        f"{loop}-{style}",
        programs,
        ("--backend", backend, "--style", style),
        "swift build -c release --package-path Examples",
    )


SERVERS = [
    Server(BASELINE, _streams(".build-c/uring-c") | {"udp": ".build-c/udp-uring-c"}),
    _ours("proactor", "io_uring", "protocols", has_datagrams=True),
    _ours("proactor", "io_uring", "streams", has_datagrams=True),
    _ours("proactor", "io_uring", "chunks"),
    _ours("proactor", "io_uring", "sockets"),
    Server(EPOLL_BASELINE, _streams(".build-c/epoll-c") | {"udp": ".build-c/udp-mmsg-c"}),
    _ours("selector", "epoll", "protocols", has_datagrams=True),
    _ours("selector", "epoll", "streams", has_datagrams=True),
    _ours("selector", "epoll", "chunks"),
    Server(
        "libuv",
        _streams(".build-c/libuv") | {"udp": ".build-c/libuv-udp"},
        remedy="apt-get install libuv1-dev && make -C Benchmarks build",
    ),
    Server("nio", _streams(".build/release/NIOEcho") | {"udp": ".build/release/NIODatagramEcho"}),
    Server("nio-async", _streams(".build/release/NIOAsyncEcho")),
]
