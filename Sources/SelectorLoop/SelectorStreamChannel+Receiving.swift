internal import EventLoops
internal import Glibc
internal import Kernel

extension SelectorStreamChannel {
    func startReading() {
        guard !isClosing, !hasEnded else { return }
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
        guard owner.acceptsBytes, !isClosing else { return }
        if owner.suppliesMemory { receiveIntoOwner() } else { receiveAndLend() }
    }

    private func receiveIntoOwner() {
        // Asking for memory runs the owner's code: look again.
        guard let memory = owner.receiveBuffer(), isReading, !isClosing else { return }
        guard let filled = receive(into: memory) else { return }
        _ = owner.receivedIntoBuffer(filled)
    }

    @inline(__always)
    private func receiveAndLend() {
        port.withReceiveBuffer { memory in
            guard let filled = receive(into: memory) else { return }
            // All of it is taken: whoever has the bytes lent decides at once, and the owner's kind cannot have changed.
            _ = owner.received(filled)
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
            owner.receivedEOF()
        } catch {
            // Another process with the same socket was faster.
            if error == .resourceTemporarilyUnavailable { return nil }
            end()
            owner.failed(error, "recv")
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
