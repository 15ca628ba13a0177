extension Socket {
    /// Gives the socket an address of this machine.
    ///
    /// Kernel: `bind(2)`.
    ///
    /// - Parameter address: The address; with port 0 the kernel chooses one, see ``localAddress``.
    /// - Throws: `.addressInUse`, `.addressNotAvailable`, `.permissionDenied` and other errors of the kernel.
    public func bind(to address: SocketAddress) throws(Errno) {
        try SocketCalls.bind(fileDescriptor, to: address)
    }

    /// Lets connections come in.
    ///
    /// Kernel: `listen(2)`.
    ///
    /// - Parameter backlog: How many may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
    /// - Throws: `.addressInUse` and other errors of the kernel.
    public func listen(backlog: Int = 100) throws(Errno) {
        try SocketCalls.listen(fileDescriptor, backlog: backlog)
    }

    /// Begins a connection without waiting for it; to wait, ask a loop.
    ///
    /// Kernel: `connect(2)`.
    ///
    /// - Parameter address: The peer.
    /// - Throws: `.nowInProgress` when it has begun, as always unless for Unix sockets and datagrams; else the kernel's
    ///   error.
    public func connect(to address: SocketAddress) throws(Errno) {
        try SocketCalls.connect(fileDescriptor, to: address)
    }

    /// Takes a connection that waits.
    ///
    /// Kernel: `accept4(2)`.
    ///
    /// - Returns: The connection and the peer's address.
    /// - Throws: `.wouldBlock` if none waits, and other errors of the kernel.
    public func accept() throws(Errno) -> (socket: Socket, address: SocketAddress) {
        let (fd, address) = try SocketCalls.accept(fileDescriptor)
        return (Socket(takingOwnershipOf: fd), address)
    }

    /// The address that the socket is bound to.
    ///
    /// Kernel: `getsockname(2)`.
    ///
    /// - Throws: `.badFileDescriptor` once it is closed.
    public var localAddress: SocketAddress {
        get throws(Errno) { try SocketCalls.localAddress(fileDescriptor) }
    }

    /// The address that the socket is connected to.
    ///
    /// Kernel: `getpeername(2)`.
    ///
    /// - Throws: `.notConnected` if it is not; `.badFileDescriptor` once it is closed.
    public var peerAddress: SocketAddress {
        get throws(Errno) { try SocketCalls.peerAddress(fileDescriptor) }
    }

    /// Reads an option that is a number.
    ///
    /// Kernel: `getsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `TCP_NODELAY`.
    ///   - level: Its level, for instance `IPPROTO_TCP`.
    /// - Throws: The kernel's error, `.protocolNotAvailable` for an unknown option.
    public func option(_ name: Int32, level: Int32) throws(Errno) -> Int32 {
        try SocketCalls.option(fileDescriptor, level: level, name: name)
    }

    /// Sets an option that is a number.
    ///
    /// Kernel: `setsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `SO_REUSEADDR`.
    ///   - level: Its level, for instance `SOL_SOCKET`.
    ///   - value: Its new value.
    /// - Throws: The kernel's error, `.protocolNotAvailable` for an unknown option.
    public func setOption(_ name: Int32, level: Int32, to value: Int32) throws(Errno) {
        try SocketCalls.setOption(fileDescriptor, level: level, name: name, value)
    }
}
