import EventLoops
import Proactor
import Testing

extension Conformance {
    @Suite struct Running {
        /// LOOP-001
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_returnsTheResult_ofAsyncCode(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let result = try loop.runUntilComplete { 42 }
                #expect(result == 42)
            }
        }
    }
}
