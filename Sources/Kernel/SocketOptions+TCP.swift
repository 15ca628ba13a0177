import CLinux
import Glibc

/// When the kernel probes an idle connection, and when it gives up.
public struct KeepAlive: Hashable, Sendable {
    /// How long a connection is idle before it is probed; Linux's default is two hours.
    ///
    /// Kernel: `TCP_KEEPIDLE`.
    public var idle: Duration
    /// The time between two probes; Linux's default is 75 seconds.
    ///
    /// Kernel: `TCP_KEEPINTVL`.
    public var interval: Duration
    /// How many unanswered probes end the connection; Linux's default is 9.
    ///
    /// Kernel: `TCP_KEEPCNT`.
    public var count: Int

    /// Makes a setting.
    ///
    /// - Parameters:
    ///   - idle: How long a connection is idle before it is probed, rounded up to seconds: 1...32,767.
    ///   - interval: The time between two probes, rounded up to seconds: 1...32,767.
    ///   - count: How many unanswered probes end the connection: 1...127.
    public init(idle: Duration, interval: Duration, count: Int) {
        self.idle = idle
        self.interval = interval
        self.count = count
    }
}

/// Options of TCP sockets.
extension SocketOptions {
    /// Whether small writes are sent at once instead of waiting for the confirmation of earlier ones.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `TCP_NODELAY`.
    public var noDelay: Bool { get throws(Errno) { try flag(TCP_NODELAY, level: tcp) } }

    /// Sets ``noDelay``; loops set it on every TCP connection.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setNoDelay(_ value: Bool) throws(Errno) { try setFlag(TCP_NODELAY, level: tcp, value) }

    /// How the kernel probes the connection while it is idle; nil if it does not.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_KEEPALIVE`.
    public var keepAlive: KeepAlive? {
        get throws(Errno) {
            guard try flag(SO_KEEPALIVE) else { return nil }
            return KeepAlive(
                idle: .seconds(try number(TCP_KEEPIDLE, level: tcp)),
                interval: .seconds(try number(TCP_KEEPINTVL, level: tcp)), count: try number(TCP_KEEPCNT, level: tcp))
        }
    }

    /// Sets ``keepAlive``; a listener's setting applies to the connections that it accepts.
    ///
    /// - Parameter value: The times; nil to stop probing.
    /// - Throws: `.outOfRange` for a negative time; `.invalidArgument` for one outside the kernel's range; other errors
    ///   from the kernel.
    public func setKeepAlive(_ value: KeepAlive?) throws(Errno) {
        if let value {
            try setOption(TCP_KEEPIDLE, level: tcp, to: try count(value.idle, of: .seconds(1)))
            try setOption(TCP_KEEPINTVL, level: tcp, to: try count(value.interval, of: .seconds(1)))
            try setNumber(TCP_KEEPCNT, level: tcp, value.count)
        }
        try setFlag(SO_KEEPALIVE, value != nil)
    }

    /// How long sent data may stay unconfirmed before the connection fails; nil for the system's default.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `TCP_USER_TIMEOUT`, in milliseconds.
    public var userTimeout: Duration? {
        get throws(Errno) {
            let value = try number(TCP_USER_TIMEOUT, level: tcp)
            return value == 0 ? nil : .milliseconds(value)
        }
    }

    /// Sets ``userTimeout``.
    ///
    /// - Parameter time: The time, rounded up to milliseconds; nil for the system's default.
    /// - Throws: `.outOfRange` for a negative time; the kernel's error.
    public func setUserTimeout(_ time: Duration?) throws(Errno) {
        var value: Int32 = 0
        if let time { value = try count(time, of: .milliseconds(1)) }
        try setOption(TCP_USER_TIMEOUT, level: tcp, to: value)
    }

    /// How many connections of a listener may carry data in their first packet before they are established; 0 if none.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `TCP_FASTOPEN`.
    public var fastOpen: Int { get throws(Errno) { try number(TCP_FASTOPEN, level: tcp) } }

    /// Sets ``fastOpen``, before the socket listens.
    ///
    /// - Parameter pending: How many such connections may wait to be established.
    /// - Throws: The kernel's error.
    public func setFastOpen(_ pending: Int) throws(Errno) { try setNumber(TCP_FASTOPEN, level: tcp, pending) }

    /// Whether connecting succeeds at once, and the first write makes the connection and is sent in its first packet.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `TCP_FASTOPEN_CONNECT`.
    public var fastOpenConnect: Bool { get throws(Errno) { try flag(TCP_FASTOPEN_CONNECT, level: tcp) } }

    /// Sets ``fastOpenConnect``, before the socket is connected.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setFastOpenConnect(_ value: Bool) throws(Errno) {
        try setFlag(TCP_FASTOPEN_CONNECT, level: tcp, value)
    }

    private var tcp: Int32 { Int32(IPPROTO_TCP) }
}
