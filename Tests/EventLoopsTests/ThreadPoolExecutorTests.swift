import CLinux
import EventLoops
import Glibc
import TestSupport
import Testing

@Suite struct ThreadPoolExecutorTests {
    @Test func limit_isAtLeastOne_andThatOfPythonByDefault() {
        #expect(ThreadPoolExecutor(maxWorkers: 0).maxWorkers == 1)
        #expect(ThreadPoolExecutor(maxWorkers: 7).maxWorkers == 7)
        #expect(ThreadPoolExecutor().maxPending == ThreadPoolExecutor.defaultMaxPending)
        #expect(ThreadPoolExecutor(maxPending: -1).maxPending == 0)
    }

    /// Not the machine's processors: a container or taskset(1) may permit fewer.
    @Test func defaultLimit_followsTheProcessorsOfTheThread() async throws {
        try await onThread {
            let all = Int(cl_usable_processors())
            #expect(ThreadPoolExecutor().maxWorkers == min(32, all + 4))
            // Restricts this thread, which ends with the test, to the first permitted processor.
            var mask = [UInt64](repeating: 0, count: 1024)
            let got = try Self.call("sched_getaffinity")(0, mask.count * 8, &mask)
            #expect(got == 0)
            let word = try #require(mask.firstIndex { $0 != 0 })
            let first = mask[word] & (~mask[word] &+ 1)
            mask = mask.map { _ in 0 }
            mask[word] = first
            let set = try Self.call("sched_setaffinity")(0, mask.count * 8, &mask)
            #expect(set == 0)
            #expect(cl_usable_processors() == 1)
            #expect(ThreadPoolExecutor().maxWorkers == 5)
        }
    }

    private typealias AffinityCall = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32

    /// Not imported from the C library.
    private static func call(_ name: String) throws -> AffinityCall {
        unsafeBitCast(try #require(dlsym(nil, name)), to: AffinityCall.self)
    }

    @Test(arguments: [1, 2, 4])
    func jobs_runOnNoMoreThreadsThanTheLimit(limit: Int) async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: limit)
            let running = SharedCount()
            let excess = SharedCount()
            let done = SharedCount()
            let mayEnd = Gate()
            for _ in 0..<40 {
                try pool.submit {
                    if running.add(1) > limit { excess.add(1) }
                    mayEnd.wait()
                    running.add(-1)
                    done.add(1)
                }
            }
            // The jobs need all permitted threads at the same time.
            while running.value < limit { usleep(200) }
            mayEnd.open()
            pool.shutdown(wait: true)
            #expect(done.value == 40)
            #expect(excess.value == 0)
        }
    }

    @Test func jobs_runInOrder_onOneThread() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let next = SharedCount()
            let outOfOrder = SharedCount()
            // More than the number of empty slots that the queue keeps.
            for number in 0..<5000 {
                try pool.submit { if next.add(1) != number + 1 { outOfOrder.add(1) } }
            }
            pool.shutdown(wait: true)
            #expect(next.value == 5000)
            #expect(outOfOrder.value == 0)
        }
    }

    @Test func idleThread_isReused() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 4)
            nonisolated(unsafe) var threads: Set<pthread_t> = []
            for _ in 0..<20 {
                let isOver = Gate()
                try pool.submit {
                    threads.insert(pthread_self())
                    isOver.open()
                }
                isOver.wait()
                // The thread becomes idle only a moment after its job has ended.
                while pool.threads.idle == 0 { usleep(200) }
            }
            #expect(pool.threads == (alive: 1, idle: 1))
            pool.shutdown(wait: true)
            #expect(pool.threads == (alive: 0, idle: 0))
            #expect(threads.count == 1, "each job got a new thread")
        }
    }

    @Test func shutdown_waits_forAllSubmittedJobs() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 2)
            let done = SharedCount()
            for _ in 0..<20 {
                try pool.submit {
                    usleep(1000)
                    done.add(1)
                }
            }
            pool.shutdown(wait: true)
            #expect(done.value == 20)
            pool.shutdown(wait: true)
        }
    }

    @Test func shutdownWithoutWaiting_returnsAtOnce_andJobsStillRun() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let gate = Gate()
            let done = SharedCount()
            for _ in 0..<10 {
                try pool.submit {
                    gate.wait()
                    done.add(1)
                }
            }
            pool.shutdown(wait: false)
            #expect(done.value == 0)
            gate.open()
            pool.shutdown(wait: true)
            #expect(done.value == 10)
        }
    }

    @Test func submit_throws_afterShutdown() throws {
        let pool = ThreadPoolExecutor()
        pool.shutdown(wait: true)
        do {
            try pool.submit { Issue.record("it ran") }
            Issue.record("the job was accepted")
        } catch {
            #expect(error.code == .executorShutDown)
        }
    }

    @Test func shutdown_wakesAllItsWaiters() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 2)
            let gate = Gate()
            try pool.submit { gate.wait() }
            let waiters = (0..<3).map { _ in HelperThread { pool.shutdown(wait: true) } }
            usleep(2000)
            gate.open()
            for waiter in waiters { waiter.join() }
        }
    }

    /// What a job captures is released when it ends, even if a thousand jobs are queued behind it.
    @Test func job_isReleased_asItEnds() async throws {
        try await onThread {
            final class Shared: Sendable {}
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let isDone = Gate()
            let mayEnd = Gate()
            weak var held: Shared?
            do {
                let shared = Shared()
                held = shared
                try pool.submit { withExtendedLifetime(shared) {} }
            }
            try pool.submit {
                isDone.open()
                mayEnd.wait()
            }
            for _ in 0..<100 { try pool.submit {} }
            isDone.wait()
            #expect(held == nil)
            mayEnd.open()
            pool.shutdown(wait: true)
        }
    }
}
