import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import SelectorLoop
import Testing

/// Every suite of behaviours is nested in this one: they count descriptors, so no two of them may run at a time.
@Suite(.serialized) enum Conformance {}

/// The kinds of loop on which every behaviour is shown.
enum LoopKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case proactor, epoll, poll, select

    /// Those whose kernel can be made to fail at will.
    static let withFaults: [LoopKind] = [.proactor]

    var testDescription: String { rawValue }

    func make() throws(EventLoopError) -> any AbstractEventLoop {
        switch self {
        case .proactor: try ProactorEventLoop()
        case .epoll: try SelectorEventLoop(selector: .epoll)
        case .poll: try SelectorEventLoop(selector: .poll)
        case .select: try SelectorEventLoop(selector: .select)
        }
    }
}

/// Runs blocking code on a thread of its own: test bodies run on threads of a pool, which a loop must not block or own.
///
/// In a task, so that what is recorded there belongs to the test that runs.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await Task(executorPreference: ThreadForEach()) { try body() }.value
}

/// Runs each job on a new thread.
private final class ThreadForEach: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let failure = DetachedThread.start(name: "test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        precondition(failure == 0, "no thread for a test")
    }
}

/// Makes a loop on a thread of its own and gives it to synchronous code.
///
/// Afterwards nothing may be left: no operation in the kernel, no descriptor, no exception that the test did not take
/// from the recorder.
func withLoop(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.open()
        let recorder = ExceptionRecorder()
        do {
            let loop = try kind.make()
            recorder.attach(to: loop)
            defer { #expect(throws: Never.self, sourceLocation: sourceLocation) { try loop.close() } }
            try body(loop, recorder)
            try loop.settle()
        }
        #expect(recorder.contexts.map(\.description) == [], "unexpected exceptions", sourceLocation: sourceLocation)
        #expect(OpenSockets.left(since: before) == [], "descriptors left open", sourceLocation: sourceLocation)
    }
}

/// As ``withLoop(_:sourceLocation:_:)``, for code that runs as a task of the loop.
func runLoop(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) async throws -> Void
) async throws {
    try await withLoop(kind, sourceLocation: sourceLocation) { loop, recorder in
        nonisolated(unsafe) let recorder = recorder
        try loop.runUntilComplete { try await body(loop, recorder) }
    }
}

extension AbstractEventLoop {
    /// Lets what has ended leave: a few turns, then no operation but the loop's own wake-up may be in flight.
    func settle() throws {
        guard !isClosed, !isRunning else { return }
        for _ in 0..<3 {
            stop()
            try runForever()
        }
        if let proactor = self as? ProactorEventLoop {
            #expect(proactor.driver.operationsInFlight <= 1, "operations left in flight")
            #expect(proactor.driver.staleCompletions == 0, "completions for operations that were over")
        } else if let selector = self as? SelectorEventLoop {
            #expect(selector.driver.descriptorsWatched == 1, "descriptors still watched")
            #expect(selector.driver.buffersLent == 0, "receive buffers still read")
        }
    }
}

/// The descriptors that a test could leave behind.
///
/// Event and timer descriptors are left out: Dispatch opens its own at will.
enum OpenSockets {
    /// What is open now, each by the kernel's own number for it, which is not used again soon.
    static func open() -> Set<String> {
        Set(targets().filter { $0.hasPrefix("socket:") || $0.hasPrefix("pipe:") })
    }

    /// What came since and does not go: other suites of the process open and close theirs meanwhile.
    static func left(since before: Set<String>, within seconds: Int64 = 20) -> [String] {
        var left = open().subtracting(before)
        let deadline = MonotonicClock.now() + seconds * 1_000_000_000
        while !left.isEmpty, MonotonicClock.now() < deadline {
            usleep(20_000)
            left.formIntersection(open())
        }
        return left.sorted()
    }

    private static func targets() -> [String] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var targets: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let target = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
                let length = readlink("/proc/self/fd/\(name)", buffer.baseAddress!, buffer.count)
                return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            }
            targets.append(target)
        }
        return targets
    }
}
