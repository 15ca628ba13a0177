internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

extension ProactorDatagramChannel {
    func send() {
        guard pollTag == nil, !isListedToSend, !isClosing else { return }
        isListedToSend = true
        port.sending.append(self)
    }

    /// How many times one turn gathers datagrams, so that a busy sender does not starve other channels.
    private static let mostBatches = 4

    /// Sends what the owner has queued, and what it queues when it is notified.
    func sendNow() {
        var batches = 0
        // The owner's code may fork: the parent sends the remaining datagrams.
        while !isClosing, !ring.isInForkedChild, sendBatch() {
            batches += 1
            if batches == Self.mostBatches { return port.sending.append(self) }
        }
        isListedToSend = false
        if isClosing { notifyLater() }
    }

    /// Sends a batch of datagrams, usually with one call; false if there are none, or the socket cannot take all of
    /// them.
    ///
    /// After a failure the rest is gathered anew, because the owner may list the same datagram again.
    private func sendBatch() -> Bool {
        let sender = port.datagramSender
        let count = withOwner { sender.gather($0, joining: mayJoin, family) }
        guard count > 0 else { return false }
        var done = 0
        do throws(Errno) {
            while done < count {
                done += try sender.send(descriptor, done..<count)
                wasWritable = false
            }
        } catch {
            let wasTrain = sender.isTrain(done)
            if done > 0 { withOwner { $0.sent(sender.datagrams(in: done)) } }
            return isClosing ? false : sendFailed(error, wasTrain)
        }
        withOwner { $0.sent(sender.datagrams(in: count)) }
        return true
    }

    private func sendFailed(_ errno: Errno, _ wasTrain: Bool) -> Bool {
        if wasTrain, DatagramSender.mayRefuseTrains(errno) {
            // Nothing of the train has been sent.
            mayJoin = false
            return true
        }
        switch errno {
        case .resourceTemporarilyUnavailable:
            waitForSpace()
            return false
        case .badFileDescriptor, .notSocket:
            withOwner { $0.failed(errno, "sendmmsg") }
            return false
        default:
            withOwner { $0.sendFailed(errno) }
            return true
        }
    }

    /// Waits until the socket is writable.
    ///
    /// If a Unix socket is writable although its receiver is full, waiting does not help: the owner is notified of a
    /// stall.
    private func waitForSpace() {
        if wasWritable, family == .unix {
            wasWritable = false
            return withOwner { $0.sendStalled() }
        }
        pollTag = ring.poll(descriptor, events: UInt32(POLLOUT), for: self)
    }

    func pollCompleted(_ result: Int32) {
        pollTag = nil
        if isClosing { return finishIfPossible() }
        let errno = Errno(rawValue: -result)
        if result < 0, errno != .canceled { return withOwner { $0.failed(errno, "poll") } }
        wasWritable = result > 0
        send()
    }
}
