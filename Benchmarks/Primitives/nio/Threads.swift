// Work across threads: posts to an event loop, and jobs on a pool's thread.

import NIOCore
import NIOPosix
import PrimitiveSupport
import Synchronization

/// An event loop that is always busy, and a thread that posts to it.
private final class BusyLoop: Sendable {
    private let loop: any EventLoop
    private let received = Atomic(0)
    private let isOver = Atomic(false)
    private let spent = Atomic<Int64>(0)

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func run(_ count: Int) throws -> Int64 {
        try loop.submit { pinToCore(0) }.wait()
        loop.execute(keepBusy)
        CoreThread(core: 1) { self.post(count) }.join()
        return spent.load(ordering: .relaxed)
    }

    @Sendable private func keepBusy() {
        if !isOver.load(ordering: .acquiring) { loop.execute(keepBusy) }
    }

    private func post(_ count: Int) {
        for batch in 1...count / batchSize {
            let began = nanoseconds()
            for _ in 1..<batchSize { loop.execute {} }
            // Only the last post signals: a shared counter's cache line would move between the two threads.
            loop.execute { self.received.store(batch, ordering: .releasing) }
            spent.add(nanoseconds() - began, ordering: .relaxed)
            while received.load(ordering: .acquiring) < batch {}
        }
        isOver.store(true, ordering: .releasing)
    }
}

func postToBusyLoop(_ count: Int) throws -> Int64 {
    try BusyLoop(group.next()).run(count)
}

func postToSleepingLoop(_ count: Int) throws -> Int64 {
    let (here, there) = (group.next(), group.next())
    try here.submit { pinToCore(0) }.wait()
    try there.submit { pinToCore(1) }.wait()
    nonisolated(unsafe) let tally = Tally(count)
    return try measure(on: here) { end in
        @Sendable func answer() {
            here.execute(goOn)
        }
        @Sendable func goOn() {
            tally.left -= 1
            if tally.left > 0 { there.execute(answer) } else { end() }
        }
        there.execute(answer)
    }
}

func workInPool(_ count: Int) throws -> Int64 {
    let loop = group.next()
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    try loop.submit { pinToCore(0) }.wait()
    try pool.runIfActive(eventLoop: loop) { pinToCore(1) }.wait()
    nonisolated(unsafe) let tally = Tally(count)
    let took = try measure(on: loop) { end in
        @Sendable func work() {
            pool.runIfActive(eventLoop: loop) {}.whenComplete { _ in
                tally.left -= 1
                if tally.left > 0 { work() } else { end() }
            }
        }
        work()
    }
    try pool.syncShutdownGracefully()
    return took
}
