import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import Testing

/// Every suite of behaviours is nested in this one: they count descriptors, so no two of them may run at a time.
@Suite(.serialized) enum Conformance {}

/// The kinds of loop on which every behaviour is shown.
enum LoopKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case proactor

    var testDescription: String { rawValue }

    func make() throws -> any AbstractEventLoop {
        switch self {
        case .proactor: try ProactorEventLoop()
        }
    }
}

/// Runs blocking code on a thread of its own: test bodies run on threads of a pool, which a loop must not block or own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let failure = DetachedThread.start(name: "test") { continuation.resume(with: Result { try body() }) }
        precondition(failure == 0, "no thread for a test")
    }
}

/// Makes a loop on a thread of its own and gives it to synchronous code. Afterwards nothing may be left: no operation in the
/// kernel, no descriptor, no exception that the test did not take from the recorder.
func withLoop(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.count()
        let recorder = ExceptionRecorder()
        do {
            let loop = try kind.make()
            recorder.attach(to: loop)
            defer { #expect(throws: Never.self, sourceLocation: sourceLocation) { try loop.close() } }
            try body(loop, recorder)
            try loop.settle()
        }
        #expect(recorder.contexts.map(\.description) == [], "unexpected exceptions", sourceLocation: sourceLocation)
        #expect(OpenSockets.count() == before, "descriptors left open", sourceLocation: sourceLocation)
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
        }
    }
}

/// The descriptors that a test could leave behind. Event and timer descriptors are left out: Dispatch opens its own at will.
enum OpenSockets {
    static func count() -> Int {
        targets().count { $0.hasPrefix("socket:") || $0.hasPrefix("pipe:") || $0.contains("io_uring") }
    }

    private static func targets() -> [String] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var targets: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let target = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
                let length = readlink("/proc/self/fd/\(name)", buffer.baseAddress!, buffer.count)
                return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            }
            targets.append(target)
        }
        return targets
    }
}
