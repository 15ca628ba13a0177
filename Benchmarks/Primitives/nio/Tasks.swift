// Awaited futures, and tasks: methods of an actor whose executor is the event loop, because a task cannot prefer an
// event loop as its executor.

import NIOCore
import PrimitiveSupport

private actor OnLoop {
    private let loop: any EventLoop
    private var awaited: EventLoopPromise<Void>
    private var isSettled = false
    private var ended = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.executor.asUnownedSerialExecutor()
    }

    init(_ loop: any EventLoop) {
        self.loop = loop
        awaited = loop.makePromise()
    }

    // MARK: Futures

    /// Two tasks; each completes the future that the other awaits, then awaits its own.
    func playWithAnother(_ rounds: Int) async throws -> Int64 {
        let began = nanoseconds()
        let other = Task { try await play(rounds) }
        try await play(rounds)
        try await other.value
        return nanoseconds() - began
    }

    private func play(_ rounds: Int) async throws {
        for _ in 0..<rounds {
            let (others, mine) = (awaited, loop.makePromise(of: Void.self))
            awaited = mine
            others.succeed()
            try await mine.futureResult.get()
        }
        if !isSettled { awaited.succeed() }
        isSettled = true
    }

    // MARK: Tasks

    /// - Parameter haveResults: Whether each task completes a future of the loop.
    func makeBatches(_ count: Int, haveResults: Bool) async -> Int64 {
        let began = nanoseconds()
        await withCheckedContinuation { continuation in
            if haveResults {
                makeBatch(count) { continuation.resume() }
            } else {
                makeBareBatch(count) { continuation.resume() }
            }
        }
        return nanoseconds() - began
    }

    private func makeBatch(_ count: Int, _ end: @escaping @Sendable () -> Void) {
        for _ in 0..<batchSize {
            let result = loop.makePromise(of: Void.self)
            Task {
                ended += 1
                result.succeed()
                if ended == count { end() } else if ended % batchSize == 0 { makeBatch(count, end) }
            }
        }
    }

    private func makeBareBatch(_ count: Int, _ end: @escaping @Sendable () -> Void) {
        for _ in 0..<batchSize {
            Task {
                ended += 1
                if ended == count { end() } else if ended % batchSize == 0 { makeBareBatch(count, end) }
            }
        }
    }

    func awaitTasks(_ count: Int) async -> Int64 {
        let began = nanoseconds()
        for _ in 0..<count {
            _ = await Task {
                _ = self
                return 1
            }.value
        }
        return nanoseconds() - began
    }
}

/// Runs async code to completion while the calling thread waits.
private func finish(_ body: @escaping @Sendable (OnLoop) async throws -> Int64) throws -> Int64 {
    let loop = group.next()
    let took = loop.makePromise(of: Int64.self)
    took.completeWithTask { try await body(OnLoop(loop)) }
    return try took.futureResult.wait()
}

func futureAwaited(_ count: Int) throws -> Int64 {
    try finish { try await $0.playWithAnother(count / 2) }
}

func taskBatch(_ count: Int) throws -> Int64 {
    try finish { await $0.makeBatches(count, haveResults: true) }
}

func taskBare(_ count: Int) throws -> Int64 {
    try finish { await $0.makeBatches(count, haveResults: false) }
}

func taskAwaited(_ count: Int) throws -> Int64 {
    try finish { await $0.awaitTasks(count) }
}
