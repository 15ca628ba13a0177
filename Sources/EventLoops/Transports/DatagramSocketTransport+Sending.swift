internal import Glibc
internal import Kernel

extension DatagramSocketTransport {
    // MARK: Queueing

    func sendTo(_ data: RawSpan, _ address: SocketAddress?, options: DatagramSendOptions?) {
        // The pointer escapes its closure, but the span outlives the use.
        do { try send(data.withUnsafeBytes { $0 }, to: address, options) } catch { report(error) }
    }

    /// Queues a datagram.
    ///
    /// - Throws: ``EventLoopError`` with `.invalidArgument` for an address or an option that is refused.
    @inline(__always)
    func send(
        _ bytes: UnsafeRawBufferPointer, to address: SocketAddress?, _ options: DatagramSendOptions?
    ) throws(EventLoopError) {
        guard allowsUse("sendTo") else { return }
        guard state == .open else { return noteLostWrite() }
        let name = try name(for: address)
        if let options { try check(options) }
        queue.append(bytes, to: name, options)
        if !stall.isWaiting { channel.send() }
        if flow.mustPause(at: queue.size) { pauseProtocol() }
    }

    /// The address that the kernel needs for a datagram; nil if it sends it to the socket's peer.
    @inline(__always)
    private func name(for address: SocketAddress?) throws(EventLoopError) -> SocketAddress? {
        guard let peerAddress else {
            // A connected Unix socket may have a peer without a name.
            if isConnected { return nil }
            guard let address else { throw refusal("The endpoint is not connected: pass the destination's address") }
            return address
        }
        guard address == nil || address == peerAddress else {
            throw refusal("Invalid address: must be nil or \(peerAddress)")
        }
        return isConnected ? nil : peerAddress
    }

    /// Refuses options that the kernel would ignore or misread.
    @inline(never)
    private func check(_ options: DatagramSendOptions) throws(EventLoopError) {
        if let size = options.segmentSize, !(1...65535).contains(size) {
            throw refusal("segmentSize must be 1...65535, not \(size)")
        }
        guard family == .ipv4 || family == .ipv6 || options == DatagramSendOptions() else {
            throw refusal("The options are those of IP datagrams; this endpoint's family is \(family)")
        }
        if let source = options.source, source.family != family {
            throw refusal("The source must be an address of the endpoint's family, \(family), not \(source)")
        }
    }

    @inline(never)
    private func refusal(_ detail: String) -> EventLoopError {
        .invalidArgument("sendTo", detail)
    }

    /// Reports a misuse to the exception handler, because the caller cannot receive an error.
    @inline(never)
    private func report(_ error: EventLoopError) {
        var context = ExceptionContext(message: "A datagram was not sent", error: error)
        context.protocol = `protocol`
        context.transport = self
        core.exceptions.report(context)
    }

    /// Counts a datagram after the end of the endpoint, and logs a warning from the sixth one on.
    @inline(never)
    private func noteLostWrite() {
        lostWrites += 1
        if lostWrites > 5 { Log.write(.warning, "\(lostWrites) datagrams after the end of \(self) were dropped") }
    }

    // MARK: Flow control

    var writeBufferSize: Int {
        switch state {
        case .made, .open, .flushing: queue.size
        // The datagrams are dropped, though a send in flight may read them until the channel is closed.
        case .closing, .lost: 0
        }
    }

    var writeBufferLimits: WriteBufferLimits {
        flow.limits
    }

    func setWriteBufferLimits(high: Int?, low: Int?) throws(EventLoopError) {
        try core.checkThread("setWriteBufferLimits")
        flow.adopt(try FlowControl.limits(high: high, low: low))
        guard state == .open || state == .flushing else { return }
        if flow.mustPause(at: queue.size) { pauseProtocol() }
    }

    @inline(never)
    private func pauseProtocol() {
        let receiver = datagramProtocol
        core.upcall(ActivityName("pauseWriting", of: receiver)) { receiver.pauseWriting() }
    }

    @inline(never)
    private func resumeProtocol() {
        let receiver = datagramProtocol
        core.upcall(ActivityName("resumeWriting", of: receiver)) { receiver.resumeWriting() }
    }

    // MARK: Sending

    func noteSent(_ count: Int) {
        if stall.hasFullReceivers { noteReceivers(count) } else { queue.removeFirst(count) }
        stall.isOver()
        progressed()
    }

    /// Removes datagrams that their receivers have taken.
    @inline(never)
    private func noteReceivers(_ count: Int) {
        for _ in 0..<count {
            if let receiver = queue.firstAddress { stall.took(receiver) }
            queue.removeFirst(1)
        }
    }

    func noteSendFailure(_ errno: Errno) {
        let address = queue.firstAddress ?? peerAddress
        if stall.hasFullReceivers, let address { stall.took(address) }
        // The kernel reports the refusal of an earlier datagram in place of sending this one, which may be repeated.
        if errno != .connectionRefused || family == .unix || !queue.repeatFirst() { queue.removeFirst(1) }
        stall.isOver()
        notify(errno, "sendmsg", address)
        progressed()
    }

    /// Tries again after a while, or drops the datagram that has been tried for too long.
    ///
    /// On a connected socket, the only receiver delays no other.
    func waitOutStall() {
        if !isConnected, let receiver = queue.firstAddress, stall.mustGiveUp(receiver) {
            queue.removeFirst(1)
            // Later, because the channel is still in its last try.
            _ = core.callSoon { [weak self] in self?.channel.send() }
            notify(Self.receiverIsFull(receiver))
            return progressed()
        }
        stall.wait(on: core) { [weak self] in
            guard let self else { return }
            stall.fired()
            channel.send()
        }
    }

    /// Ends the endpoint if nothing of its queue can be sent for a while.
    ///
    /// Datagrams that their receivers do not read fill the buffer of an unconnected Unix socket, for all receivers.
    func limitFlush() {
        guard family == .unix, !isConnected else { return }
        let count = queue.count
        stall.limitFlush(on: core) { [weak self] in
            guard let self, state == .flushing else { return }
            guard queue.count == count else { return limitFlush() }
            if let receiver = queue.firstAddress { notify(Self.receiverIsFull(receiver)) }
            closeChannel()
        }
    }

    private static func receiverIsFull(_ receiver: SocketAddress) -> EventLoopError {
        EventLoopError(
            .system, "sendmsg", errno: .resourceTemporarilyUnavailable, address: receiver.description,
            detail: "The datagram was dropped because its receiver does not read: send less, or connect an endpoint of "
                + "its own to it")
    }

    /// Called when the queue has become shorter.
    private func progressed() {
        guard state == .open || state == .flushing else { return }
        if flow.isPaused, flow.mustResume(at: queue.size) { resumeProtocol() }
        if state == .flushing, queue.isEmpty { closeChannel() }
    }
}
