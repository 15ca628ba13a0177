internal import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// The state that a loop's channels share: the poller, its watches, receive buffers, and lists of channels to call.
final class PollerPort: @unchecked Sendable {
    /// The size of each receive buffer, in bytes.
    private static let pieceSize = 64 * 1024
    /// The number of receive buffers.
    ///
    /// The loop receives into one at a time. Write queues and streams may retain others. A buffer uses memory only
    /// after it is first written.
    private static let pieceCount = 64

    let poller: any Poller
    let watches: WatchTable
    let queue: WorkQueue
    private let inbox: Inbox
    let segments: SegmentPool
    private let memory: UnsafeMutableRawPointer
    /// Tracks the readers of each receive buffer.
    let lent: LentMemory
    /// The buffer into which all channels receive until a reader retains it; the port is one of its readers.
    private var current: UInt16 = 0
    /// 1 while a channel receives into the current buffer and delivers its bytes.
    private let lending = SingleWriterCounter()
    /// The first buffer that has not been used yet.
    private var unused: UInt16 = 1
    /// The vectors in which a channel's owner lists the bytes to send.
    let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: Gathering.mostRuns)
    /// The memory into which all datagram channels receive; created with the first of them.
    private(set) lazy var datagramMemory = DatagramMemory(KernelSockets.shared)
    /// Channels with bytes to send, called once per turn so that all writes in a turn become one send.
    let sending = TurnList()
    /// Channels that must notify their owners, but not during a call that the owner makes.
    let notifying = TurnList()
    private(set) var isClosed = false
    private let mark = ForkMark()
    /// Whether this is a copy of the loop in a forked child, which must not use what it shares with its parent.
    var isInForkedChild: Bool { mark.isInForkedChild }

    init(_ poller: any Poller, queue: WorkQueue, segments: SegmentPool) {
        self.poller = poller
        self.queue = queue
        inbox = queue.inbox
        self.segments = segments
        watches = WatchTable(poller)
        memory = .allocate(byteCount: Self.pieceSize * Self.pieceCount, alignment: 4096)
        lent = LentMemory(base: memory, pieceSize: Self.pieceSize, count: Self.pieceCount)
        segments.adopt(lent)
        _ = lent.lend(current)
    }

    deinit {
        memory.deallocate()
        vectors.deallocate()
    }

    func dispatch(_ tag: UInt64, _ readiness: Readiness) {
        // Mark the loop awake before any callback runs, so that threads that post now need not wake it.
        inbox.wokeUp()
        // A callback may have forked: the parent handles the remaining events.
        if !isInForkedChild { watches.dispatch(tag, readiness) }
    }

    /// Lends a receive buffer for the duration of the call; a reader that needs it longer retains it.
    @inline(__always)
    func withReceiveBuffer(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        let start = memory + Int(current) * Self.pieceSize
        lending.set(1)
        body(UnsafeMutableRawBufferPointer(start: start, count: Self.pieceSize))
        lending.set(0)
        if lent.hasOtherReaders(current) { takeAnother() }
    }

    private func takeAnother() {
        lent.release(current)
        current = lent.popReturned() ?? takeUnused()
        _ = lent.lend(current)
    }

    /// The number of receive buffers with readers other than the port.
    ///
    /// - Thread: Any.
    var buffersLent: Int {
        lent.outstanding - 1 + lending.value
    }

    /// Returns a buffer that has not been used yet.
    ///
    /// One is always left: when half of the buffers are retained, readers copy bytes instead of retaining more.
    private func takeUnused() -> UInt16 {
        defer { unused += 1 }
        return unused
    }

    func close() {
        isClosed = true
        poller.close()
    }
}
