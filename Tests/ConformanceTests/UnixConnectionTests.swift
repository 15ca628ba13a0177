import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct UnixConnections {
        /// UNIX-001 UNIX-013.
        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_connectsToAPath_ofAnyForm(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let listener = try UnixListener(path)
                let forms = [
                    try SocketAddress(unixPath: path), try SocketAddress(unixPath: Array(path.utf8)),
                    try SocketAddress(unixPathCString: path),
                ]
                for address in forms {
                    let (transport, told) = try await loop.createUnixConnection(address: address) {
                        StreamRecorder(loop)
                    }
                    #expect(told.events == [.made])
                    #expect(told.transport === transport)
                    #expect(transport.peerAddress == address)
                    #expect(transport.extraInfo("peername") as? SocketAddress == address)
                    let peer = try listener.accept()
                    try peer.send([1, 2])
                    try await told.wait { told.received == [1, 2] }
                    transport.close()
                    try await told.waitUntilLost()
                    #expect(told.loss == nil)
                }
                let (transport, told) = try await loop.createUnixConnection(path: path) { StreamRecorder(loop) }
                transport.close()
                try await told.waitUntilLost()
            }
        }

        /// UNIX-001, with bytes that are not UTF-8.
        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_takesAPathThatIsNoText(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let address = try SocketAddress(unixPath: Array(directory.file("").utf8) + [0xFF, 0xFE])
                let server = try await loop.createUnixServer(address: address) { EchoRecorder(loop) }
                let (transport, told) = try await loop.createUnixConnection(address: address) { StreamRecorder(loop) }
                transport.write([7])
                try await told.wait { told.received == [7] }
                transport.close()
                try await told.waitUntilLost()
                try await server.closeAndWait()
                #expect(directory.names.isEmpty)
            }
        }

        /// UNIX-002.
        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_throwsTheKernelsError(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let missing = try await loopError {
                    try await loop.createUnixConnection(path: path) { StreamRecorder(loop) }
                }
                #expect(missing.code == .system && missing.errno == .noSuchFileOrDirectory)
                #expect(missing.address == "unix:\(path)")
                try UnixListener.leaveStale(path)
                let refused = try await loopError {
                    try await loop.createUnixConnection(path: path) { StreamRecorder(loop) }
                }
                #expect(refused.errno == .connectionRefused)
                let wrongType = try Socket.unix(type: Socket.datagram)
                unlink(path)
                try wrongType.bind(to: SocketAddress(unixPath: path))
                let wrong = try await loopError {
                    try await loop.createUnixConnection(path: path) { StreamRecorder(loop) }
                }
                #expect(wrong.errno == .protocolWrongTypeForSocket)
                let notUnix = try await loopError {
                    try await loop.createUnixConnection(address: SocketAddress.anyIPv4(port: 1)) {
                        StreamRecorder(loop)
                    }
                }
                #expect(notUnix.code == .invalidArgument)
            }
        }

        /// UNIX-004.
        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_refusesASocket_unlessItIsAUnixStream(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let sockets = [
                    try Socket.tcp(), try Socket.udp(), try Socket.unix(type: Socket.datagram),
                    try Socket.unix(type: Socket.seqpacket),
                ]
                for socket in sockets {
                    let client = try await loopError {
                        try await loop.createUnixConnection(socket: socket) { StreamRecorder(loop) }
                    }
                    #expect(client.code == .invalidArgument && client.operation == "createUnixConnection")
                    #expect(client.description.contains("A UNIX Domain Stream Socket was expected"))
                    let server = try await loopError {
                        try await loop.createUnixServer(socket: socket) { StreamRecorder(loop) }
                    }
                    #expect(server.code == .invalidArgument && server.operation == "createUnixServer")
                    #expect(server.description.contains("A UNIX Domain Stream Socket was expected"))
                    #expect(Descriptor.isOpen(socket.fileDescriptor), "the refused socket was closed")
                }
                let closed = try Socket.unix()
                closed.close()
                let error = try await loopError {
                    try await loop.createUnixConnection(socket: closed) { StreamRecorder(loop) }
                }
                #expect(error.code == .invalidArgument && error.description.contains("closed"))
            }
        }

        /// UNIX-005: the type that the kernel reports has no flags.
        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_takesAConnectedSocket_blockingOrNot(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for isNonBlocking in [true, false] {
                    let (one, other) = try RawPeer.unixPair()
                    try one.setNonBlocking(isNonBlocking)
                    let (transport, told) = try await loop.createUnixConnection(socket: one) { StreamRecorder(loop) }
                    #expect(one.fileDescriptor == -1)
                    try other.send([1])
                    try await told.wait { told.received == [1] }
                    other.close()
                    try await told.waitUntilLost()
                    #expect(told.events == [.made, .data, .eof, .lost])
                    #expect(transport.isClosing)
                }
            }
        }

        /// UNIX-014.
        @Test(arguments: LoopKind.allCases)
        func tooLongPath_isRefused_andNamed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let path = "/tmp/" + String(repeating: "x", count: 103)
                for attempt in [
                    { try await loop.createUnixConnection(path: path) { StreamRecorder(loop) } as Any },
                    { try await loop.createUnixServer(path: path) { StreamRecorder(loop) } as Any },
                    { try await loop.openUnixConnection(path: path) as Any },
                ] {
                    let error = try await loopError { _ = try await attempt() }
                    #expect(error.code == .system && error.errno == .nameTooLong)
                    #expect(error.address == path)
                    #expect(error.description.contains("at most 107 bytes, this one 108"))
                }
            }
        }

        /// UNIX-021.
        @Test(arguments: LoopKind.allCases)
        func writing_afterThePeerHasClosed_losesTheConnectionOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try RawPeer.unixPair()
                let (transport, told) = try await loop.createUnixConnection(socket: one) { StreamRecorder(loop) }
                told.disposition = .keepOpen
                // Does not read the end first, so that writing finds the connection broken.
                transport.pauseReading()
                other.close()
                for _ in 0..<5 { transport.write([1]) }
                try await told.waitUntilLost()
                #expect(told.errno == .brokenPipe || told.errno == .connectionReset)
                #expect(told.losses.count == 1)
            }
        }

        /// UNIX-022.
        @Test(arguments: LoopKind.allCases)
        func peerThatClosesAtOnce_losesNoByte(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for passesDescriptors in [false, true] {
                    let (one, other) = try RawPeer.unixPair()
                    let bytes = Pattern.bytes(100_000)
                    try other.send(bytes)
                    other.close()
                    let (_, told) = try await loop.createUnixConnection(
                        socket: one, passesDescriptors: passesDescriptors
                    ) { StreamRecorder(loop) }
                    try await told.waitUntilLost()
                    #expect(told.received == bytes)
                    #expect(told.events == [.made, .data, .eof, .lost])
                    #expect(told.loss == nil)
                }
            }
        }

        /// UNIX-022: the hang-up is no reason to wake up while reading is paused.
        @Test(arguments: LoopKind.allCases)
        func peerThatClosesDuringAPause_doesNotMakeTheLoopSpin(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for passesDescriptors in [false, true] {
                    let (one, other) = try RawPeer.unixPair()
                    let (transport, told) = try await loop.createUnixConnection(
                        socket: one, passesDescriptors: passesDescriptors
                    ) { StreamRecorder(loop) }
                    transport.pauseReading()
                    let bytes = Pattern.bytes(50_000)
                    try other.send(bytes)
                    other.close()
                    // On a ring, the receive in flight when the pause began may complete.
                    try await loop.sleep(for: .milliseconds(5))
                    let turns = loop.statistics.turns
                    try await loop.sleep(for: .milliseconds(50))
                    #expect(loop.statistics.turns - turns < 10, "the loop turned while it had nothing to do")
                    #expect(told.events == [.made])
                    transport.resumeReading()
                    try await told.waitUntilLost()
                    #expect(told.received == bytes)
                    #expect(told.events == [.made, .data, .eof, .lost])
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_waits_whileTheBacklogIsFull(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let listener = try UnixListener(path, backlog: 0)
                let first = try RawPeer.connect(unixPath: path)
                #expect(throws: Errno.resourceTemporarilyUnavailable) {
                    try Socket.unix().connect(to: SocketAddress(unixPath: path))
                }
                let task = loop.createTask { try await loop.createUnixConnection(path: path) { StreamRecorder(loop) } }
                try await loop.sleep(for: .milliseconds(20))
                #expect(!task.isDone)
                _ = try listener.accept()
                let (transport, told) = try await task.value
                transport.close()
                try await told.waitUntilLost()
                first.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func createUnixConnection_isCancelled_whileTheBacklogIsFull(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let listener = try UnixListener(path, backlog: 0)
                let first = try RawPeer.connect(unixPath: path)
                let task = loop.createTask { try await loop.openUnixConnection(path: path) }
                try await loop.sleep(for: .milliseconds(5))
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                first.close()
                listener.socket.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func peerCredentials_areThoseOfTheProcess(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try RawPeer.unixPair()
                let (transport, told) = try await loop.createUnixConnection(socket: one) { StreamRecorder(loop) }
                let credentials = try transport.socket.peerCredentials
                #expect(credentials.processID == getpid())
                #expect(credentials.userID == geteuid() && credentials.groupID == getegid())
                #expect(transport.extraInfo("peercred") as? PeerCredentials == credentials)
                other.close()
                try await told.waitUntilLost()
                #expect(transport.extraInfo("peercred") == nil, "the number may belong to another file")
                let tcp = try RawPeer.pair()
                let (second, heard) = try await loop.createConnection(socket: tcp.0) { StreamRecorder(loop) }
                #expect(second.extraInfo("peercred") == nil)
                tcp.1.close()
                try await heard.waitUntilLost()
            }
        }
    }
}
