internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

extension ProactorStreamChannel {
    func startReading(_ mode: ReceiveMode) {
        guard !isClosing else { return }
        receiving.mode = mode
        // Bytes that arrived during a pause are delivered first, even if the previous receive is still being cancelled.
        if holdsBytes || receiving.end != nil { notifyLater() }
        if let tag = receiving.tag {
            // A receive is in flight already. Replace it if the owner now wants the other kind.
            if receiving.isMultishot, receiving.isSupplied { cancelReceive(tag) }
        } else if receiving.isSupplied || receiving.isForRest || isListedToNotify {
            // receiveBuffer() and receiveWhatHasArrived() call the owner, which may be making this call.
            notifyLater()
        } else {
            receive(expectsData: false)
        }
        assert(hasNextEvent, "a channel whose owner wants bytes waits for no event")
    }

    /// Whether something will call this channel again if its owner wants bytes.
    ///
    /// Debug builds check this after every step of the channel: if no step leaves the channel without a next event, it
    /// cannot stall.
    var hasNextEvent: Bool {
        !receiving.isWanted || isClosing || receiving.tag != nil || receiving.isStarved || isListedToNotify
            || receiving.hasNotifiedEnd || ring.isInForkedChild
    }

    /// Stops delivering bytes.
    ///
    /// The receive stays in flight until data arrives, so a pause that ends before that costs nothing.
    func stopReading() {
        receiving.mode = nil
    }

    /// Keeps an owner that has handed the channel over until the kernel has released the owner's memory.
    func keepUntilReceived(_ former: StreamChannelOwner) {
        guard receiving.memory != nil, let tag = receiving.tag else { return }
        // After several changes of owner, the memory still belongs to the first one.
        if formerOwner == nil { formerOwner = former }
        cancelReceive(tag)
    }

    var mayFillOwnersMemory: Bool {
        receiving.memory != nil
    }

    private func cancelReceive(_ tag: UInt64) {
        guard !receiving.isCancelling else { return }
        receiving.isCancelling = true
        ring.cancel(tag)
    }

    // MARK: Submitting

    /// Delivers held bytes, and then the end of the stream if it has been reached; otherwise receives again.
    ///
    /// Never called during a call that the owner makes.
    func continueReceiving() {
        while let held, !held.isEmpty, receiving.isWanted, !isClosing, !ring.isInForkedChild {
            held.consume(withOwner { $0.received(held.first) })
        }
        guard !holdsBytes, !isClosing else { return }
        if receiving.end != nil { notifyEnd() } else if receiving.tag == nil { receive(expectsData: true) }
    }

    /// Receives again after receive buffers have been returned.
    func receiveAgain() {
        receiving.isStarved = false
        guard receiving.tag == nil, !isClosing, receiving.isWanted else { return }
        // receiveBuffer() runs the owner's code, which may change the list that is calling this channel.
        if receiving.isSupplied { notifyLater() } else { receive(expectsData: true) }
    }

    /// Submits a receive if one may be submitted.
    ///
    /// - Parameter expectsData: Whether bytes may be available already; if not, the kernel need not try to receive
    ///   before it waits.
    private func receive(expectsData: Bool) {
        // A callback may have submitted a receive already; never submit a second one.
        guard receiving.tag == nil, mayReceive else { return }
        receiving.isCancelling = false
        receiving.hasReceived = false
        if receiving.isForRest { return receiveWhatHasArrived() }
        if receiving.isSupplied { return receiveIntoOwner(expectsData) }
        receiving.isMultishot = true
        receiving.mustLook = true
        receiving.tag = ring.receiveMultishot(descriptor, group: pool.group, for: self)
    }

    // MARK: After a failed send

    func receiveRest() {
        guard !isClosing else { return }
        receiving.isForRest = true
        receiving.mode = .lending
        if receiving.isStarved {
            receiving.isStarved = false
            pool.removeStarved(self, hasReceived: receiving.hasReceived)
        }
        // The receive in flight may have bytes already, which precede those in the socket.
        if let tag = receiving.tag { cancelReceive(tag) }
        notifyLater()
    }

    /// Receives without the ring, which would wait for more, and ends the stream.
    private func receiveWhatHasArrived() {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { memory in
            // The limit exceeds the kernel's buffer; without it, a peer that keeps sending would keep the connection
            // open.
            for _ in 0..<128 where !isClosing && !ring.isInForkedChild {
                guard let count = try? SocketCalls.receive(descriptor, into: memory, waits: false), count > 0 else {
                    return
                }
                deliver(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            }
        }
        guard !isClosing, !ring.isInForkedChild else { return }
        receiving.end = .eof
        notifyEnd()
    }

    /// Whether a receive may be submitted.
    ///
    /// None may be submitted while bytes are held: an owner that supplies memory would get later bytes before them.
    private var mayReceive: Bool {
        receiving.isWanted && receiving.end == nil && !receiving.isStarved && !isClosing && !holdsBytes
            && !ring.isInForkedChild
    }

    private func receiveIntoOwner(_ expectsData: Bool) {
        guard let memory = withOwner({ $0.receiveBuffer() }), let start = memory.baseAddress else { return }
        // receiveBuffer() ran the owner's code, so check again.
        guard receiving.tag == nil, mayReceive, receiving.isSupplied else { return }
        receiving.isMultishot = false
        receiving.memory = memory
        receiving.tag = ring.receive(
            descriptor, into: start, count: memory.count, pollFirst: !expectsData, for: self)
    }

    // MARK: Completing

    func receiveCompleted(_ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { receiving.tag = nil }
        if flags.hasBuffer {
            let piece = flags.buffer
            receiving.hasReceived = true
            if receiving.mustLook, !flags.hasMoreToReceive { lookForEnd() }
            let bytes = UnsafeRawBufferPointer(start: pool.lend(piece), count: max(0, Int(result)))
            if result > 0, keepsBytes { deliver(bytes) }
            pool.takeBack(piece)
        }
        if isClosing { return lastReceiveCompleted(result) }
        if result <= 0 { return receiveEnded(result) }
        if !flags.hasMore { receive(expectsData: true) }
    }

    /// Restarts the receive if the kernel has missed the end of the connection.
    ///
    /// The kernel (6.18) tries to receive and, if no data is available, registers for a wake-up. If bytes and the end
    /// arrive in between, it delivers the bytes, and no later wake-up reports the end: the receive would stay in flight
    /// until it is cancelled. So one poll(2) follows the first bytes. Older kernels may miss the end at any time.
    @inline(never)
    private func lookForEnd() {
        receiving.mustLook = port.kernelForgetsEnds
        guard let tag = receiving.tag, SocketCalls.hasEnded(descriptor) else { return }
        cancelReceive(tag)
    }

    private func deliver(_ bytes: UnsafeRawBufferPointer) {
        let taken = !holdsBytes && receiving.isWanted ? withOwner { $0.received(bytes) } : 0
        guard taken < bytes.count, keepsBytes else { return }
        hold(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(taken)))
        // The owner took only some of the bytes, so stop receiving.
        if let tag = receiving.tag { cancelReceive(tag) }
    }

    /// Whether bytes that the owner does not take are kept for later, or for the next channel of the connection.
    private var keepsBytes: Bool {
        !isClosing || isReleasing
    }

    private var holdsBytes: Bool {
        if let held { !held.isEmpty } else { false }
    }

    private func hold(_ bytes: UnsafeRawBufferPointer) {
        let held = held ?? SegmentQueue(pool: port.segments)
        self.held = held
        held.append(bytes)
        // An owner that changed its protocol during the delivery still wants bytes; only this call delivers the rest.
        if receiving.isWanted { notifyLater() }
    }

    func bufferedReceiveCompleted(_ result: Int32) {
        receiving.tag = nil
        let memory = receiving.memory
        receiving.memory = nil
        if formerOwner != nil { return formersReceiveCompleted(result, memory) }
        if isClosing { return lastReceiveCompleted(result, memory) }
        guard result > 0 else { return receiveEnded(result) }
        let filled = UnsafeRawBufferPointer(start: memory?.baseAddress, count: Int(result))
        let taken = !holdsBytes && receiving.isWanted ? withOwner { $0.receivedIntoBuffer(filled) } : 0
        if taken < filled.count, keepsBytes { hold(UnsafeRawBufferPointer(rebasing: filled.dropFirst(taken))) }
        receive(expectsData: false)
    }

    /// Lends the owner what was received into a former owner's memory, and then releases the former owner.
    @inline(never)
    private func formersReceiveCompleted(_ result: Int32, _ memory: UnsafeMutableRawBufferPointer?) {
        let former = formerOwner
        formerOwner = nil
        defer { former?.memoryReleased() }
        if isClosing { return lastReceiveCompleted(result, memory) }
        guard result > 0 else { return receiveEnded(result) }
        deliver(UnsafeRawBufferPointer(start: memory?.baseAddress, count: Int(result)))
        receive(expectsData: false)
    }

    /// Called for a receive that was in flight when the channel was closed or released.
    ///
    /// - Parameter memory: The owner's memory, which the receive may have filled; nil if it was not received there.
    @inline(never)
    private func lastReceiveCompleted(_ result: Int32, _ memory: UnsafeMutableRawBufferPointer? = nil) {
        if isReleasing {
            if result > 0, let memory { hold(UnsafeRawBufferPointer(rebasing: memory[..<Int(result)])) }
            noteFailure(result)
        }
        finishIfPossible()
    }

    /// Notes why a receive failed before it could be cancelled, for the next channel: the kernel reports an error once.
    private func noteFailure(_ result: Int32) {
        guard result < 0, result != -ECANCELED, result != -ENOBUFS, !Self.isTransient(result) else { return }
        if receiving.end == nil { receiving.end = .failure(Errno(rawValue: -result)) }
    }

    private func receiveEnded(_ result: Int32) {
        switch result {
        case 0: receiving.end = .eof
        case -ENOBUFS:
            receiving.isStarved = true
            return pool.addStarved(self, hasReceived: receiving.hasReceived)
        case -ECANCELED: return receive(expectsData: true)
        case _ where Self.isTransient(result): return receive(expectsData: true)
        default: receiving.end = .failure(Errno(rawValue: -result))
        }
        notifyEnd()
    }

    /// Notifies the owner of the end of the stream once the owner has taken all bytes.
    private func notifyEnd() {
        guard !holdsBytes, receiving.isWanted, !receiving.hasNotifiedEnd, let end = receiving.end else { return }
        receiving.hasNotifiedEnd = true
        switch end {
        case .eof: withOwner { $0.receivedEOF() }
        case .failure(let errno): withOwner { $0.failed(errno, "recv") }
        }
    }
}
