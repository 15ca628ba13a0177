import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import Synchronization
import TestSupport
import Testing

extension RingLoop {
    /// A ring belongs to one thread, which must live as long as the ring's operations.
    @Suite struct ThreadTests {
        /// An echo on a loop, which can be closed afterwards.
        private static func useOnce(_ loop: ProactorEventLoop) throws {
            try loop.runUntilComplete {
                let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
                peer.close()
                try await loop.eventually("lost") { echo.losses.count == 1 }
            }
        }

        @Test func loop_canBeMadeOnOneThread_andRunOnAnother() async throws {
            let loop = try await onThread { try ProactorEventLoop() }
            try await onThread {
                try Self.useOnce(loop)
                try loop.close()
            }
        }

        @Test func loopThatNeverRan_canBeClosedOnAnyThread() async throws {
            let loop = try await onThread { try ProactorEventLoop() }
            try await onThread { try loop.close() }
            loop.expectNothingLeft(#_sourceLocation)
        }

        @Test func runAndClose_areRefused_onAnotherThreadThanTheFirst() async throws {
            let (first, second) = (Worker(), Worker())
            let loop = try await first.run {
                let loop = try ProactorEventLoop()
                try Self.useOnce(loop)
                return loop
            }
            try await second.run {
                let run = #expect(throws: EventLoopError.self) { try loop.runForever() }
                #expect(run?.code == .wrongThread)
                #expect(run?.operation == "runForever", "the error names a system call, which the user did not make")
                let close = #expect(throws: EventLoopError.self) { try loop.close() }
                #expect(close?.code == .wrongThread)
                #expect(close?.operation == "close")
                #expect(!loop.isClosed)
            }
            // The refused calls have had no effect.
            try await first.run {
                try Self.useOnce(loop)
                try loop.close()
            }
        }

        /// pthread gives a new thread the identity of one that has ended; the kernel does not.
        @Test func runAndClose_areRefused_onAThreadWithTheIdentityOfTheFirst() async throws {
            try await onThread {
                nonisolated(unsafe) var loop: ProactorEventLoop?
                let first = joinedThread {
                    loop = try? ProactorEventLoop()
                    try? loop.map { try Self.useOnce($0) }
                }
                let unclosed = try #require(loop)
                var hasMetTwin = false
                for _ in 0..<50 where !hasMetTwin {
                    let other = joinedThread {
                        // This thread's own ring has the registered index that the other loop's ring has on the first
                        // thread.
                        guard let own = try? ProactorEventLoop() else { return }
                        try? Self.useOnce(own)
                        let run = #expect(throws: EventLoopError.self) { try unclosed.runForever() }
                        #expect(run?.code == .wrongThread, "\(run.map { "\($0)" } ?? "ran")")
                        let close = #expect(throws: EventLoopError.self) { try unclosed.close() }
                        #expect(close?.code == .wrongThread)
                        #expect(throws: Never.self) {
                            try Self.useOnce(own)
                            try own.close()
                        }
                    }
                    hasMetTwin = other == first
                }
                #expect(hasMetTwin, "no thread got the identity of the first one")
            }
        }

        /// A thread can register sixteen rings; further ones work unregistered.
        @Test func twentyLoops_liveOnOneThread() async throws {
            try await onThread {
                let loops = try (0..<20).map { _ in try ProactorEventLoop() }
                for _ in 0..<3 { for loop in loops { try Self.useOnce(loop) } }
                for loop in loops.reversed() {
                    try loop.close()
                    loop.expectNothingLeft(#_sourceLocation)
                }
            }
        }

        /// A call on another thread is reported and has no effect.
        @Test func transport_isUnaffected_whenAnotherThreadCallsIt() async throws {
            try await runLoop { loop, recorder in
                let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                try await loop.runInExecutor {
                    transport.write([1, 2, 3])
                    transport.writeEOF()
                    transport.pauseReading()
                    transport.close()
                    transport.abort()
                }.value
                try await loop.eventually("reported") { recorder.contexts.count == 5 }
                for context in recorder.take() { #expect((context.error as? EventLoopError)?.code == .wrongThread) }
                #expect(!transport.isClosing && transport.isReading && transport.writeBufferSize == 0)
                transport.write([4])
                #expect(try await peer.receive(1) == [4])
                peer.close()
                try await loop.eventually("lost") { connection.losses.count == 1 }
            }
        }
    }
}

/// A thread that runs closures one after the other.
private final class Worker: TaskExecutor {
    private let pool = ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "worker")

    deinit {
        pool.shutdown(wait: false)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do { try pool.submit { job.runSynchronously(on: self.asUnownedTaskExecutor()) } } catch {
            preconditionFailure("\(error)")
        }
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await Task(executorPreference: self) { try body() }.value
    }
}

/// Runs the body on a thread, waits for its end, and returns its identity.
private func joinedThread(_ body: @escaping () -> Void) -> pthread_t {
    final class Body {
        let run: () -> Void

        init(_ run: @escaping () -> Void) {
            self.run = run
        }
    }
    var thread = pthread_t()
    let failure = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Body(body)).toOpaque())
    precondition(failure == 0, "cannot start a thread for a test")
    pthread_join(thread, nil)
    return thread
}
