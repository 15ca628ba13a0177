import CLinux
import Glibc

/// A socket whose options can be read and set: a ``Socket``, or the socket of a transport or a server.
///
/// Each option is a property; the method `set…` sets it, because Swift has no setters that throw. All options throw
/// `.badFileDescriptor` for a closed socket, `.protocolNotAvailable` or `.notSupported` for a kind of socket that does
/// not have the option, and other errors from the kernel.
///
/// Kernel: `getsockopt(2)`, `setsockopt(2)`.
public protocol SocketOptions {
    /// Reads an integer option.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `TCP_NODELAY`.
    ///   - level: Its level, for instance `IPPROTO_TCP`.
    /// - Returns: The value.
    /// - Throws: The kernel's error.
    func option(_ name: Int32, level: Int32) throws(Errno) -> Int32
    /// Sets an integer option.
    ///
    /// - Parameters:
    ///   - name: The option.
    ///   - level: Its level.
    ///   - value: The new value.
    /// - Throws: The kernel's error.
    func setOption(_ name: Int32, level: Int32, to value: Int32) throws(Errno)
    /// Reads an option that is not an integer.
    ///
    /// - Parameters:
    ///   - name: The option, for instance `SO_LINGER`.
    ///   - level: Its level.
    ///   - count: The most bytes to read.
    /// - Returns: The value in the kernel's form.
    /// - Throws: The kernel's error.
    func option(_ name: Int32, level: Int32, bytes count: Int) throws(Errno) -> [UInt8]
    /// Sets an option that is not an integer.
    ///
    /// - Parameters:
    ///   - name: The option.
    ///   - level: Its level.
    ///   - value: The new value in the kernel's form.
    /// - Throws: The kernel's error.
    func setOption(_ name: Int32, level: Int32, to value: [UInt8]) throws(Errno)
}

extension Socket: SocketOptions {
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
        try SocketCalls.option(fileDescriptor, level: level, name: name, bytes: count)
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
        try SocketCalls.setOption(fileDescriptor, level: level, name: name, bytes: value)
    }

    /// Whether calls on the socket return `.wouldBlock` instead of waiting, which is the default.
    ///
    /// - Throws: `.badFileDescriptor` for a closed socket.
    ///
    /// Kernel: `O_NONBLOCK`.
    public var isNonBlocking: Bool {
        get throws(Errno) { try SocketCalls.isNonBlocking(fileDescriptor) }
    }

    /// Sets ``isNonBlocking``, for every descriptor of the same open file.
    ///
    /// - Parameter value: The new value; loops need true.
    /// - Throws: `.badFileDescriptor` for a closed socket.
    public func setNonBlocking(_ value: Bool) throws(Errno) {
        try SocketCalls.setNonBlocking(fileDescriptor, value)
    }
}
