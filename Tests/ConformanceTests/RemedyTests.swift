import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Errors of misuse, which say what to do instead.
    @Suite struct Remedies {
        private static func expect<Value>(
            _ remedy: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
        ) {
            do {
                let value = try body()
                Issue.record("nothing was thrown, but \(value) returned", sourceLocation: sourceLocation)
            } catch { #expect("\(error)".contains(remedy), "\(error)", sourceLocation: sourceLocation) }
        }

        @Test(arguments: LoopKind.allCases)
        func misuseOfALoopThatRuns_isToldWithARemedy(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                Self.expect("await the code") { try loop.runForever() }
                Self.expect("await the code") { try run { _ in } }
                Self.expect("call `stop()`") { try loop.close() }
                try await onThread {
                    Self.expect("callSoonThreadsafe { loop.stop() }") { try loop.close() }
                }
                let other = try kind.make()
                Self.expect("on another thread") { try other.runForever() }
                try other.close()
                Self.expect("make a new one") { try other.runForever() }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func futureThatIsNotDone_isToldWithARemedy(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                Self.expect("await `value`") { try future.result() }
                Self.expect("await `value`") { try future.exception() }
            }
        }
    }
}
