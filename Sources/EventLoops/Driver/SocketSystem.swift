package import Kernel

/// The socket calls that a loop makes, to the kernel or to a simulation of it.
///
/// EventLoops makes all its socket calls through this protocol, so that a simulation can take the kernel's place. The
/// bytes of streams do not pass through here: the drivers' channels move them. All errors thrown are those of the
/// system.
///
/// - Thread: Any.
package protocol SocketSystem: UnixSocketSystem {
    /// Makes a nonblocking socket of a `SOCK_…` type, which programs started by this process do not inherit.
    ///
    /// - Parameter protocol: The protocol; 0 for the default one.
    func open(_ family: AddressFamily, type: Int32, protocol: Int32) throws(Errno) -> Int32
    /// Closes a descriptor, which is free for reuse afterwards, even if this throws.
    func close(_ descriptor: Int32) throws(Errno)
    func isOpen(_ descriptor: Int32) -> Bool
    func isStream(_ descriptor: Int32) -> Bool
    func setNonBlocking(_ descriptor: Int32) throws(Errno)
    func bind(_ descriptor: Int32, to address: SocketAddress) throws(Errno)
    /// Starts to connect a socket.
    ///
    /// This usually throws `.nowInProgress`: once the socket is writable, ``pendingError(_:)`` returns the outcome.
    func connect(_ descriptor: Int32, to address: SocketAddress) throws(Errno)
    /// Returns the socket's pending error, if any, and clears it.
    func pendingError(_ descriptor: Int32) throws(Errno) -> Errno?
    func listen(_ descriptor: Int32, backlog: Int) throws(Errno)
    /// Whether another process listens for TCP connections at an address, or at all addresses of its family.
    func hasForeignListener(at address: SocketAddress) -> Bool
    func option(_ descriptor: Int32, level: Int32, name: Int32) throws(Errno) -> Int32
    func setOption(_ descriptor: Int32, level: Int32, name: Int32, _ value: Int32) throws(Errno)
    func option(_ descriptor: Int32, level: Int32, name: Int32, bytes count: Int) throws(Errno) -> [UInt8]
    func setOption(_ descriptor: Int32, level: Int32, name: Int32, bytes: [UInt8]) throws(Errno)
    func localAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress
    func peerAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress

    func isNonBlocking(_ descriptor: Int32) throws(Errno) -> Bool

    // MARK: Calls that throw `.resourceTemporarilyUnavailable` instead of waiting

    /// Receives the bytes that are available; returns 0 at the end of the stream.
    func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int
    func receiveFrom(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> (count: Int, address: SocketAddress)
    /// Sends as many of the bytes as the socket's buffer can take.
    func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int
    func sendTo(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
    ) throws(Errno) -> Int
    /// Accepts a connection on a nonblocking socket; returns a nonblocking descriptor that started programs do not
    /// inherit.
    func accept(_ descriptor: Int32) throws(Errno) -> (descriptor: Int32, address: SocketAddress)
    /// Receives datagrams without waiting, into the first `count` messages; returns their number, at least one.
    func receiveMessages(_ descriptor: Int32, into list: MessageList, count: Int) throws(Errno) -> Int
    /// Whether the socket's receiving side is shut down.
    func isShutDownForReading(_ descriptor: Int32) -> Bool
    /// Removes the first message of the socket's error queue, if there is one.
    func discardQueuedError(_ descriptor: Int32)
    /// Sends datagrams in order without waiting; returns the number that the system has taken, at least one.
    ///
    /// Throws the error of the first datagram; the error of a later one is thrown by the call that begins with it.
    func sendMessages(_ descriptor: Int32, _ list: MessageList, _ part: Range<Int>) throws(Errno) -> Int
}

extension SocketSystem {
    /// Makes a socket of the default protocol.
    func open(_ family: AddressFamily, type: Int32) throws(Errno) -> Int32 {
        try open(family, type: type, protocol: 0)
    }
}
