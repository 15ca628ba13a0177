internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

extension ProactorDatagramChannel {
    func startReceiving() {
        guard !isClosing, !isReceiving else { return }
        isReceiving = true
        // Datagrams that arrived meanwhile are delivered first, even if the receive is still being cancelled.
        if holdsMessages { notifyLater() } else { receive() }
        assert(hasNextEvent, "a channel whose owner wants datagrams waits for no event")
    }

    /// Stops delivering datagrams.
    ///
    /// The receive stays in flight until something arrives, so a pause that ends before that costs nothing.
    func stopReceiving() {
        isReceiving = false
        leaveStarved()
    }

    var holdsMessages: Bool {
        if let held { !held.isEmpty } else { false }
    }

    func leaveStarved() {
        guard isStarved else { return }
        isStarved = false
        pool.removeStarved(self, hasReceived: hasReceived)
    }

    // MARK: Submitting

    /// Delivers held messages, until the owner stops again, and then receives again.
    ///
    /// Never called during a call that the owner makes.
    func continueReceiving() {
        while isReceiving, !ring.isInForkedChild, let entry = held?.popFirst() { deliver(entry) }
        receive()
    }

    private func deliver(_ entry: HeldMessages.Entry) {
        switch entry {
        case .failure(let errno): withOwner { $0.receiveFailed(errno) }
        case .kept(_, let result), .copied(_, let result):
            if let message = held?.address(of: entry) { deliver(message, result) }
        }
        held?.release(entry)
    }

    /// Receives again after receive buffers have been returned.
    func receiveAgain() {
        isStarved = false
        receive()
    }

    /// Submits a receive, unless held messages have to be delivered first.
    private func receive() {
        guard receiveTag == nil, isReceiving, !isStarved, !holdsMessages, !ring.isInForkedChild else { return }
        isCancelling = false
        hasReceived = false
        receiveTag = ring.receiveMessageMultishot(descriptor, datagrams.template, group: pool.group, for: self)
    }

    // MARK: Completing

    func receiveCompleted(_ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { receiveTag = nil }
        if flags.hasBuffer {
            let piece = flags.buffer
            let message = UnsafeRawPointer(pool.lend(piece))
            hasReceived = true
            if result >= 0, !isClosing {
                if isReceiving, !holdsMessages { deliver(message, result) } else { hold(message, result) }
            }
            pool.takeBack(piece)
        }
        if isClosing { return finishIfPossible() }
        if result < 0 { return receiveEnded(result) }
        // An empty datagram ends the kernel's operation.
        if !flags.hasMore { receive() }
    }

    @inline(__always)
    private func deliver(_ buffer: UnsafeRawPointer, _ result: Int32) {
        guard let message = ReceivedMessage(in: buffer, result: result, space) else { return }
        if message.payload.isEmpty, message.name.isEmpty, isShutDown { return stopReceiving() }
        let datagram = ReceivedDatagram(
            bytes: message.payload, name: message.name, control: message.control, flags: message.flags)
        withOwner { $0.received(datagram) }
    }

    /// Whether the receiving side of the socket is shut down, so that the kernel returns empty messages without end.
    ///
    /// Every IP datagram has a sender; a Unix datagram may have neither a sender nor bytes.
    @inline(never)
    private var isShutDown: Bool {
        family != .unix || SocketCalls.isShutDownForReading(descriptor)
    }

    /// Keeps a message for an owner that takes none now, and cancels the receive: further messages stay in the socket.
    private func hold(_ buffer: UnsafeRawPointer, _ result: Int32) {
        heldMessages().append(buffer, result: result)
        if let receiveTag, !isCancelling {
            isCancelling = true
            ring.cancel(receiveTag)
        }
    }

    private func heldMessages() -> HeldMessages {
        if let held { return held }
        let held = HeldMessages(pool)
        self.held = held
        return held
    }

    private func receiveEnded(_ result: Int32) {
        switch result {
        case -ENOBUFS:
            guard isReceiving else { return }
            isStarved = true
            pool.addStarved(self, hasReceived: hasReceived)
        case -ECANCELED, -EINTR, -EAGAIN: receive()
        // Any other error may be that of a datagram: with `IP_RECVERR`, a router can cause EOPNOTSUPP.
        case -EBADF, -ENOTSOCK:
            isReceiving = false
            withOwner { $0.failed(Errno(rawValue: -result), "recvmsg") }
        default:
            // The receive is submitted with the next turn: an error that repeats is reported once per turn.
            if isReceiving, !holdsMessages {
                withOwner { $0.receiveFailed(Errno(rawValue: -result)) }
            } else {
                heldMessages().append(Errno(rawValue: -result))
            }
            receive()
        }
    }
}
