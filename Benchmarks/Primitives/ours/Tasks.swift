// Awaited futures, and tasks.

import PrimitiveSupport
import Proactor

/// Two tasks; each completes the future that the other awaits, then awaits its own.
private final class Players {
    private let loop: any AbstractEventLoop
    private var awaited: Future<Void>

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
        awaited = loop.createFuture()
    }

    func play(_ rounds: Int) async throws {
        for _ in 0..<rounds {
            let (others, mine) = (awaited, loop.createFuture(of: Void.self))
            awaited = mine
            try others.setResult(())
            try await mine.value
        }
        if !awaited.isDone { try awaited.setResult(()) }
    }
}

func futureAwaited(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let began = nanoseconds()
    try loop.runUntilComplete {
        let players = Players(loop)
        let other = loop.createTask { try await players.play(count / 2) }
        try await players.play(count / 2)
        try await other.value
    }
    return nanoseconds() - began
}

/// - Parameter count: A multiple of the batch size.
func taskBatch(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count)
    func makeBatch() {
        for _ in 0..<batchSize {
            loop.createTask {
                tally.left -= 1
                if tally.left == 0 { loop.stop() } else if tally.left % batchSize == 0 { makeBatch() }
            }
        }
    }
    let began = nanoseconds()
    makeBatch()
    try loop.runForever()
    return nanoseconds() - began
}

/// Plain Swift tasks that prefer the loop as executor, and that the loop does not track.
///
/// - Parameter count: A multiple of the batch size.
func taskBare(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    // Every task runs on the loop's thread.
    nonisolated(unsafe) let tally = Tally(count)
    let executor = loop.taskExecutor
    @Sendable func makeBatch() {
        for _ in 0..<batchSize {
            Task(executorPreference: executor) {
                tally.left -= 1
                if tally.left == 0 { loop.stop() } else if tally.left % batchSize == 0 { makeBatch() }
            }
        }
    }
    let began = nanoseconds()
    makeBatch()
    try loop.runForever()
    return nanoseconds() - began
}

func taskAwaited(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let began = nanoseconds()
    try loop.runUntilComplete {
        for _ in 0..<count { _ = try await loop.createTask { 1 }.value }
    }
    return nanoseconds() - began
}
