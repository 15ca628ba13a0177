import Foundation

/// A blocking socket, connected to an example.
final class Client {
    private let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to a port of this machine.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        guard result == 0 else { throw Failure("connect: \(String(cString: strerror(errno)))") }
        // Small pieces are sent as they are written.
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        Glibc.close(descriptor)
    }

    // MARK: Sending

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty { rest = rest.dropFirst(try sendSome(rest, flags: 0)) }
    }

    /// Sends without waiting for the peer to read; returns how much the kernel took.
    func sendSome(_ bytes: ArraySlice<UInt8>, flags: Int32 = Int32(MSG_DONTWAIT)) throws -> Int {
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | flags)
        }
        if count < 0, errno == EAGAIN { return 0 }
        guard count > 0 else { throw Failure("send: \(String(cString: strerror(errno)))") }
        return count
    }

    /// Ends the sending direction.
    func finish() throws {
        guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw Failure("shutdown: errno \(errno)") }
    }

    /// Whether the kernel takes more bytes within the time.
    func isWritable(within seconds: Double) -> Bool {
        Waiting.isReady(descriptor, POLLOUT, within: seconds)
    }

    // MARK: Receiving

    func line() throws -> String {
        String(decoding: try bytes(through: "\n").dropLast(), as: UTF8.self)
    }

    func bytes(through separator: String) throws -> [UInt8] {
        let separator = Array(separator.utf8)
        while true {
            if let found = received.firstRange(of: separator) { return take(found.upperBound) }
            try more()
        }
    }

    func bytes(_ count: Int) throws -> [UInt8] {
        while received.count < count { try more() }
        return take(count)
    }

    /// Everything up to the end of the connection.
    func bytesToTheEnd() throws -> [UInt8] {
        while let bytes = try Waiting.read(descriptor) { received += bytes }
        return take(received.count)
    }

    /// Whether the server has closed the connection and everything it sent has been read.
    func isAtEnd() throws -> Bool {
        try received.isEmpty && Waiting.read(descriptor) == nil
    }

    /// Whether nothing arrives within the time.
    func isQuiet(for seconds: Double) -> Bool {
        received.isEmpty && !Waiting.isReadable(descriptor, within: seconds)
    }

    private func more() throws {
        guard let bytes = try Waiting.read(descriptor) else {
            throw Failure("the connection ended after: \(String(decoding: received.prefix(500), as: UTF8.self))")
        }
        received += bytes
    }

    private func take(_ count: Int) -> [UInt8] {
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }
}
