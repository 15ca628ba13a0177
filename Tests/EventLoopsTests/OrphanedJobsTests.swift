import EventLoops
import Glibc
import TestSupport
import Testing

@Suite struct OrphanedJobsTests {
    /// A continuation on which a task is suspended without the loop's knowledge.
    private final class Elsewhere: @unchecked Sendable {
        private var continuation: UnsafeContinuation<Void, Never>?
        let isOccupied = Gate()

        func wait() async {
            await withUnsafeContinuation { continuation in
                self.continuation = continuation
                isOccupied.open()
            }
        }

        func resume() {
            continuation?.resume()
            continuation = nil
        }
    }

    private func run(_ loop: FakeLoop, until gate: Gate) throws {
        while !gate.isOpen {
            loop.stop()
            try loop.runForever()
        }
    }

    @Test func task_canEnd_whenItIsResumedAfterItsLoopWasClosed() async throws {
        try await onThread {
            let loop = try FakeLoop()
            let place = Elsewhere()
            let hasEnded = Gate()
            let seen = SharedCount()
            _ = Task(executorPreference: loop.taskExecutor) {
                await place.wait()
                do { try await loop.sleep(for: .milliseconds(1)) } catch let error as EventLoopError {
                    if error.code == .closed { seen.add(1) }
                }
                // A second suspension, to show that the code after it runs, too.
                await Task.yield()
                hasEnded.open()
            }
            try self.run(loop, until: place.isOccupied)
            try loop.close()
            #expect(!hasEnded.isOpen)
            place.resume()
            hasEnded.wait()
            #expect(seen.value == 1, "a handle of a closed loop must throw")
        }
    }

    @Test func task_canBeCancelled_whileItWaitsForAClosedLoop() async throws {
        try await onThread {
            let loop = try FakeLoop()
            let hasBegun = Gate()
            let hasEnded = Gate()
            let task = Task(executorPreference: loop.taskExecutor) {
                hasBegun.open()
                do { try await loop.sleep(for: .seconds(3600)) } catch { hasEnded.open() }
            }
            try self.run(loop, until: hasBegun)
            try loop.close()
            HelperThread { task.cancel() }.join()
            hasEnded.wait()
        }
    }

    @Test func task_ends_whenItsLoopIsClosedBeforeItsFirstStep() async throws {
        try await onThread {
            let hasEnded = SharedCount()
            do {
                let loop = try FakeLoop()
                for _ in 0..<50 { _ = Task(executorPreference: loop.taskExecutor) { hasEnded.add(1) } }
                try loop.close()
                // Also tasks that are created after the loop has closed.
                for _ in 0..<50 { _ = Task(executorPreference: loop.taskExecutor) { hasEnded.add(1) } }
            }
            while hasEnded.value < 100 { usleep(500) }
        }
    }

    /// A task of the loop that ignores its cancellation: `close` waits a second for it, and no longer.
    @Test func taskThatIgnoresCancellation_doesNotKeepTheLoopOpen_andEndsLater() async throws {
        try await onThread {
            let loop = try FakeLoop()
            let place = Elsewhere()
            let hasEnded = Gate()
            do {
                loop.createTask {
                    await place.wait()
                    hasEnded.open()
                }
            }
            try self.run(loop, until: place.isOccupied)
            try loop.close()
            #expect(loop.isClosed && !hasEnded.isOpen)
            place.resume()
            hasEnded.wait()
        }
    }

    private actor Pinned {
        private let loop: FakeLoop
        private var number = 0

        init(_ loop: FakeLoop) {
            self.loop = loop
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor {
            loop.serialExecutor.asUnownedSerialExecutor()
        }

        func increment() -> Int {
            number += 1
            return number
        }

        func incrementByCallback() async -> Int {
            preconditionIsolated()
            await Task.yield()
            return callback()
        }

        private nonisolated func callback() -> Int {
            assumeIsolated { $0.increment() }
        }
    }

    /// An actor that is pinned to a closed loop still runs its methods.
    @Test func actorOfAClosedLoop_runsItsMethods() async throws {
        let loop = try FakeLoop()
        try loop.close()
        let pinned = Pinned(loop)
        for number in 1...3 { #expect(await pinned.increment() == number) }
    }

    /// Regression test: its methods trapped in `preconditionIsolated()`, because no executor owned the thread on which
    /// they ran.
    @Test func actorOfAClosedLoop_isIsolated_whereItRuns_andNowhereElse() async throws {
        let (loop, other) = (try FakeLoop(), try FakeLoop())
        try loop.close()
        let pinned = Pinned(loop)
        for number in 1...3 { #expect(await pinned.incrementByCallback() == number) }
        let elsewhere = HelperThread { #expect(loop.serialExecutor.isIsolatingCurrentContext() == false) }
        elsewhere.join()
        let hasEnded = Gate()
        _ = Task(executorPreference: loop.taskExecutor) {
            #expect(loop.serialExecutor.isIsolatingCurrentContext() == true)
            #expect(
                other.serialExecutor.isIsolatingCurrentContext() == false,
                "an open loop runs the actor on its own thread")
            hasEnded.open()
        }
        hasEnded.wait()
        try other.close()
    }

    @Test func jobsOfManyTasks_allEnd_inARaceWithClose() async throws {
        try await onThread {
            for _ in 0..<100 {
                let loop = try FakeLoop()
                let begun = SharedCount()
                let ended = SharedCount()
                let helper = HelperThread {
                    for _ in 0..<50 {
                        _ = Task(executorPreference: loop.taskExecutor) {
                            begun.add(1)
                            await Task.yield()
                            ended.add(1)
                        }
                    }
                }
                loop.stop()
                try loop.runForever()
                try loop.close()
                helper.join()
                while ended.value < 50 { usleep(200) }
                #expect(begun.value == 50)
            }
        }
    }
}
