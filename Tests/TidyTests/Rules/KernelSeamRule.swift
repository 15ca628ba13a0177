/// EventLoops calls sockets and clocks only through its driver's seams, so that a simulation can replace the kernel.
enum KernelSeamRule {
    private static let seams: Set = [
        "Sources/EventLoops/Driver/KernelSockets.swift", "Sources/EventLoops/Driver/LoopClock.swift",
    ]
    private static let calls: Set = ["SocketCalls", "MonotonicClock", "SystemCall", "Descriptor"]

    static func findings(in file: SourceFile) -> [Finding] {
        guard file.module == "EventLoops", !seams.contains(file.path) else { return [] }
        return tokens(of: file.code).filter { calls.contains($0.text) }.map { token in
            Finding(
                file.path, token.line,
                "EventLoops must not call \(token.text): use core.sockets and core.now, or extend SocketSystem")
        }
    }
}
