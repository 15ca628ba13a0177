internal import EventLoops
internal import Glibc
internal import Kernel
internal import Synchronization
internal import Uring

/// Where channels meet the ring: they ask for operations here, and completions find them again.
final class RingPort: @unchecked Sendable {
    let ring: Ring
    /// The kernel's receive buffers, and who reads which of them.
    let buffers: BufferRing
    let lent: LentMemory
    let queue: WorkQueue
    let segments: SegmentPool
    let bufferGroup: UInt16
    let gathering: GatherPool
    /// Where a channel's owner describes what is to be sent.
    let vectors: UnsafeMutablePointer<iovec>
    let operations = OperationTable()
    private let mark = ForkMark()
    /// Whether this is a copy of the loop in a forked child, which must not touch what it shares with its parent.
    var isInForkedChild: Bool { mark.isInForkedChild }
    /// Channels with bytes to send: looked at once a turn, so that all writes of a turn go out as one send.
    let sending = TurnList()
    /// Channels with something to tell their owners outside of the owners' calls.
    let telling = TurnList()
    /// Polls to be submitted, or submitted anew, once the callbacks of the turn have run.
    let watching = TurnList()
    /// Channels that found no receive buffer and receive again once one has come back.
    let starved = TurnList()
    /// As ``starved``, of those that had got some before there were none left.
    ///
    /// They come behind the others: one whose peer sends without end would take every buffer otherwise.
    let served = TurnList()

    /// Whether this kernel may forget the end of a connection that comes right behind bytes.
    let kernelForgetsEnds: Bool

    init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(RingError) {
        let forgetsEnds = try Self.testOnce()
        self.queue = queue
        self.segments = segments
        var sizes = RingConfiguration(
            entries: UInt32(clamping: configuration.submissionEntries),
            completionEntries: UInt32(clamping: configuration.completionEntries))
        #if DEBUG
            sizes.pretence = configuration.pretence
            kernelForgetsEnds = forgetsEnds || configuration.pretence.forgetsEnds
        #else
            kernelForgetsEnds = forgetsEnds
        #endif
        ring = try Ring(sizes)
        buffers = try BufferRing(
            ring: ring, group: 0, count: configuration.receiveBufferCount, size: configuration.receiveBufferSize,
            first: Self.firstBuffers)
        bufferGroup = buffers.group
        gathering = GatherPool()
        vectors = gathering.scratch
        lent = LentMemory(
            base: buffers.base, pieceSize: buffers.size, count: buffers.count, supplied: buffers.supplied)
        segments.adopt(lent)
    }

    /// With how many receive buffers a loop begins: few connections have few filled at a time.
    private static let firstBuffers = 256

    private enum Finding: Int {
        case none, sound, forgetsEnds
    }

    private static let finding = Atomic(Finding.none.rawValue)

    /// Tries, until it has once, whether the kernel does what no probe answers for; says whether it may forget ends.
    ///
    /// A failure is not remembered: there may just have been no descriptor left.
    private static func testOnce() throws(RingError) -> Bool {
        var found = finding.load(ordering: .relaxed)
        if found == Finding.none.rawValue {
            found = (try SelfTest.run() ? Finding.forgetsEnds : .sound).rawValue
            finding.store(found, ordering: .relaxed)
        }
        return found == Finding.forgetsEnds.rawValue
    }

    /// Hands a completion to who waits for it.
    func dispatch(_ tag: UInt64, _ result: Int32, _ rawFlags: UInt32) {
        let flags = CompletionFlags(rawValue: rawFlags)
        guard let (target, kind) = operations.complete(tag, isLast: !flags.hasMore) else { return }
        target._withUnsafeGuaranteedRef { $0.completed(kind, result, flags) }
        if !flags.hasMore { OperationTable.operationIsOver(target) }
        // Forked in what was called: the rest is for the parent.
        if isInForkedChild { ring.leaveWalk() }
    }
}

/// Lists and buffers, as channels use them.
extension RingPort {
    func listToSend(_ channel: CompletionTarget) {
        sending.append(channel)
    }

    func listToTell(_ channel: CompletionTarget) {
        telling.append(channel)
    }

    /// The kernel filled a receive buffer: its first reader is the caller.
    func lend(_ piece: UInt16) -> UnsafeMutableRawPointer {
        lent.lend(piece)
    }

    /// The first reader needs the buffer no more.
    func takeBack(_ piece: UInt16) {
        lent.release(piece)
    }

    /// Gives the kernel the buffers that nobody reads any more, and then those channels the chance to receive that
    /// found none.
    func returnBuffers() {
        if lent.hasReturned {
            lent.takeReturned { buffers.give($0) }
            buffers.publish()
        }
        // Not only when some came back just now: the kernel may have run out before, and said so after.
        if !starved.isEmpty || !served.isEmpty { receiveOn() }
    }

    @inline(never)
    private func receiveOn() {
        if buffers.supplied < buffers.count { supplyMoreBuffers() }
        guard lent.isKernelSupplied else { return }
        starved.callEach(.receive)
        served.callEach(.receive)
    }

    /// The kernel ran out of receive buffers.
    private func supplyMoreBuffers() {
        buffers.supplyMore()
        lent.nowSupplied(buffers.supplied)
    }
}
