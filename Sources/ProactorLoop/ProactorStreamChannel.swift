internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// A stream on the ring: one receive and one send in flight.
///
/// Receiving is multishot, into the loop's buffers, or single-shot into the owner's memory if it supplies some. Never
/// are two sends in flight: the kernel would mix their bytes.
final class ProactorStreamChannel: CompletionTarget, StreamChannel {
    let descriptor: Int32
    let port: RingPort
    let owner: any StreamChannelOwner
    /// Bytes that came while the owner took none: delivered first when it does again.
    ///
    /// Made once it is needed: to see that there is none is no look at another object.
    var held: SegmentQueue?
    private var sendTag: UInt64?
    private var gathered: GatherPool.List?
    private var isListedToSend = false
    var isListedToTell = false
    var isClosing = false
    private var isFinished = false
    private var hasSent = false
    var receiving = ReceiveState()

    init(_ descriptor: Int32, port: RingPort, owner: any StreamChannelOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    override func completed(_ kind: OperationKind, _ result: Int32, _ flags: CompletionFlags) {
        switch kind {
        case .receiveMultishot: receiveCompleted(result, flags)
        case .receive: bufferedReceiveCompleted(result)
        default: sendCompleted(result)
        }
    }

    override func purpose(of kind: OperationKind) -> OperationPurpose {
        let isSend = kind == .send || kind == .sendMessage
        return OperationPurpose(isSend ? .send : .receive, descriptor, owner: "\(owner)")
    }

    override func turnCame(_ call: TurnCall) {
        switch call {
        case .send: submitSend()
        case .tell: tellOwner()
        case .receive: receiveAgain()
        case .watch: super.turnCame(call)
        }
    }

    // MARK: Sending

    func send() {
        guard sendTag == nil, !isListedToSend, !isClosing else { return }
        isListedToSend = true
        port.listToSend(self)
    }

    /// Sends what the owner has by now.
    func submitSend() {
        isListedToSend = false
        if isClosing { return tellLater() }
        guard sendTag == nil else { return }
        let vectors = port.vectors
        let count = owner.gather(into: vectors).runs
        guard count > 0 else { return }
        if count == 1, let start = vectors[0].iov_base {
            sendTag = port.send(descriptor, from: start, count: vectors[0].iov_len, for: self)
        } else {
            let list = port.gathering.take(count)
            gathered = list
            sendTag = port.sendMessage(descriptor, &list.pointee.message, for: self)
        }
    }

    private func sendCompleted(_ result: Int32) {
        sendTag = nil
        if let gathered { port.gathering.giveBack(gathered) }
        gathered = nil
        if result > 0 { hasSent = true }
        if isClosing { return finishIfPossible() }
        if result >= 0 {
            owner.sent(Int(result))
        } else if Self.isPassing(result) {
            send()
        } else {
            owner.failed(Errno(rawValue: -result), "send")
        }
    }

    /// Errors that say nothing about the connection: the same operation may be asked for again.
    static func isPassing(_ result: Int32) -> Bool {
        result == -EINTR || result == -EAGAIN
    }

    func shutdownWriting() {
        if port.isInForkedChild { return }
        // The connection may be gone already: then its end is on the way to the owner by the receive.
        try? SocketCalls.shutdownWriting(descriptor)
    }

    // MARK: The end

    func close() {
        guard !isClosing else { return }
        isClosing = true
        if let tag = receiving.tag { port.cancel(tag) }
        if let sendTag { port.cancel(sendTag) }
        if receiving.isStarved { (receiving.hasBrought ? port.served : port.starved).remove(self) }
        tellLater()
    }

    func tellLater() {
        guard !isListedToTell else { return }
        isListedToTell = true
        port.listToTell(self)
    }

    /// Tells the owner what could not be told inside its own call.
    func tellOwner() {
        isListedToTell = false
        if isClosing { finishIfPossible() } else { continueReceiving() }
    }

    /// Closes the descriptor once no operation has it, since before the peer would not see the end, and no list has the
    /// channel.
    func finishIfPossible() {
        guard isClosing, !isFinished, receiving.tag == nil, sendTag == nil else { return }
        guard !isListedToSend, !isListedToTell, !port.isInForkedChild else { return }
        isFinished = true
        held?.removeAll()
        if hasSent, receiving.end == nil { dropUnread() }
        // Not by the ring: the owner tells its protocol in this turn, and the peer must have seen the end by then.
        try? Descriptor.close(descriptor)
        owner.channelClosed()
    }

    @inline(never)
    private func dropUnread() {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) {
            SocketCalls.dropUnread(descriptor, into: $0)
        }
    }
}
