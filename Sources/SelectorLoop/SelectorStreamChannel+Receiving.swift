internal import EventLoops
internal import Glibc
internal import Kernel

extension SelectorStreamChannel {
    func startReading(_ mode: ReceiveMode) {
        guard !isClosing, !hasEnded else { return }
        self.mode = mode
        isReading = true
        if remains != nil { notifyLater() }
        updateWatch()
    }

    /// Stops delivering bytes.
    ///
    /// The poller is updated only when the loop is about to wait, so a pause within a turn costs nothing.
    func stopReading() {
        isReading = false
        updateWatch()
    }

    /// Always false, because the owner's memory is filled within the call that requests it.
    var mayFillOwnersMemory: Bool { false }

    /// Receives once per turn, for fairness: the poller reports any remaining bytes again.
    @inline(__always)
    func receive() {
        guard isReading, !isClosing else { return }
        switch mode {
        case .lending: receiveAndLend()
        case .supplied: receiveIntoOwner()
        }
    }

    private func receiveIntoOwner() {
        // receiveBuffer() runs the owner's code, so check again.
        guard let memory = withOwner({ $0.receiveBuffer() }), isReading, !isClosing else { return }
        guard let filled = receive(into: memory) else { return }
        _ = withOwner { $0.receivedIntoBuffer(filled) }
    }

    @inline(__always)
    private func receiveAndLend() {
        port.withReceiveBuffer { memory in
            guard let filled = receive(into: memory) else { return }
            // The owner takes all bytes: its mode cannot have changed since the check.
            _ = withOwner { $0.received(filled) }
        }
    }

    /// Returns the received bytes; nil if there are none, after notifying the owner of an end or error.
    @inline(__always)
    private func receive(into memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        // receiveBuffer() may have forked: the parent receives these bytes.
        if port.isInForkedChild { return nil }
        do throws(Errno) {
            let count = try SocketCalls.receive(descriptor, into: memory, waits: false)
            if count > 0 { return UnsafeRawBufferPointer(rebasing: memory[..<count]) }
            end()
            withOwner { $0.receivedEOF() }
        } catch {
            // Another process that shares the socket has read the bytes.
            if error == .resourceTemporarilyUnavailable { return nil }
            end()
            withOwner { $0.failed(error, "recv") }
        }
        return nil
    }

    func receiveRest() {
        isReading = false
        updateWatch()
        if let unread = remains?.unread, !unread.isEmpty {
            remains = nil
            _ = unread.withUnsafeBytes { bytes in withOwner { $0.received(bytes) } }
        }
        var isOver = hasEnded
        for _ in 0..<Self.mostRestReceives where !isOver {
            port.withReceiveBuffer { memory in
                if let filled = receive(into: memory) { _ = withOwner { $0.received(filled) } } else { isOver = true }
            }
            if isClosing || port.isInForkedChild { return }
        }
        withOwner { $0.receivedEOF() }
    }

    /// The limit exceeds the kernel's buffer; without it, a peer that keeps sending would keep the connection open.
    private static var mostRestReceives: Int { 128 }

    /// Delivers what a former channel of the connection has left, until the owner stops reading.
    ///
    /// Called when the owner starts to read, but not during a call that the owner makes.
    @inline(never)
    func deliverRemains() {
        while let unread = remains?.unread, !unread.isEmpty, isReading, !isClosing, !port.isInForkedChild {
            let taken = unread.withUnsafeBytes { bytes in withOwner { $0.received(bytes) } }
            remains?.unread = Array(unread.dropFirst(taken))
        }
        guard let left = remains, left.unread.isEmpty, isReading, !isClosing, !port.isInForkedChild else { return }
        remains = nil
        if let failure = left.failure {
            end()
            withOwner { $0.failed(failure, "recv") }
        } else {
            updateWatch()
        }
    }

    func dropUnread() {
        port.withReceiveBuffer { SocketCalls.dropUnread(descriptor, into: $0) }
    }

    private func end() {
        hasEnded = true
        isReading = false
        updateWatch()
    }
}
