import EventLoops
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing
import Uring

/// The parent of all suites of the proactor loop, which run one at a time: loops share the processors, and some tests
/// need them all.
///
/// Where io_uring is denied, only `RefusalTests` run.
@Suite(.serialized, .needsRing) enum RingLoop {}

/// Makes a loop on a thread of its own and passes it to synchronous code.
///
/// Expects that nothing is left: no operation in flight, no lent receive buffer, no socket, and no exception that the
/// test did not take from the recorder.
func withLoop(
    _ configuration: ProactorConfiguration = ProactorConfiguration(), sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (ProactorEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    let check = LoopCheck(
        make: { try ProactorEventLoop(configuration: configuration) },
        settle: { try proactor($0).settle(sourceLocation) },
        afterClose: { proactor($0).expectNothingLeft(sourceLocation) })
    try await withCheckedLoop(check, sourceLocation: sourceLocation) { try body(proactor($0), $1) }
}

private func proactor(_ loop: any AbstractEventLoop) -> ProactorEventLoop {
    guard let loop = loop as? ProactorEventLoop else { preconditionFailure("\(loop) is not a proactor loop") }
    return loop
}

/// Like ``withLoop(_:sourceLocation:_:)``, with code that runs as a task of the loop.
func runLoop(
    _ configuration: ProactorConfiguration = ProactorConfiguration(), sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (ProactorEventLoop, ExceptionRecorder) async throws -> Void
) async throws {
    try await withLoop(configuration, sourceLocation: sourceLocation) { loop, recorder in
        nonisolated(unsafe) let recorder = recorder
        let watchdog = loop.callLater(.seconds(60)) {
            Issue.record("the test hangs", sourceLocation: sourceLocation)
            loop.stop()
        }
        defer { watchdog.cancel() }
        try loop.runUntilComplete { try await body(loop, recorder) }
    }
}

extension ProactorConfiguration {
    /// Sizes that differ from the defaults.
    static func sizes(
        submissions: Int = 512, completions: Int = 4096, buffers: Int = 256, of size: Int = 16 * 1024
    ) -> ProactorConfiguration {
        var configuration = ProactorConfiguration()
        configuration.submissionEntries = submissions
        configuration.completionEntries = completions
        configuration.receiveBufferCount = buffers
        configuration.receiveBufferSize = size
        return configuration
    }
}

extension ProactorEventLoop {
    /// Runs the loop until everything that has ended is released.
    ///
    /// Then only the loop's own wake-up may be in flight, and all receive buffers must have been returned.
    func settle(_ sourceLocation: SourceLocation) throws {
        guard !isClosed, !isRunning else { return }
        let deadline = MonotonicClock.now() + 5_000_000_000
        repeat {
            _ = callLater(.milliseconds(1)) { self.stop() }
            try runForever()
        } while !isAtRest && MonotonicClock.now() < deadline
        #expect(driver.operationsInFlight <= 1, "operations left in flight", sourceLocation: sourceLocation)
        #expect(driver.buffersLent == 0, "receive buffers still lent", sourceLocation: sourceLocation)
        #expect(
            driver.staleCompletions == 0, "completions of operations that had ended", sourceLocation: sourceLocation)
        #expect(driver.ring.isBalanced, "submissions were lost or counted twice", sourceLocation: sourceLocation)
    }

    private var isAtRest: Bool {
        driver.operationsInFlight <= 1 && driver.buffersLent == 0
    }

    /// What must hold after `close`.
    func expectNothingLeft(_ sourceLocation: SourceLocation) {
        #expect(driver.ring.isClosed, "the ring is open after close", sourceLocation: sourceLocation)
        #expect(driver.operationsInFlight == 0, "operations in flight after close", sourceLocation: sourceLocation)
        #expect(driver.buffersLent == 0, "receive buffers lent after close", sourceLocation: sourceLocation)
    }

    /// Like `eventually`, checked in every turn.
    func untilTurn(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool) async throws
    {
        for _ in 0..<10_000 where !holds() { try await sleep(for: .zero) }
        #expect(holds(), "never: \(what)", sourceLocation: sourceLocation)
    }

    /// Submits what is queued and lets the kernel work, without reaping: the completions are left for the loop's next
    /// turn.
    func enterOnly(for wait: Duration = .zero) throws {
        let deadline =
            MonotonicClock.now() + wait.components.seconds * 1_000_000_000
            + wait.components.attoseconds / 1_000_000_000
        repeat { try driver.ring.enter(.none) } while MonotonicClock.now() < deadline
    }
}
