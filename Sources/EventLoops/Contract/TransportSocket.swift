public import Kernel

/// The socket of a transport or a server: its addresses and options, without a way to read or close it.
///
/// asyncio: `asyncio.trsock.TransportSocket`.
public struct TransportSocket: Hashable, Sendable, CustomStringConvertible {
    /// The descriptor; valid only while its owner keeps it open.
    public let fileDescriptor: Int32

    package init(_ fileDescriptor: Int32) {
        self.fileDescriptor = fileDescriptor
    }

    /// The address that the socket is bound to; nil once it is closed.
    ///
    /// Kernel: `getsockname(2)`.
    public var localAddress: SocketAddress? {
        try? SocketCalls.localAddress(fileDescriptor)
    }

    /// The address that the socket is connected to; nil if it is not.
    ///
    /// Kernel: `getpeername(2)`.
    public var peerAddress: SocketAddress? {
        try? SocketCalls.peerAddress(fileDescriptor)
    }

    /// Reads an integer option.
    ///
    /// Kernel: `getsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `TCP_NODELAY`.
    ///   - level: Its level, for instance `IPPROTO_TCP`.
    /// - Throws: The kernel's error.
    public func option(_ name: Int32, level: Int32) throws(Errno) -> Int32 {
        try SocketCalls.option(fileDescriptor, level: level, name: name)
    }

    /// Sets an integer option.
    ///
    /// Kernel: `setsockopt(2)`.
    ///
    /// - Parameters:
    ///   - name: The option.
    ///   - level: Its level.
    ///   - value: Its new value.
    /// - Throws: The kernel's error.
    public func setOption(_ name: Int32, level: Int32, to value: Int32) throws(Errno) {
        try SocketCalls.setOption(fileDescriptor, level: level, name: name, value)
    }

    /// The descriptor and its addresses.
    public var description: String {
        let peer = peerAddress.map { ", peer \($0)" } ?? ""
        return "<TransportSocket \(fileDescriptor)\(localAddress.map { " \($0)" } ?? " closed")\(peer)>"
    }
}
