internal import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// A stream on a poller, which receives when the socket is readable, and sends at once or when the socket is writable.
final class SelectorStreamChannel: ReadinessTarget, MovableStreamChannel {
    let descriptor: Int32
    let port: PollerPort
    /// The owner, retained but unmanaged, because the compiler would retain a strong reference for each call.
    private var ownerReference = Unmanaged.passRetained(StreamChannelOwner.none)
    /// Whether the owner wants bytes and the stream has not ended.
    var isReading = false
    /// How the owner takes bytes while it wants some.
    var mode = ReceiveMode.lending
    var hasEnded = false
    /// Whether the socket's buffer was full at the last send.
    private var isBlocked = false
    /// Whether bytes are being delivered to the owner; what it writes meanwhile is sent right after the delivery.
    private var isServing = false
    private var mustSend = false
    private var isListedToSend = false
    private var isListedToNotify = false
    private var hasSent = false
    private(set) var isClosing = false
    /// Whether the descriptor is given up, not closed, at the end; set only while the channel is closing.
    private var isReleasing = false
    private var isFinished = false
    /// What a former channel of the connection has left; nil once the owner has taken it.
    var remains: StreamRemains?

    init(_ descriptor: Int32, port: PollerPort, after remains: StreamRemains? = nil) {
        self.descriptor = descriptor
        self.port = port
        hasSent = remains?.hasSent ?? false
        if let remains, !remains.unread.isEmpty || remains.failure != nil { self.remains = remains }
        super.init()
    }

    deinit {
        ownerReference.release()
    }

    @inline(__always)
    func withOwner<Result>(_ body: (StreamChannelOwner) -> Result) -> Result {
        ownerReference._withUnsafeGuaranteedRef(body)
    }

    func handOver(to owner: StreamChannelOwner) -> StreamChannelOwner {
        if isReading { stopReading() }
        return replaceOwner(by: owner)
    }

    private func replaceOwner(by owner: StreamChannelOwner) -> StreamChannelOwner {
        let former = ownerReference.takeRetainedValue()
        ownerReference = .passRetained(owner)
        return former
    }

    override func ready(_ readiness: Readiness) {
        // Receive first: a send to a closed peer fails, and would discard what the peer sent last.
        if readiness.isReadable, isReading { serve() }
        if readiness.isWritable, isBlocked, !isClosing {
            isBlocked = false
            updateWatch()
            sendNow()
        }
    }

    /// Receives and then sends, while the kernel's state of the connection is in the processor's caches.
    @inline(__always)
    private func serve() {
        isServing = true
        receive()
        isServing = false
        guard mustSend else { return }
        mustSend = false
        if !isBlocked, !isClosing { sendNow() }
    }

    override func watchingFailed(_ errno: Errno) {
        if !isClosing { withOwner { $0.failed(errno, "watch") } }
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        OperationPurpose(readiness.isWritable ? .send : .receive, descriptor, owner: withOwner { "\($0)" })
    }

    override func turnCame(_ call: TurnCall) {
        switch call {
        case .send: submitSend()
        case .notify: notifyOwner()
        }
    }

    func updateWatch() {
        guard !isClosing else { return }
        // What a former channel has left is delivered first.
        let receives = isReading && remains == nil
        port.watches.want(Readiness(readable: receives, writable: isBlocked), of: descriptor, self)
    }

    // MARK: Sending

    func send() {
        guard !isBlocked, !isListedToSend, !isClosing else { return }
        if isServing {
            mustSend = true
            return
        }
        isListedToSend = true
        port.sending.append(self)
    }

    private func submitSend() {
        isListedToSend = false
        if isClosing { return notifyLater() }
        if !isBlocked { sendNow() }
    }

    /// Sends the bytes that the owner has queued.
    private func sendNow() {
        // The owner's code may have forked: the parent sends these bytes.
        if port.isInForkedChild { return }
        let vectors = port.vectors
        let gathering = withOwner { $0.gather(into: vectors) }
        guard gathering.runs > 0 else { return }
        do throws(Errno) {
            let sent = try send(vectors, gathering.runs)
            if sent < gathering.bytes { waitForRoom() }
            hasSent = true
            withOwner { $0.sent(sent) }
        } catch {
            if error == .resourceTemporarilyUnavailable { return waitForRoom() }
            withOwner { $0.sendFailed(error, "send") }
        }
    }

    @inline(__always)
    private func send(_ vectors: UnsafeMutablePointer<iovec>, _ count: Int) throws(Errno) -> Int {
        if count > 1 { return try sendGathered(vectors, count) }
        let bytes = UnsafeRawBufferPointer(start: vectors[0].iov_base, count: vectors[0].iov_len)
        return try SocketCalls.send(descriptor, bytes, waits: false)
    }

    @inline(never)
    private func sendGathered(_ vectors: UnsafeMutablePointer<iovec>, _ count: Int) throws(Errno) -> Int {
        var message = msghdr()
        message.msg_iov = vectors
        message.msg_iovlen = count
        return try SocketCalls.sendMessage(descriptor, &message, waits: false)
    }

    private func waitForRoom() {
        isBlocked = true
        updateWatch()
    }

    func shutdownWriting() {
        if isClosing || port.isInForkedChild { return }
        // If the connection is already lost, the receive reports that.
        try? SocketCalls.shutdownWriting(descriptor)
    }

    // MARK: The end

    func close() {
        isReleasing = false
        endWatch()
    }

    func release() {
        guard !isClosing else { return }
        isReleasing = true
        endWatch()
    }

    private func endWatch() {
        guard !isClosing else { return }
        isClosing = true
        isReading = false
        port.watches.release(descriptor, self)
        notifyLater()
    }

    func notifyLater() {
        guard !isListedToNotify else { return }
        isListedToNotify = true
        port.notifying.append(self)
    }

    /// Closes the descriptor, or gives it up, when no list contains the channel, and notifies the owner outside the
    /// owner's own call.
    private func notifyOwner() {
        isListedToNotify = false
        if !isClosing { return deliverRemains() }
        guard !isFinished, !isListedToSend else { return }
        isFinished = true
        if isReleasing { return giveUp() }
        if hasSent, !hasEnded { dropUnread() }
        try? Descriptor.close(descriptor)
        replaceOwner(by: .none).channelClosed()
    }

    private func giveUp() {
        var left = remains ?? StreamRemains()
        left.hasSent = hasSent
        remains = nil
        replaceOwner(by: .none).channelReleased(left)
    }
}
