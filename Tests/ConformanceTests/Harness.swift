import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import SelectorLoop
import TestSupport
import Testing

/// The parent of all conformance suites, which run one at a time because they count descriptors.
@Suite(.serialized) enum Conformance {}

/// The kinds of loop on which every behaviour is tested.
enum LoopKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case proactor, epoll, poll, select

    /// Does not include the proactor where io_uring is denied.
    static let allCases: [LoopKind] = onRing + [.epoll, .poll, .select]
    /// The proactor, or nothing where io_uring is denied.
    static let onRing: [LoopKind] = RingDenial.errno == nil ? [.proactor] : []

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

/// Makes a loop on a thread of its own and passes it to synchronous code.
///
/// Expects that nothing is left: no operation in flight, no descriptor, and no exception that the test did not take
/// from the recorder.
func withLoop(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    let check = LoopCheck(make: { try kind.make() }, settle: { try $0.settle() })
    try await withCheckedLoop(check, sourceLocation: sourceLocation, body)
}

/// Like ``withLoop(_:sourceLocation:_:)``, with code that runs as a task of the loop.
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
    /// Runs a few turns, so that everything that has ended is released.
    ///
    /// Then no operation may be in flight, and no connection open.
    func settle() throws {
        guard !isClosed, !isRunning else { return }
        for _ in 0..<3 {
            stop()
            try runForever()
        }
        let left = try leftovers
        #expect(left.holdsNothing && left.transports.isEmpty && left.watches.isEmpty, "\(left)")
        if let proactor = self as? ProactorEventLoop {
            #expect(proactor.driver.staleCompletions == 0, "completions of operations that had ended")
        }
    }
}
