package import EventLoops
internal import Glibc
package import Kernel
internal import Synchronization
package import Uring

/// The loop's side of the ring: submits what channels ask for, waits, and hands completions to those who wait for them.
package final class ProactorDriver: LoopDriver, @unchecked Sendable {
    let port: RingPort
    /// The ring itself, for tests and figures too.
    package let ring: Ring
    // What each turn uses is at hand: the compiler retains, for each call, what lies two steps away.
    private let inbox: Inbox
    private let table: OperationTable
    private let sending: TurnList
    private let telling: TurnList
    private let watching: TurnList
    private let waker: Waker
    private var spin: SpinBudget
    /// The thread that enabled the ring: the only one that the kernel lets use it.
    ///
    /// 0 before that.
    private let thread = Atomic<Int32>(0)

    package init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError)
    {
        spin = SpinBudget(configuration.spin)
        do throws(RingError) {
            port = try RingPort(configuration, queue: queue, segments: segments)
        } catch { throw EventLoopError(ring: error) }
        ring = port.ring
        inbox = queue.inbox
        table = port.operations
        sending = port.sending
        telling = port.telling
        watching = port.watching
        do { waker = Waker(try EventDescriptor(nonblocking: false), port) } catch {
            throw EventLoopError(system: error, "eventfd")
        }
    }

    package var backend: LoopBackend { .ioUring }

    package var features: [String] {
        ring.features.names
    }

    package var operations: [LoopCapabilities.Operation] {
        [
            .init("accept", .native(OperationKind.acceptMultishot.name)),
            .init("connect", .native(OperationKind.connect.name)),
            .init("receive", .native("\(OperationKind.receiveMultishot.name) into a buffer ring")),
            .init("receive into a BufferedProtocol", .native(OperationKind.receive.name)),
            .init("send", .native("\(OperationKind.send.name), \(OperationKind.sendMessage.name)")),
            .init("watch a descriptor", .native(OperationKind.poll.name)),
            .init("wake-up", .native("\(OperationKind.read.name) of an eventfd")),
        ]
    }

    // MARK: Running

    package func checkThread(_ operation: String) throws(EventLoopError) {
        let owner = thread.load(ordering: .relaxed)
        guard owner != 0, owner != Ring.callingThread else { return }
        throw EventLoopError(
            .wrongThread, operation,
            detail: "The loop's ring belongs to the thread that ran the loop first: run and close it there")
    }

    package func attach() throws(EventLoopError) {
        table.look()
        guard thread.load(ordering: .relaxed) == 0 else { return }
        do { try ring.enable() } catch { throw EventLoopError(ring: error) }
        thread.store(Ring.callingThread, ordering: .relaxed)
        waker.arm()
    }

    package func prepare() {
        submitSends()
        port.returnBuffers()
        if !watching.isEmpty { watching.callEachAlive(.watch) }
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        do throws(RingError) {
            if telling.isEmpty { try rest(wait) } else { try ring.enter(.none) }
        } catch { throw EventLoopError(ring: error) }
        // Awake before any callback runs: who posts meanwhile need not wake the loop.
        inbox.wokeUp()
        table.look()
        reap()
        if !telling.isEmpty { telling.callEach(.tell) }
        if let failure = waker.failure { throw EventLoopError(system: failure, "eventfd read") }
    }

    /// Waits for completions: first awake, if that is configured and promises something, then asleep.
    private func rest(_ wait: LoopWait) throws(RingError) {
        switch wait {
        case .none: try ring.enter(.none)
        case .forever: try sleep(.forever)
        case .until(let deadline): try sleep(.until(deadline))
        }
    }

    private func sleep(_ wait: RingWait) throws(RingError) {
        guard spin.isOn else { return try ring.enter(wait) }
        let began = MonotonicClock.now()
        defer { spin.noteWait(MonotonicClock.now() - began) }
        try ring.enter(.none)
        let end = spin.end(from: began, wait)
        while MonotonicClock.now() < end {
            if ring.hasCompletions {
                inbox.wokeUp()
                return reap()
            }
            try ring.enter(.none)
        }
        try ring.enter(wait)
    }

    private func reap() {
        ring.reap { port.dispatch($0, $1, $2) }
    }

    package func flush() {
        submitSends()
        // What the kernel refuses now it is asked again in the next run.
        try? ring.enter(.none)
    }

    private func submitSends() {
        if !sending.isEmpty { sending.callEachAlive(.send) }
    }

    package func wake() {
        waker.signal()
    }

    package var wakeDescriptor: Int32 {
        waker.descriptor
    }

    package var figures: DriverFigures {
        var figures = DriverFigures()
        figures.submissions = ring.entriesSubmitted
        figures.completions = ring.completionsReaped
        figures.systemCalls = ring.enters
        figures.operationsInFlight = port.operations.live
        figures.receiveBuffersLent = port.lent.outstanding
        figures.receiveBuffersTotal = port.lent.total
        return figures
    }

    package func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {
        port.operations.forEachTarget { target, kind, since in
            let age = Duration.nanoseconds(max(0, now - since))
            body(PendingOperation(target.purpose(of: kind), call: kind.name, age: age))
        }
    }

    package var operationsInFlight: Int {
        port.operations.live
    }

    package var staleCompletions: Int {
        port.operations.stale
    }

    /// Receive buffers that somebody still reads.
    package var buffersLent: Int {
        port.lent.outstanding
    }

    /// Receive buffers that the kernel was given so far.
    package var buffersSupplied: Int {
        port.buffers.supplied
    }

    package func makeStreamChannel(_ descriptor: Int32, owner: any StreamChannelOwner) -> any StreamChannel {
        ProactorStreamChannel(descriptor, port: port, owner: owner)
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        ProactorListenerChannel(descriptor, port: port, owner: owner)
    }

    package func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        ProactorWatchChannel(descriptor, port: port, owner: owner)
    }

    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        let operation = ConnectOperation(port, descriptor, to: address)
        _ = try await operation.wait.value(of: operation, "connect")
    }

    // MARK: Closing

    /// How long the kernel is given to let go of cancelled operations.
    ///
    /// Network operations end at once.
    private static let closingTime: Int64 = 5_000_000_000

    package func close() throws(EventLoopError) {
        do throws(RingError) {
            let deadline = MonotonicClock.now() + Self.closingTime
            waker.stop()
            // Cancelling by one operation at a time: cancelling all at once is quadratic in the kernel.
            port.operations.forEachLive { tag, _ in ring.cancel(tag) }
            submitSends()
            repeat {
                port.telling.callEach(.tell)
                try ring.enter(port.operations.live > 0 ? .until(deadline) : .none)
                reap()
            } while mustGoOnClosing && MonotonicClock.now() < deadline
        } catch { throw EventLoopError(ring: error) }
        waker.close()
        guard port.operations.live == 0 else { return abandon() }
        port.buffers.unregister()
        ring.close()
    }

    /// Whether the kernel has something of the loop's, or has not taken something yet: it may refuse for a while, and a
    /// descriptor whose close it never took would stay open.
    private var mustGoOnClosing: Bool {
        port.operations.live > 0 || !port.telling.isEmpty || ring.entriesQueued != ring.entriesSubmitted
    }

    /// The kernel holds on to an operation: what it may write to must stay, so the ring's memory is left to it.
    private func abandon() {
        _ = Unmanaged.passRetained(self)
    }
}

extension EventLoopError {
    package init(ring error: RingError) {
        self.init(.system, error.operation, errno: error.errno, detail: error.remedy)
    }
}
