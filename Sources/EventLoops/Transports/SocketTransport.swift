package import Glibc
package import Kernel

/// A connected stream socket and its protocol object: all of a transport's rules, for both kinds of loop.
///
/// The channel below moves bytes and knows no rules; the protocol above knows no kernel. The transport owns the queue
/// of bytes to send and decides what happens when: order of upcalls, flow control, half close, the end.
///
/// asyncio: `_SelectorSocketTransport`, `_ProactorSocketTransport`.
package final class SocketTransport: StreamTransport, @unchecked Sendable {
    /// Where the connection is in its life.
    enum State {
        case made
        case open
        /// Closed by the user: what waits is still sent.
        case flushing
        /// The channel is being closed; nothing is sent or delivered any more.
        case closing
        case lost
    }

    // What each message needs lies together: with many connections each further cache line is a miss.
    let core: LoopCore
    let descriptor: Int32
    private(set) var state = State.made
    private var isPaused = false
    private var hasReceivedEOF = false
    private var mustSendEOF = false
    private var hasSentEOF = false
    // Owned here, but unmanaged, because what lies in a variable is retained for each call.
    private var hot: Unmanaged<TransportNeighbours>
    private let outgoing: SegmentQueue
    private var flow = FlowControl()

    // What few messages need, or none.
    /// The protocol whose memory the kernel fills.
    private var bufferSupplier: (any BufferedProtocol)?
    private weak var tracker: (any TransportTracker)?
    private var loss: EventLoopError?
    private var lostWrites = 0
    let knownPeer: SocketAddress?
    /// This end's address, kept for the time after the descriptor is closed.
    private(set) var lastLocalAddress: SocketAddress?

    /// - Parameter peer: The other end's address; nil to ask the kernel.
    package init(
        core: LoopCore, descriptor: Int32, protocol: any BaseProtocol, peer: SocketAddress? = nil,
        tracker: (any TransportTracker)? = nil
    ) throws(EventLoopError) {
        self.core = core
        self.descriptor = descriptor
        self.tracker = tracker
        // What may throw comes first: no deinit follows.
        hot = .passRetained(try TransportNeighbours(channel: NoChannel.shared, protocol: `protocol`))
        outgoing = SegmentQueue(pool: core.segments)
        // The kernel forgets it when the peer resets the connection.
        knownPeer = peer ?? (try? core.sockets.peerAddress(descriptor))
    }

    deinit {
        hot.release()
    }

    private var neighbours: TransportNeighbours {
        get { hot.takeUnretainedValue() }
        set {
            let former = hot
            hot = .passRetained(newValue)
            former.release()
        }
    }

    private var channel: any StreamChannel {
        get { neighbours.channel }
        set { neighbours = TransportNeighbours(channel: newValue, receiverOf: neighbours) }
    }

    /// Takes the descriptor over, tells the protocol, and begins to read.
    package func begin() {
        core.descriptors.claim(descriptor, "transport", self)
        channel = core.channels.makeStreamChannel(descriptor, owner: self)
        core.transports[ObjectIdentifier(self)] = self
        tracker?.attach(self)
        state = .open
        core.upcall(CodeName("connectionMade", of: `protocol`)) { neighbours.connection.connectionMade(self) }
        if state == .open, !isPaused { channel.startReading() }
    }

    @inline(__always)
    private func allowsUse(_ operation: StaticString) -> Bool {
        let thread = LoopOwnership.callingThread
        return core.queue.ownership.isTurning(on: thread) || allowsUnusualUse("\(operation)")
    }

    /// Whether a call while the loop does not run may go on.
    @inline(never)
    private func allowsUnusualUse(_ operation: String) -> Bool {
        // Closing a loop drops its connections, so a late call on one is harmless.
        if core.queue.isClosed { return false }
        return core.allowsUse(operation) { $0.transport = self }
    }
}

// MARK: - Facts

extension SocketTransport {
    package var `protocol`: any BaseProtocol {
        neighbours.connection
    }

    package func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError) {
        try core.checkThread("setProtocol")
        guard state != .lost else { return }
        let wasReading = isReading
        let former = neighbours
        neighbours = try TransportNeighbours(channel: channel, protocol: `protocol`)
        // One of its methods may be what calls this, and nobody retains it for that.
        core.queue.append(Handle { withExtendedLifetime(former) {} })
        // The other kind of protocol receives in another way: the channel looks again when it starts.
        if wasReading { channel.startReading() }
    }

    package var isReading: Bool {
        state == .open && !isPaused && !hasReceivedEOF
    }

    package var writeBufferSize: Int {
        switch state {
        case .made, .open, .flushing: outgoing.count
        // Dropped, though a send in flight may read the bytes until the channel is closed.
        case .closing, .lost: 0
        }
    }

    package var writeBufferLimits: WriteBufferLimits {
        flow.limits
    }

    package func setWriteBufferLimits(high: Int?, low: Int?) throws(EventLoopError) {
        try core.checkThread("setWriteBufferLimits")
        flow.adopt(try FlowControl.limits(high: high, low: low))
        pauseProtocolIfNeeded()
    }
}

// MARK: - Writing

extension SocketTransport {
    package func write(_ bytes: RawSpan) {
        guard mayWrite(bytes.byteCount) else { return }
        // The pointer leaves its closure, which the compiler would not inline otherwise; the span outlives its use.
        outgoing.append(bytes.withUnsafeBytes { $0 })
        queued()
    }

    package func write(_ bytes: [UInt8]) {
        guard mayWrite(bytes.count) else { return }
        outgoing.append(bytes)
        queued()
    }

    @inline(__always)
    private func mayWrite(_ count: Int) -> Bool {
        guard allowsUse("write"), count > 0 else { return false }
        guard state == .open else { return noteLostWrite() }
        return !mustSendEOF || refuseAfterEOF(count)
    }

    /// A few writes cross the end of their connection; who writes on and on has not noticed it.
    @inline(never)
    private func noteLostWrite() -> Bool {
        lostWrites += 1
        if lostWrites > 5 { Log.write(.warning, "\(lostWrites) writes after the end of \(self) were dropped") }
        return false
    }

    @inline(never)
    private func refuseAfterEOF(_ count: Int) -> Bool {
        var context = ExceptionContext(
            message: "Cannot write after writeEOF",
            error: EventLoopError(.invalidState, "write", detail: "\(count) bytes written after writeEOF were dropped"))
        context.protocol = `protocol`
        context.transport = self
        core.exceptions.report(context)
        return false
    }

    private func queued() {
        askToSend()
        pauseProtocolIfNeeded()
    }

    private func askToSend() {
        hot._withUnsafeGuaranteedRef { $0.channel.send() }
    }

    @inline(__always)
    private func pauseProtocolIfNeeded() {
        if flow.mustPause(at: outgoing.count) { pauseProtocol() }
    }

    private func pauseProtocol() {
        core.upcall(CodeName("pauseWriting", of: `protocol`)) { `protocol`.pauseWriting() }
    }

    package func writeEOF() {
        guard allowsUse("writeEOF"), state == .open, !mustSendEOF else { return }
        mustSendEOF = true
        if outgoing.isEmpty { sendEOF() }
    }

    private func sendEOF() {
        guard !hasSentEOF else { return }
        hasSentEOF = true
        channel.shutdownWriting()
    }

    package func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering {
        outgoing.gather(into: vectors)
    }

    package func sent(_ count: Int) {
        outgoing.consume(count)
        guard state == .open || state == .flushing else { return }
        if flow.isPaused, flow.mustResume(at: outgoing.count) {
            core.upcall(CodeName("resumeWriting", of: `protocol`)) { `protocol`.resumeWriting() }
        }
        if !outgoing.isEmpty {
            askToSend()
        } else if state == .flushing {
            closeChannel()
        } else if mustSendEOF {
            sendEOF()
        }
    }
}

// MARK: - Reading

extension SocketTransport: StreamChannelOwner {
    package func pauseReading() {
        guard allowsUse("pauseReading"), state == .open || state == .made, !isPaused else { return }
        isPaused = true
        if !hasReceivedEOF { channel.stopReading() }
        core.note(.debug, "\(self) pauses reading")
    }

    package func resumeReading() {
        guard allowsUse("resumeReading"), state == .open || state == .made, isPaused else { return }
        isPaused = false
        if state == .open, !hasReceivedEOF { channel.startReading() }
        core.note(.debug, "\(self) resumes reading")
    }

    package var acceptsBytes: Bool {
        isReading
    }

    package var suppliesMemory: Bool {
        hot._withUnsafeGuaranteedRef { $0.receiver == .buffered }
    }

    package func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        hot._withUnsafeGuaranteedRef { neighbours in
            switch neighbours.receiver {
            case .stream:
                // Not by `upcall`, which the compiler lets retain what it may need: 50 instructions for each message.
                if core.isObserved { receivedObserved(bytes) } else { neighbours.stream.dataReceived(bytes.bytes) }
                return bytes.count
            case .buffered: return copy(bytes)
            case .nobody: return bytes.count
            }
        }
    }

    @inline(never)
    private func receivedObserved(_ bytes: UnsafeRawBufferPointer) {
        let stream = neighbours.stream
        core.upcall(CodeName("dataReceived", of: stream)) { stream.dataReceived(bytes.bytes) }
    }

    /// Hands bytes that lie elsewhere to a protocol that supplies its own memory, for as long as it takes them.
    private func copy(_ bytes: UnsafeRawBufferPointer) -> Int {
        var taken = 0
        while taken < bytes.count, isReading, let buffered = neighbours.buffered, !core.queue.isInForkedChild {
            guard let memory = receiveBuffer(), isReading, buffered === bufferSupplier else { break }
            let count = min(memory.count, bytes.count - taken)
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
            core.upcall(CodeName("bufferUpdated", of: buffered)) { buffered.bufferUpdated(count) }
            taken += count
        }
        return isClosing ? bytes.count : taken
    }

    package func receiveBuffer() -> UnsafeMutableRawBufferPointer? {
        guard let buffered = neighbours.buffered else { return nil }
        let memory = core.upcall(CodeName("getBuffer", of: buffered)) { buffered.getBuffer(sizeHint: -1) }
        // It may have changed the protocol: the new one is asked next.
        guard neighbours.buffered === buffered else { return nil }
        bufferSupplier = buffered
        if memory.count > 0 { return memory }
        fatal(EventLoopError(.protocolBroken, "getBuffer", detail: "getBuffer() returned an empty buffer"))
        return nil
    }

    package func receivedIntoBuffer(_ bytes: UnsafeRawBufferPointer) -> Int {
        // The protocol may have been changed while the kernel filled the old one's memory, which must live until it is
        // read.
        guard let buffered = neighbours.buffered, buffered === bufferSupplier else {
            return withExtendedLifetime(bufferSupplier) { received(bytes) }
        }
        core.upcall(CodeName("bufferUpdated", of: buffered)) { buffered.bufferUpdated(bytes.count) }
        return bytes.count
    }

    package func receivedEOF() {
        guard state == .open, !hasReceivedEOF else { return }
        hasReceivedEOF = true
        core.note(.debug, "\(self) received EOF")
        let disposition = core.upcall(CodeName("eofReceived", of: `protocol`)) {
            neighbours.connection.eofReceived()
        }
        if disposition == .close { close() }
    }
}

// MARK: - The end

extension SocketTransport {
    package func close() {
        guard allowsUse("close"), !isClosing else { return }
        channel.stopReading()
        if outgoing.isEmpty { closeChannel() } else { state = .flushing }
    }

    package func abort() {
        guard allowsUse("abort") else { return }
        closeChannel()
    }

    package func failed(_ errno: Errno, _ operation: StaticString) {
        guard state == .open || state == .flushing else { return }
        let error = EventLoopError(system: errno, "\(operation)", address: knownPeer?.description)
        core.note(.debug, "\(self) failed: \(error)")
        loss = error
        closeChannel()
    }

    /// The protocol broke its contract: reported, and the end of the connection.
    private func fatal(_ error: EventLoopError) {
        var context = ExceptionContext(message: "Fatal error: protocol.\(error.operation)() call failed.", error: error)
        context.protocol = `protocol`
        context.transport = self
        core.exceptions.report(context)
        loss = error
        closeChannel()
    }

    private func closeChannel() {
        guard state != .closing, state != .lost else { return }
        // The kernel still knows it, even after a reset. A connection costs no such call while it is set up.
        lastLocalAddress = socket.localAddress
        state = .closing
        channel.close()
    }

    package func channelClosed() {
        guard state != .lost else { return }
        state = .lost
        channel = NoChannel.shared
        outgoing.removeAll()
        core.transports[ObjectIdentifier(self)] = nil
        core.descriptors.release(descriptor, self)
        guard !core.isClosed else { return letGo() }
        // Never inside the call that caused it, which may be the protocol's own.
        _ = core.callSoon { self.tellLoss() }
    }

    private func tellLoss() {
        core.note(.debug, "\(self) is closed")
        core.upcall(CodeName("connectionLost", of: `protocol`)) { `protocol`.connectionLost(loss) }
        letGo()
    }

    private func letGo() {
        neighbours = TransportNeighbours(channel: channel)
        bufferSupplier = nil
        tracker?.detach(self)
        tracker = nil
    }
}
