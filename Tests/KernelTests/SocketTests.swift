import Glibc
import Testing

@testable import Kernel

struct SocketTests {
    @Test func acceptedSocket_isConnectedToTheClient() throws {
        let listener = try Socket(family: .ipv4)
        try listener.setOption(SO_REUSEADDR, level: SOL_SOCKET, to: 1)
        #expect(try listener.option(SO_REUSEADDR, level: SOL_SOCKET) != 0)
        try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try listener.listen()
        let client = try Socket(family: .ipv4)
        #expect(throws: Errno.nowInProgress) { try client.connect(to: listener.localAddress) }
        let (server, address) = try listener.accept()
        #expect(try client.localAddress == address)
        #expect(try server.peerAddress == address)
        let ends = "\(try server.localAddress), peer \(address)"
        #expect(server.description == "<Socket \(server.fileDescriptor) \(ends)>")
    }

    @Test func unixSocket_listensOnAnAbstractName() throws {
        let listener = try Socket(family: .unix)
        try listener.bind(to: SocketAddress(unixPath: ""))
        try listener.listen()
        let name = try listener.localAddress
        #expect(try #require(name.unixPath).utf8.first == 0, "chosen by the kernel")
        let client = try Socket(family: .unix)
        try client.connect(to: name)
        let (server, address) = try listener.accept()
        #expect(address.unixPath == "", "the client has a name")
        #expect(try server.localAddress == name)
    }

    @Test func shutdown_endsOneDirection() throws {
        let (one, other) = try Socket.pair()
        try one.shutdown(.sending)
        #expect(SocketCalls.hasEnded(other.fileDescriptor))
        #expect(send(one.fileDescriptor, [1], 1, Int32(MSG_NOSIGNAL)) == -1 && errno == EPIPE)
        #expect(send(other.fileDescriptor, [1], 1, 0) == 1, "the other direction is open")
        try other.shutdown(.receiving)
        try other.shutdown(.both)
        #expect(send(other.fileDescriptor, [1], 1, Int32(MSG_NOSIGNAL)) == -1 && errno == EPIPE)
        #expect(throws: Errno.notConnected) { try Socket.tcp().shutdown(.sending) }
        one.close()
        #expect(throws: Errno.badFileDescriptor) { try one.shutdown(.both) }
    }

    @Test func close_releasesTheDescriptor_andMayBeRepeated() throws {
        let (one, other) = try Socket.pair()
        one.close()
        one.close()
        #expect(one.fileDescriptor == -1)
        #expect(one.description == "<Socket closed>")
        #expect(throws: Errno.badFileDescriptor) { try one.localAddress }
        #expect(hasEnded(other))
    }

    @Test func lastReference_closesTheSocket() throws {
        var (one, other): (Socket?, Socket) = try Socket.pair()
        #expect(!hasEnded(other))
        #expect(one != nil)
        one = nil
        #expect(hasEnded(other))
    }

    @Test func detachedDescriptor_staysOpen() throws {
        let fd: Int32
        let other: Socket
        do {
            let one: Socket
            (one, other) = try Socket.pair()
            fd = one.detach()
            #expect(fd >= 0)
            #expect(one.detach() == -1)
            one.close()
        }
        #expect(!hasEnded(other))
        let again = Socket(takingOwnershipOf: fd)
        #expect(again.fileDescriptor == fd)
        again.close()
        #expect(hasEnded(other))
    }

    @Test func detach_succeedsOnOneThreadOnly() async throws {
        for _ in 0..<50 {
            let (one, _) = try Socket.pair()
            let answers = await withTaskGroup(of: Int32.self) { group in
                for _ in 0..<4 { group.addTask { one.detach() } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = answers.filter { $0 >= 0 }
            #expect(winners.count == 1)
            for fd in winners { close(fd) }
        }
    }

    /// Whether the other end is closed.
    ///
    /// Checked from this end, because a closed number may already belong to another file.
    private func hasEnded(_ socket: Socket) -> Bool {
        var byte: UInt8 = 0
        return recv(socket.fileDescriptor, &byte, 1, 0) == 0
    }
}

/// A socket that a loop is using.
struct SocketUseTests {
    /// Records its calls.
    private final class User: SocketUser {
        let calls = Locked<[String]>([])
        let isInForkedChild: Bool

        init(isInForkedChild: Bool = false) {
            self.isInForkedChild = isInForkedChild
        }

        func socketEnds() -> Bool {
            calls.update { $0.append("ends") }
            return !isInForkedChild
        }

        func socketEnded(isDetached: Bool) {
            calls.update { $0.append(isDetached ? "detached" : "closed") }
        }
    }

    @Test func close_waitsForTheLastOperation() throws {
        let (one, other) = try Socket.pair()
        let user = User()
        _ = one.setUser(user)
        #expect(one.beginOperation() == .begun && one.hasSingleOperation)
        #expect(one.beginOperation() == .begun && !one.hasSingleOperation)
        let fd = one.fileDescriptor
        one.close()
        one.close()
        #expect(one.fileDescriptor == -1 && one.descriptorInUse == fd)
        #expect(one.beginOperation() == .ended)
        #expect(one.detach() == -1)
        one.endOperation()
        #expect(Descriptor.isOpen(fd))
        #expect(user.calls.value == ["ends"])
        one.endOperation()
        #expect(user.calls.value == ["ends", "closed"])
        var byte: UInt8 = 0
        #expect(recv(other.fileDescriptor, &byte, 1, 0) == 0)
    }

    @Test func detach_doesNotWait_andNothingIsClosed() throws {
        let (one, _) = try Socket.pair()
        let user = User()
        _ = one.setUser(user)
        #expect(one.beginOperation() == .begun)
        let fd = one.detach()
        #expect(one.beginOperation() == .ended)
        #expect(user.calls.value == ["ends"])
        one.endOperation()
        #expect(Descriptor.isOpen(fd))
        // What the last operation left is released, too.
        #expect(user.calls.value == ["ends", "detached"])
        try Descriptor.close(fd)
    }

    @Test func closeInAForkedChild_doesNotWaitForTheParentsOperations() throws {
        let (one, _) = try Socket.pair()
        _ = one.setUser(User(isInForkedChild: true))
        #expect(one.beginOperation() == .begun)
        let fd = one.fileDescriptor
        one.close()
        #expect(!Descriptor.isOpen(fd))
    }

    @Test func firstUser_stays_andIsReleasedWithTheSocket() throws {
        weak var first: User?
        do {
            let (one, _) = try Socket.pair()
            #expect(one.user == nil)
            let user = User()
            first = user
            let reference = one.setUser(user)
            #expect(one.setUser(User()) == reference && one.user == reference)
            one.close()
            #expect(user.calls.value == ["closed"])
        }
        #expect(first == nil)
    }

    @Test func move_needsASingleOperation_andRefusesOthers() throws {
        let (one, _) = try Socket.pair()
        #expect(one.beginOperation() == .begun)
        #expect(one.beginOperation() == .begun)
        #expect(!one.beginMove())
        one.endOperation()
        #expect(one.beginMove())
        #expect(one.beginOperation() == .moving)
        one.endMove()
        #expect(one.beginOperation() == .begun)
        one.endOperation()
        one.endOperation()
    }
}
