internal import EventLoops
internal import Glibc
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
    let segments: SegmentPool
    private let memory: UnsafeMutableRawPointer
    /// Who reads which receive buffer.
    let lent: LentMemory
    private var free = (0..<UInt16(pieceCount)).reversed() as [UInt16]
    /// Where a channel's owner describes what is to be sent.
    let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: GatherLimit.runs)
    /// Channels with bytes to send: looked at once a turn, so that all writes of a turn go out as one send.
    let sending = TurnList<ReadinessTarget>()
    /// Channels with something to tell their owners outside of the owners' calls.
    let telling = TurnList<ReadinessTarget>()
    private(set) var isClosed = false

    init(_ poller: any Poller, queue: WorkQueue, segments: SegmentPool) {
        self.poller = poller
        self.queue = queue
        self.segments = segments
        watches = WatchTable(poller)
        memory = .allocate(byteCount: Self.pieceSize * Self.pieceCount, alignment: 4096)
        lent = LentMemory(base: memory, pieceSize: Self.pieceSize, count: Self.pieceCount)
        segments.adopt(lent)
    }

    deinit {
        memory.deallocate()
        vectors.deallocate()
    }

    /// Whether the loop may sleep: nobody has anything to send or to tell.
    var isIdle: Bool {
        sending.isEmpty && telling.isEmpty
    }

    func dispatch(_ tag: UInt64, _ readiness: Readiness) {
        watches.dispatch(tag, readiness)
    }

    /// Lends a receive buffer for the time of the call; whoever keeps it longer retains it.
    func withReceiveBuffer(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        if lent.hasReturned { lent.takeReturned { free.append($0) } }
        // There always is one: pieces beyond half of them are not kept but copied.
        let piece = free.removeLast()
        body(UnsafeMutableRawBufferPointer(start: lent.lend(piece), count: Self.pieceSize))
        lent.release(piece)
    }

    func close() {
        isClosed = true
        poller.close()
    }
}
