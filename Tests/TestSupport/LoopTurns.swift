package import EventLoops

extension AbstractEventLoop {
    /// Runs the loop for a number of turns, none of which sleeps.
    ///
    /// Must not be called inside the loop.
    package func turn(_ times: Int = 1) throws {
        for _ in 0..<times {
            stop()
            try runForever()
        }
    }

    /// Runs the loop for about this long.
    ///
    /// Must not be called inside the loop.
    package func run(for duration: Duration) throws {
        callLater(duration) { self.stop() }
        try runForever()
    }

    /// Suspends a task of the loop for a number of turns.
    package func turns(_ count: Int = 5) async throws {
        for _ in 0..<count { try await sleep(for: .zero) }
    }
}
