// Timers that fire, and timers that are cancelled, with `scheduleCallback`, which creates no future.

import NIOCore
import PrimitiveSupport

private let armed = 100
private let live = 100_000

/// One object can serve any number of timers.
private final class Callback: NIOScheduledCallbackHandler, @unchecked Sendable {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        body()
    }
}

extension EventLoop {
    fileprivate func schedule(_ callback: Callback, in delay: TimeAmount) -> NIOScheduledCallback {
        // Throws only if the event loop has no scheduled callbacks.
        // swift-format-ignore: NeverUseForceTry
        try! scheduleCallback(in: delay, handler: callback)
    }
}

func timerFired(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count)
    // Delays are so short that nearly all timers are due before the last one is made, so waiting is not measured.
    let span = count / 20000 + 1
    return try measure(on: loop) { end in
        let fired = Callback {
            tally.left -= 1
            if tally.left == 0 { end() }
        }
        for index in 0..<count { _ = loop.schedule(fired, in: .milliseconds(Int64(index * 7919 % span + 1))) }
    }
}

/// Timers that each create their successor.
private final class Rearming {
    private let loop: any EventLoop
    private var left: Int
    private let end: () -> Void
    private var callback: Callback?

    init(_ loop: any EventLoop, _ count: Int, _ end: @escaping () -> Void) {
        self.loop = loop
        left = count
        self.end = end
    }

    func begin() {
        let callback = Callback { self.fire() }
        self.callback = callback
        for _ in 0..<armed { _ = loop.schedule(callback, in: .zero) }
    }

    private func fire() {
        left -= 1
        if left >= armed, let callback {
            _ = loop.schedule(callback, in: .zero)
        } else if left == 0 {
            callback = nil
            end()
        }
    }
}

func timerRearmed(_ count: Int) throws -> Int64 {
    let loop = group.next()
    return try measure(on: loop) { end in Rearming(loop, count, end).begin() }
}

func timerCancelled(_ count: Int) throws -> Int64 {
    let loop = group.next()
    nonisolated(unsafe) let tally = Tally(count / batchSize)
    return try measure(on: loop) { end in
        let never = Callback { tally.called += 1 }
        @Sendable func makeBatch() {
            let handles = (0..<batchSize).map { index in
                loop.schedule(never, in: .seconds(Int64(index * 7919 % batchSize + 1)))
            }
            for handle in handles { handle.cancel() }
            tally.left -= 1
            if tally.left > 0 { loop.execute(makeBatch) } else { end() }
        }
        loop.execute(makeBatch)
    }
}

/// Many timers, replaced one after the other.
private final class ManyTimers {
    private let loop: any EventLoop
    private let count: Int
    private let took: EventLoopPromise<Int64>
    private let callback: Callback
    private var handles: [NIOScheduledCallback] = []
    private var done = 0
    private var began: Int64 = 0

    init(_ loop: any EventLoop, _ count: Int, _ took: EventLoopPromise<Int64>) {
        self.loop = loop
        self.count = count
        self.took = took
        callback = Callback { fatalError("a timer of a quarter of an hour fired") }
        handles = (0..<live).map(timer)
    }

    private func timer(_ number: Int) -> NIOScheduledCallback {
        loop.schedule(callback, in: .seconds(Int64(number * 7919 % live + 1000)))
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
