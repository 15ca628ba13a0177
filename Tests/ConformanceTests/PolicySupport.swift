import EventLoops
import Kernel
import Proactor

/// Runs code that sets policies and loops, and restores the former policy.
func restoringThePolicy(_ body: () throws -> Void) rethrows {
    let before = getEventLoopPolicy()
    defer {
        setEventLoopPolicy(before)
        setEventLoop(nil)
    }
    try body()
}

/// A loop that is observed without being retained.
final class WeakLoop: Sendable {
    // Two threads use it, but never at the same time.
    nonisolated(unsafe) weak var loop: (any AbstractEventLoop)?
}

/// A policy that records its calls, and has one loop for all threads.
final class RecordingPolicy: EventLoopPolicy {
    private let kind: LoopKind
    private let hasNone: Bool
    private let atEnd: @Sendable () -> Void
    private let lock = Lock()
    private nonisolated(unsafe) var made: [any AbstractEventLoop] = []
    private nonisolated(unsafe) var set: (any AbstractEventLoop)?

    /// A policy that makes loops of one kind, or no loops.
    init(_ kind: LoopKind, hasNone: Bool = false, atEnd: @escaping @Sendable () -> Void = {}) {
        self.kind = kind
        self.hasNone = hasNone
        self.atEnd = atEnd
    }

    deinit {
        atEnd()
    }

    var current: (any AbstractEventLoop)? { lock.withLock { set } }
    var count: Int { lock.withLock { made.count } }

    func hasMade(_ loop: any AbstractEventLoop) -> Bool {
        lock.withLock { made.contains { $0 === loop } }
    }

    func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        guard let loop = current else { throw EventLoopError(.notRunning, "getEventLoop") }
        return loop
    }

    func setEventLoop(_ loop: (any AbstractEventLoop)?) {
        lock.withLock { set = loop }
    }

    func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        if hasNone { throw EventLoopError(.notSupported, "newEventLoop") }
        let loop = try kind.make()
        lock.withLock { made.append(loop) }
        return loop
    }
}
