internal import Kernel

extension ReadinessDatagramChannel {
    /// How many times one turn receives, so that a flooded socket does not starve other channels.
    private static let mostReceives = 4

    /// Receives until the socket is empty, the owner stops, or the turn's limit is reached.
    func receive() {
        for _ in 0..<Self.mostReceives where isReceiving && !queue.isInForkedChild {
            let count: Int
            do throws(Errno) { count = try memory.receive(descriptor, family) } catch {
                return receiveFailed(error)
            }
            deliver(count)
            // If the socket had more, the call would have filled all messages.
            if count < memory.capacity(family) { return }
        }
    }

    private func deliver(_ count: Int) {
        for index in 0..<count where !isClosing && !queue.isInForkedChild {
            let datagram = memory.received(index)
            guard isReceiving else {
                held.append(datagram)
                continue
            }
            if isEnd(datagram) { return stopReceiving() }
            withOwner { $0.received(datagram) }
        }
    }

    /// Whether the receiving side of the socket is shut down: the kernel would report that at every receive.
    ///
    /// Every IP datagram has a sender, so a message with neither a sender nor bytes is not a datagram.
    private func isEnd(_ datagram: borrowing ReceivedDatagram) -> Bool {
        datagram.bytes.isEmpty && datagram.name.isEmpty && (family == .ipv4 || family == .ipv6)
    }

    private func receiveFailed(_ errno: Errno) {
        switch errno {
        // Another process that shares the socket has received the datagram.
        case .resourceTemporarilyUnavailable: return
        case .badFileDescriptor, .notSocket: withOwner { $0.failed(errno, "recvmmsg") }
        default: withOwner { $0.receiveFailed(errno) }
        }
    }

    /// Delivers the datagrams that were held, until the owner stops again.
    func deliverHeld() {
        while isReceiving, !queue.isInForkedChild, let datagram = held.popFirst() {
            datagram.lend { datagram in withOwner { $0.received(datagram) } }
        }
    }
}
