import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import Synchronization
import TestSupport
import Testing

@_silgen_name("fork") private func forkProcess() -> Int32

extension RingLoop {
    /// What concerns the whole process: each in a process of its own.
    @Suite struct ProcessTests {
        /// io_uring 16: without a handler, and without luck about who ignores what, SIGPIPE would end the process.
        @Test func write_toABrokenConnection_isAnError_andNotTheEndOfTheProcess() async {
            await #expect(processExitsWith: .success) {
                signal(SIGPIPE, SIG_DFL)
                try await runLoop { loop, _ in
                    signal(SIGPIPE, SIG_DFL)
                    for isGathered in [false, true] {
                        let (connection, transport, peer) = try await pair(loop) { Recorder() }
                        transport.pauseReading()
                        peer.close()
                        for _ in 0..<3 {
                            transport.writeLines(isGathered ? [pattern(20_000), pattern(20_000)] : [[1]])
                            try await loop.turns(2)
                        }
                        try await loop.until("lost") { connection.losses.count == 1 }
                        #expect(connection.errno == .brokenPipe)
                    }
                }
            }
        }

        /// R11, io_uring 16.
        @Test func loop_ofTheParent_isRefusedInTheChild_andUnharmed() async {
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
                        // A loop of its own is another matter.
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

        /// io_uring 16, R7: the signal breaks off the wait.
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

        /// R6, io_uring 16: no descriptor left for what comes in; then there is one again.
        @Test func accept_recovers_whenDescriptorsComeBack() async {
            await #expect(processExitsWith: .success) {
                try await runLoop { loop, recorder in
                    let service = try await Service.start(loop) { Echo() }
                    let spare = try (0..<40).map { _ in try Socket(family: .ipv4) }
                    var peers = try (0..<10).map { _ in try service.connect() }
                    try await loop.until("accepted") { service.connections.count == 10 }
                    let limit = try DescriptorLimit.current()
                    // As many as are open: the next is refused.
                    let last = try #require(peers.map(\.socket.fileDescriptor).max())
                    let waiting = try (0..<5).map { _ in try service.connect() }
                    try DescriptorLimit.setSoft(UInt64(max(last, waiting.map(\.socket.fileDescriptor).max() ?? 0)) + 1)
                    peers += waiting
                    let before = MonotonicClock.now()
                    try await loop.sleep(for: .milliseconds(300))
                    #expect(try await peers[0].exchange([1]) == [1], "those that stand are served on")
                    for socket in spare { socket.close() }
                    try await loop.until("accepted") { service.connections.count == 15 }
                    #expect(MonotonicClock.now() - before < 10_000_000_000)
                    for peer in peers { #expect(try await peer.exchange([1, 2]) == [1, 2]) }
                    let contexts = recorder.take()
                    #expect(contexts.count <= 4, "said too often: \(contexts.count)")
                    for context in contexts { #expect((context.error as? EventLoopError)?.errno == .tooManyOpenFiles) }
                    try DescriptorLimit.setSoft(limit.soft)
                    try await service.end(closing: peers)
                }
            }
        }

        /// What had run out when the first loop was to be made is not held against the later ones.
        @Test func loop_canBeMade_onceThereAreDescriptorsAgain() async {
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

        /// io_uring 16: as a user whom the limit of locked memory binds.
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

        /// A loop that nobody closed: said, and cleared away.
        @Test func deinit_ofAnUnclosedLoop_saysSo_andLeavesNothing() async throws {
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                try await onThread {
                    let before = OpenSockets.open()
                    let other = try leaveALoopBehind()
                    var byte: UInt8 = 0
                    #expect(recv(other.fileDescriptor, &byte, 1, 0) == 0, "the connection stands")
                    other.close()
                    #expect(OpenSockets.left(since: before) == [])
                }
            }
            let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(text.contains("unclosed event loop"), "\(text)")
        }

        /// R9: its thread has gone without closing it; the kernel has ended its operations.
        ///
        /// Nothing crashes, and it is said.
        @Test func loop_whoseThreadIsGone_isLetGoOf_withAWord() async throws {
            let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                nonisolated(unsafe) var loop: ProactorEventLoop? = try await onThread {
                    let loop = try ProactorEventLoop()
                    let (one, _) = try Socket.pair()
                    try loop.runUntilComplete {
                        _ = try await loop.createConnection(socket: one) { Recorder() }
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

/// Makes a loop with a connection in flight, does not close it, and returns the connection's other end.
private func leaveALoopBehind() throws -> Socket {
    let loop = try ProactorEventLoop()
    let (one, other) = try Socket.pair()
    try loop.runUntilComplete {
        _ = try await loop.createConnection(socket: one) { Recorder() }
        try await loop.turns(3)
    }
    return other
}

private func echoOnce(on loop: ProactorEventLoop) throws {
    try loop.runUntilComplete {
        let (echo, _, peer) = try await pair(loop) { Echo() }
        #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
        peer.close()
        try await loop.until("lost") { echo.losses.count == 1 }
    }
}

/// Sends a thread a signal, and the next one when that was handled.
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
