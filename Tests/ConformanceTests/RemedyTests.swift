import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Errors of misuse, which name the remedy.
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
        func misuseOfARunningLoop_isReportedWithARemedy(_ kind: LoopKind) async throws {
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
        func resultOfAPendingFuture_throwsWithARemedy(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                Self.expect("await `value`") { try future.result() }
                Self.expect("await `value`") { try future.exception() }
            }
        }
    }
}
