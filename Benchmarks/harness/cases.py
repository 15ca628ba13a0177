"""The cases: transport, message size, number of connections, and messages in flight per connection."""

from dataclasses import dataclass

TRANSPORTS = {"tcp": "TCP", "unix": "Unix sockets", "udp": "UDP"}


@dataclass(frozen=True)
class Case:
    transport: str
    mode: str
    size: int
    connections: int
    depth: int

    @classmethod
    def parse(cls, text: str) -> "Case":
        """Parses `SIZExCONNECTIONSxDEPTH` or `churn`, after `unix-` or `udp-` for another transport than TCP."""
        transport, _, shape = text.rpartition("-")
        transport = transport or "tcp"
        if transport not in TRANSPORTS:
            raise ValueError(f"{text!r} is not a case: the transport is one of {', '.join(TRANSPORTS)}")
        if shape == "churn" and transport != "udp":
            return cls(transport, "churn", 64, 32, 1)
        try:
            size, connections, depth = (int(number) for number in shape.split("x"))
        except ValueError:
            wanted = "write SIZExCONNECTIONSxDEPTH (64x64x1, unix-64x64x1, udp-64x64x16) or churn"
            raise ValueError(f"{text!r} is not a case: {wanted}") from None
        if min(size, connections, depth) < 1:
            raise ValueError(f"{text!r} is not a case: every number must be at least 1")
        return cls(transport, "udp" if transport == "udp" else "echo", size, connections, depth)

    @property
    def name(self) -> str:
        shape = "churn" if self.mode == "churn" else f"{self.size}x{self.connections}x{self.depth}"
        return shape if self.transport == "tcp" else f"{self.transport}-{shape}"

    @property
    def title(self) -> str:
        over = TRANSPORTS[self.transport]
        if self.mode == "churn":
            return f"{self.name}: {over}, connect, echo {self.size} B, close; {self.connections} at a time"
        pipelined = f", {self.depth} in flight" if self.depth > 1 else ""
        what = "socket" if self.transport == "udp" else "connection"
        plural = "s" if self.connections > 1 else ""
        return f"{self.name}: {over}, {self.size} B, {self.connections} {what}{plural}{pipelined}"


DEFAULT_CASES = [
    Case.parse(text)
    for text in (
        "64x64x1 1024x64x1 16384x64x1 64x1x1 1024x1x1 16384x1x1 64x512x1 1024x512x1 16384x512x1 64x64x16 churn "
        "unix-64x64x1 unix-16384x64x1 unix-64x1x1 unix-churn udp-64x64x1 udp-64x64x16 udp-1024x64x1"
    ).split()
]
