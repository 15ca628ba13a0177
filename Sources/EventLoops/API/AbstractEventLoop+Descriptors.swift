public import Kernel

extension AbstractEventLoop {
    /// Sends bytes on a Unix socket, and descriptors that the peer receives with the first of them.
    ///
    /// Waits while the socket's buffer is full. On a stream, all bytes are sent; on a socket with boundaries they are
    /// one datagram or record.
    ///
    /// - Parameters:
    ///   - socket: A nonblocking Unix socket that no transport owns.
    ///   - descriptors: At most ``OwnedDescriptors/maxCount``; the caller keeps them.
    ///   - bytes: At least one byte, because a stream cannot carry descriptors without one.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for no bytes, too many descriptors, a closed socket or one that
    ///   a transport owns; `.system` with the kernel's errno, for instance `EPIPE`, or `ETOOMANYREFS` if too many
    ///   descriptors are under way; `.closed`; `.wrongThread`. `CancellationError` if the task is cancelled.
    /// - Cancellation: The descriptors have been sent if any byte has; how many bytes is unknown.
    /// - Thread: A task of the loop.
    ///
    /// asyncio has no such call. Kernel: `sendmsg(2)` with `SCM_RIGHTS`.
    public func sockSendDescriptors(
        _ socket: Socket, _ descriptors: borrowing OwnedDescriptors, with bytes: [UInt8]
    ) async throws {
        let operation = "sockSendDescriptors"
        try checkUse(of: socket, operation)
        guard !bytes.isEmpty else {
            throw EventLoopError.invalidArgument(operation, "Descriptors need at least one byte that carries them")
        }
        guard descriptors.count <= OwnedDescriptors.maxCount else {
            let detail = "One message has at most \(OwnedDescriptors.maxCount) descriptors, not \(descriptors.count)"
            throw EventLoopError.invalidArgument(operation, detail)
        }
        var numbers = descriptors.fileDescriptors
        var sent = 0
        while sent < bytes.count {
            let send = ReadinessSendDescriptors(
                socket.fileDescriptor, bytes[sent...], descriptors: numbers, on: core.queue, channels: core.channels,
                sockets: core.sockets)
            switch await send.wait.outcome(of: send) {
            case .finished(let count), .finishedFirst(let count): sent += count
            case .failed(let errno): throw EventLoopError(system: errno, operation)
            case .cancelled: throw CancellationError()
            case .closed: throw EventLoopError.closed(operation)
            case .misplaced: throw core.queue.refusal(operation)
            }
            numbers = []
        }
        withExtendedLifetime(socket) {}
    }

    /// Receives bytes on a Unix socket, and the descriptors that came with them.
    ///
    /// Programs started by this process do not inherit the descriptors. On a stream, they belong to a byte of the
    /// message that need not be its first one.
    ///
    /// - Parameters:
    ///   - socket: A nonblocking Unix socket that no transport owns.
    ///   - maxBytes: The most bytes to receive; the end of a longer datagram or record is lost.
    ///   - maxDescriptors: How many descriptors may come with them.
    /// - Returns: The message; without bytes at the end of a stream.
    /// - Throws: ``EventLoopError``: `.system` with errno `EMSGSIZE` if more descriptors arrived than allowed, `EMFILE`
    ///   if the process has no descriptors left: then all descriptors of the message are closed, and
    ///   ``EventLoopError/attempts`` has a ``DescriptorError`` with the bytes. `.system` with other errors from the
    ///   kernel; `.invalidArgument` for a closed socket or one that a transport owns; `.closed`; `.wrongThread`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: Nothing is lost: a message that has been received by then is returned.
    /// - Thread: A task of the loop.
    ///
    /// asyncio has no such call. Kernel: `recvmsg(2)` with `MSG_CMSG_CLOEXEC`.
    public func sockReceiveDescriptors(
        _ socket: Socket, maxBytes: Int = 64 * 1024, maxDescriptors: Int = OwnedDescriptors.maxCount
    ) async throws -> DescriptorMessage {
        let operation = "sockReceiveDescriptors"
        try checkUse(of: socket, operation)
        guard maxBytes >= 0 else { throw EventLoopError.invalidArgument(operation, "maxBytes is negative") }
        let receive = ReadinessReceiveDescriptors(
            socket.fileDescriptor, maxBytes: maxBytes, on: core.queue, channels: core.channels, sockets: core.sockets)
        let outcome = await receive.wait.outcome(of: receive)
        withExtendedLifetime(socket) {}
        switch outcome {
        case .finished, .finishedFirst:
            do { return try receive.takeMessage(atMost: maxDescriptors) } catch {
                throw EventLoopError(
                    .system, operation, errno: error.errno, detail: error.description, attempts: [error])
            }
        case .failed(let errno): throw EventLoopError(system: errno, operation)
        case .cancelled: throw CancellationError()
        case .closed: throw EventLoopError.closed(operation)
        case .misplaced: throw core.queue.refusal(operation)
        }
    }

    private func checkUse(of socket: Socket, _ operation: String) throws(EventLoopError) {
        try core.checkTask(operation)
        guard socket.fileDescriptor >= 0 else {
            throw .invalidArgument(operation, "The socket is closed or was handed over")
        }
        if let owner = core.descriptors.owner(of: socket.fileDescriptor) {
            throw .invalidArgument(operation, "The descriptor is used by \(owner)")
        }
    }
}
