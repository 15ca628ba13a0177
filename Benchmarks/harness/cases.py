"""The cases: message size, number of connections, and messages in flight per connection."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    mode: str
    size: int
    connections: int
    depth: int

    @classmethod
    def parse(cls, text: str) -> "Case":
        if text == "churn":
            return cls("churn", 64, 32, 1)
        try:
            size, connections, depth = (int(number) for number in text.split("x"))
        except ValueError:
            raise ValueError(f"{text!r} is not a case: write SIZExCONNECTIONSxDEPTH (64x64x1) or churn") from None
        if min(size, connections, depth) < 1:
            raise ValueError(f"{text!r} is not a case: every number must be at least 1")
        return cls("echo", size, connections, depth)

    @property
    def name(self) -> str:
        return "churn" if self.mode == "churn" else f"{self.size}x{self.connections}x{self.depth}"

    @property
    def title(self) -> str:
        if self.mode == "churn":
            return f"churn: connect, echo {self.size} B, close; {self.connections} at a time"
        pipelined = f", {self.depth} in flight" if self.depth > 1 else ""
        plural = "s" if self.connections > 1 else ""
        return f"{self.name}: {self.size} B, {self.connections} connection{plural}{pipelined}"


DEFAULT_CASES = [
    Case.parse(text)
    for text in (
        "64x64x1 1024x64x1 16384x64x1 64x1x1 1024x1x1 16384x1x1 64x512x1 1024x512x1 16384x512x1 64x64x16 churn"
    ).split()
]
