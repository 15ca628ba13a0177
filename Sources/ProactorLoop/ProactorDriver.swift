package import EventLoops
internal import Glibc
package import Kernel
package import Uring

/// The loop's side of the ring: submits what channels ask for, waits, and hands completions to those who wait for them.
package final class ProactorDriver: LoopDriver, @unchecked Sendable {
    let port: RingPort
    private let waker: Waker
    private var spin: SpinBudget
    /// The thread that enabled the ring: the only one that the kernel lets use it.
    private var thread: Int32?

    package init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError)
    {
        spin = SpinBudget(configuration.spin)
        do throws(RingError) {
            port = try RingPort(configuration, queue: queue, segments: segments)
        } catch { throw EventLoopError(ring: error) }
        do { waker = Waker(try EventDescriptor(nonblocking: false), port) } catch {
            throw EventLoopError(system: error, "eventfd")
        }
    }

    /// The ring itself, for tests and figures.
    package var ring: Ring {
        port.ring
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

    package func attach() throws(EventLoopError) {
        port.operations.look()
        if let thread {
            guard thread == Ring.callingThread else {
                throw EventLoopError(
                    .wrongThread, "io_uring_enter",
                    detail: "The loop's ring belongs to the thread that ran the loop first: run and close it there")
            }
            return
        }
        do { try port.ring.enable() } catch { throw EventLoopError(ring: error) }
        thread = Ring.callingThread
        waker.arm()
    }

    package func prepare() {
        submitSends()
        returnBuffers()
        if !port.watching.isEmpty { port.watching.callEachAlive(.watch) }
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        do {
            if port.telling.isEmpty { try rest(wait) } else { try port.ring.enter(.none) }
        } catch { throw EventLoopError(ring: error) }
        // Awake before any callback runs: who posts meanwhile need not wake the loop.
        port.queue.inbox.wokeUp()
        port.operations.look()
        port.ring.reap(port.dispatch)
        port.telling.callEach(.tell)
        if let failure = waker.failure { throw EventLoopError(system: failure, "eventfd read") }
    }

    /// Waits for completions: first awake, if that is configured and promises something, then asleep.
    private func rest(_ wait: LoopWait) throws(RingError) {
        switch wait {
        case .none: try port.ring.enter(.none)
        case .forever: try sleep(.forever)
        case .until(let deadline): try sleep(.until(deadline))
        }
    }

    private func sleep(_ wait: RingWait) throws(RingError) {
        guard spin.isOn else { return try port.ring.enter(wait) }
        let began = MonotonicClock.now()
        defer { spin.noteWait(MonotonicClock.now() - began) }
        try port.ring.enter(.none)
        let end = spin.end(from: began, wait)
        while MonotonicClock.now() < end {
            if port.ring.hasCompletions {
                port.queue.inbox.wokeUp()
                port.ring.reap(port.dispatch)
                return
            }
            try port.ring.enter(.none)
        }
        try port.ring.enter(wait)
    }

    package func flush() {
        submitSends()
        // What the kernel refuses now it is asked again in the next run.
        try? port.ring.enter(.none)
    }

    private func submitSends() {
        port.sending.callEachAlive(.send)
    }

    /// Gives the kernel the buffers that nobody reads any more, and then those channels the chance to receive that
    /// found none.
    private func returnBuffers() {
        if port.lent.hasReturned {
            let buffers = port.buffers
            port.lent.takeReturned { buffers.give($0) }
            buffers.publish()
        }
        // Not only when some came back just now: the kernel may have run out before, and said so after.
        guard !port.starved.isEmpty || !port.served.isEmpty else { return }
        if port.buffers.supplied < port.buffers.count { port.supplyMoreBuffers() }
        guard port.lent.isKernelSupplied else { return }
        port.starved.callEach(.receive)
        port.served.callEach(.receive)
    }

    package func wake() {
        waker.signal()
    }

    package var wakeDescriptor: Int32 {
        waker.descriptor
    }

    package var figures: DriverFigures {
        var figures = DriverFigures()
        figures.submissions = Int(truncatingIfNeeded: ring.entriesSubmitted)
        figures.completions = Int(truncatingIfNeeded: ring.completionsReaped)
        figures.systemCalls = Int(truncatingIfNeeded: ring.enters)
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
        // A task that is not the loop's own may come here, or be here, when the loop has closed.
        guard !port.ring.isClosed else { throw EventLoopError.closed("connect") }
        try await ConnectOperation(port, descriptor, address).result()
        guard !port.ring.isClosed else { throw EventLoopError.closed("connect") }
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
            port.operations.forEachLive { tag, _ in port.ring.cancel(tag) }
            submitSends()
            repeat {
                port.telling.callEach(.tell)
                try port.ring.enter(port.operations.live > 0 ? .until(deadline) : .none)
                port.ring.reap(port.dispatch)
            } while mustGoOnClosing && MonotonicClock.now() < deadline
        } catch { throw EventLoopError(ring: error) }
        waker.close()
        guard port.operations.live == 0 else { return abandon() }
        port.buffers.unregister()
        port.ring.close()
    }

    /// Whether the kernel has something of the loop's, or has not taken something yet: it may refuse for a while, and a
    /// descriptor whose close it never took would stay open.
    private var mustGoOnClosing: Bool {
        port.operations.live > 0 || !port.telling.isEmpty || port.ring.entriesQueued != port.ring.entriesSubmitted
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
