// Callbacks that are ready at once: `execute`, called on the event loop's own thread.

import NIOCore
import PrimitiveSupport

func executeBatch(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var left = count / batchSize
    nonisolated(unsafe) var ran = 0
    return try measure(on: loop) { end in
        @Sendable func makeBatch() {
            for _ in 1..<batchSize { loop.execute { ran += 1 } }
            loop.execute {
                left -= 1
                if left > 0 { makeBatch() } else { end() }
            }
        }
        makeBatch()
    }
}

func executeChain(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var left = count
    return try measure(on: loop) { end in
        @Sendable func step() {
            left -= 1
            if left > 0 { loop.execute(step) } else { end() }
        }
        loop.execute(step)
    }
}
