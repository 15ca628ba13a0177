import EventLoops
import TestSupport
import Testing

extension Conformance {
    /// Large numbers of calls, timers and tasks.
    @Suite struct SchedulingStressTests {
        /// CALL-013 CALL-015 STRESS-012: eight threads post a million callbacks while timers and tasks run, and the
        /// loop is stopped and run again.
        ///
        /// No call is lost, and the order of each thread is kept.
        @Test(arguments: LoopKind.allCases)
        func postsOfManyThreads_allArrive_acrossRuns(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (threads, each) = (8, TestSize.scaled(1_000_000) / 8)
                // However fast the threads are, the second half of the posts arrives in a later run of the loop.
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

        /// TIMER-007 TIMER-020 TIMER-025 STRESS-011: a million timers, half of them cancelled.
        ///
        /// The others fire in the order of their times, none early. The captures of the cancelled ones are released.
        @Test(arguments: LoopKind.allCases.prefix(1))
        func aMillionTimers_fireInOrder(_ kind: LoopKind) async throws {
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
                                if when < last || loop.time < when { isOutOfOrder = true }
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

/// Adds and cancels timers and tasks while something else is tested.
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
