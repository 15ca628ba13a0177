public import Kernel

/// A socket owned by a transport or a server: shows its addresses and options, but can neither read nor close it.
///
/// asyncio: `asyncio.trsock.TransportSocket`.
public struct TransportSocket: SocketOptions, Hashable, Sendable, CustomStringConvertible {
    /// The descriptor; valid only while its owner keeps it open.
    public let fileDescriptor: Int32
    private let system: any SocketSystem

    package init(_ fileDescriptor: Int32, _ system: any SocketSystem) {
        self.fileDescriptor = fileDescriptor
        self.system = system
    }

    /// The address that the socket is bound to; nil if it is closed.
    ///
    /// Kernel: `getsockname(2)`.
    public var localAddress: SocketAddress? {
        try? system.localAddress(fileDescriptor)
    }

    /// The address that the socket is connected to; nil if it is not connected.
    ///
    /// Kernel: `getpeername(2)`.
    public var peerAddress: SocketAddress? {
        try? system.peerAddress(fileDescriptor)
    }

    /// Reads an integer option.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `TCP_NODELAY`.
    ///   - level: Its level, for instance `IPPROTO_TCP`.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `getsockopt(2)`.
    public func option(_ name: Int32, level: Int32) throws(Errno) -> Int32 {
        try system.option(fileDescriptor, level: level, name: name)
    }

    /// Sets an integer option.
    ///
    /// - Parameters:
    ///   - name: The option.
    ///   - level: Its level.
    ///   - value: The new value.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `setsockopt(2)`.
    public func setOption(_ name: Int32, level: Int32, to value: Int32) throws(Errno) {
        try system.setOption(fileDescriptor, level: level, name: name, value)
    }

    /// Reads an option that is not an integer.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `SO_LINGER`.
    ///   - level: Its level.
    ///   - count: The most bytes to read.
    /// - Returns: The value in the kernel's form.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `getsockopt(2)`.
    public func option(_ name: Int32, level: Int32, bytes count: Int) throws(Errno) -> [UInt8] {
        try system.option(fileDescriptor, level: level, name: name, bytes: count)
    }

    /// Sets an option that is not an integer.
    ///
    /// - Parameters:
    ///   - name: The option.
    ///   - level: Its level.
    ///   - value: The new value in the kernel's form.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `setsockopt(2)`.
    public func setOption(_ name: Int32, level: Int32, to value: [UInt8]) throws(Errno) {
        try system.setOption(fileDescriptor, level: level, name: name, bytes: value)
    }

    /// Whether both sockets have the same descriptor.
    public static func == (left: TransportSocket, right: TransportSocket) -> Bool {
        left.fileDescriptor == right.fileDescriptor
    }

    /// Hashes the descriptor.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(fileDescriptor)
    }

    /// The descriptor and its addresses.
    public var description: String {
        let peer = peerAddress.map { ", peer \($0)" } ?? ""
        return "<TransportSocket \(fileDescriptor)\(localAddress.map { " \($0)" } ?? " closed")\(peer)>"
    }
}
