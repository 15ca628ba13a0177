import EventLoops
import TestSupport
import Testing

extension Conformance {
    /// Much at once: what is right for a few must stay so for a million.
    @Suite struct SchedulingStressTests {
        /// CALL-013, CALL-015: eight threads post a million callbacks while timers and tasks run
        /// and the loop is stopped and run again; nothing is lost, and each thread's order is kept.
        @Test(arguments: LoopKind.allCases)
        func posts_ofManyThreads_allArrive_thoughTheLoopStopsAndStarts(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (threads, each) = (8, 1_000_000 / 8)
                // However fast the threads: the second half of what they post comes in a later run of the loop.
                let secondRun = Gate()
                var next = [Int](repeating: 0, count: threads)
                var isOutOfOrder = false
                nonisolated(unsafe) let note: (Int, Int) -> Void = { thread, number in
                    if next[thread] != number { isOutOfOrder = true }
                    next[thread] = number + 1
                }
                let helpers = (0..<threads).map { thread in
                    HelperThread {
                        for number in 0..<each {
                            if number == each / 2 { secondRun.wait() }
                            _ = try? loop.callSoonThreadsafe { note(thread, number) }
                        }
                    }
                }
                var churn = Churn(loop)
                var runs = 0
                while next.contains(where: { $0 < each }) {
                    runs += 1
                    if runs == 2 { secondRun.open() }
                    churn.begin()
                    loop.callLater(.microseconds(200)) { loop.stop() }
                    try loop.runForever()
                }
                for helper in helpers { helper.join() }
                #expect(!isOutOfOrder)
                #expect(next == Array(repeating: each, count: threads))
                #expect(runs > 1)
                try loop.runUntilComplete { while churn.tasks > 0 { try await loop.sleep(for: .zero) } }
            }
        }

        /// TIMER-007, TIMER-020, TIMER-025: a million timers of which half are cancelled; the others fire in the order
        /// of their times, and what the cancelled ones held is let go of.
        @Test(arguments: LoopKind.allCases.prefix(1))
        func timers_areInOrder_whenThereAreAMillion(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var dice = SeededRandom(7)
                let begin = loop.time
                var last = LoopInstant(nanoseconds: .min)
                var (fired, isOutOfOrder) = (0, false)
                weak var held: Witness?
                do {
                    let witness = Witness()
                    held = witness
                    var cancelled: [TimerHandle] = []
                    for number in 0..<1_000_000 {
                        let when = begin.advanced(by: .nanoseconds(Int64.random(in: 0...50_000_000, using: &dice)))
                        if number.isMultiple(of: 2) {
                            cancelled.append(loop.callAt(when) { _ = witness })
                        } else {
                            loop.callAt(when) {
                                fired += 1
                                if when < last { isOutOfOrder = true }
                                last = when
                            }
                        }
                    }
                    for timer in cancelled { timer.cancel() }
                }
                #expect(held == nil)
                loop.callAt(begin.advanced(by: .milliseconds(51))) { loop.stop() }
                try loop.runForever()
                #expect(fired == 500_000)
                #expect(!isOutOfOrder)
            }
        }
    }
}

/// Timers and tasks that come and go while something else is tested.
private struct Churn {
    private let loop: any AbstractEventLoop
    private final class Count { var value = 0 }
    private let running = Count()

    var tasks: Int { running.value }

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    mutating func begin() {
        let (loop, running) = (loop, running)
        let far = loop.callLater(.seconds(3600)) { Issue.record("a cancelled timer fired") }
        loop.callLater(.microseconds(50)) { far.cancel() }
        running.value += 1
        loop.createTask {
            defer { running.value -= 1 }
            for _ in 0..<3 { try await loop.sleep(for: .microseconds(20)) }
        }
    }
}
