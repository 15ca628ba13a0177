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
    /// R9, io_uring 15.7 and 15.9: a ring belongs to one thread.
    @Suite struct ThreadTests {
        /// An echo on a loop; afterwards the loop can be closed.
        private static func useOnce(_ loop: ProactorEventLoop) throws {
            try loop.runUntilComplete {
                let (echo, _, peer) = try await pair(loop) { Echo() }
                #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
                peer.close()
                try await loop.until("lost") { echo.losses.count == 1 }
            }
        }

        @Test func loop_isMadeOnOneThread_andRunOnAnother() async throws {
            let loop = try await onThread { try ProactorEventLoop() }
            try await onThread {
                try Self.useOnce(loop)
                try loop.close()
            }
        }

        @Test func loop_thatNeverRan_isClosedOnAnyThread() async throws {
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
                #expect(run?.operation == "runForever", "not the kernel's, which the user has not called")
                let close = #expect(throws: EventLoopError.self) { try loop.close() }
                #expect(close?.code == .wrongThread)
                #expect(close?.operation == "close")
                #expect(!loop.isClosed)
            }
            // What was refused has harmed nothing.
            try await first.run {
                try Self.useOnce(loop)
                try loop.close()
            }
        }

        /// The C library gives a new thread the identity of one that has ended; the kernel does not.
        @Test func runAndClose_areRefused_onAThreadThatLooksLikeTheFirst() async throws {
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
                        // Its own ring has the number that the other loop's ring had on the first thread.
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
                #expect(hasMetTwin, "no thread had the first one's identity")
            }
        }

        /// Sixteen rings of a thread can be registered; the others work without.
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

        /// io_uring 15.9.
        @Test func transport_isLeftAlone_whenAnotherThreadCallsIt() async throws {
            try await runLoop { loop, recorder in
                let (connection, transport, peer) = try await pair(loop) { Recorder() }
                try await loop.runInExecutor {
                    transport.write([1, 2, 3])
                    transport.writeEOF()
                    transport.pauseReading()
                    transport.close()
                    transport.abort()
                }.value
                try await loop.until("reported") { recorder.contexts.count == 5 }
                for context in recorder.take() { #expect((context.error as? EventLoopError)?.code == .wrongThread) }
                #expect(!transport.isClosing && transport.isReading && transport.writeBufferSize == 0)
                transport.write([4])
                #expect(try await peer.receive(1) == [4])
                peer.close()
                try await loop.until("lost") { connection.losses.count == 1 }
            }
        }
    }
}

/// A thread that runs what it is given, one piece after the other.
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
    precondition(failure == 0, "no thread for a test")
    pthread_join(thread, nil)
    return thread
}
