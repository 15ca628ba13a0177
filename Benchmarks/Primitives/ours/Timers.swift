// Timers that fire, and timers that are called off.

import PrimitiveSupport
import Proactor

private let armed = 100
private let live = 100_000

func timerFired(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var left = count
    // So short that all are due before the last one is made, or nearly so: waiting is not measured.
    let span = count / 20000 + 1
    let began = nanoseconds()
    for index in 0..<count {
        loop.callLater(.milliseconds(index * 7919 % span + 1)) {
            left -= 1
            if left == 0 { loop.stop() }
        }
    }
    try loop.runForever()
    return nanoseconds() - began
}

func timerRearmed(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var left = count
    func fire() {
        left -= 1
        if left >= armed { loop.callLater(.zero, fire) } else if left == 0 { loop.stop() }
    }
    let began = nanoseconds()
    for _ in 0..<armed { loop.callLater(.zero, fire) }
    try loop.runForever()
    return nanoseconds() - began
}

func timerCancelled(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var left = count / batchSize
    var fired = 0
    var handles: [TimerHandle] = []
    handles.reserveCapacity(batchSize)
    func makeBatch() {
        for index in 0..<batchSize {
            handles.append(loop.callLater(.seconds(index * 7919 % batchSize + 1)) { fired += 1 })
        }
        for handle in handles { handle.cancel() }
        handles.removeAll(keepingCapacity: true)
        left -= 1
        if left > 0 { loop.callSoon(makeBatch) } else { loop.stop() }
    }
    let began = nanoseconds()
    loop.callSoon(makeBatch)
    try loop.runForever()
    return nanoseconds() - began
}

func timerCancelledAmongMany(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    var done = 0
    var fired = 0
    var handles = (0..<live).map { index in loop.callLater(.seconds(index * 7919 % live + 1000)) { fired += 1 } }
    func replaceSome() {
        for _ in 0..<batchSize {
            let place = done * 104729 % live
            handles[place].cancel()
            handles[place] = loop.callLater(.seconds(done * 7919 % live + 1000)) { fired += 1 }
            done += 1
        }
        if done < count { loop.callSoon(replaceSome) } else { loop.stop() }
    }
    let began = nanoseconds()
    loop.callSoon(replaceSome)
    try loop.runForever()
    return nanoseconds() - began
}
