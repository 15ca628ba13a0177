// Timers that fire, and timers that are called off.

import NIOCore
import PrimitiveSupport

private let armed = 100
private let live = 100_000

func timerFired(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var left = count
    // So short that all are due before the last one is made, or nearly so: waiting is not measured.
    let span = count / 20000 + 1
    return try measure(on: loop) { end in
        for index in 0..<count {
            _ = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(index * 7919 % span + 1))) {
                left -= 1
                if left == 0 { end() }
            }
        }
    }
}

func timerRearmed(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var left = count
    return try measure(on: loop) { end in
        @Sendable func fire() {
            left -= 1
            if left >= armed { loop.scheduleTask(in: .zero, fire) } else if left == 0 { end() }
        }
        for _ in 0..<armed { loop.scheduleTask(in: .zero, fire) }
    }
}

func timerCancelled(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var left = count / batchSize
    nonisolated(unsafe) var fired = 0
    nonisolated(unsafe) var handles: [Scheduled<Void>] = []
    handles.reserveCapacity(batchSize)
    return try measure(on: loop) { end in
        @Sendable func makeBatch() {
            for index in 0..<batchSize {
                handles.append(loop.scheduleTask(in: .seconds(Int64(index * 7919 % batchSize + 1))) { fired += 1 })
            }
            for handle in handles { handle.cancel() }
            handles.removeAll(keepingCapacity: true)
            left -= 1
            if left > 0 { loop.execute(makeBatch) } else { end() }
        }
        loop.execute(makeBatch)
    }
}

func timerCancelledAmongMany(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) var done = 0
    nonisolated(unsafe) var fired = 0
    nonisolated(unsafe) var handles = try loop.submit {
        (0..<live).map { index in loop.scheduleTask(in: .seconds(Int64(index * 7919 % live + 1000))) { fired += 1 } }
    }.wait()
    let took = try measure(on: loop) { end in
        @Sendable func replaceSome() {
            for _ in 0..<batchSize {
                let place = done * 104729 % live
                handles[place].cancel()
                handles[place] = loop.scheduleTask(in: .seconds(Int64(done * 7919 % live + 1000))) { fired += 1 }
                done += 1
            }
            if done < count { loop.execute(replaceSome) } else { end() }
        }
        loop.execute(replaceSome)
    }
    try loop.submit { for handle in handles.reversed() { handle.cancel() } }.wait()
    return took
}
