// Work across threads: posts to a loop, and jobs on an executor's thread.

import PrimitiveSupport
import Proactor
import Synchronization

/// A loop that is always busy, and a thread that posts to it.
private final class BusyLoop: Sendable {
    private let loop: any AbstractEventLoop
    private let received = Atomic(0)
    private let isOver = Atomic(false)
    private let spent = Atomic<Int64>(0)

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    func run(_ count: Int) throws -> Int64 {
        pinToCore(0)
        loop.callSoon(keepBusy)
        let poster = CoreThread(core: 1) { self.post(count) }
        try loop.runForever()
        poster.join()
        return spent.load(ordering: .relaxed)
    }

    private func keepBusy() {
        if isOver.load(ordering: .acquiring) { loop.stop() } else { loop.callSoon(keepBusy) }
    }

    private func post(_ count: Int) {
        for batch in 1...count / batchSize {
            let began = nanoseconds()
            do {
                for _ in 1..<batchSize { try loop.callSoonThreadsafe {} }
                // Only the last post signals: a shared counter's cache line would move between the two threads.
                try loop.callSoonThreadsafe { self.received.store(batch, ordering: .releasing) }
            } catch { fail("\(error)") }
            spent.add(nanoseconds() - began, ordering: .relaxed)
            while received.load(ordering: .acquiring) < batch {}
        }
        isOver.store(true, ordering: .releasing)
    }
}

func postToBusyLoop(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    try BusyLoop(loop).run(count)
}

/// Two loops that sleep until the other posts.
private final class SleepingLoops: Sendable {
    private let here: any AbstractEventLoop
    private let there: any AbstractEventLoop
    private let left: Atomic<Int>

    init(_ here: any AbstractEventLoop, _ there: any AbstractEventLoop, trips: Int) {
        self.here = here
        self.there = there
        left = Atomic(trips)
    }

    func run() throws -> Int64 {
        pinToCore(0)
        let other = CoreThread(core: 1) { [there] in
            do {
                try there.runForever()
                try there.close()
            } catch { fail("\(error)") }
        }
        let began = nanoseconds()
        try there.callSoonThreadsafe(answer)
        try here.runForever()
        let took = nanoseconds() - began
        other.join()
        return took
    }

    private func answer() throws {
        // Read first: once the other loop has the answer, it counts on.
        if left.load(ordering: .relaxed) == 1 { there.stop() }
        try here.callSoonThreadsafe(goOn)
    }

    private func goOn() throws {
        let trips = left.subtract(1, ordering: .relaxed).newValue
        if trips > 0 { try there.callSoonThreadsafe(answer) } else { here.stop() }
    }
}

func postToSleepingLoop(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    try SleepingLoops(loop, newEventLoop(backend: loop.backend.rawValue), trips: count).run()
}

func workInExecutor(_ loop: any AbstractEventLoop, _ count: Int) throws -> Int64 {
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    pinToCore(0)
    try loop.runUntilComplete(loop.runInExecutor(pool) { pinToCore(1) })
    let tally = Tally(count)
    func work() {
        loop.runInExecutor(pool) {}.addDoneCallback { _ in
            tally.left -= 1
            if tally.left > 0 { work() } else { loop.stop() }
        }
    }
    let began = nanoseconds()
    work()
    try loop.runForever()
    let took = nanoseconds() - began
    pool.shutdown()
    return took
}
