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
    /// - Throws: ``EventLoopError`` with `.invalidArgument` for an address or a segment size that is refused.
    @inline(__always)
    func send(
        _ bytes: UnsafeRawBufferPointer, to address: SocketAddress?, _ options: DatagramSendOptions?
    ) throws(EventLoopError) {
        guard allowsUse("sendTo") else { return }
        guard state == .open else { return noteLostWrite() }
        let name = try name(for: address)
        if let size = options?.segmentSize, !(1...65535).contains(size) {
            throw refusal("segmentSize must be 1...65535, not \(size)")
        }
        queue.append(bytes, to: name, options)
        channel.send()
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
        queue.removeFirst(count)
        stall.isOver()
        progressed()
    }

    func noteSendFailure(_ errno: Errno) {
        let address = queue.firstAddress ?? peerAddress
        // The kernel reports the refusal of an earlier datagram in place of sending this one, which may be repeated.
        if errno != .connectionRefused || family == .unix || !queue.repeatFirst() { queue.removeFirst(1) }
        notify(errno, "sendmsg", address)
        progressed()
    }

    func waitOutStall() {
        stall.wait(on: core) { [weak self] in self?.channel.send() }
    }

    /// Called when the queue has become shorter.
    private func progressed() {
        guard state == .open || state == .flushing else { return }
        if flow.isPaused, flow.mustResume(at: queue.size) { resumeProtocol() }
        if state == .flushing, queue.isEmpty { closeChannel() }
    }
}
