internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

extension ProactorStreamChannel {
    func startReading() {
        guard !isClosing else { return }
        receiving.isWanted = true
        // What came during a pause is told first, also while the receive of before is still being cancelled.
        if holdsBytes || receiving.end != nil { tellLater() }
        if let tag = receiving.tag {
            // In flight already, unless it is of the kind that the owner does not want any more.
            if receiving.isMultishot, owner.suppliesMemory { cancelReceive(tag) }
        } else if owner.suppliesMemory || isListedToTell {
            tellLater()
        } else {
            receive(expectsData: false)
        }
    }

    /// The receive stays in flight until something comes: a pause that ends before that costs nothing.
    func stopReading() {
        receiving.isWanted = false
    }

    private func cancelReceive(_ tag: UInt64) {
        guard !receiving.isCancelling else { return }
        receiving.isCancelling = true
        port.cancel(tag)
    }

    // MARK: Asking

    /// Outside of the owner's calls: delivers what is held, then the end, then receives on.
    func continueReceiving() {
        while let held, !held.isEmpty, owner.acceptsBytes, !isClosing, !port.isInForkedChild {
            held.consume(owner.received(held.first))
        }
        guard !holdsBytes, !isClosing else { return }
        if receiving.end != nil { tellEnd() } else if receiving.tag == nil { receive(expectsData: true) }
    }

    /// Buffers have come back.
    func receiveAgain() {
        receiving.isStarved = false
        guard receiving.tag == nil, !isClosing, receiving.isWanted else { return }
        // Asking an owner for its memory runs its code, which may change the list that calls this.
        if owner.suppliesMemory { tellLater() } else { receive(expectsData: true) }
    }

    /// - Parameter expectsData: Whether there may be something already; if not, the kernel need not try to fill the
    ///   owner's memory before it waits.
    private func receive(expectsData: Bool) {
        // Never a second receive: a callback may have asked for one already.
        guard receiving.tag == nil, mayReceive else { return }
        receiving.isCancelling = false
        receiving.hasBrought = false
        if owner.suppliesMemory { return receiveIntoOwner(expectsData) }
        receiving.isMultishot = true
        receiving.mustLook = true
        receiving.tag = port.receiveMultishot(descriptor, for: self)
    }

    /// Not while bytes are held, either: they come first, to where an owner that supplies memory wants the next ones.
    private var mayReceive: Bool {
        receiving.isWanted && receiving.end == nil && !receiving.isStarved && !isClosing && !holdsBytes
            && !port.isInForkedChild
    }

    private func receiveIntoOwner(_ expectsData: Bool) {
        guard let memory = owner.receiveBuffer(), let start = memory.baseAddress else { return }
        // Asking for memory ran the owner's code: look again.
        guard receiving.tag == nil, mayReceive, owner.suppliesMemory else { return }
        receiving.isMultishot = false
        receiving.memory = memory
        receiving.tag = port.receive(
            descriptor, into: start, count: memory.count, pollFirst: !expectsData, for: self)
    }

    // MARK: Getting

    func receiveCompleted(_ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { receiving.tag = nil }
        if flags.hasBuffer {
            let piece = flags.buffer
            receiving.hasBrought = true
            if receiving.mustLook, !flags.hasMoreToReceive { lookForEnd() }
            let bytes = UnsafeRawBufferPointer(start: port.lend(piece), count: max(0, Int(result)))
            if result > 0, !isClosing { deliver(bytes) }
            port.takeBack(piece)
        }
        if isClosing { return finishIfPossible() }
        if result <= 0 { return receiveEnded(result) }
        if !flags.hasMore { receive(expectsData: true) }
    }

    /// Receives anew where the kernel has forgotten that the connection is at its end.
    ///
    /// The kernel (6.18) tries, and when nothing is there yet asks to be told. If bytes and the end come in between, it
    /// finds both at that moment, delivers the bytes, and nothing that comes later reminds it of the end: the receive
    /// stays in flight for ever. So there is one look, after the first bytes. Older kernels may do it at any time.
    @inline(never)
    private func lookForEnd() {
        receiving.mustLook = port.kernelForgetsEnds
        guard let tag = receiving.tag, SocketCalls.hasEnded(descriptor) else { return }
        cancelReceive(tag)
    }

    private func deliver(_ bytes: UnsafeRawBufferPointer) {
        let taken = !holdsBytes && owner.acceptsBytes ? owner.received(bytes) : 0
        guard taken < bytes.count, !isClosing else { return }
        hold(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(taken)))
        // The owner is slow: ask the kernel for no more.
        if let tag = receiving.tag { cancelReceive(tag) }
    }

    private var holdsBytes: Bool {
        if let held { !held.isEmpty } else { false }
    }

    private func hold(_ bytes: UnsafeRawBufferPointer) {
        let held = held ?? SegmentQueue(pool: port.segments)
        self.held = held
        held.append(bytes)
        // It wants them still, when it has changed its protocol in the middle: nobody else would tell it of the rest.
        if owner.acceptsBytes { tellLater() }
    }

    func bufferedReceiveCompleted(_ result: Int32) {
        receiving.tag = nil
        let memory = receiving.memory
        receiving.memory = nil
        if isClosing { return finishIfPossible() }
        guard result > 0 else { return receiveEnded(result) }
        let filled = UnsafeRawBufferPointer(start: memory?.baseAddress, count: Int(result))
        let taken = !holdsBytes && owner.acceptsBytes ? owner.receivedIntoBuffer(filled) : 0
        if taken < filled.count, !isClosing { hold(UnsafeRawBufferPointer(rebasing: filled.dropFirst(taken))) }
        receive(expectsData: false)
    }

    private func receiveEnded(_ result: Int32) {
        switch result {
        case 0: receiving.end = .eof
        case -ENOBUFS:
            receiving.isStarved = true
            return (receiving.hasBrought ? port.served : port.starved).append(self)
        case -ECANCELED: return receive(expectsData: true)
        case _ where Self.isPassing(result): return receive(expectsData: true)
        default: receiving.end = .failure(Errno(rawValue: -result))
        }
        tellEnd()
    }

    /// Tells the owner of the end, unless it has yet to take the bytes before it.
    private func tellEnd() {
        guard !holdsBytes, owner.acceptsBytes, !receiving.hasToldEnd, let end = receiving.end else { return }
        receiving.hasToldEnd = true
        switch end {
        case .eof: owner.receivedEOF()
        case .failure(let errno): owner.failed(errno, "recv")
        }
    }
}
