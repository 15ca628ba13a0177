package import Kernel

/// A datagram channel for any driver that can watch descriptors: receives and sends when the socket is ready.
package final class ReadinessDatagramChannel: DatagramChannel, WatchOwner, WaitHookOwner, @unchecked Sendable {
    let descriptor: Int32
    let family: AddressFamily
    let queue: WorkQueue
    let memory: DatagramMemory
    private var watch: (any WatchChannel)?
    private var hook: (any WaitHook)?
    /// The owner, retained but unmanaged, because the compiler would retain a strong reference for each call.
    private var ownerReference = Unmanaged.passRetained(DatagramChannelOwner.none)
    var isReceiving = false
    /// Datagrams that were received when the owner stopped receiving; they are delivered first afterwards.
    var held = HeldDatagrams()
    /// Whether datagrams are being delivered; what the owner sends meanwhile is sent right after the delivery.
    var isServing = false
    private var mustSend = false
    /// Whether the socket's buffer was full at the last send.
    private var isBlocked = false
    /// Whether the socket has been reported as writable since the last datagram was sent.
    private var wasWritable = false
    /// Why the socket cannot be watched.
    private var watchFailure: Errno?
    private(set) var isClosing = false
    private var isFinished = false

    package init(
        _ descriptor: Int32, family: AddressFamily, channels: any ChannelFactory, queue: WorkQueue,
        memory: DatagramMemory
    ) {
        self.descriptor = descriptor
        self.family = family
        self.queue = queue
        self.memory = memory
        watch = channels.makeWatchChannel(descriptor, owner: self)
        hook = channels.makeWaitHook(owner: self)
    }

    deinit {
        ownerReference.release()
    }

    @inline(__always)
    func withOwner<Result>(_ body: (DatagramChannelOwner) -> Result) -> Result {
        ownerReference._withUnsafeGuaranteedRef(body)
    }

    package func begin(for owner: DatagramChannelOwner) {
        replaceOwner(by: owner)
    }

    @discardableResult
    private func replaceOwner(by owner: DatagramChannelOwner) -> DatagramChannelOwner {
        let former = ownerReference.takeRetainedValue()
        ownerReference = .passRetained(owner)
        return former
    }

    // MARK: Readiness

    package func becameReady(reading: Bool, writing: Bool) {
        if reading, isReceiving, held.isEmpty { serve { receive() } }
        if writing, isBlocked, !isClosing {
            isBlocked = false
            wasWritable = true
            updateWatch()
            sendNow()
        }
    }

    package func watchingFailed(_ errno: Errno) {
        if !isClosing { withOwner { $0.failed(errno, "watch") } }
    }

    package func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(isWriting ? .send : .receive, descriptor, owner: withOwner { "\($0)" })
    }

    /// Watches the directions for which the channel waits.
    ///
    /// A failure is kept for the next turn, because this is called inside the owner's calls.
    func updateWatch() {
        guard !isClosing else { return }
        do throws(Errno) { try watch?.watch(reading: isReceiving && held.isEmpty, writing: isBlocked) } catch {
            watchFailure = error
            hook?.request()
        }
    }

    /// Delivers datagrams, and then sends what the owner has queued meanwhile.
    private func serve(_ deliver: () -> Void) {
        isServing = true
        deliver()
        isServing = false
        guard mustSend else { return }
        mustSend = false
        if !isBlocked, !isClosing { sendNow() }
    }

    package func loopWillWait() {
        if isClosing { return finish() }
        if let errno = watchFailure.take() { return withOwner { $0.failed(errno, "watch") } }
        if isReceiving, !held.isEmpty {
            serve { deliverHeld() }
            if isReceiving { updateWatch() }
        }
        guard mustSend, !isClosing else { return }
        mustSend = false
        if !isBlocked { sendNow() }
    }

    // MARK: Receiving

    package func startReceiving() {
        guard !isClosing, !isReceiving else { return }
        isReceiving = true
        if held.isEmpty { updateWatch() } else { hook?.request() }
    }

    package func stopReceiving() {
        guard isReceiving else { return }
        isReceiving = false
        updateWatch()
    }

    // MARK: Sending

    package func send() {
        guard !isBlocked, !mustSend, !isClosing else { return }
        mustSend = true
        if !isServing { hook?.request() }
    }

    /// How many times one turn gathers datagrams, so that a busy sender does not starve other channels.
    private static let mostBatches = 4

    private func sendNow() {
        for _ in 0..<Self.mostBatches {
            // The owner's code may have forked: the parent sends these datagrams.
            if isClosing || queue.isInForkedChild { return }
            let count = withOwner { memory.gather($0) }
            if count == 0 { return }
            guard send(count) else { return }
        }
        send()
    }

    /// Sends the datagrams that were gathered; false if the socket cannot take all of them.
    ///
    /// After a failure the rest is gathered anew, because the owner may list the same datagram again.
    private func send(_ count: Int) -> Bool {
        var done = 0
        while done < count {
            do throws(Errno) {
                done += try memory.send(descriptor, from: done, count: count)
                wasWritable = false
            } catch {
                if done > 0 { withOwner { $0.sent(done) } }
                return sendFailed(error)
            }
        }
        withOwner { $0.sent(count) }
        return true
    }

    private func sendFailed(_ errno: Errno) -> Bool {
        switch errno {
        case .resourceTemporarilyUnavailable:
            if !isClosing { waitForSpace() }
            return false
        case .badFileDescriptor, .notSocket:
            if !isClosing { withOwner { $0.failed(errno, "sendmmsg") } }
            return false
        default:
            if !isClosing { withOwner { $0.sendFailed(errno) } }
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
        isBlocked = true
        updateWatch()
    }

    // MARK: The end

    package func close() {
        guard !isClosing else { return }
        isClosing = true
        isReceiving = false
        held.removeAll()
        watch?.close()
        watch = nil
        hook?.request()
    }

    /// Closes the descriptor and notifies the owner, outside the owner's own call.
    private func finish() {
        guard !isFinished else { return }
        isFinished = true
        memory.close(descriptor)
        hook = nil
        replaceOwner(by: .none).channelClosed()
    }
}
