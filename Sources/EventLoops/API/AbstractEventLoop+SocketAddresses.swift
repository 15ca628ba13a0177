public import Kernel

/// Operations on sockets of the user that involve the peer's address.
extension AbstractEventLoop {
    // MARK: Datagrams

    /// Receives one datagram, and its sender's address; waits if there is none.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket. On a stream socket, this receives bytes, and the address is meaningless.
    ///   - count: The most bytes to receive; the rest of a longer datagram is lost.
    /// - Returns: The bytes, and the sender.
    /// - Throws: Same as ``sockRecv(_:_:)``; `.system` with `ECONNREFUSED` if an earlier datagram of a connected
    ///   socket was refused.
    /// - Cancellation: Ends the wait. If a datagram arrived nevertheless, the next call on the socket gets it.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recvfrom`. Kernel: `IORING_OP_RECVMSG`, `recvfrom(2)`.
    public func sockRecvFrom(_ socket: Socket, _ count: Int) async throws -> ([UInt8], SocketAddress) {
        let call = try core.begin(.receiveFrom, on: socket, "sockRecvFrom")
        if count < 0 { try core.endEmpty(call, on: socket, count, "sockRecvFrom") }
        call.allocate(count)
        let outcome = await call.wait.outcome(of: call)
        let received = try core.end(call, on: socket, outcome, "sockRecvFrom")
        return (call.takeArray(received), core.sender(of: call))
    }

    /// Receives one datagram into memory of the caller, and its sender's address; waits if there is none.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket. On a stream socket, this receives bytes, and the address is meaningless.
    ///   - buffer: The memory. The call does not return before the kernel has finished with it, even if the task is
    ///     cancelled.
    ///   - nbytes: The most bytes to receive; 0 for the size of the buffer. The rest of a longer datagram is lost.
    /// - Returns: The number of bytes, and the sender.
    /// - Throws: Same as ``sockRecvFrom(_:_:)``; `.invalidArgument` if `nbytes` is negative or larger than the buffer.
    /// - Cancellation: Ends the wait. If a datagram arrived nevertheless, the next call on the socket gets it.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recvfrom_into`. Kernel: `IORING_OP_RECVMSG`, `recvfrom(2)`.
    public func sockRecvFromInto(
        _ socket: Socket, _ buffer: UnsafeMutableRawBufferPointer, nbytes: Int = 0
    ) async throws -> (Int, SocketAddress) {
        guard (0...buffer.count).contains(nbytes) else {
            throw EventLoopError.invalidArgument(
                "sockRecvFromInto", "nbytes must be 0...\(buffer.count), the size of the buffer, not \(nbytes)")
        }
        let call = try core.begin(.receiveFrom, on: socket, "sockRecvFromInto")
        call.lend(UnsafeMutableRawBufferPointer(rebasing: buffer[..<(nbytes == 0 ? buffer.count : nbytes)]))
        let outcome = await call.wait.outcome(of: call)
        let received = try core.end(call, on: socket, outcome, "sockRecvFromInto")
        return (received, core.sender(of: call))
    }

    /// Like ``sockRecvFromInto(_:_:nbytes:)``, without unsafe pointers.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket. On a stream socket, this receives bytes, and the address is meaningless.
    ///   - buffer: The memory, for instance `mutableBytes` of an array's `mutableSpan`. The rest of a longer
    ///     datagram is lost.
    /// - Returns: The number of bytes that were written at the start of the buffer, and the sender.
    /// - Throws: Same as ``sockRecvFrom(_:_:)``.
    /// - Cancellation: Ends the wait. If a datagram arrived nevertheless, the next call on the socket gets it.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_recvfrom_into`. Kernel: `IORING_OP_RECVMSG`, `recvfrom(2)`.
    public func sockRecvFromInto(
        _ socket: Socket, _ buffer: inout MutableRawSpan
    ) async throws -> (Int, SocketAddress) {
        // The span borrows the memory until this call returns.
        try await sockRecvFromInto(socket, buffer.withUnsafeMutableBytes { $0 })
    }

    /// Sends a datagram to an address; waits while the socket's buffer is full.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket.
    ///   - bytes: The datagram.
    ///   - address: The receiver.
    /// - Returns: The number of bytes sent.
    /// - Throws: Same as ``sockRecv(_:_:)``; `.system` with `EMSGSIZE` if the datagram is too long, `EISCONN`,
    ///   `ECONNREFUSED`, `ENETUNREACH` and other errors of the kernel.
    /// - Cancellation: Ends the wait; the datagram may have been sent nevertheless.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_sendto`. Kernel: `IORING_OP_SENDMSG`, `sendto(2)`.
    @discardableResult
    public func sockSendTo(_ socket: Socket, _ bytes: [UInt8], _ address: SocketAddress) async throws -> Int {
        let sent = try await core.sendTo(bytes.withUnsafeBytes { $0 }, address, on: socket)
        withExtendedLifetime(bytes) {}
        return sent
    }

    /// Like ``sockSendTo(_:_:_:)-(_,[UInt8],_)``, for a datagram that is not in an array.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket.
    ///   - bytes: The datagram, borrowed until the call returns.
    ///   - address: The receiver.
    /// - Returns: The number of bytes sent.
    /// - Throws: Same as for an array.
    /// - Cancellation: Same as for an array.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_sendto`. Kernel: `IORING_OP_SENDMSG`, `sendto(2)`.
    @discardableResult
    public func sockSendTo(_ socket: Socket, _ bytes: RawSpan, _ address: SocketAddress) async throws -> Int {
        try await core.sendTo(bytes.withUnsafeBytes { $0 }, address, on: socket)
    }

    // MARK: Connections

    /// Connects a socket; returns when the connection is established.
    ///
    /// While the backlog of a Unix listener is full, the call waits and tries again.
    ///
    /// - Parameters:
    ///   - socket: A socket that is not connected.
    ///   - address: The peer.
    /// - Throws: Same as ``sockRecv(_:_:)``; `.system` with the address and `ECONNREFUSED`, `ETIMEDOUT`, `EISCONN` or
    ///   another error of the kernel; `.invalidState` if an earlier call has connected the socket to another address.
    /// - Cancellation: Ends the wait. The kernel may continue to connect; a later call for the same address waits for
    ///   that attempt, or returns at once if it has succeeded.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_connect`. Kernel: `IORING_OP_CONNECT`, `connect(2)`.
    public func sockConnect(_ socket: Socket, _ address: SocketAddress) async throws {
        let call = try core.begin(.connect, on: socket, "sockConnect")
        call.operation.address = address
        var outcome = await call.wait.outcome(of: call)
        if outcome == .failed(.alreadyInProcess), core.mayContinue(on: socket) {
            // A cancelled call began to connect, and only readiness shows when that attempt ends.
            core.emulate(.connect, call)
            outcome = await call.wait.outcome(of: call)
        }
        while outcome == .failed(.resourceTemporarilyUnavailable), core.mayContinue(on: socket) {
            // The backlog of a Unix listener is full, and the kernel does not report when it has space.
            if let ending = await core.pause() {
                outcome = ending
            } else {
                outcome = core.mayContinue(on: socket) ? await call.wait.outcome(of: call) : .failed(.canceled)
            }
        }
        let mustCheck = core.mayHaveOtherPeer(socket, call, address, &outcome)
        _ = try core.end(call, on: socket, outcome, "sockConnect")
        if mustCheck { try core.checkPeer(of: socket, is: address) }
    }

    /// Resolves a host name with the family, type and protocol of the socket, and connects to the first address.
    ///
    /// - Parameters:
    ///   - socket: A socket that is not connected.
    ///   - host: Name or address; an address needs no lookup.
    ///   - port: 0...65535.
    /// - Throws: Same as for an address; `.lookupFailed`; `.invalidArgument` if the host is an address of another
    ///   family; `.executorShutDown`.
    /// - Cancellation: Ends the lookup, or the wait for the connection.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_connect`.
    public func sockConnect(_ socket: Socket, host: String, port: Int) async throws {
        try core.checkTask("sockConnect")
        try await sockConnect(socket, core.resolve(host, port, for: socket, "sockConnect"))
    }

    /// Accepts a connection; waits if there is none.
    ///
    /// - Parameter socket: A listening socket.
    /// - Returns: A nonblocking socket that programs started by this process do not inherit, and the peer's address.
    /// - Throws: Same as ``sockRecv(_:_:)``; `.system` with `EINVAL` if the socket does not listen, `EMFILE` and other
    ///   errors of the kernel.
    /// - Cancellation: Ends the wait. If a connection was accepted nevertheless, the next call gets it; if the socket
    ///   is closed before, that connection is closed, too.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `loop.sock_accept`. Kernel: `IORING_OP_ACCEPT`, `accept4(2)`.
    public func sockAccept(_ socket: Socket) async throws -> (Socket, SocketAddress) {
        let call = try core.begin(.accept, on: socket, "sockAccept")
        let outcome = await call.wait.outcome(of: call)
        let descriptor = Int32(truncatingIfNeeded: try core.end(call, on: socket, outcome, "sockAccept"))
        return (Socket(takingOwnershipOf: descriptor), core.sender(of: call))
    }
}
