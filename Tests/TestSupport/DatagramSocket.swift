internal import Glibc
package import Testing

/// A plain datagram socket, closed on deinit, that is bound to the loopback network, to a Unix name, or to nothing.
package final class DatagramSocket {
    package let descriptor: Int32

    /// Makes a UDP socket with a port of its own.
    package init(family: Int32 = AF_INET) throws {
        descriptor = socket(family, Self.type, 0)
        try #require(descriptor >= 0)
        if family == AF_INET6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_addr = in6addr_loopback
            try bind(&address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
            try bind(&address)
        }
    }

    /// Makes a Unix socket with an abstract name that the kernel chooses, or without a name.
    package init(unixNamed isNamed: Bool) throws {
        descriptor = socket(AF_UNIX, Self.type, 0)
        try #require(descriptor >= 0)
        guard isNamed else { return }
        var family = sa_family_t(AF_UNIX)
        try bind(&family)
    }

    deinit { close(descriptor) }

    private static let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

    private func bind<Address>(_ address: inout Address) throws {
        let result = withUnsafeBytes(of: &address) {
            Glibc.bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        try #require(result == 0)
    }

    /// The bytes of this socket's address.
    package var name: [UInt8] { Self.name(of: descriptor) }

    package static func name(of descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        var length = socklen_t(bytes.count)
        bytes.withUnsafeMutableBytes {
            _ = getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return Array(bytes.prefix(Int(length)))
    }

    package func connect(to name: [UInt8]) throws {
        try Self.connect(descriptor, to: name)
    }

    package static func connect(_ descriptor: Int32, to name: [UInt8]) throws {
        let result = name.withUnsafeBytes {
            Glibc.connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        try #require(result == 0)
    }

    /// Sends a datagram, which the receiver must have space for.
    package func send(_ bytes: [UInt8], to name: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        let count = name.withUnsafeBytes {
            sendto(
                descriptor, bytes, bytes.count, 0, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count))
        }
        #expect(count == bytes.count, sourceLocation: sourceLocation)
    }

    /// The next datagram; nil if there is none.
    package func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    package func set(_ level: Int32, _ option: Int32, _ value: Int32 = 1) throws {
        var value = value
        try #require(setsockopt(descriptor, level, option, &value, 4) == 0)
    }
}
