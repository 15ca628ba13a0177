import EventLoops
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing
import Uring

/// Every suite of the ring's loop is nested in this one: loops share two processors, and some tests need theirs.
///
/// Where io_uring is denied only `RefusalTests` have something to show.
@Suite(.serialized, .needsRing) enum RingLoop {}

extension Trait where Self == ConditionTrait {
    /// Runs only where the kernel gives out rings.
    static var needsRing: Self { .enabled(if: RingDenial.errno == nil, "io_uring is denied here") }
}

/// Makes a loop on a thread of its own and gives it to synchronous code.
///
/// Afterwards nothing may be left: no operation in the kernel, no receive buffer with a reader, no socket, no exception
/// that the test did not take from the recorder.
func withLoop(
    _ configuration: ProactorConfiguration = ProactorConfiguration(), sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (ProactorEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.open()
        let recorder = ExceptionRecorder()
        do {
            let loop = try ProactorEventLoop(configuration: configuration)
            recorder.attach(to: loop)
            defer {
                #expect(throws: Never.self, sourceLocation: sourceLocation) { try loop.close() }
                loop.expectNothingLeft(sourceLocation)
            }
            try body(loop, recorder)
            try loop.settle(sourceLocation)
        }
        #expect(recorder.contexts.map(\.description) == [], "unexpected exceptions", sourceLocation: sourceLocation)
        #expect(OpenSockets.left(since: before) == [], "sockets left open", sourceLocation: sourceLocation)
    }
}

/// As ``withLoop(_:sourceLocation:_:)``, for code that runs as a task of the loop.
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
    /// Lets what has ended leave: then no operation but the loop's own wake-up may be in flight, and all buffers are
    /// home.
    func settle(_ sourceLocation: SourceLocation) throws {
        guard !isClosed, !isRunning else { return }
        let deadline = MonotonicClock.now() + 5_000_000_000
        repeat {
            _ = callLater(.milliseconds(1)) { self.stop() }
            try runForever()
        } while !isAtRest && MonotonicClock.now() < deadline
        #expect(driver.operationsInFlight <= 1, "operations left in flight", sourceLocation: sourceLocation)
        #expect(driver.buffersLent == 0, "receive buffers that still have a reader", sourceLocation: sourceLocation)
        #expect(
            driver.staleCompletions == 0, "completions for operations that were over", sourceLocation: sourceLocation)
        #expect(driver.ring.isBalanced, "entries were lost or counted twice", sourceLocation: sourceLocation)
    }

    private var isAtRest: Bool {
        driver.operationsInFlight <= 1 && driver.buffersLent == 0
    }

    /// What holds after `close`.
    func expectNothingLeft(_ sourceLocation: SourceLocation) {
        #expect(driver.ring.isClosed, "the ring is open after close", sourceLocation: sourceLocation)
        #expect(driver.operationsInFlight == 0, "operations in flight after close", sourceLocation: sourceLocation)
        #expect(driver.buffersLent == 0, "receive buffers in use after close", sourceLocation: sourceLocation)
    }

    /// Waits on the loop until something holds; records an issue if it does not come to hold.
    func until(
        _ what: String, within limit: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation,
        _ holds: () -> Bool
    ) async throws {
        let deadline = time.advanced(by: limit)
        while !holds() {
            if time >= deadline {
                Issue.record("never: \(what)", sourceLocation: sourceLocation)
                return
            }
            try await sleep(for: .milliseconds(1))
        }
    }

    /// As ``until(_:within:sourceLocation:_:)``, without a pause between the turns.
    func untilTurn(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool) async throws
    {
        for _ in 0..<10_000 where !holds() { try await sleep(for: .zero) }
        #expect(holds(), "never: \(what)", sourceLocation: sourceLocation)
    }

    /// Gives the loop so many turns.
    func turns(_ count: Int) async throws {
        for _ in 0..<count { try await sleep(for: .zero) }
    }

    /// Runs the loop for one turn.
    ///
    /// Not from within the loop.
    func oneTurn() throws {
        stop()
        try runForever()
    }

    /// Lets the kernel work on what was queued, without looking at what completes: that is for the loop's next turn.
    func enterOnly(for wait: Duration = .zero) throws {
        let deadline =
            MonotonicClock.now() + wait.components.seconds * 1_000_000_000
            + wait.components.attoseconds / 1_000_000_000
        repeat { try driver.ring.enter(.none) } while MonotonicClock.now() < deadline
    }
}
