// Callbacks that are ready at once: `execute`, called on the event loop's thread.

import NIOCore
import PrimitiveSupport

func executeBatch(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count / batchSize)
    return try measure(on: loop) { end in
        @Sendable func makeBatch() {
            for _ in 1..<batchSize { loop.execute { tally.called += 1 } }
            loop.execute {
                tally.left -= 1
                if tally.left > 0 { makeBatch() } else { end() }
            }
        }
        makeBatch()
    }
}

func executeChain(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count)
    return try measure(on: loop) { end in
        @Sendable func step() {
            tally.left -= 1
            if tally.left > 0 { loop.execute(step) } else { end() }
        }
        loop.execute(step)
    }
}
