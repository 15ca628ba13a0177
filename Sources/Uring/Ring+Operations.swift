import CUring

/// What can be asked. Each function queues one entry; nothing happens before the next ``enter(_:)``.
///
/// The tag comes back with each completion. An operation has exactly one last completion, the one without
/// IORING_CQE_F_MORE, and every buffer and descriptor it was given must stay as it is until that has been reaped, also
/// after a cancel.
extension Ring {
    /// Accepts connections until cancelled, a completion each, as non-blocking close-on-exec sockets (Linux 5.19).
    package func acceptMultishot(_ fd: Int32, tag: UInt64) {
        let entry = nextEntry()
        cu_accept(entry, fd, true, tag)
        note(.acceptMultishot, entry)
    }

    /// Accepts one connection as a non-blocking close-on-exec socket.
    package func accept(_ fd: Int32, tag: UInt64) {
        let entry = nextEntry()
        cu_accept(entry, fd, false, tag)
        note(.accept, entry)
    }

    /// Receives into buffers of `group` until cancelled, at the end, or out of buffers, a completion each (Linux 6.0).
    package func receiveMultishot(_ fd: Int32, group: UInt16, tag: UInt64) {
        let entry = nextEntry()
        cu_receive_multishot(entry, fd, group, tag)
        note(.receiveMultishot, entry)
    }

    /// Receives once, up to `count` bytes, into memory that is the kernel's until the completion.
    ///
    /// - Parameter pollFirst: Wait for readiness without trying first: right when nothing is expected yet.
    package func receive(
        _ fd: Int32, into bytes: UnsafeMutableRawPointer, count: Int, pollFirst: Bool = false, tag: UInt64
    ) {
        let entry = nextEntry()
        cu_receive(entry, fd, bytes, Self.clamped(count), pollFirst, tag)
        note(.receive, entry)
    }

    /// Sends all `count` bytes, from memory that is the kernel's until the completion.
    ///
    /// The result is short only when an error or a cancel came between. Never have two in flight on one stream: their
    /// bytes would mix.
    package func send(_ fd: Int32, from bytes: UnsafeRawPointer, count: Int, tag: UInt64) {
        let entry = nextEntry()
        cu_send(entry, fd, bytes, Self.clamped(count), tag)
        note(.send, entry)
    }

    /// Waits once until one of the poll(2) `events` is there; they are the result.
    package func poll(_ fd: Int32, events: UInt32, tag: UInt64) {
        let entry = nextEntry()
        cu_poll(entry, fd, events, tag)
        note(.poll, entry)
    }

    /// Reads up to `count` bytes at `offset`, or where the file stands if that is -1.
    package func read(
        _ fd: Int32, into bytes: UnsafeMutableRawPointer, count: Int, offset: Int64 = -1, tag: UInt64
    ) {
        let entry = nextEntry()
        cu_read(entry, fd, bytes, Self.clamped(count), offset, tag)
        note(.read, entry)
    }

    /// Asks to end the operation with the tag `victim`, whose own last completion tells what came of it.
    ///
    /// One cancel an operation: cancelling everything at once is quadratic in the kernel (8000 receives: 433 ms against
    /// 8.5 ms).
    package func cancel(_ victim: UInt64) {
        let entry = nextEntry()
        cu_cancel(entry, victim, ReservedTag.ignored)
        note(.cancel, entry)
    }

    /// Closes a descriptor that no operation in flight uses.
    ///
    /// With one in flight the peer would not see the end.
    package func closeDescriptor(_ fd: Int32) {
        let entry = nextEntry()
        cu_close(entry, fd, ReservedTag.ignored)
        note(.close, entry)
    }

    /// Does nothing, and completes.
    package func nop(tag: UInt64) {
        let entry = nextEntry()
        cu_nop(entry, tag)
        note(.nop, entry)
    }
}

extension Ring {
    /// A length as the entry has it.
    ///
    /// The kernel moves at most 2 GiB at once whatever is asked.
    @inline(__always)
    private static func clamped(_ count: Int) -> UInt32 { UInt32(min(count, Int(Int32.max))) }

    /// Queues what `Ring+Messages` offers: a SENDMSG of a `msghdr`.
    func queueMessage(_ fd: Int32, _ message: UnsafeRawPointer, tag: UInt64) {
        let entry = nextEntry()
        cu_send_message(entry, fd, message, tag)
        note(.sendMessage, entry)
    }

    /// Queues what `Ring+Messages` offers: a CONNECT to a `sockaddr`.
    func queueConnect(_ fd: Int32, _ address: UnsafeRawPointer, _ length: UInt32, tag: UInt64) {
        let entry = nextEntry()
        cu_connect(entry, fd, address, length, tag)
        note(.connect, entry)
    }

    /// Lets the fault plan of a test have its way with an entry.
    ///
    /// Nothing in release builds.
    @inline(__always)
    private func note(_ kind: OperationKind, _ entry: UnsafeMutablePointer<io_uring_sqe>) {
        #if DEBUG
            faults?.queued(kind, entry)
        #endif
    }
}
