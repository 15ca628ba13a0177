internal import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// Where channels meet the poller: they say what they wait for here, and what is ready finds them again.
final class PollerPort: @unchecked Sendable {
    /// Bytes in one receive buffer.
    private static let pieceSize = 64 * 1024
    /// Receive buffers: one is in use at a time; the others may lie in write queues and streams, and take memory only
    /// then.
    private static let pieceCount = 64

    let poller: any Poller
    let watches: WatchTable
    let queue: WorkQueue
    private let inbox: Inbox
    let segments: SegmentPool
    private let memory: UnsafeMutableRawPointer
    /// Who reads which receive buffer.
    let lent: LentMemory
    /// The piece into which everybody receives, as long as nobody keeps it: the port is a reader of it.
    private var current: UInt16 = 0
    /// 1 while somebody is told what came into it.
    private let lending = SingleWriterCounter()
    /// Pieces from here on have not been used yet.
    private var unused: UInt16 = 1
    /// Where a channel's owner describes what is to be sent.
    let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: Gathering.mostRuns)
    /// Channels with bytes to send: looked at once a turn, so that all writes of a turn go out as one send.
    let sending = TurnList()
    /// Channels with something to tell their owners outside of the owners' calls.
    let notifying = TurnList()
    private(set) var isClosed = false
    private let mark = ForkMark()
    /// Whether this is a copy of the loop in a forked child, which must not touch what it shares with its parent.
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
        // Awake before any callback runs: who posts meanwhile need not wake the loop.
        inbox.wokeUp()
        // Forked in what was called before: the rest is for the parent.
        if !isInForkedChild { watches.dispatch(tag, readiness) }
    }

    /// Lends a receive buffer for the time of the call; whoever keeps it longer retains it.
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

    /// Receive buffers that somebody else than the port reads.
    ///
    /// Any thread.
    var buffersLent: Int {
        lent.outstanding - 1 + lending.value
    }

    /// There always is one: beyond half of the pieces, bytes are not kept but copied.
    private func takeUnused() -> UInt16 {
        defer { unused += 1 }
        return unused
    }

    func close() {
        isClosed = true
        poller.close()
    }
}
