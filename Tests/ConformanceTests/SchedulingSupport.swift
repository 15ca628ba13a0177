import EventLoops
import Glibc
import Kernel
import ProactorLoop
import SelectorLoop
import Synchronization
import TestSupport
import Testing

/// An error that no library makes: two of them are equal if they are the same mishap.
struct Mishap: Error, Equatable {
    var number = 0
}

/// An object whose end can be watched.
final class Witness {}

/// Expects an ``EventLoopError`` with this code.
func expectLoopError<Value>(
    _ code: EventLoopError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
) {
    do {
        _ = try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? EventLoopError)?.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}

/// As ``expectLoopError(_:sourceLocation:_:)`` for async code.
func expectLoopErrorLater<Value>(
    _ code: EventLoopError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Value
) async {
    do {
        _ = try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? EventLoopError)?.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}

extension AbstractEventLoop {
    /// Runs as many turns as are asked for; none of them sleeps.
    func turn(_ times: Int = 1) throws {
        for _ in 0..<times {
            stop()
            try runForever()
        }
    }

    /// Runs for about this long.
    func run(for duration: Duration) throws {
        callLater(duration) { self.stop() }
        try runForever()
    }
}

/// Starts a thread, and lets a test wait for its end.
final class HelperThread: Sendable {
    private let hasEnded = Atomic(false)

    init(_ body: @escaping @Sendable () -> Void) {
        let failure = DetachedThread.start(name: "helper") {
            body()
            self.hasEnded.store(true, ordering: .releasing)
        }
        precondition(failure == 0, "no thread for a test")
    }

    func join() {
        while !hasEnded.load(ordering: .acquiring) { block(.milliseconds(1)) }
    }
}

/// Blocks the calling thread.
func block(_ duration: Duration) {
    let end = MonotonicClock.now() + duration.clampedNanoseconds
    while MonotonicClock.now() < end { usleep(200) }
}

/// A door that opens once.
final class OneWayGate: Sendable {
    private let state = Atomic(false)

    var isOpen: Bool {
        state.load(ordering: .acquiring)
    }

    func open() {
        state.store(true, ordering: .releasing)
    }

    func wait() {
        while !isOpen { block(.milliseconds(1)) }
    }
}

/// A number that several threads count up.
final class SharedCount: Sendable {
    private let number = Atomic(0)

    var value: Int {
        number.load(ordering: .acquiring)
    }

    @discardableResult
    func increment() -> Int {
        number.add(1, ordering: .acquiringAndReleasing).newValue
    }
}

/// A protocol that counts what it is told.
final class TallyProtocol: StreamProtocol {
    var bytes = 0
    var deliveries = 0
    var losses = 0
    var onData: (() -> Void)?

    func dataReceived(_ data: RawSpan) {
        bytes += data.byteCount
        deliveries += 1
        onData?()
    }

    func connectionLost(_ error: (any Error)?) {
        losses += 1
    }
}

/// A task-local value, to see where it is inherited.
enum Context {
    @TaskLocal static var name = "none"
}

/// A loop of a kind whose rounds with the kernel can be looked at.
final class RecordingLoop: AbstractEventLoop {
    let core: LoopCore
    let driver: RecordingDriver

    init(_ kind: LoopKind) throws {
        let queue = WorkQueue()
        let segments = SegmentPool()
        switch kind {
        case .proactor:
            driver = RecordingDriver(try ProactorDriver(ProactorConfiguration(), queue: queue, segments: segments))
        case .epoll: driver = RecordingDriver(try SelectorDriver(.epoll, queue: queue, segments: segments))
        case .poll: driver = RecordingDriver(try SelectorDriver(.poll, queue: queue, segments: segments))
        case .select: driver = RecordingDriver(try SelectorDriver(.select, queue: queue, segments: segments))
        }
        let inner = driver.inner
        core = LoopCore(
            driver: driver, channels: inner, operations: inner, report: inner, queue: queue, segments: segments)
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }
}

/// Passes everything on, and notes how it was asked to wait and how often it was woken.
final class RecordingDriver: LoopDriver, @unchecked Sendable {
    typealias Inner = LoopDriver & ChannelFactory & DescriptorOperations & DriverReport

    let inner: any Inner
    /// One for each round.
    private(set) var waits: [LoopWait] = []
    private let wakes = Atomic(0)

    init(_ inner: any Inner) {
        self.inner = inner
    }

    var wakeDescriptor: Int32 { inner.wakeDescriptor }
    var wakeCount: Int { wakes.load(ordering: .relaxed) }

    func checkThread(_ operation: String) throws(EventLoopError) {
        try inner.checkThread(operation)
    }

    func attach() throws(EventLoopError) {
        try inner.attach()
    }

    func prepare() { inner.prepare() }

    func poll(_ wait: LoopWait) throws(EventLoopError) {
        waits.append(wait)
        try inner.poll(wait)
    }

    func flush() {
        inner.flush()
    }

    func wake() {
        wakes.add(1, ordering: .relaxed)
        inner.wake()
    }

    func close() throws(EventLoopError) {
        try inner.close()
    }

    func forgetWaits() {
        waits = []
    }
}

/// As `withLoop`, with a loop whose rounds with the kernel are noted.
func withRecordingLoop(
    _ kind: LoopKind, _ body: @escaping @Sendable (RecordingLoop) throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.open()
        let loop = try RecordingLoop(kind)
        defer { #expect(throws: Never.self) { try loop.close() } }
        try body(loop)
        try loop.close()
        #expect(OpenSockets.left(since: before) == [], "descriptors left open")
    }
}
