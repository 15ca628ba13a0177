package import EventLoops
internal import Glibc
internal import Kernel
internal import Synchronization
package import Uring

/// Runs a loop's turns on a ring: submits what channels have queued, waits, and delivers completions.
package final class ProactorDriver: LoopDriver, @unchecked Sendable {
    let port: RingPort
    /// The ring, which tests and reports also use.
    package let ring: Ring
    // Direct references to objects used in each turn: the compiler retains objects reached through another object.
    private let inbox: Inbox
    private let operations: OperationTable
    private let pool: ReceivePool
    private let datagrams: DatagramPools
    private let sending: TurnList
    private let notifying: TurnList
    private let watching: TurnList
    private let waker: Waker
    private var spin: SpinBudget
    /// The thread that enabled the ring, the only one that the kernel allows to use it; 0 before that.
    private let thread = Atomic<Int32>(0)

    package init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError)
    {
        spin = SpinBudget(configuration.spin)
        do throws(RingError) {
            port = try RingPort(configuration, queue: queue, segments: segments)
        } catch { throw EventLoopError(ring: error) }
        ring = port.ring
        inbox = queue.inbox
        operations = ring.operations
        pool = port.pool
        datagrams = port.datagrams
        sending = port.sending
        notifying = port.notifying
        watching = port.watching
        do { waker = Waker(try EventDescriptor(nonblocking: false), port) } catch {
            throw EventLoopError(system: error, "eventfd")
        }
    }

    // MARK: Running

    package func checkThread(_ operation: String) throws(EventLoopError) {
        let owner = thread.load(ordering: .relaxed)
        guard owner != 0, owner != Ring.callingThread else { return }
        throw EventLoopError(
            .wrongThread, operation,
            detail: "The loop's ring belongs to the thread that first ran the loop: run and close it there")
    }

    package func attach() throws(EventLoopError) {
        operations.updateTime()
        guard thread.load(ordering: .relaxed) == 0 else { return }
        do { try ring.enable() } catch { throw EventLoopError(ring: error) }
        thread.store(Ring.callingThread, ordering: .relaxed)
        waker.arm()
    }

    package func prepare() {
        submitSends()
        pool.returnBuffers()
        if datagrams.isInUse { datagrams.returnBuffers() }
        if !watching.isEmpty { watching.callEachAlive(.watch) }
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        do throws(RingError) {
            if mustCallChannels { try ring.enter(.none) } else { try rest(wait) }
        } catch { throw EventLoopError(ring: error) }
        // Mark the loop awake before any callback runs, so that threads that post now need not wake it.
        inbox.wokeUp()
        operations.updateTime()
        ring.dispatch()
        if !notifying.isEmpty { notifying.callEach(.notify) }
        if let failure = waker.failure { throw EventLoopError(system: failure, "eventfd read") }
    }

    /// Whether channels are listed for a call; the loop must then not sleep.
    ///
    /// An owner notified of sent datagrams may list more.
    private var mustCallChannels: Bool {
        !notifying.isEmpty || !sending.isEmpty
    }

    /// Waits for completions: spins first, if that is configured and likely to pay off, and then sleeps.
    private func rest(_ wait: LoopWait) throws(RingError) {
        switch wait {
        case .none: try ring.enter(.none)
        case .forever: try sleep(.forever)
        case .until(let deadline): try sleep(.until(deadline))
        }
    }

    private func sleep(_ wait: RingWait) throws(RingError) {
        assert(sending.isEmpty && watching.isEmpty, "the loop must not sleep with channels to call")
        guard spin.isOn else { return try ring.enter(wait) }
        let began = MonotonicClock.now()
        defer { spin.noteWait(MonotonicClock.now() - began) }
        try ring.enter(.none)
        let end = spin.end(from: began, wait)
        while MonotonicClock.now() < end {
            if ring.hasCompletions {
                inbox.wokeUp()
                ring.dispatch()
                return
            }
            try ring.enter(.none)
        }
        try ring.enter(wait)
    }

    package func flush() {
        submitSends()
        // Entries that the kernel refuses now are submitted in the next run.
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

    package var ownDescriptors: [(descriptor: Int32, name: String)] {
        [(ring.fileDescriptor, "io_uring"), (waker.descriptor, "eventfd")]
    }

    // MARK: Closing

    /// How long closing waits for the kernel to complete cancelled operations, in nanoseconds.
    ///
    /// Cancelled network operations complete at once.
    private static let closingTime: Int64 = 5_000_000_000

    package func close() throws(EventLoopError) {
        var failure: RingError?
        do throws(RingError) { try endOperations() } catch { failure = error }
        waker.close()
        if operations.live == 0 {
            pool.unregister()
            datagrams.unregister()
            ring.close()
        } else {
            abandon()
        }
        if let failure { throw EventLoopError(ring: failure) }
    }

    private func endOperations() throws(RingError) {
        let deadline = MonotonicClock.now() + Self.closingTime
        waker.stop()
        // Cancel each operation separately: a single request to cancel all takes quadratic time in the kernel.
        operations.forEachLive { _, tag, _, _ in ring.cancel(tag) }
        submitSends()
        repeat {
            notifying.callEach(.notify)
            try ring.enter(operations.live > 0 ? .until(deadline) : .none)
            ring.dispatch()
        } while mustContinueClosing && MonotonicClock.now() < deadline
    }

    /// Whether operations are in flight, owners have yet to be notified, or entries have yet to be submitted.
    private var mustContinueClosing: Bool {
        operations.live > 0 || !notifying.isEmpty || ring.entriesQueued != ring.entriesSubmitted
    }

    /// Leaks the driver's memory on purpose: an operation has not completed, so the kernel may still write to it.
    private func abandon() {
        _ = Unmanaged.passRetained(self)
    }
}

extension EventLoopError {
    package init(ring error: RingError) {
        self.init(.system, error.operation, errno: error.errno, detail: error.remedy)
    }
}
