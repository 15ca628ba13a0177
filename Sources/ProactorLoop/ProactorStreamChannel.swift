internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// A stream on the ring, with at most one receive and one send in flight.
///
/// A receive is multishot into the loop's buffers, or single-shot into memory that the owner supplies. There are never
/// two sends in flight, because the kernel could interleave their bytes.
final class ProactorStreamChannel: ChannelTarget, MovableStreamChannel {
    let descriptor: Int32
    let port: RingPort
    // Direct references to the port's objects: the compiler retains objects reached through another object.
    let ring: Ring
    let pool: ReceivePool
    /// The owner, retained but unmanaged, because the compiler would retain a strong reference for each call.
    private var ownerReference = Unmanaged.passRetained(StreamChannelOwner.none)
    /// Bytes that arrived while the owner took none; they are delivered first when it takes bytes again.
    ///
    /// Created when first needed, so that the usual check reads no other object.
    var held: SegmentQueue?
    private var sendTag: UInt64?
    private var gathered: GatherPool.List?
    private var isListedToSend = false
    var isListedToNotify = false
    var isClosing = false
    /// Whether the descriptor is given up, not closed, at the end; set only while the channel is closing.
    var isReleasing = false
    private var isFinished = false
    private var hasSent = false
    var receiving = ReceiveState()
    /// The former owner whose memory the receive in flight may fill.
    var formerOwner: StreamChannelOwner?

    init(_ descriptor: Int32, port: RingPort, after remains: StreamRemains? = nil) {
        self.descriptor = descriptor
        self.port = port
        ring = port.ring
        pool = port.pool
        super.init()
        if let remains { resume(from: remains) }
    }

    private func resume(from remains: StreamRemains) {
        hasSent = remains.hasSent
        receiving.end = remains.failure.map { .failure($0) }
        guard !remains.unread.isEmpty else { return }
        held = SegmentQueue(pool: port.segments)
        held?.append(remains.unread)
    }

    deinit {
        ownerReference.release()
    }

    @inline(__always)
    func withOwner<Result>(_ body: (StreamChannelOwner) -> Result) -> Result {
        ownerReference._withUnsafeGuaranteedRef(body)
    }

    func handOver(to owner: StreamChannelOwner) throws(EventLoopError) -> StreamChannelOwner {
        guard sendTag == nil else {
            let detail = "a send is in flight: hand the channel over once all bytes are sent"
            throw EventLoopError(.invalidState, "handOver", detail: detail)
        }
        let former = replaceOwner(by: owner)
        stopReading()
        keepUntilReceived(former)
        return former
    }

    private func replaceOwner(by owner: StreamChannelOwner) -> StreamChannelOwner {
        let former = ownerReference.takeRetainedValue()
        ownerReference = .passRetained(owner)
        return former
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        if tag == receiving.tag {
            if receiving.isMultishot { receiveCompleted(result, flags) } else { bufferedReceiveCompleted(result) }
        } else {
            assert(tag == sendTag, "the completion is neither of the receive nor of the send")
            sendCompleted(result)
        }
        assert(hasNextEvent, "a channel whose owner wants bytes waits for no event")
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(tag == sendTag ? .send : .receive, descriptor, owner: withOwner { "\($0)" })
    }

    override func turnCame(_ call: TurnCall) {
        switch call {
        case .send: submitSend()
        case .notify: notifyOwner()
        case .receive: receiveAgain()
        case .watch: super.turnCame(call)
        }
        assert(hasNextEvent, "a channel whose owner wants bytes waits for no event")
    }

    // MARK: Sending

    func send() {
        guard sendTag == nil, !isListedToSend, !isClosing, !receiving.isForRest else { return }
        isListedToSend = true
        port.sending.append(self)
    }

    /// Sends the bytes that the owner has queued.
    func submitSend() {
        isListedToSend = false
        if isClosing { return notifyLater() }
        guard sendTag == nil else { return }
        let vectors = port.gathering.scratch
        let count = withOwner { $0.gather(into: vectors).runs }
        guard count > 0 else { return }
        if count == 1, let start = vectors[0].iov_base {
            sendTag = ring.send(descriptor, from: start, count: vectors[0].iov_len, for: self)
        } else {
            let list = port.gathering.take(count)
            gathered = list
            sendTag = ring.sendMessage(descriptor, &list.pointee.message, for: self)
        }
    }

    private func sendCompleted(_ result: Int32) {
        sendTag = nil
        if let gathered { port.gathering.put(gathered) }
        gathered = nil
        if result > 0 { hasSent = true }
        if isClosing { return lastSendCompleted(result) }
        if result >= 0 {
            withOwner { $0.sent(Int(result)) }
        } else if Self.isTransient(result) {
            send()
        } else {
            withOwner { $0.sendFailed(Errno(rawValue: -result), "send") }
        }
    }

    @inline(never)
    private func lastSendCompleted(_ result: Int32) {
        // The next channel repeats a failed send and reports its error.
        if isReleasing, result > 0 { withOwner { $0.sent(Int(result)) } }
        finishIfPossible()
    }

    /// Whether an error is unrelated to the connection, so that the operation can be submitted again.
    static func isTransient(_ result: Int32) -> Bool {
        result == -EINTR || result == -EAGAIN
    }

    func shutdownWriting() {
        if isClosing || ring.isInForkedChild { return }
        // If the connection is already lost, the receive reports that.
        try? SocketCalls.shutdownWriting(descriptor)
    }

    // MARK: The end

    func close() {
        isReleasing = false
        endOperations()
    }

    func release() {
        guard !isClosing else { return }
        isReleasing = true
        stopReading()
        endOperations()
    }

    private func endOperations() {
        guard !isClosing else { return }
        isClosing = true
        if let tag = receiving.tag { ring.cancel(tag) }
        if let sendTag { ring.cancel(sendTag) }
        if receiving.isStarved { pool.removeStarved(self, hasReceived: receiving.hasReceived) }
        notifyLater()
    }

    func notifyLater() {
        guard !isListedToNotify else { return }
        isListedToNotify = true
        port.notifying.append(self)
    }

    /// Notifies the owner of what could not be reported during the owner's own call.
    private func notifyOwner() {
        isListedToNotify = false
        if isClosing { finishIfPossible() } else { continueReceiving() }
    }

    /// Closes the descriptor, or gives it up, if no operation uses it and no list contains the channel.
    ///
    /// While an operation is in flight, the peer would not see the end of the stream.
    func finishIfPossible() {
        guard isClosing, !isFinished, receiving.tag == nil, sendTag == nil else { return }
        guard !isListedToSend, !isListedToNotify, !ring.isInForkedChild else { return }
        isFinished = true
        if isReleasing { return giveUp() }
        held?.removeAll()
        if hasSent, receiving.end == nil { dropUnread() }
        // Do not close it through the ring: the owner notifies its protocol in this turn, and the peer must see the
        // end of the stream before that.
        try? Descriptor.close(descriptor)
        replaceOwner(by: .none).channelClosed()
    }

    private func giveUp() {
        var remains = StreamRemains()
        if let held { remains.unread = held.copyPrefix(held.count) }
        held?.removeAll()
        if case .failure(let errno) = receiving.end { remains.failure = errno }
        remains.hasSent = hasSent
        replaceOwner(by: .none).channelReleased(remains)
    }

    @inline(never)
    private func dropUnread() {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) {
            SocketCalls.dropUnread(descriptor, into: $0)
        }
    }
}
