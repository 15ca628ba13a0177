package import EventLoops
package import ProactorTesting
package import Testing

/// How a test gets its loop, and what must hold after the test.
package struct LoopCheck: Sendable {
    /// Makes the loop, on the thread that runs it.
    package var make: @Sendable () throws -> any AbstractEventLoop
    /// Runs the loop until everything that has ended is released, and checks what is left.
    package var settle: @Sendable (any AbstractEventLoop) throws -> Void
    /// Checks the closed loop.
    package var afterClose: @Sendable (any AbstractEventLoop) -> Void

    package init(
        make: @escaping @Sendable () throws -> any AbstractEventLoop,
        settle: @escaping @Sendable (any AbstractEventLoop) throws -> Void = { _ in },
        afterClose: @escaping @Sendable (any AbstractEventLoop) -> Void = { _ in }
    ) {
        self.make = make
        self.settle = settle
        self.afterClose = afterClose
    }
}

/// Makes a loop on a thread of its own, passes it to synchronous code and closes it.
///
/// Expects that nothing is left: no open socket or pipe, and no exception that the code did not take from the recorder.
package func withCheckedLoop(
    _ check: LoopCheck, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, ExceptionRecorder) throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.open()
        let recorder = ExceptionRecorder()
        do {
            let loop = try check.make()
            recorder.attach(to: loop)
            defer {
                #expect(throws: Never.self, sourceLocation: sourceLocation) { try loop.close() }
                check.afterClose(loop)
            }
            try body(loop, recorder)
            try check.settle(loop)
        }
        #expect(recorder.contexts.map(\.description) == [], "unexpected exceptions", sourceLocation: sourceLocation)
        #expect(OpenSockets.left(since: before) == [], "descriptors left open", sourceLocation: sourceLocation)
    }
}
