internal import EventLoops
internal import Glibc
internal import Kernel

extension SelectorStreamChannel {
    func startReading(_ mode: ReceiveMode) {
        guard !isClosing, !hasEnded else { return }
        self.mode = mode
        isReading = true
        updateWatch()
    }

    /// The watch stays until the loop waits: a pause that ends before that costs nothing.
    func stopReading() {
        isReading = false
        updateWatch()
    }

    /// Receives once: more is told of again, after the others have had their turn.
    @inline(__always)
    func receive() {
        guard isReading, !isClosing else { return }
        switch mode {
        case .lending: receiveAndLend()
        case .supplied: receiveIntoOwner()
        }
    }

    private func receiveIntoOwner() {
        // Asking for memory runs the owner's code: look again.
        guard let memory = withOwner({ $0.receiveBuffer() }), isReading, !isClosing else { return }
        guard let filled = receive(into: memory) else { return }
        _ = withOwner { $0.receivedIntoBuffer(filled) }
    }

    @inline(__always)
    private func receiveAndLend() {
        port.withReceiveBuffer { memory in
            guard let filled = receive(into: memory) else { return }
            // All of it is taken: whoever has the bytes lent decides at once, and the owner's kind cannot have changed.
            _ = withOwner { $0.received(filled) }
        }
    }

    /// What came, or nil after having told the owner of the end.
    @inline(__always)
    private func receive(into memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        // Asking the owner for memory may have forked: its parent receives these bytes.
        if port.isInForkedChild { return nil }
        do throws(Errno) {
            let count = try SocketCalls.receive(descriptor, into: memory, waits: false)
            if count > 0 { return UnsafeRawBufferPointer(rebasing: memory[..<count]) }
            end()
            withOwner { $0.receivedEOF() }
        } catch {
            // Another process with the same socket was faster.
            if error == .resourceTemporarilyUnavailable { return nil }
            end()
            withOwner { $0.failed(error, "recv") }
        }
        return nil
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
