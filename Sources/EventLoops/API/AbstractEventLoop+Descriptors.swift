public import Kernel

extension AbstractEventLoop {
    /// Sends bytes on a Unix socket, and descriptors that the peer receives with the first of them.
    ///
    /// Waits while the socket's buffer is full. On a stream, all bytes are sent; on a socket with boundaries they are
    /// one datagram or record.
    ///
    /// - Parameters:
    ///   - socket: A nonblocking Unix socket that no transport owns.
    ///   - bytes: At least one byte, because a stream cannot carry descriptors without one.
    ///   - descriptors: At most ``OwnedDescriptors/maxCount``; the caller keeps them.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for no bytes or too many descriptors; `.system` with the
    ///   kernel's errno, for instance `EPIPE`, or `ETOOMANYREFS` if too many descriptors are in flight; otherwise the
    ///   same as ``sockSendAll(_:_:)-(_,[UInt8])``.
    /// - Cancellation: The descriptors have been sent if any byte has; how many bytes is unknown.
    /// - Thread: A task of the loop.
    ///
    /// asyncio has no such call. Kernel: `IORING_OP_SENDMSG`, `sendmsg(2)`, with `SCM_RIGHTS`.
    public func sockSendAll(
        _ socket: Socket, _ bytes: [UInt8], descriptors: borrowing OwnedDescriptors
    ) async throws {
        guard !bytes.isEmpty else {
            let detail = "Descriptors need at least one byte that carries them"
            throw EventLoopError.invalidArgument("sockSendAll", detail)
        }
        guard descriptors.count <= OwnedDescriptors.maxCount else {
            let detail = "One message has at most \(OwnedDescriptors.maxCount) descriptors, not \(descriptors.count)"
            throw EventLoopError.invalidArgument("sockSendAll", detail)
        }
        // The array keeps its elements in place until this call returns.
        try await core.send(bytes.withUnsafeBytes { $0 }, with: descriptors.fileDescriptors, on: socket)
        withExtendedLifetime(bytes) {}
    }

    /// Receives bytes on a Unix socket, and the descriptors received with them.
    ///
    /// Programs started by this process do not inherit the descriptors. On a stream, they belong to a byte of the
    /// message that need not be its first one.
    ///
    /// - Parameters:
    ///   - socket: A nonblocking Unix socket that no transport owns.
    ///   - maxBytes: The most bytes to receive, at least 1; the end of a longer datagram or record is lost.
    ///   - maxDescriptors: How many descriptors may be received with them.
    /// - Returns: The message; without bytes at the end of a stream.
    /// - Throws: ``EventLoopError``: `.system` with errno `EMSGSIZE` if more descriptors arrived than allowed, `EMFILE`
    ///   if the process has no descriptors left: then all descriptors of the message are closed, and
    ///   ``EventLoopError/attempts`` has a ``DescriptorError`` with the bytes. Otherwise the same as
    ///   ``sockRecv(_:_:)``.
    /// - Cancellation: Ends the wait. If a message arrived nevertheless, the next call on the socket gets it; a call
    ///   that takes no descriptors closes them.
    /// - Thread: A task of the loop.
    ///
    /// asyncio has no such call. Kernel: `IORING_OP_RECVMSG`, `recvmsg(2)`, with `MSG_CMSG_CLOEXEC`.
    public func sockRecvDescriptors(
        _ socket: Socket, maxBytes: Int = 64 * 1024, maxDescriptors: Int = OwnedDescriptors.maxCount
    ) async throws -> DescriptorMessage {
        guard maxBytes > 0 else {
            throw EventLoopError.invalidArgument("sockRecvDescriptors", "Descriptors come with at least one byte")
        }
        let call = try core.begin(.receiveDescriptors, on: socket, "sockRecvDescriptors")
        call.allocate(maxBytes)
        let outcome = await call.wait.outcome(of: call)
        let count = try core.end(call, on: socket, outcome, "sockRecvDescriptors")
        let arrival = call.operation.passed.takeArrival()
        do throws(DescriptorError) { return try arrival.message(call.takeArray(count), atMost: maxDescriptors) } catch {
            throw EventLoopError(
                .system, "sockRecvDescriptors", errno: error.errno, detail: error.description, attempts: [error])
        }
    }
}

extension LoopCore {
    /// Sends all bytes, which stay valid until this returns, and descriptors with the first one.
    fileprivate func send(
        _ bytes: UnsafeRawBufferPointer, with descriptors: [Int32], on socket: Socket
    ) async throws {
        let call = try begin(.sendDescriptors, on: socket, "sockSendAll")
        call.operation.passed.outgoing = descriptors
        var sent = 0
        while true {
            // The kernel only reads the bytes of a send.
            call.lend(UnsafeMutableRawBufferPointer(mutating: UnsafeRawBufferPointer(rebasing: bytes[sent...])))
            var outcome = await call.wait.outcome(of: call)
            if outcome == .failed(.resourceTemporarilyUnavailable) {
                outcome = await sendAgain(.sendDescriptors, call, socket)
            }
            if case .finished(let count) = outcome {
                call.operation.passed.outgoing = []
                sent += count
                if sent < bytes.count, count > 0, mayContinue(on: socket) { continue }
            }
            _ = try end(call, on: socket, outcome, "sockSendAll")
            if sent < bytes.count { throw SocketErrors.ended("sockSendAll") }
            return
        }
    }
}
