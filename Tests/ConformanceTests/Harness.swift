import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import SelectorLoop
import TestSupport
import Testing

/// Every suite of behaviours is nested in this one: they count descriptors, so no two of them may run at a time.
@Suite(.serialized) enum Conformance {}

/// The kinds of loop on which every behaviour is shown.
enum LoopKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case proactor, epoll, poll, select

    /// Those that can be made here: without the proactor where io_uring is denied.
    static let allCases: [LoopKind] = withFaults + [.epoll, .poll, .select]
    /// Those whose kernel can be made to fail at will.
    static let withFaults: [LoopKind] = RingDenial.errno == nil ? [.proactor] : []

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

/// Makes a loop on a thread of its own and gives it to synchronous code.
///
/// Afterwards nothing may be left: no operation in the kernel, no descriptor, no exception that the test did not take
/// from the recorder.
func withLoop(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    let check = LoopCheck(make: { try kind.make() }, settle: { try $0.settle() })
    try await withCheckedLoop(check, sourceLocation: sourceLocation, body)
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
    /// Lets what has ended leave: a few turns, then the kernel may have nothing of the loop's, and nobody a connection.
    func settle() throws {
        guard !isClosed, !isRunning else { return }
        for _ in 0..<3 {
            stop()
            try runForever()
        }
        let left = try leftovers
        #expect(left.holdsNothing && left.transports.isEmpty && left.watches.isEmpty, "\(left)")
        if let proactor = self as? ProactorEventLoop {
            #expect(proactor.driver.staleCompletions == 0, "completions for operations that were over")
        }
    }
}
