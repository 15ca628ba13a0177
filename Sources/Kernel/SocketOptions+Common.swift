import CLinux
import Glibc

/// Options of every kind of socket.
extension SocketOptions {
    /// Whether an address can be bound while old connections on it are in TIME_WAIT.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_REUSEADDR`.
    public var reuseAddress: Bool { get throws(Errno) { try flag(SO_REUSEADDR) } }

    /// Sets ``reuseAddress``, before the socket is bound.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setReuseAddress(_ value: Bool) throws(Errno) { try setFlag(SO_REUSEADDR, value) }

    /// Whether an address can be shared with other sockets of this user that have the same option.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_REUSEPORT`.
    public var reusePort: Bool { get throws(Errno) { try flag(SO_REUSEPORT) } }

    /// Sets ``reusePort``, before the socket is bound.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setReusePort(_ value: Bool) throws(Errno) { try setFlag(SO_REUSEPORT, value) }

    /// The size of the send buffer in bytes; Linux reports twice what was set, because of its own bookkeeping.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_SNDBUF`.
    public var sendBufferSize: Int { get throws(Errno) { try number(SO_SNDBUF) } }

    /// Sets ``sendBufferSize``, limited by `net.core.wmem_max`.
    ///
    /// - Parameter bytes: The new size.
    /// - Throws: The kernel's error.
    public func setSendBufferSize(_ bytes: Int) throws(Errno) { try setNumber(SO_SNDBUF, bytes) }

    /// The size of the receive buffer in bytes; Linux reports twice what was set, because of its own bookkeeping.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_RCVBUF`.
    public var receiveBufferSize: Int { get throws(Errno) { try number(SO_RCVBUF) } }

    /// Sets ``receiveBufferSize``, limited by `net.core.rmem_max`; for TCP, before the socket is connected or listens.
    ///
    /// - Parameter bytes: The new size.
    /// - Throws: The kernel's error.
    public func setReceiveBufferSize(_ bytes: Int) throws(Errno) { try setNumber(SO_RCVBUF, bytes) }

    /// How long `close(2)` of a blocking socket waits for the peer to confirm what was sent; nil not to wait.
    ///
    /// With zero, closing a TCP connection resets it.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_LINGER`, in seconds.
    public var linger: Duration? {
        get throws(Errno) {
            let value = try integers(SO_LINGER, count: 2)
            return value[0] == 0 ? nil : .seconds(Int64(value[1]))
        }
    }

    /// Sets ``linger``.
    ///
    /// - Parameter time: The time, rounded up to seconds; nil not to wait.
    /// - Throws: `.outOfRange` for a negative time; the kernel's error.
    public func setLinger(_ time: Duration?) throws(Errno) {
        var value: [Int32] = [0, 0]
        if let time { value = [1, try count(time, of: .seconds(1))] }
        try setOption(SO_LINGER, level: SOL_SOCKET, to: value.withUnsafeBytes { Array($0) })
    }

    /// The priority of what is sent, which queueing disciplines use.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_PRIORITY`; above 6 it needs `CAP_NET_ADMIN` or `CAP_NET_RAW`.
    public var priority: Int { get throws(Errno) { try number(SO_PRIORITY) } }

    /// Sets ``priority``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: `.notPermitted`; other errors from the kernel.
    public func setPriority(_ value: Int) throws(Errno) { try setNumber(SO_PRIORITY, value) }

    /// The mark of what is sent, for routing rules and firewalls.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_MARK`; setting it needs `CAP_NET_ADMIN` or `CAP_NET_RAW`.
    public var mark: UInt32 { get throws(Errno) { UInt32(bitPattern: try option(SO_MARK, level: SOL_SOCKET)) } }

    /// Sets ``mark``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: `.notPermitted`; other errors from the kernel.
    public func setMark(_ value: UInt32) throws(Errno) {
        try setOption(SO_MARK, level: SOL_SOCKET, to: Int32(bitPattern: value))
    }

    /// The processor on which the kernel last received for this socket; nil if it has not received yet.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_INCOMING_CPU`.
    public var incomingCPU: Int? {
        get throws(Errno) {
            let value = try number(SO_INCOMING_CPU)
            return value < 0 ? nil : value
        }
    }

    /// Prefers this socket for packets that a processor receives, among listeners that share a port.
    ///
    /// - Parameter processor: The number of the processor.
    /// - Throws: The kernel's error.
    public func setIncomingCPU(_ processor: Int) throws(Errno) { try setNumber(SO_INCOMING_CPU, processor) }

    /// The type, for instance ``Socket/stream``.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_TYPE`.
    public var type: Int32 { get throws(Errno) { try option(SO_TYPE, level: SOL_SOCKET) } }

    /// The family of the socket's addresses.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_DOMAIN`.
    public var family: AddressFamily {
        get throws(Errno) { AddressFamily(rawValue: try option(SO_DOMAIN, level: SOL_SOCKET)) }
    }

    /// Whether the socket listens for connections.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_ACCEPTCONN`.
    public var isListening: Bool { get throws(Errno) { try flag(SO_ACCEPTCONN) } }
}

/// Conversions between options and Swift's types.
extension SocketOptions {
    func flag(_ name: Int32, level: Int32 = SOL_SOCKET) throws(Errno) -> Bool {
        try option(name, level: level) != 0
    }

    func setFlag(_ name: Int32, level: Int32 = SOL_SOCKET, _ value: Bool) throws(Errno) {
        try setOption(name, level: level, to: value ? 1 : 0)
    }

    func number(_ name: Int32, level: Int32 = SOL_SOCKET) throws(Errno) -> Int {
        Int(try option(name, level: level))
    }

    func setNumber(_ name: Int32, level: Int32 = SOL_SOCKET, _ value: Int) throws(Errno) {
        guard let value = Int32(exactly: value) else { throw .outOfRange }
        try setOption(name, level: level, to: value)
    }

    /// Reads an option that consists of `count` integers.
    func integers(_ name: Int32, level: Int32 = SOL_SOCKET, count: Int) throws(Errno) -> [Int32] {
        let bytes = try option(name, level: level, bytes: count * MemoryLayout<Int32>.size)
        guard bytes.count == count * MemoryLayout<Int32>.size else { throw .invalidArgument }
        return bytes.withUnsafeBytes { raw in (0..<count).map { raw.load(fromByteOffset: $0 * 4, as: Int32.self) } }
    }

    /// How many units a time has, rounded up.
    func count(_ time: Duration, of unit: Duration) throws(Errno) -> Int32 {
        guard time >= .zero, time <= unit * Int(Int32.max) else { throw .outOfRange }
        return Int32((time / unit).rounded(.up))
    }
}
