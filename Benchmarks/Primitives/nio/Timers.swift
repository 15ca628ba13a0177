// Timers that fire, and timers that are called off.

import NIOCore
import PrimitiveSupport

private let armed = 100
private let live = 100_000

func timerFired(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count)
    // So short that all are due before the last one is made, or nearly so: waiting is not measured.
    let span = count / 20000 + 1
    return try measure(on: loop) { end in
        for index in 0..<count {
            _ = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(index * 7919 % span + 1))) {
                tally.left -= 1
                if tally.left == 0 { end() }
            }
        }
    }
}

func timerRearmed(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count)
    return try measure(on: loop) { end in
        @Sendable func fire() {
            tally.left -= 1
            if tally.left >= armed { loop.scheduleTask(in: .zero, fire) } else if tally.left == 0 { end() }
        }
        for _ in 0..<armed { loop.scheduleTask(in: .zero, fire) }
    }
}

func timerCancelled(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count / batchSize)
    return try measure(on: loop) { end in
        @Sendable func makeBatch() {
            let handles = (0..<batchSize).map { index in
                loop.scheduleTask(in: .seconds(Int64(index * 7919 % batchSize + 1))) { tally.called += 1 }
            }
            for handle in handles { handle.cancel() }
            tally.left -= 1
            if tally.left > 0 { loop.execute(makeBatch) } else { end() }
        }
        loop.execute(makeBatch)
    }
}

/// Many timers, of which one after the other is replaced by a new one.
private final class ManyTimers {
    private let loop: any EventLoop
    private let count: Int
    private let took: EventLoopPromise<Int64>
    private var handles: [Scheduled<Void>] = []
    private var done = 0
    private var fired = 0
    private var began: Int64 = 0

    init(_ loop: any EventLoop, _ count: Int, _ took: EventLoopPromise<Int64>) {
        self.loop = loop
        self.count = count
        self.took = took
        handles = (0..<live).map(timer)
    }

    private func timer(_ number: Int) -> Scheduled<Void> {
        nonisolated(unsafe) let timers = self
        return loop.scheduleTask(in: .seconds(Int64(number * 7919 % live + 1000))) { timers.fired += 1 }
    }

    func begin() {
        began = nanoseconds()
        replaceSome()
    }

    private func replaceSome() {
        for _ in 0..<batchSize {
            let place = done * 104729 % live
            handles[place].cancel()
            handles[place] = timer(done)
            done += 1
        }
        nonisolated(unsafe) let timers = self
        if done < count { loop.execute { timers.replaceSome() } } else { finish() }
    }

    private func finish() {
        took.succeed(nanoseconds() - began)
        for handle in handles.reversed() { handle.cancel() }
    }
}

func timerCancelledAmongMany(_ count: Int) throws -> Int64 {
    let loop = group.next()
    let took = loop.makePromise(of: Int64.self)
    loop.execute { ManyTimers(loop, count, took).begin() }
    return try took.futureResult.wait()
}
