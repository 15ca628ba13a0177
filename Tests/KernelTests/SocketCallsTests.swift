import CLinux
import Glibc
import Testing

@testable import Kernel

struct SocketCallsTests {
    private let stream = Int32(SOCK_STREAM.rawValue)

    @Test func open_returnsNonblockingSockets_withCloseOnExec() throws {
        let fd = try SocketCalls.open(.ipv4, type: stream)
        defer { close(fd) }
        #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
        #expect(SocketCalls.isStream(fd))
        #expect(throws: Errno.addressFamilyNotSupported) {
            try SocketCalls.open(AddressFamily(rawValue: 99), type: stream)
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func connection_reportsBothAddresses(host: String) throws {
        let listener = try SocketCalls.open(SocketAddress(ipAddress: host, port: 0).family, type: stream)
        defer { close(listener) }
        try SocketCalls.bind(listener, to: SocketAddress(ipAddress: host, port: 0))
        try SocketCalls.listen(listener, backlog: 8)
        #expect(throws: Errno.wouldBlock) { try SocketCalls.accept(listener) }
        let address = try SocketCalls.localAddress(listener)
        #expect(address.host == host)

        let client = try SocketCalls.open(address.family, type: stream)
        defer { close(client) }
        #expect(throws: Errno.notConnected) { try SocketCalls.peerAddress(client) }
        #expect(throws: Errno.nowInProgress) { try SocketCalls.connect(client, to: address) }
        let (server, peer) = try SocketCalls.accept(listener)
        defer { close(server) }
        #expect(fcntl(server, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(server, F_GETFD) & FD_CLOEXEC != 0)
        #expect(try SocketCalls.localAddress(client) == peer)
        #expect(try SocketCalls.peerAddress(client) == address)
        #expect(try SocketCalls.pendingError(client) == nil)
    }

    @Test func bind_ofAnAddressInUse_throws() throws {
        let one = try Socket(family: .ipv4)
        try one.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try one.listen()
        let other = try SocketCalls.open(.ipv4, type: stream)
        defer { close(other) }
        #expect(throws: Errno.addressInUse) { try SocketCalls.bind(other, to: one.localAddress) }
    }

    @Test func refusedConnection_leavesAPendingError() throws {
        // Bound but not listening, so that no other process can take the port meanwhile.
        let bound = try Socket(family: .ipv4)
        try bound.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        let client = try SocketCalls.open(.ipv4, type: stream)
        defer { close(client) }
        #expect(throws: Errno.nowInProgress) { try SocketCalls.connect(client, to: bound.localAddress) }
        var wait = pollfd(fd: client, events: Int16(POLLOUT), revents: 0)
        #expect(poll(&wait, 1, 10_000) == 1)
        #expect(try SocketCalls.pendingError(client) == .connectionRefused)
        #expect(try SocketCalls.pendingError(client) == nil, "taken")
    }

    @Test func bytes_passThroughAPair() throws {
        let (one, other) = try SocketCalls.pair()
        defer { close(other) }
        #expect([one, other].allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
        #expect(throws: Errno.wouldBlock) { try receive(other) }
        #expect(try "hello".utf8.withBytes { try SocketCalls.send(one, $0) } == 5)
        #expect(try receive(other) == Array("hello".utf8))
        try SocketCalls.shutdownWriting(one)
        #expect(try receive(other) == [])
        close(one)
        #expect(throws: Errno.brokenPipe) {
            try "x".utf8.withBytes { try SocketCalls.send(other, $0) }
        }
    }

    @Test func sendMessage_gathersBuffers() throws {
        let (one, other) = try SocketCalls.pair()
        defer { _ = (close(one), close(other)) }
        var (first, second) = (Array("ab".utf8), Array("cde".utf8))
        let sent = try first.withUnsafeMutableBytes { first in
            try second.withUnsafeMutableBytes { second in
                var parts = [
                    iovec(iov_base: first.baseAddress, iov_len: 2), iovec(iov_base: second.baseAddress, iov_len: 3),
                ]
                return try parts.withUnsafeMutableBufferPointer { parts in
                    var message = msghdr()
                    message.msg_iov = parts.baseAddress
                    message.msg_iovlen = 2
                    return try SocketCalls.sendMessage(one, &message)
                }
            }
        }
        #expect(sent == 5)
        #expect(try receive(other) == Array("abcde".utf8))
    }

    @Test func options_areSetAndRead() throws {
        let fd = try SocketCalls.open(.ipv4, type: stream)
        defer { close(fd) }
        try SocketCalls.setOption(fd, level: SOL_SOCKET, name: SO_REUSEADDR, 1)
        #expect(try SocketCalls.option(fd, level: SOL_SOCKET, name: SO_REUSEADDR) != 0)
        #expect(throws: Errno.protocolNotAvailable) { try SocketCalls.option(fd, level: SOL_SOCKET, name: 9999) }
        #expect(throws: Errno.badFileDescriptor) { try SocketCalls.setOption(-1, level: 0, name: 0, 0) }
    }

    @Test func setNonBlocking_worksOnAnyDescriptor() throws {
        let event = try EventDescriptor(nonblocking: false)
        defer { event.close() }
        #expect(fcntl(event.fd, F_GETFL) & O_NONBLOCK == 0)
        try SocketCalls.setNonBlocking(event.fd)
        try SocketCalls.setNonBlocking(event.fd)
        #expect(fcntl(event.fd, F_GETFL) & O_NONBLOCK != 0)
        #expect(!SocketCalls.isStream(event.fd))
        #expect(throws: Errno.badFileDescriptor) { try SocketCalls.setNonBlocking(-1) }
    }

    @Test func datagramSocket_isNotAStream() throws {
        let fd = try SocketCalls.open(.ipv4, type: Socket.datagram)
        defer { close(fd) }
        #expect(!SocketCalls.isStream(fd))
    }

    private func receive(_ fd: Int32) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = try buffer.withUnsafeMutableBytes { try SocketCalls.receive(fd, into: $0) }
        return Array(buffer.prefix(count))
    }
}

extension String.UTF8View {
    fileprivate func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(self).withUnsafeBytes(body)
    }
}
