import Glibc
import Kernel
import TestSupport

/// A blocking socket at the other end of a connection.
///
/// Use it on a separate thread, except for calls that are known not to wait. A call throws after half a minute.
final class RawPeer: Sendable {
    private let socket: Socket

    init(_ descriptor: Int32) throws {
        socket = Socket(takingOwnershipOf: descriptor)
        let flags = fcntl(descriptor, F_GETFL)
        try SystemCall.nothing { fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        for name in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, name, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Connects to a server on this machine; does not wait for its accept.
    static func connect(_ port: Int, host: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws -> RawPeer {
        let address = try SocketAddress(ipAddress: host, port: port)
        let peer = try RawPeer(try SocketCalls.open(address.family, type: Socket.stream))
        // The receive window is negotiated when the connection is made.
        if let receiveBuffer {
            try SocketCalls.setOption(peer.descriptor, level: SOL_SOCKET, name: SO_RCVBUF, receiveBuffer)
        }
        try SocketCalls.connect(peer.descriptor, to: address)
        return peer
    }

    /// A TCP connection: one end for a loop, one for a thread.
    static func pair(receiveBuffer: Int32? = nil) throws -> (Socket, RawPeer) {
        let listener = try RawListener()
        let peer = try connect(listener.port, receiveBuffer: receiveBuffer)
        return (try listener.acceptSocket(), peer)
    }

    var descriptor: Int32 {
        socket.fileDescriptor
    }

    var localPort: Int {
        (try? socket.localAddress.port) ?? -1
    }

    /// Sends all bytes.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            sent += try bytes.withUnsafeBytes {
                try SocketCalls.send(descriptor, UnsafeRawBufferPointer(rebasing: $0[sent...]))
            }
        }
    }

    /// Receives this number of bytes, or fewer if the other end finishes first.
    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try receiveSome(count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Receives what is available, up to `count` bytes; empty at the end of the stream.
    func receiveSome(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, 256 * 1024))
        let length = try bytes.withUnsafeMutableBytes { try SocketCalls.receive(descriptor, into: $0) }
        bytes.removeLast(bytes.count - length)
        return bytes
    }

    /// Receives until the end of the stream.
    func receiveAll() throws -> [UInt8] {
        try receive(.max)
    }

    /// Receives until the end of the stream, and compares the bytes with the pattern; returns their number, or nil if
    /// one is wrong.
    func receivePattern() throws -> Int? {
        var total = 0
        while true {
            let piece = try receiveSome(256 * 1024)
            if piece.isEmpty { return total }
            guard piece.withUnsafeBytes({ Pattern.matches($0, at: total) }) else { return nil }
            total += piece.count
        }
    }

    /// Shuts down the sending direction.
    func finishSending() throws {
        try SocketCalls.shutdownWriting(descriptor)
    }

    func close() {
        socket.close()
    }

    /// Closes the connection with a reset.
    func reset() {
        resetOnClose(descriptor)
        close()
    }
}

/// A listening socket that no loop uses.
final class RawListener: Sendable {
    private let socket: Socket
    let address: SocketAddress

    init(_ host: String = "127.0.0.1", port: Int = 0, backlog: Int = 128) throws {
        let any = try SocketAddress(ipAddress: host, port: port)
        socket = try Socket(family: any.family)
        try socket.bind(to: any)
        try socket.listen(backlog: backlog)
        address = try socket.localAddress
    }

    var port: Int {
        address.port ?? -1
    }

    var descriptor: Int32 {
        socket.fileDescriptor
    }

    /// Accepts a connection; waits for at most half a minute.
    func acceptSocket() throws -> Socket {
        for _ in 0..<30_000 {
            do { return try socket.accept().socket } catch {
                guard error == .resourceTemporarilyUnavailable else { throw error }
                usleep(1000)
            }
        }
        throw Errno.timedOut
    }

    func accept() throws -> RawPeer {
        try RawPeer(acceptSocket().detach())
    }

    func close() {
        socket.close()
    }

    /// An address at which nothing listens, with a port that is free on every interface.
    ///
    /// The port lies below the kernel's ephemeral ports: one of those could be assigned at any moment, even to the
    /// connection under test.
    static func closedAddress(_ host: String = "127.0.0.1") throws -> SocketAddress {
        for _ in 0..<1000 {
            let port = Int.random(in: 12_000..<32_000)
            guard let everywhere = try? RawListener("::", port: port) else { continue }
            everywhere.close()
            return try SocketAddress(ipAddress: host, port: port)
        }
        throw Errno.addressInUse
    }
}

/// An address at which connections neither succeed nor fail, because its backlog is full and nothing accepts.
final class DeafListener {
    private let listener: RawListener
    private var callers: [Socket] = []

    init() throws {
        listener = try RawListener(backlog: 0)
        for _ in 0..<2 {
            let caller = try Socket(family: .ipv4)
            do { try caller.connect(to: listener.address) } catch {
                guard error == .nowInProgress else { throw error }
            }
            callers.append(caller)
        }
    }

    var address: SocketAddress {
        listener.address
    }

    /// Call this when the address is no longer needed: a deinit could run too early.
    func close() {
        callers = []
        listener.close()
    }
}
