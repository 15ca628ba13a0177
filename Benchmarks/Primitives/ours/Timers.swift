// Timers that fire, and timers that are cancelled.

import PrimitiveSupport
import Proactor

private let armed = 100
private let live = 100_000

func timerFired(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count)
    // Delays are so short that nearly all timers are due before the last one is made, so waiting is not measured.
    let span = count / 20000 + 1
    let began = nanoseconds()
    for index in 0..<count {
        loop.callLater(.milliseconds(index * 7919 % span + 1)) {
            tally.left -= 1
            if tally.left == 0 { loop.stop() }
        }
    }
    try loop.runForever()
    return nanoseconds() - began
}

func timerRearmed(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count)
    func fire() {
        tally.left -= 1
        if tally.left >= armed { loop.callLater(.zero, fire) } else if tally.left == 0 { loop.stop() }
    }
    let began = nanoseconds()
    for _ in 0..<armed { loop.callLater(.zero, fire) }
    try loop.runForever()
    return nanoseconds() - began
}

func timerCancelled(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let tally = Tally(count / batchSize)
    func makeBatch() {
        let handles = (0..<batchSize).map { index in
            loop.callLater(.seconds(index * 7919 % batchSize + 1)) { tally.called += 1 }
        }
        for handle in handles { handle.cancel() }
        tally.left -= 1
        if tally.left > 0 { loop.callSoon(makeBatch) } else { loop.stop() }
    }
    let began = nanoseconds()
    loop.callSoon(makeBatch)
    try loop.runForever()
    return nanoseconds() - began
}

/// Many timers, replaced one after the other.
private final class ManyTimers {
    private let loop: any AbstractEventLoop
    private let count: Int
    private var handles: [TimerHandle] = []
    private var done = 0
    private var fired = 0

    init(_ loop: any AbstractEventLoop, _ count: Int) {
        self.loop = loop
        self.count = count
        handles = (0..<live).map(timer)
    }

    private func timer(_ number: Int) -> TimerHandle {
        loop.callLater(.seconds(number * 7919 % live + 1000)) { self.fired += 1 }
    }

    func replaceSome() {
        for _ in 0..<batchSize {
            let place = done * 104729 % live
            handles[place].cancel()
            handles[place] = timer(done)
            done += 1
        }
        if done < count { loop.callSoon(replaceSome) } else { loop.stop() }
    }
}

func timerCancelledAmongMany(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let timers = ManyTimers(loop, count)
    let began = nanoseconds()
    loop.callSoon(timers.replaceSome)
    try loop.runForever()
    return nanoseconds() - began
}
