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
    /// Tests of behaviour that concerns the whole process.
    ///
    /// Each runs in a process of its own.
    @Suite struct ProcessTests {
        /// SIGPIPE has its default action, so a send that raised it would end the process.
        @Test func write_toABrokenConnection_isAnError_andRaisesNoSignal() async {
            await #expect(processExitsWith: .success) {
                signal(SIGPIPE, SIG_DFL)
                try await runLoop { loop, _ in
                    signal(SIGPIPE, SIG_DFL)
                    for isGathered in [false, true] {
                        let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                        transport.pauseReading()
                        peer.close()
                        for _ in 0..<3 {
                            transport.writeLines(isGathered ? [Pattern.bytes(20_000), Pattern.bytes(20_000)] : [[1]])
                            try await loop.turns(2)
                        }
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                        #expect(connection.errno == .brokenPipe)
                    }
                }
            }
        }

        /// After fork(2) the child must not touch the parent's ring.
        @Test func loopOfTheParent_isRefusedInTheChild_andUnharmed() async {
            await #expect(processExitsWith: .success) {
                try await onThread {
                    let used = try ProactorEventLoop()
                    let unused = try ProactorEventLoop()
                    try echoOnce(on: used)
                    let child = forkProcess()
                    if child == 0 {
                        for loop in [used, unused] {
                            for use in [{ try loop.runForever() }, { try loop.close() }] {
                                do { try use() } catch {
                                    if (error as? EventLoopError)?.detail.contains("fork") == true { continue }
                                    _exit(2)
                                }
                                _exit(3)
                            }
                        }
                        // The child may use a loop of its own.
                        do { try echoOnce(on: try ProactorEventLoop()) } catch { _exit(4) }
                        _exit(0)
                    }
                    var status: Int32 = -1
                    #expect(waitpid(child, &status, 0) == child)
                    #expect(status == 0, "the child's status")
                    for loop in [used, unused] {
                        try echoOnce(on: loop)
                        try loop.close()
                    }
                }
            }
        }

        /// The signal interrupts io_uring_enter.
        @Test func signal_duringTheWait_runsItsHandler() async {
            await #expect(processExitsWith: .success) {
                try await withLoop { loop, _ in
                    nonisolated(unsafe) var count = 0
                    let sender = SignalSender(pthread_self(), SIGUSR1)
                    defer { sender.stop() }
                    try loop.addSignalHandler(SIGUSR1) {
                        count += 1
                        sender.noteHandled()
                        if count == 200 { loop.stop() }
                    }
                    sender.start()
                    try loop.runForever()
                    #expect(count >= 200)
                }
            }
        }

        /// Connections arrive when no descriptor is left; later some are available again.
        @Test func accept_recovers_whenDescriptorsAreAvailableAgain() async {
            await #expect(processExitsWith: .success) {
                try await runLoop { loop, recorder in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let spare = try (0..<40).map { _ in try Socket(family: .ipv4) }
                    var peers = try (0..<10).map { _ in try service.connect() }
                    try await loop.eventually("accepted") { service.connections.count == 10 }
                    let limit = try DescriptorLimit.current()
                    // The limit equals the number of open descriptors, so the next one is refused.
                    let last = try #require(peers.map(\.socket.fileDescriptor).max())
                    let waiting = try (0..<5).map { _ in try service.connect() }
                    try DescriptorLimit.setSoft(UInt64(max(last, waiting.map(\.socket.fileDescriptor).max() ?? 0)) + 1)
                    peers += waiting
                    let before = MonotonicClock.now()
                    try await loop.sleep(for: .milliseconds(300))
                    #expect(try await peers[0].exchange([1]) == [1], "open connections are no longer served")
                    for socket in spare { socket.close() }
                    try await loop.eventually("accepted") { service.connections.count == 15 }
                    #expect(MonotonicClock.now() - before < 10_000_000_000)
                    for peer in peers { #expect(try await peer.exchange([1, 2]) == [1, 2]) }
                    let contexts = recorder.take()
                    #expect(contexts.count <= 4, "reported too often: \(contexts.count)")
                    for context in contexts { #expect((context.error as? EventLoopError)?.errno == .tooManyOpenFiles) }
                    try DescriptorLimit.setSoft(limit.soft)
                    try await service.end(closing: peers)
                }
            }
        }

        /// A shortage that made the first loop fail does not affect later ones.
        @Test func loop_canBeMade_onceDescriptorsAreAvailableAgain() async {
            await #expect(processExitsWith: .success) {
                try await onThread {
                    let limit = try DescriptorLimit.current().soft
                    try DescriptorLimit.setSoft(3)
                    let error = #expect(throws: EventLoopError.self) { try ProactorEventLoop() }
                    #expect(error?.errno == .tooManyOpenFiles)
                    try DescriptorLimit.setSoft(limit)
                    let loop = try ProactorEventLoop()
                    try echoOnce(on: loop)
                    try loop.close()
                }
            }
        }

        /// Run as a user to whom the limit on locked memory applies.
        @Test(.enabled(if: geteuid() == 0)) func loop_works_withHardlyAnyLockedMemory() async {
            await #expect(processExitsWith: .success) {
                var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
                let lockedMemory: Int32 = 8  // RLIMIT_MEMLOCK, which Swift does not import
                try #require(setrlimit(lockedMemory, &limit) == 0)
                try #require(setuid(65_534) == 0)
                try await onThread {
                    let loop = try ProactorEventLoop()
                    try echoOnce(on: loop)
                    try loop.close()
                }
            }
        }

        /// A loop that is released without `close` is reported and cleaned up.
        @Test func deinitOfAnUnclosedLoop_isReported_andLeavesNothing() async throws {
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                try await onThread {
                    let before = OpenSockets.open()
                    let other = try leaveALoopBehind()
                    var byte: UInt8 = 0
                    #expect(recv(other.fileDescriptor, &byte, 1, 0) == 0, "the connection is open")
                    other.close()
                    #expect(OpenSockets.left(since: before) == [])
                }
            }
            let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(text.contains("unclosed event loop"), "\(text)")
        }

        /// The thread that owned the ring ended without closing the loop, so the kernel has ended the loop's
        /// operations.
        ///
        /// Releasing the loop does not crash, and is reported.
        @Test func loopWhoseThreadEnded_isReleased_andReported() async throws {
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                nonisolated(unsafe) var loop: ProactorEventLoop? = try await onThread {
                    let loop = try ProactorEventLoop()
                    let (one, _) = try Socket.pair()
                    try loop.runUntilComplete {
                        _ = try await loop.createConnection(socket: one) { Discarding() }
                        try await loop.turns(3)
                    }
                    return loop
                }
                usleep(50_000)
                try await onThread {
                    #expect(loop != nil)
                    loop = nil
                }
            }
            let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(text.contains("unclosed event loop"), "\(text)")
            #expect(text.contains("thread"), "\(text)")
        }
    }
}

/// Makes a loop with a receive in flight, does not close it, and returns the other end of the connection.
private func leaveALoopBehind() throws -> Socket {
    let loop = try ProactorEventLoop()
    let (one, other) = try Socket.pair()
    try loop.runUntilComplete {
        _ = try await loop.createConnection(socket: one) { Discarding() }
        try await loop.turns(3)
    }
    return other
}

private func echoOnce(on loop: ProactorEventLoop) throws {
    try loop.runUntilComplete {
        let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
        #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
        peer.close()
        try await loop.eventually("lost") { echo.losses.count == 1 }
    }
}

/// Ignores what it receives, and does not retain its loop as recorders do.
private final class Discarding: StreamProtocol {
    func dataReceived(_ data: RawSpan) {}
}

/// Sends signals to a thread, each after the previous one was handled.
private final class SignalSender: Sendable {
    private let thread: pthread_t
    private let signal: Int32
    private let handled = Atomic(0)
    private let mustStop = Atomic(false)

    init(_ thread: pthread_t, _ signal: Int32) {
        self.thread = thread
        self.signal = signal
    }

    func start() {
        _ = DetachedThread.start(name: "signals") { self.run() }
    }

    private func run() {
        var sent = 0
        while !mustStop.load(ordering: .acquiring) {
            if handled.load(ordering: .acquiring) == sent {
                sent += 1
                pthread_kill(thread, signal)
            }
            usleep(100)
        }
    }

    func noteHandled() {
        handled.add(1, ordering: .releasing)
    }

    func stop() {
        mustStop.store(true, ordering: .releasing)
    }
}
