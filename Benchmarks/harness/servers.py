"""The servers. To add one, add a line: its command must echo TCP on 127.0.0.1:{port} in one thread and print a line
that begins with `listening on` once it is ready."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

BASELINE = "raw-uring"
# Servers on epoll are also compared with raw epoll C.
EPOLL_BASELINE = "raw-epoll"
ON_EPOLL = ["selector-protocols", "selector-streams", "libuv", "nio", "nio-async"]


@dataclass(frozen=True)
class Server:
    name: str
    program: str
    arguments: tuple[str, ...] = ("--port", "{port}")
    remedy: str = "make -C Benchmarks build"

    @property
    def is_built(self) -> bool:
        return (HERE / self.program).exists()

    def command(self, port: int) -> list[str]:
        return [str(HERE / self.program), *(argument.format(port=port) for argument in self.arguments)]


def _ours(loop: str, backend: str, style: str) -> Server:
    return Server(
        f"{loop}-{style}",
        "../Examples/.build/release/EchoServer",
        ("--port", "{port}", "--backend", backend, "--style", style),
        "swift build -c release --package-path Examples --product EchoServer",
    )


SERVERS = [
    Server(BASELINE, ".build-c/uring-c"),
    _ours("proactor", "io_uring", "protocols"),
    _ours("proactor", "io_uring", "streams"),
    Server(EPOLL_BASELINE, ".build-c/epoll-c"),
    _ours("selector", "epoll", "protocols"),
    _ours("selector", "epoll", "streams"),
    Server("libuv", ".build-c/libuv", remedy="apt-get install libuv1-dev && make -C Benchmarks build"),
    Server("nio", ".build/release/NIOEcho"),
    Server("nio-async", ".build/release/NIOAsyncEcho"),
]
