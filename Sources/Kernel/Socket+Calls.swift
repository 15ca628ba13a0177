import Glibc

extension Socket {
    /// Binds the socket to a local address.
    ///
    /// Kernel: `bind(2)`.
    ///
    /// - Parameter address: The address; with port 0, the kernel chooses a port, which ``localAddress`` returns.
    /// - Throws: `.addressInUse`, `.addressNotAvailable`, `.permissionDenied` and other errors from the kernel.
    public func bind(to address: SocketAddress) throws(Errno) {
        try SocketCalls.bind(fileDescriptor, to: address)
    }

    /// Makes the socket listen for connections.
    ///
    /// Kernel: `listen(2)`.
    ///
    /// - Parameter backlog: The number of connections that may wait to be accepted, limited by `net.core.somaxconn`.
    /// - Throws: `.addressInUse` and other errors from the kernel.
    public func listen(backlog: Int = 100) throws(Errno) {
        try SocketCalls.listen(fileDescriptor, backlog: backlog)
    }

    /// Starts connecting, without waiting for the outcome; use a loop's `createConnection` to wait.
    ///
    /// Kernel: `connect(2)`.
    ///
    /// - Parameter address: The peer.
    /// - Throws: `.nowInProgress` if the attempt has started, as is usual for TCP; other errors from the kernel if it
    ///   has failed. Unix and datagram sockets connect at once.
    public func connect(to address: SocketAddress) throws(Errno) {
        try SocketCalls.connect(fileDescriptor, to: address)
    }

    /// Accepts a waiting connection.
    ///
    /// Kernel: `accept4(2)`.
    ///
    /// - Returns: The connection and the peer's address.
    /// - Throws: `.wouldBlock` if no connection is waiting, and other errors from the kernel.
    public func accept() throws(Errno) -> (socket: Socket, address: SocketAddress) {
        let (fd, address) = try SocketCalls.accept(fileDescriptor)
        return (Socket(takingOwnershipOf: fd), address)
    }

    /// The directions of a connection that ``shutdown(_:)`` ends.
    public enum Direction: Sendable, CaseIterable {
        /// What the peer sends.
        case receiving
        /// What this end sends.
        case sending
        /// Both.
        case both
    }

    /// Ends one direction of the connection, or both, without closing the socket.
    ///
    /// The peer receives what was sent, and then the end of the stream. It affects all descriptors of the same open
    /// file. Tasks that wait for operations of a loop on this socket in that direction see the end of the stream or
    /// `EPIPE`.
    ///
    /// - Parameter direction: What ends.
    /// - Throws: `.notConnected` if the socket is not connected; `.badFileDescriptor` if it is closed.
    /// - Thread: Any.
    ///
    /// asyncio: `socket.shutdown`. Kernel: `shutdown(2)`.
    public func shutdown(_ direction: Direction) throws(Errno) {
        let how =
            switch direction {
            case .receiving: SHUT_RD
            case .sending: SHUT_WR
            case .both: SHUT_RDWR
            }
        try SocketCalls.shutDown(fileDescriptor, Int32(how))
    }

    /// The address that the socket is bound to.
    ///
    /// Kernel: `getsockname(2)`.
    ///
    /// - Throws: `.badFileDescriptor` if the socket is closed.
    public var localAddress: SocketAddress {
        get throws(Errno) { try SocketCalls.localAddress(fileDescriptor) }
    }

    /// The address that the socket is connected to.
    ///
    /// Kernel: `getpeername(2)`.
    ///
    /// - Throws: `.notConnected` if the socket is not connected; `.badFileDescriptor` if the socket is closed.
    public var peerAddress: SocketAddress {
        get throws(Errno) { try SocketCalls.peerAddress(fileDescriptor) }
    }

    /// Reads an integer option.
    ///
    /// Kernel: `getsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `TCP_NODELAY`.
    ///   - level: The option's level, for instance `IPPROTO_TCP`.
    /// - Throws: `.protocolNotAvailable` for an unknown option, and other errors from the kernel.
    public func option(_ name: Int32, level: Int32) throws(Errno) -> Int32 {
        try SocketCalls.option(fileDescriptor, level: level, name: name)
    }

    /// Sets an integer option.
    ///
    /// Kernel: `setsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `SO_REUSEADDR`.
    ///   - level: The option's level, for instance `SOL_SOCKET`.
    ///   - value: The new value.
    /// - Throws: `.protocolNotAvailable` for an unknown option, and other errors from the kernel.
    public func setOption(_ name: Int32, level: Int32, to value: Int32) throws(Errno) {
        try SocketCalls.setOption(fileDescriptor, level: level, name: name, value)
    }
}
