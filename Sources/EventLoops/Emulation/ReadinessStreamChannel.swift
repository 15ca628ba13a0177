internal import CLinux
internal import Glibc
package import Kernel

/// A Unix stream that moves descriptors with its bytes, on any driver that can watch descriptors.
///
/// A separate channel, so that other streams keep their cheaper calls: it uses `recvmsg(2)` and `sendmsg(2)`.
package final class ReadinessStreamChannel: StreamChannel, WatchOwner, WaitHookOwner, @unchecked Sendable {
    private static let bufferSize = 32 * 1024

    private let descriptor: Int32
    private let passing: DescriptorQueue
    private let queue: WorkQueue
    private let sockets: any SocketSystem
    private var watch: (any WatchChannel)?
    private var hook: (any WaitHook)?
    private var owner = StreamChannelOwner.none
    /// How the owner takes bytes; nil while it takes none.
    private var mode: ReceiveMode?
    private var hasEnded = false
    private var hasSent = false
    private var mustSend = false
    /// Whether the socket's buffer was full at the last send.
    private var isBlocked = false
    /// Why the socket cannot be watched.
    private var watchFailure: Errno?
    private var isClosing = false
    private var isFinished = false
    private lazy var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
    private var hasBuffer = false

    package init(
        _ descriptor: Int32, passing: DescriptorQueue, channels: any ChannelFactory, queue: WorkQueue,
        sockets: any SocketSystem
    ) {
        self.descriptor = descriptor
        self.passing = passing
        self.queue = queue
        self.sockets = sockets
        watch = channels.makeWatchChannel(descriptor, owner: self)
        hook = channels.makeWaitHook(owner: self)
    }

    deinit {
        watch?.close()
        if hasBuffer { buffer.deallocate() }
    }

    package func handOver(to owner: StreamChannelOwner) -> StreamChannelOwner {
        let former = self.owner
        self.owner = owner
        stopReading()
        return former
    }

    /// Always false, because the owner's memory is filled within the call that requests it.
    package var mayFillOwnersMemory: Bool { false }

    // MARK: Readiness

    package func becameReady(reading: Bool, writing: Bool) {
        // Receive first: a send to a closed peer fails, and would discard what the peer sent last.
        if reading { receive() }
        guard writing, isBlocked, !isClosing else { return }
        isBlocked = false
        updateWatch()
        sendNow()
    }

    package func watchingFailed(_ errno: Errno) {
        if !isClosing { owner.failed(errno, "watch") }
    }

    package func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(isWriting ? .send : .receive, descriptor, owner: "\(owner)")
    }

    package func loopWillWait() {
        if isClosing { return finish() }
        if let errno = watchFailure.take() { return owner.failed(errno, "watch") }
        guard mustSend else { return }
        mustSend = false
        if !isBlocked { sendNow() }
    }

    /// Watches the directions for which the channel waits.
    ///
    /// A failure is kept for the next turn, because this is called inside the owner's calls.
    private func updateWatch() {
        guard !isClosing else { return }
        do throws(Errno) { try watch?.watch(reading: mode != nil && !hasEnded, writing: isBlocked) } catch {
            watchFailure = error
            hook?.request()
        }
    }

    // MARK: Receiving

    package func startReading(_ mode: ReceiveMode) {
        guard !isClosing, !hasEnded else { return }
        self.mode = mode
        updateWatch()
    }

    package func stopReading() {
        mode = nil
        updateWatch()
    }

    private var isReading: Bool {
        mode != nil && !isClosing && !hasEnded && !queue.isInForkedChild
    }

    /// Receives one message per turn, for fairness.
    private func receive() {
        guard isReading, let mode else { return }
        switch mode {
        case .lending: _ = receive(into: ownBuffer).map { owner.received($0) }
        case .supplied:
            // receiveBuffer() runs the owner's code, so check again.
            guard let memory = owner.receiveBuffer(), isReading else { return }
            _ = receive(into: memory).map { owner.receivedIntoBuffer($0) }
        }
    }

    package func receiveRest() {
        stopReading()
        var isOver = hasEnded
        // The limit exceeds the kernel's buffer; without it, a peer that keeps sending would keep the connection open.
        for _ in 0..<256 where !isOver {
            if let bytes = receive(into: ownBuffer) { _ = owner.received(bytes) } else { isOver = true }
            if isClosing || queue.isInForkedChild { return }
        }
        owner.receivedEOF()
    }

    private var ownBuffer: UnsafeMutableRawBufferPointer {
        hasBuffer = true
        return buffer
    }

    /// Returns the received bytes; nil if there are none, after notifying the owner of an end or error.
    ///
    /// Descriptors are in the queue before the owner takes the bytes.
    private func receive(into memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        do throws(Errno) {
            let arrival = try sockets.receiveDescriptors(descriptor, into: memory)
            let hasTaken = passing.received(arrival.descriptors)
            // Without their descriptors, the bytes would be misunderstood.
            guard !arrival.hasLostDescriptors else { throw .tooManyOpenFiles }
            guard hasTaken else { throw .overflow }
            if arrival.count > 0 { return UnsafeRawBufferPointer(rebasing: memory[..<arrival.count]) }
            end()
            owner.receivedEOF()
        } catch {
            // Another process that shares the socket has read the bytes.
            if error == .resourceTemporarilyUnavailable { return nil }
            end()
            owner.failed(error, "recvmsg")
        }
        return nil
    }

    private func end() {
        hasEnded = true
        stopReading()
    }

    // MARK: Sending

    package func send() {
        guard !isBlocked, !mustSend, !isClosing else { return }
        mustSend = true
        hook?.request()
    }

    /// Sends the bytes that the owner has queued, with the descriptors that are attached to them.
    private func sendNow() {
        // The owner's code may have forked: the parent sends these bytes.
        if isClosing || queue.isInForkedChild { return }
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Gathering.mostRuns) { vectors in
            guard let start = vectors.baseAddress else { return }
            let gathering = owner.gather(into: start)
            if gathering.runs > 0 { send(start, gathering) }
        }
    }

    private func send(_ vectors: UnsafeMutablePointer<iovec>, _ gathering: Gathering) {
        let (descriptors, bytes) = passing.next(of: gathering.bytes)
        let runs = Self.cut(vectors, gathering.runs, to: bytes)
        do throws(Errno) {
            let sent = try sockets.send(descriptor, vectors, count: runs, descriptors: descriptors)
            hasSent = true
            if sent < bytes { waitForSpace() }
            passing.sent(sent)
            // If bytes are left, the owner calls send() again.
            owner.sent(sent)
        } catch {
            if error == .resourceTemporarilyUnavailable { return waitForSpace() }
            owner.sendFailed(error, "sendmsg")
        }
    }

    /// Shortens a list of vectors to a number of bytes; returns how many vectors are left.
    private static func cut(_ vectors: UnsafeMutablePointer<iovec>, _ count: Int, to bytes: Int) -> Int {
        var left = bytes
        for index in 0..<count {
            if vectors[index].iov_len >= left {
                vectors[index].iov_len = left
                return index + 1
            }
            left -= vectors[index].iov_len
        }
        return count
    }

    private func waitForSpace() {
        isBlocked = true
        updateWatch()
    }

    package func shutdownWriting() {
        if isClosing || queue.isInForkedChild { return }
        // If the connection is already lost, the receive reports that.
        try? sockets.shutdownWriting(descriptor)
    }

    // MARK: The end

    package func close() {
        guard !isClosing else { return }
        isClosing = true
        mode = nil
        watch?.close()
        watch = nil
        hook?.request()
    }

    /// Closes the descriptor and notifies the owner, outside the owner's own call.
    private func finish() {
        guard !isFinished, !queue.isInForkedChild else { return }
        isFinished = true
        hook = nil
        passing.dropOutgoing()
        if hasSent, !hasEnded { sockets.dropUnread(descriptor, into: ownBuffer) }
        try? sockets.close(descriptor)
        let former = owner
        owner = .none
        former.channelClosed()
    }
}
