package import EventLoops
internal import Glibc
package import Kernel
package import Uring

/// The loop's side of the ring: submits what channels ask for, waits, and hands completions to those who wait for them.
package final class ProactorDriver: LoopDriver, @unchecked Sendable {
    package let ring: Ring
    let buffers: BufferRing
    let lent: LentMemory
    let queue: WorkQueue
    let segments: SegmentPool
    let gathering = GatherPool()
    private let table = OperationTable()
    private let waker: Waker
    private var spin: SpinBudget
    /// The thread that enabled the ring: the only one that the kernel lets use it.
    private var thread: pthread_t?

    /// Channels with bytes to send: looked at once a turn, so that all writes of a turn go out as one send.
    private let sending = ChannelList()
    /// Channels with something to tell their owners outside of the owners' calls.
    private let telling = ChannelList()
    /// Channels that found no receive buffer and receive again once one has come back.
    private let starved = ChannelList()

    package init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError) {
        self.queue = queue
        self.segments = segments
        spin = SpinBudget(configuration.spin)
        do throws(RingError) {
            ring = try Ring(
                RingConfiguration(
                    entries: UInt32(clamping: configuration.submissionEntries),
                    completionEntries: UInt32(clamping: configuration.completionEntries)))
            buffers = try BufferRing(
                ring: ring, group: 0, count: configuration.receiveBufferCount, size: configuration.receiveBufferSize)
        } catch { throw EventLoopError(ring: error) }
        do { waker = Waker(try EventDescriptor(nonblocking: false)) } catch { throw EventLoopError(system: error, "eventfd") }
        lent = LentMemory(base: buffers.base, pieceSize: buffers.size, count: buffers.count)
        segments.lentMemory = lent
    }

    package var backend: LoopBackend { .ioUring }

    // MARK: Running

    package func attach() throws(EventLoopError) {
        if let thread {
            guard pthread_equal(thread, pthread_self()) != 0 else {
                throw EventLoopError(
                    .wrongThread, "io_uring_enter",
                    detail: "The loop's ring belongs to the thread that ran the loop first: run and close it there")
            }
            return
        }
        do { try ring.enable() } catch { throw EventLoopError(ring: error) }
        thread = pthread_self()
        waker.arm(self)
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        submitSends()
        returnBuffers()
        do {
            if telling.isEmpty { try rest(wait) } else { try ring.enter(.none) }
        } catch { throw EventLoopError(ring: error) }
        ring.reap(dispatch)
        telling.takeEach { $0.tellOwner() }
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
            if ring.reap(dispatch) > 0 { return }
            try ring.enter(.none)
        }
        try ring.enter(wait)
    }

    private func dispatch(_ tag: UInt64, _ result: Int32, _ rawFlags: UInt32) {
        let flags = CompletionFlags(rawValue: rawFlags)
        guard let (target, kind) = table.complete(tag, isLast: !flags.hasMore) else { return }
        if flags.hasMore {
            target._withUnsafeGuaranteedRef { $0.completed(kind, result, flags) }
        } else {
            target._withUnsafeGuaranteedRef { $0.completed(kind, result, flags) }
            target.release()
        }
    }

    private func submitSends() {
        sending.takeEachAlive { $0.submitSend() }
    }

    /// Gives the kernel the buffers that nobody reads any more, and then those channels the chance to receive that found none.
    private func returnBuffers() {
        guard lent.hasReturned else { return }
        lent.takeReturned { buffers.give($0) }
        buffers.publish()
        starved.takeEach { $0.receiveAgain() }
    }

    package func wake() {
        waker.signal()
    }

    package var wakeDescriptor: Int32 {
        waker.descriptor
    }

    // MARK: For channels

    /// A tag for an operation that is about to be queued on the ring.
    func tag(for target: CompletionTarget, _ kind: OperationKind) -> UInt64 {
        table.insert(target, kind)
    }

    func mustSend(_ channel: ProactorStreamChannel) {
        sending.append(channel)
    }

    func mustTell(_ channel: ProactorStreamChannel) {
        telling.append(channel)
    }

    func isStarved(_ channel: ProactorStreamChannel) {
        starved.append(channel)
    }

    func isNotStarved(_ channel: ProactorStreamChannel) {
        starved.remove(channel)
    }

    package var operationsInFlight: Int {
        table.live
    }

    package var staleCompletions: Int {
        table.stale
    }

    package func makeStreamChannel(_ descriptor: Int32, owner: any StreamChannelOwner) -> any StreamChannel {
        ProactorStreamChannel(descriptor, driver: self, owner: owner)
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        ProactorListenerChannel(descriptor, driver: self, owner: owner)
    }

    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        try await ConnectOperation(self, descriptor, address).result()
    }

    // MARK: Closing

    /// How long the kernel is given to let go of cancelled operations. Network operations end at once.
    private static let closingTime: Int64 = 5_000_000_000

    package func close() throws(EventLoopError) {
        do throws(RingError) {
            let deadline = MonotonicClock.now() + Self.closingTime
            waker.stop()
            // Cancelling by one operation at a time: cancelling all at once is quadratic in the kernel.
            table.forEachLive { tag, _ in ring.cancel(tag) }
            while table.live > 0, MonotonicClock.now() < deadline {
                try ring.enter(.until(deadline))
                ring.reap(dispatch)
                telling.takeEach { $0.tellOwner() }
            }
            telling.takeEach { $0.tellOwner() }
            try ring.enter(.none)
        } catch { throw EventLoopError(ring: error) }
        waker.close()
        guard table.live == 0 else { return abandon() }
        buffers.unregister()
        ring.close()
    }

    /// The kernel holds on to an operation: what it may write to must stay, so the ring's memory is left to it.
    private func abandon() {
        _ = Unmanaged.passRetained(self)
    }
}

extension EventLoopError {
    init(ring error: RingError) {
        self.init(.system, error.operation, errno: error.errno, detail: error.remedy)
    }
}
