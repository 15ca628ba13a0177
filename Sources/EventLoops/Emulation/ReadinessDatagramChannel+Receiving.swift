internal import Kernel

extension ReadinessDatagramChannel {
    /// How many times one turn receives, so that a flooded socket does not starve other channels.
    private static let mostReceives = 4

    /// Receives until the socket is empty, the owner stops, or the turn's limit is reached.
    func receive() {
        for attempt in 0..<Self.mostReceives where isReceiving && !queue.isInForkedChild {
            let count: Int
            do throws(Errno) { count = try memory.receive(descriptor, family) } catch {
                return receiveFailed(error, isFirst: attempt == 0)
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
            withOwner { $0.received(datagram) }
        }
    }

    private func receiveFailed(_ errno: Errno, isFirst: Bool) {
        switch errno {
        case .resourceTemporarilyUnavailable: if isFirst { foundNothing() }
        case .badFileDescriptor, .notSocket: withOwner { $0.failed(errno, "recvmmsg") }
        default: withOwner { $0.receiveFailed(errno) }
        }
    }

    /// Called when the socket is reported as readable, but has no datagram.
    ///
    /// Another process that shares the socket may have received it. Otherwise, the socket would be reported again and
    /// again: because it is shut down, or, with `IP_RECVERR`, because its error queue is not empty.
    @inline(never)
    private func foundNothing() {
        if memory.hasEnded(descriptor) { stopReceiving() }
    }

    /// Delivers the datagrams that were held, until the owner stops again.
    func deliverHeld() {
        while isReceiving, !queue.isInForkedChild, let datagram = held.popFirst() {
            datagram.lend { datagram in withOwner { $0.received(datagram) } }
        }
    }
}
