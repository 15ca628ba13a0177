import Glibc

extension Socket {
    /// Makes a TCP socket.
    ///
    /// - Parameter family: IPv4 or IPv6.
    /// - Returns: A nonblocking socket, neither bound nor connected.
    /// - Throws: `.tooManyOpenFiles`, `.addressFamilyNotSupported` and other errors from the kernel.
    public static func tcp(_ family: AddressFamily = .ipv4) throws(Errno) -> Socket {
        try Socket(family: family, type: stream, protocol: Int32(IPPROTO_TCP))
    }

    /// Makes a UDP socket.
    ///
    /// - Parameter family: IPv4 or IPv6.
    /// - Returns: A nonblocking socket, neither bound nor connected.
    /// - Throws: `.tooManyOpenFiles`, `.addressFamilyNotSupported` and other errors from the kernel.
    public static func udp(_ family: AddressFamily = .ipv4) throws(Errno) -> Socket {
        try Socket(family: family, type: datagram, protocol: Int32(IPPROTO_UDP))
    }

    /// Makes a Unix socket.
    ///
    /// - Parameter type: ``stream``, ``datagram`` or ``seqpacket``.
    /// - Returns: A nonblocking socket, neither bound nor connected.
    /// - Throws: `.tooManyOpenFiles`, `.socketTypeNotSupported` and other errors from the kernel.
    public static func unix(type: Int32 = Socket.stream) throws(Errno) -> Socket {
        try Socket(family: .unix, type: type)
    }

    /// Makes two nonblocking Unix sockets connected to each other.
    ///
    /// - Parameter type: ``stream``, ``datagram`` or ``seqpacket``.
    /// - Returns: The two ends.
    /// - Throws: `.tooManyOpenFiles`, `.socketTypeNotSupported` and other errors from the kernel.
    ///
    /// Kernel: `socketpair(2)`.
    public static func pair(type: Int32 = Socket.stream) throws(Errno) -> (Socket, Socket) {
        let (one, other) = try SocketCalls.pair(type: type)
        return (Socket(takingOwnershipOf: one), Socket(takingOwnershipOf: other))
    }

    /// The type of a connected socket that carries records in order: each send is one record, and each receive returns
    /// one record.
    ///
    /// A record that is longer than the receive's memory is truncated; the rest is lost. A record can be empty; then it
    /// cannot be distinguished from the end of the connection.
    ///
    /// `SOCK_SEQPACKET`.
    public static var seqpacket: Int32 { Int32(SOCK_SEQPACKET.rawValue) }
}
