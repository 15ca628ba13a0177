import CLinux
import EventLoops
import Glibc
import Kernel
import TestSupport
import Testing

/// How a pool starts, fills up, and ends.
@Suite struct ThreadPoolLifeTests {
    // MARK: Names

    @Test func threads_areNamed_byPrefixAndNumber() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "images")
            let names = try Self.namesOfTwoThreads(pool)
            #expect(Set(names) == ["images-0", "images-1"])
            pool.shutdown()
            let long = ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "a-prefix-of-many-words")
            let cut = try Self.namesOfTwoThreads(long)
            #expect(Set(cut) == ["a-prefix-of-m-0", "a-prefix-of-m-1"])
            long.shutdown()
        }
    }

    @Test func longNames_areCutBetweenCharacters_beforeTheNumber() {
        #expect(DetachedThread.name("proactor", number: 3) == "proactor-3")
        #expect(DetachedThread.name("proactor-pool", number: 31) == "proactor-poo-31")
        #expect(DetachedThread.name("ääääääää", number: 7) == "ääääää-7")
        #expect(DetachedThread.name("", number: 7) == "-7")
    }

    private static func namesOfTwoThreads(_ pool: ThreadPoolExecutor) throws -> [String] {
        let lock = Lock()
        nonisolated(unsafe) var names: [String] = []
        let (begun, mayEnd) = (SharedCount(), Gate())
        for _ in 0..<2 {
            try pool.submit {
                lock.withLock { names.append(ThreadNames.current) }
                begun.add(1)
                mayEnd.wait()
            }
        }
        while begun.value < 2 { usleep(200) }
        defer { mayEnd.open() }
        return names
    }

    // MARK: Full

    @Test(arguments: [(1, 0), (1, 3), (3, 2)])
    func submit_isRefused_whenTheQueueIsFull(workers: Int, pending: Int) async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: workers, maxPending: pending)
            let (done, mayEnd) = (SharedCount(), Gate())
            for _ in 0..<(workers + pending) {
                try pool.submit {
                    mayEnd.wait()
                    done.add(1)
                }
            }
            let error = #expect(throws: EventLoopError.self) { try pool.submit { Issue.record("it ran") } }
            #expect(error?.code == .queueFull)
            #expect(error?.description.contains("larger maxPending") == true)
            // A caller that awaits its job waits instead of being refused.
            try pool.submitAwaited { done.add(1) }
            mayEnd.open()
            // With a queue of length zero, a job is accepted only when a thread is idle.
            while true {
                do {
                    try pool.submit { done.add(1) }
                    break
                } catch { usleep(200) }
            }
            pool.shutdown()
            #expect(done.value == workers + pending + 2)
        }
    }

    // MARK: Ending

    @Test func pool_endsItsThreads_onDeinit() async throws {
        try await onThread {
            final class Token: Sendable {}
            weak var dropped: ThreadPoolExecutor?
            weak var heldByThreads: Token?
            let done = SharedCount()
            do {
                let pool = ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "dropped")
                dropped = pool
                let token = Token()
                heldByThreads = token
                for _ in 0..<20 {
                    try pool.submit { withExtendedLifetime(token) { _ = done.add(1) } }
                }
            }
            #expect(dropped == nil)
            // Submitted jobs still run.
            while done.value < 20 || heldByThreads != nil { usleep(200) }
            while ThreadNames.all.contains(where: { $0.hasPrefix("dropped-") }) { usleep(1000) }
        }
    }

    @Test func pool_mayBeReleased_byItsOwnJob() async throws {
        try await onThread {
            let (ran, mayRun) = (Gate(), Gate())
            do {
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                try pool.submit { [pool] in
                    mayRun.wait()
                    withExtendedLifetime(pool) {}
                }
                try pool.submit { ran.open() }
            }
            mayRun.open()
            ran.wait()
        }
    }

    @Test func shutdown_returnsAtOnce_onAThreadOfThePool() async throws {
        try await onThread {
            let pool = ThreadPoolExecutor(maxWorkers: 2)
            let (returned, done) = (Gate(), SharedCount())
            try pool.submit {
                pool.shutdown(wait: true)
                returned.open()
                done.add(1)
            }
            returned.wait()
            pool.shutdown(wait: true)
            #expect(done.value == 1)
        }
    }

    @Test(arguments: [false, true])
    func shutdown_dropsQueuedJobs_ifRequested(afterAnother: Bool) async throws {
        try await onThread {
            final class Token: Sendable {}
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let (begun, mayEnd, done) = (Gate(), Gate(), SharedCount())
            weak var held: Token?
            try pool.submit {
                begun.open()
                mayEnd.wait()
                done.add(1)
            }
            do {
                let token = Token()
                held = token
                for _ in 0..<10 {
                    try pool.submit { withExtendedLifetime(token) { _ = Issue.record("a dropped job ran") } }
                }
            }
            begun.wait()
            if afterAnother { pool.shutdown(wait: false) }
            pool.shutdown(wait: false, cancelPending: true)
            #expect(held == nil, "a capture of a dropped job was not released")
            mayEnd.open()
            pool.shutdown(wait: true)
            #expect(done.value == 1)
        }
    }

    /// A dropped job may call the pool from a deinit: no lock is held then.
    @Test func droppedJob_mayCallThePool_fromADeinit() async throws {
        try await onThread {
            final class Caller: Sendable {
                let pool: ThreadPoolExecutor
                let hasGone: Gate

                init(_ pool: ThreadPoolExecutor, _ hasGone: Gate) {
                    self.pool = pool
                    self.hasGone = hasGone
                }

                deinit {
                    pool.shutdown(wait: false)
                    if (try? pool.submit {}) == nil { hasGone.open() }
                }
            }
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let (mayEnd, hasGone) = (Gate(), Gate())
            try pool.submit { mayEnd.wait() }
            do {
                let caller = Caller(pool, hasGone)
                try pool.submit { withExtendedLifetime(caller) {} }
            }
            pool.shutdown(wait: false, cancelPending: true)
            #expect(hasGone.isOpen)
            mayEnd.open()
            pool.shutdown()
        }
    }

    // MARK: No threads

    /// Runs in a process of its own, in which the stack size for new threads cannot be allocated.
    @Test func submit_fails_onlyIfThePoolHasNoThread() async {
        await #expect(processExitsWith: .success) {
            let pool = ThreadPoolExecutor(maxWorkers: 4)
            let (begun, mayEnd, done) = (Gate(), Gate(), SharedCount())
            try pool.submit {
                begun.open()
                mayEnd.wait()
                done.add(1)
            }
            begun.wait()
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setstacksize(&attributes, 1 << 47)
            // Not imported from the C library.
            let call = try #require(dlsym(nil, "pthread_setattr_default_np"))
            typealias SetDefaults = @convention(c) (UnsafePointer<pthread_attr_t>) -> Int32
            precondition(unsafeBitCast(call, to: SetDefaults.self)(&attributes) == 0)
            // Delayed, but not lost.
            for _ in 0..<3 { try pool.submit { done.add(1) } }
            precondition(pool.threads.alive == 1)
            mayEnd.open()
            pool.shutdown()
            precondition(done.value == 4)
            do throws(EventLoopError) {
                try ThreadPoolExecutor(maxWorkers: 4).submit { fatalError("it ran") }
                fatalError("it was taken")
            } catch {
                precondition(error.code == .system && error.errno == .resourceTemporarilyUnavailable)
                precondition(error.description.contains("No thread could be started"))
            }
        }
    }

    // MARK: Awaiting

    @Test func run_returnsTheResult_andKeepsTheTaskLocals() async throws {
        let pool = ThreadPoolExecutor(maxWorkers: 2)
        let seen = try await Local.$name.withValue("caller") {
            try await pool.run { Local.name }
        }
        #expect(seen == "caller")
        await #expect(throws: LookupError.self) {
            try await pool.run { throw LookupError(code: EAI_FAIL, host: nil, service: nil) }
        }
        pool.shutdown(wait: false)
        let error = await #expect(throws: EventLoopError.self) { try await pool.run {} }
        #expect(error?.code == .executorShutDown)
    }

    @Test func run_waits_whenThePoolIsFull() async throws {
        let pool = ThreadPoolExecutor(maxWorkers: 1, maxPending: 1)
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(numbers == Set(0..<100))
        pool.shutdown(wait: false)
    }

    @Test func run_returnsAtOnce_whenItsTaskIsCancelled() async throws {
        let pool = ThreadPoolExecutor(maxWorkers: 1)
        let (begun, mayEnd) = (Gate(), Gate())
        let running = Task {
            try await pool.run {
                begun.open()
                mayEnd.wait()
            }
        }
        while !begun.isOpen { try await Task.sleep(for: .milliseconds(1)) }
        let waiting = Task { try await pool.run { Issue.record("it ran") } }
        running.cancel()
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let late = Task { try await pool.run { Issue.record("the cancelled job ran") } }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        mayEnd.open()
        try await pool.run {}
        pool.shutdown(wait: false)
    }

    @Test func run_throws_whenThePoolDropsItsJob() async throws {
        let pool = ThreadPoolExecutor(maxWorkers: 1)
        let (begun, mayEnd) = (Gate(), Gate())
        try pool.submit {
            begun.open()
            mayEnd.wait()
        }
        let waiting = Task { try await pool.run { Issue.record("it ran") } }
        while !begun.isOpen || pool.pending == 0 { try await Task.sleep(for: .milliseconds(1)) }
        pool.shutdown(wait: false, cancelPending: true)
        await #expect(throws: CancellationError.self) { try await waiting.value }
        mayEnd.open()
    }

    // MARK: Forks

    /// The child has a copy of the pool, but none of its threads.
    @Test func pool_refusesJobs_inAForkedChild() async {
        await #expect(processExitsWith: .success) {
            let pool = ThreadPoolExecutor(maxWorkers: 1)
            let done = Gate()
            try pool.submit { done.open() }
            done.wait()
            let child = forkProcess()
            if child == 0 {
                do throws(EventLoopError) { try pool.submit {} } catch {
                    pool.shutdown(wait: true)
                    _exit(error.code == .forkedChild ? 0 : 2)
                }
                _exit(1)
            }
            var status: Int32 = -1
            #expect(waitpid(child, &status, 0) == child)
            #expect(status == 0)
            pool.shutdown(wait: true)
        }
    }
}

private enum Local {
    @TaskLocal static var name = "none"
}
