public import Kernel

/// Operations on sockets of the user: each is one operation of the kernel, without a poll before it.
///
/// The calls in one direction of a socket are served in the order in which they began; receiving and sending are
/// independent. A socket belongs to the loop that uses it, until no operation is in flight.
extension AbstractEventLoop {
    // MARK: Receiving

    /// Receives up to `count` bytes; waits if there are none.
    ///
    /// The kernel writes into the memory of the result.
    ///
    /// - Parameters:
    ///   - socket: A connected socket.
    ///   - count: The most bytes to receive. The result has space for that many, so prefer a realistic number.
    /// - Returns: The bytes; empty at the end of the stream, for an empty datagram, or at once if `count` is 0.
    /// - Throws: ``EventLoopError``: `.system` with `ECONNRESET` and other errors of the kernel; `.closed` if the
    ///   socket or the loop is closed, also while the task waits; `.invalidArgument` for a negative count and, in debug
    ///   mode, for a socket that blocks; `.descriptorInUse` if a transport, a server or a watch of the loop uses it;
    ///   `.wrongLoop` while another loop uses it; `.wrongThread`; `.forkedChild`. `CancellationError` if the task is
    ///   cancelled.
    /// - Cancellation: Ends the wait. If bytes arrived nevertheless, the next call on the socket gets them.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recv`. Kernel: `IORING_OP_RECV`, `recv(2)`.
    public func sockRecv(_ socket: Socket, _ count: Int) async throws -> [UInt8] {
        let core = coreReference
        let call = try core._withUnsafeGuaranteedRef { try $0.begin(.receive, on: socket, "sockRecv") }
        guard count > 0 else {
            try core._withUnsafeGuaranteedRef { try $0.endEmpty(call, on: socket, count, "sockRecv") }
            return []
        }
        call.allocate(count)
        let outcome = await call.wait.outcome(of: call)
        let received = try core._withUnsafeGuaranteedRef { try $0.end(call, on: socket, outcome, "sockRecv") }
        return call.takeArray(received)
    }

    /// Receives bytes into memory of the caller; waits if there are none.
    ///
    /// - Parameters:
    ///   - socket: A connected socket.
    ///   - buffer: The memory. The call does not return before the kernel has finished with it, even if the task is
    ///     cancelled.
    /// - Returns: The number of bytes; 0 at the end of the stream, for an empty datagram, or at once if the buffer is
    ///   empty.
    /// - Throws: Same as ``sockRecv(_:_:)``.
    /// - Cancellation: Ends the wait. If bytes arrived nevertheless, the next call on the socket gets them.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recv_into`. Kernel: `IORING_OP_RECV`, `recv(2)`.
    public func sockRecvInto(_ socket: Socket, _ buffer: UnsafeMutableRawBufferPointer) async throws -> Int {
        let call = try core.begin(.receive, on: socket, "sockRecvInto")
        guard buffer.count > 0 else {
            try core.endEmpty(call, on: socket, 0, "sockRecvInto")
            return 0
        }
        call.lend(buffer)
        let outcome = await call.wait.outcome(of: call)
        return try core.end(call, on: socket, outcome, "sockRecvInto")
    }

    /// Like ``sockRecvInto(_:_:)-(_,UnsafeMutableRawBufferPointer)``, without unsafe pointers.
    ///
    /// - Parameters:
    ///   - socket: A connected socket.
    ///   - buffer: The memory, for instance `mutableBytes` of an array's `mutableSpan`.
    /// - Returns: The number of bytes that were written at the start of the buffer.
    /// - Throws: Same as ``sockRecv(_:_:)``.
    /// - Cancellation: Ends the wait. If bytes arrived nevertheless, the next call on the socket gets them.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recv_into`. Kernel: `IORING_OP_RECV`, `recv(2)`.
    public func sockRecvInto(_ socket: Socket, _ buffer: inout MutableRawSpan) async throws -> Int {
        // The span borrows the memory until this call returns.
        try await sockRecvInto(socket, buffer.withUnsafeMutableBytes { $0 })
    }

    // MARK: Sending

    /// Sends all bytes; returns when the kernel has taken them.
    ///
    /// - Parameters:
    ///   - socket: A connected socket.
    ///   - bytes: The bytes. Without any, a datagram socket sends an empty datagram.
    /// - Throws: Same as ``sockRecv(_:_:)``; `.system` with `EPIPE` or `ECONNRESET` if the peer has closed the
    ///   connection, without a signal. How many bytes were sent is then unknown.
    /// - Cancellation: Ends the wait. The bytes that were sent stay sent; how many is unknown.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_sendall`. Kernel: `IORING_OP_SEND`, `send(2)`.
    public func sockSendAll(_ socket: Socket, _ bytes: [UInt8]) async throws {
        // The array keeps its elements in place until this call returns.
        try await core.sendAll(bytes.withUnsafeBytes { $0 }, on: socket)
        withExtendedLifetime(bytes) {}
    }

    /// Like ``sockSendAll(_:_:)-(_,[UInt8])``, for bytes that are not in an array.
    ///
    /// - Parameters:
    ///   - socket: A connected socket.
    ///   - bytes: The bytes, borrowed until the call returns.
    /// - Throws: Same as for an array.
    /// - Cancellation: Same as for an array.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_sendall`. Kernel: `IORING_OP_SEND`, `send(2)`.
    public func sockSendAll(_ socket: Socket, _ bytes: RawSpan) async throws {
        try await core.sendAll(bytes.withUnsafeBytes { $0 }, on: socket)
    }
}
