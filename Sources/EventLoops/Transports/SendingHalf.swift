/// The sending half of a transport: the pending bytes, flow control, and the end of the outgoing stream.
///
/// It inherits from the queue rather than owning one, because every message uses both: this way they are one object.
final class SendingHalf: SegmentQueue {
    private var flow = FlowControl()
    private var mustSendEOF = false
    private var hasSentEOF = false
    private var lostWrites = 0

    // MARK: Writing

    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer, to transport: ChannelTransport) {
        guard mayWrite(bytes.count, to: transport) else { return }
        append(bytes)
        queued(transport)
    }

    @inline(__always)
    func write(_ bytes: [UInt8], to transport: ChannelTransport) {
        guard mayWrite(bytes.count, to: transport) else { return }
        append(bytes)
        queued(transport)
    }

    @inline(__always)
    private func mayWrite(_ count: Int, to transport: ChannelTransport) -> Bool {
        guard transport.allowsUse("write"), count > 0 else { return false }
        guard transport.state == .open else { return noteLostWrite(transport) }
        return !mustSendEOF || refuseAfterEOF(count, transport)
    }

    /// Counts a write after the end of the connection, and logs a warning from the sixth one on.
    ///
    /// A few writes may race with the end of the connection; a caller that keeps writing has missed it.
    @inline(never)
    private func noteLostWrite(_ transport: ChannelTransport) -> Bool {
        lostWrites += 1
        if lostWrites > 5 { Log.write(.warning, "\(lostWrites) writes after the end of \(transport) were dropped") }
        return false
    }

    @inline(never)
    private func refuseAfterEOF(_ count: Int, _ transport: ChannelTransport) -> Bool {
        var context = ExceptionContext(
            message: "Cannot write after writeEOF",
            error: EventLoopError(.invalidState, "write", detail: "\(count) bytes written after writeEOF were dropped"))
        context.protocol = transport.protocol
        context.transport = transport
        transport.core.exceptions.report(context)
        return false
    }

    @inline(__always)
    private func queued(_ transport: ChannelTransport) {
        transport.channel.send()
        if flow.mustPause(at: count) { pauseProtocol(transport) }
    }

    @inline(never)
    private func pauseProtocol(_ transport: ChannelTransport) {
        let listener = transport.protocol
        transport.core.upcall(ActivityName("pauseWriting", of: listener)) { listener.pauseWriting() }
    }

    // MARK: Flow control

    var limits: WriteBufferLimits {
        flow.limits
    }

    func setLimits(_ limits: WriteBufferLimits, of transport: ChannelTransport) {
        flow.adopt(limits)
        // After an abort the queue only keeps bytes for a send in flight: no `resumeWriting` would follow a pause.
        guard transport.state == .open || transport.state == .flushing else { return }
        if flow.mustPause(at: count) { pauseProtocol(transport) }
    }

    // MARK: Moving to another loop

    /// What the sending half of the successor needs.
    func remains() -> SendingRemains {
        SendingRemains(
            unsent: copyPrefix(count), limits: flow.limits, mustSendEOF: mustSendEOF, hasSentEOF: hasSentEOF)
    }

    /// Continues where the predecessor stopped; called before the transport begins.
    func resume(from remains: SendingRemains) {
        append(remains.unsent)
        flow.adopt(remains.limits)
        mustSendEOF = remains.mustSendEOF
        hasSentEOF = remains.hasSentEOF
    }

    /// Sends what the predecessor had not sent; called when the transport has begun.
    func start(_ transport: ChannelTransport) {
        guard transport.state == .open || transport.state == .flushing else { return }
        if !isEmpty { queued(transport) } else if mustSendEOF { sendEOF(transport) }
    }

    // MARK: Sending

    /// Called when the kernel has taken bytes from the front.
    func sent(_ sent: Int, of transport: ChannelTransport) {
        consume(sent)
        guard transport.state == .open || transport.state == .flushing else { return }
        if flow.isPaused, flow.mustResume(at: count) { resumeProtocol(transport) }
        if !isEmpty {
            transport.channel.send()
        } else if transport.state == .flushing {
            transport.closeChannel()
        } else if mustSendEOF, transport.state == .open {
            sendEOF(transport)
        }
    }

    @inline(never)
    private func resumeProtocol(_ transport: ChannelTransport) {
        let listener = transport.protocol
        transport.core.upcall(ActivityName("resumeWriting", of: listener)) { listener.resumeWriting() }
    }

    // MARK: The end of the stream

    func end(_ transport: ChannelTransport) {
        guard transport.state == .open, !mustSendEOF else { return }
        mustSendEOF = true
        if isEmpty { sendEOF(transport) }
    }

    private func sendEOF(_ transport: ChannelTransport) {
        guard !hasSentEOF else { return }
        hasSentEOF = true
        transport.channel.shutdownWriting()
    }
}
