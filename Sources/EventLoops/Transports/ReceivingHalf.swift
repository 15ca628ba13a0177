/// The receiving half of a transport: pausing, the end of the peer's stream, and delivery to the protocol object.
///
/// Bytes are lent to a protocol object without checking the state of the half: the channel delivers nothing while
/// reading is stopped.
final class ReceivingHalf {
    private(set) var isPaused = false
    private var hasReceivedEOF = false
    /// The protocol object that supplied memory last, kept until it is replaced and the kernel no longer uses that
    /// memory.
    private var supplier: (any BufferedProtocol)?

    func isReading(_ transport: ChannelTransport) -> Bool {
        switch transport.state {
        case .open: !isPaused && !hasReceivedEOF
        // Bytes that have arrived are delivered even if the protocol object has paused reading: otherwise they would be
        // lost.
        case .broken: true
        default: false
        }
    }

    var mayHaveUnreadBytes: Bool {
        !hasReceivedEOF
    }

    /// Starts reading, unless it is paused, in the mode that the current protocol object wants.
    func start(_ transport: ChannelTransport) {
        guard isReading(transport) else { return }
        transport.channel.startReading(transport.wiring.receiveMode)
    }

    func pause(_ transport: ChannelTransport) {
        guard transport.state == .open || transport.state == .made, !isPaused else { return }
        isPaused = true
        if !hasReceivedEOF { transport.channel.stopReading() }
        transport.core.note(.debug, "\(transport) pauses reading")
    }

    func resume(_ transport: ChannelTransport) {
        guard transport.state == .open || transport.state == .made, isPaused else { return }
        isPaused = false
        start(transport)
        transport.core.note(.debug, "\(transport) resumes reading")
    }

    // MARK: Delivery

    @inline(__always)
    func deliver(_ bytes: UnsafeRawBufferPointer, to transport: ChannelTransport) -> Int {
        transport.withWiring { wiring in
            // Not through `upcall`, for which the compiler retains what the call may need: 50 instructions per message.
            if wiring.receiver == .stream, !transport.core.isObserved {
                wiring.stream.dataReceived(bytes.bytes)
                return bytes.count
            }
            return deliverRarely(bytes, to: transport, wiring)
        }
    }

    @inline(never)
    private func deliverRarely(
        _ bytes: UnsafeRawBufferPointer, to transport: ChannelTransport, _ wiring: ProtocolWiring
    ) -> Int {
        switch wiring.receiver {
        case .buffered: return copy(bytes, to: transport)
        case .none: break
        case .stream:
            let stream = wiring.stream
            transport.core.upcall(ActivityName("dataReceived", of: stream)) { stream.dataReceived(bytes.bytes) }
        }
        return bytes.count
    }

    /// Copies bytes into the memory of a protocol object that supplies it, until the object stops reading.
    private func copy(_ bytes: UnsafeRawBufferPointer, to transport: ChannelTransport) -> Int {
        var taken = 0
        while taken < bytes.count, isReading(transport), let buffered = transport.wiring.buffered,
            !transport.core.queue.isInForkedChild
        {
            guard let memory = buffer(of: transport), isReading(transport), buffered === supplier else { break }
            let count = min(memory.count, bytes.count - taken)
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
            transport.core.upcall(ActivityName("bufferUpdated", of: buffered)) { buffered.bufferUpdated(count) }
            taken += count
        }
        // Bytes that were not taken are dropped if the transport is closing, and left to the next owner of the channel
        // or of the connection if there is one.
        let hasSuccessor = transport.state == .detached || transport.state == .leaving
        return transport.isClosing && !hasSuccessor ? bytes.count : taken
    }

    /// The protocol object's memory for the next receive.
    func buffer(of transport: ChannelTransport) -> UnsafeMutableRawBufferPointer? {
        guard let buffered = transport.wiring.buffered else { return nil }
        let memory = transport.core.upcall(ActivityName("getBuffer", of: buffered)) { buffered.getBuffer(sizeHint: -1) }
        // The call may have changed the protocol object; the channel then asks the new one.
        guard transport.wiring.buffered === buffered else { return nil }
        supply(buffered, transport)
        if memory.count > 0 { return memory }
        let detail = "getBuffer() returned an empty buffer"
        transport.protocolFailed(EventLoopError(.protocolBroken, "getBuffer", detail: detail))
        return nil
    }

    /// Records the supplier, and releases a former one later.
    ///
    /// The former supplier's memory may hold bytes that arrived in this turn and have not been taken yet.
    private func supply(_ buffered: any BufferedProtocol, _ transport: ChannelTransport) {
        guard supplier !== buffered else { return }
        if let supplier { transport.releaseLater(supplier) }
        supplier = buffered
    }

    /// Called when the kernel has filled the start of the memory that was supplied last.
    func filled(_ bytes: UnsafeRawBufferPointer, of transport: ChannelTransport) -> Int {
        // The protocol object may have changed while the kernel filled the memory of the former one.
        guard let buffered = transport.wiring.buffered, buffered === supplier else {
            return filledFormer(bytes, of: transport)
        }
        transport.core.upcall(ActivityName("bufferUpdated", of: buffered)) { buffered.bufferUpdated(bytes.count) }
        return bytes.count
    }

    /// Called when the kernel has filled the memory of a protocol object that was replaced in the meantime.
    @inline(never)
    private func filledFormer(_ bytes: UnsafeRawBufferPointer, of transport: ChannelTransport) -> Int {
        let taken = deliver(bytes, to: transport)
        releaseFormerSupplier(transport)
        return taken
    }

    /// Releases a supplier that was replaced, unless the kernel may still fill its memory.
    ///
    /// Deferred, because the channel may not have copied the rest of the memory yet, and because the supplier may be
    /// the caller.
    func releaseFormerSupplier(_ transport: ChannelTransport) {
        guard let supplier, supplier !== transport.wiring.buffered else { return }
        guard !transport.channel.mayFillOwnersMemory else { return }
        transport.releaseLater(supplier)
        self.supplier = nil
    }

    func end(_ transport: ChannelTransport) {
        guard transport.state == .open, !hasReceivedEOF else { return }
        releaseFormerSupplier(transport)
        hasReceivedEOF = true
        transport.core.note(.debug, "\(transport) received EOF")
        let connection = transport.wiring.connection
        let name = ActivityName("eofReceived", of: connection)
        let disposition = transport.core.upcall(name) { connection.eofReceived() }
        if disposition == .close { transport.close() }
    }

    /// Called when the connection is lost or its channel was detached: breaks the cycle between the protocol object and
    /// its transport.
    func releaseSupplier() {
        supplier = nil
    }
}
