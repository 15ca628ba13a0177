import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Datagrams over Unix sockets.
    @Suite struct DatagramUnix {
        /// DGRAM-029: the sender's address is its path.
        @Test(arguments: LoopKind.allCases)
        func paths_areAddresses_andStaleFilesAreReplaced(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (mine, theirs) = (SocketPath(), SocketPath())
                // Its file stays when a socket is closed.
                try RawDatagrams(at: mine.address).close()
                #expect(access(mine.path, F_OK) == 0)
                let (one, oneTold) = try await loop.createDatagramEndpoint(localAddress: mine.address) {
                    DatagramRecorder(loop)
                }
                let (other, otherTold) = try await loop.createDatagramEndpoint(
                    localAddress: theirs.address, remoteAddress: mine.address
                ) { EchoDatagrams(loop) }
                #expect(try one.localAddress == mine.address && other.peerAddress == mine.address)
                one.sendTo([1, 2], try theirs.address)
                other.sendTo([3])
                try await otherTold.wait { otherTold.datagrams.count == 1 }
                try await oneTold.wait { oneTold.datagrams.count == 2 }
                #expect(otherTold.datagrams.map(\.bytes) == [[1, 2]])
                #expect(oneTold.datagrams.map(\.bytes).sorted { $0.count < $1.count } == [[3], [1, 2]])
                #expect(try otherTold.datagrams[0].sender == mine.address)
                #expect(try oneTold.datagrams.allSatisfy { try $0.sender == theirs.address })
                try await Endpoint(loop: loop, transport: one, told: oneTold).end()
                try await Endpoint(loop: loop, transport: other, told: otherTold).end()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func endpointThatCannotConnect_leavesNoFile(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (mine, missing) = (SocketPath(), SocketPath())
                let error = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: mine.address, remoteAddress: missing.address) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(error.operation == "connect" && error.errno == .noSuchFileOrDirectory)
                #expect(access(mine.path, F_OK) != 0)
            }
        }

        /// A file of another kind, and a symbolic link to a socket, are never removed.
        @Test(arguments: LoopKind.allCases)
        func otherFiles_areNotReplaced(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (target, link, plain) = (SocketPath(), SocketPath(), SocketPath())
                let socket = try RawDatagrams(at: target.address)
                #expect(symlink(target.path, link.path) == 0)
                close(open(plain.path, O_CREAT | O_WRONLY, 0o600))
                for path in [link, plain] {
                    let error = try await loopError {
                        try await loop.createDatagramEndpoint(localAddress: path.address) { DatagramRecorder(loop) }
                    }
                    #expect(error.operation == "bind" && error.errno == .addressInUse)
                    #expect(access(path.path, F_OK) == 0)
                }
                socket.close()
            }
        }

        /// DGRAM-029: asyncio removes the file of a socket that is in use.
        @Test(arguments: LoopKind.allCases, [Socket.datagram, Socket.stream])
        func pathInUse_isNotReplaced(_ kind: LoopKind, type: Int32) async throws {
            try await runLoop(kind) { loop, _ in
                let path = SocketPath()
                let owner = try Socket(family: .unix, type: type)
                try owner.bind(to: path.address)
                if type == Socket.stream { try owner.listen() }
                let error = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: path.address) { DatagramRecorder(loop) }
                }
                #expect(error.operation == "bind" && error.errno == .addressInUse)
                let client = try Socket(family: .unix, type: type)
                try client.connect(to: path.address)
                client.close()
                owner.close()
            }
        }

        /// No file stays if the endpoint cannot be made.
        @Test(arguments: LoopKind.allCases)
        func failedConnect_removesTheFile(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (mine, gone) = (SocketPath(), SocketPath())
                let error = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: mine.address, remoteAddress: gone.address) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(error.operation == "connect" && error.errno == .noSuchFileOrDirectory)
                #expect(access(mine.path, F_OK) == -1)
            }
        }

        /// DGRAM-030.
        @Test(arguments: LoopKind.allCases)
        func pair_hasNoAddresses(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                let endpoint = try await loop.endpoint(socket)
                #expect(endpoint.transport.peerAddress == nil)
                try peer.send([1])
                try peer.send([])
                try await endpoint.told.wait { endpoint.told.datagrams.count == 2 }
                #expect(endpoint.told.datagrams.map(\.bytes) == [[1], []])
                #expect(endpoint.told.datagrams.allSatisfy { $0.sender == nil })
                endpoint.transport.sendTo([2])
                endpoint.transport.sendTo([])
                #expect(try await peer.next(on: loop) == [2])
                #expect(try await peer.next(on: loop) == [])
                try await endpoint.end()
            }
        }

        /// DGRAM-033: asyncio's limit for one datagram is 256 KiB.
        @Test(arguments: LoopKind.allCases)
        func longDatagrams_arriveWhole_andTruncatedOnesAreMarked(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                try peer.socket.setOption(SO_SNDBUF, level: SOL_SOCKET, to: 200 * 1024)
                let longest = 256 * 1024
                let endpoint = try await loop.endpoint(socket)
                for size in [100_000, longest, longest + 1] {
                    try peer.send(Pattern.bytes(size))
                    try await endpoint.told.wait { endpoint.told.datagrams.last?.bytes.count == min(size, longest) }
                    let datagram = endpoint.told.datagrams.removeLast()
                    #expect(datagram.bytes == Pattern.bytes(min(size, longest)))
                    #expect(datagram.info.isTruncated == (size > longest))
                }
                try await endpoint.end()
            }
        }

        /// A protocol object that does not look at the flags never gets a part of a datagram.
        @Test(arguments: LoopKind.allCases)
        func truncatedDatagram_isAnError_forASimpleProtocol(_ kind: LoopKind) async throws {
            final class Simple: DatagramProtocol {
                var sizes: [Int] = []
                var errors: [EventLoopError] = []

                func datagramReceived(_ data: RawSpan, from sender: SocketAddress?) {
                    sizes.append(data.byteCount)
                }

                func errorReceived(_ error: EventLoopError) {
                    errors.append(error)
                }
            }
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                try peer.socket.setOption(SO_SNDBUF, level: SOL_SOCKET, to: 200 * 1024)
                let (transport, simple) = try await loop.createDatagramEndpoint(socket: socket) { Simple() }
                try peer.send(Pattern.bytes(256 * 1024 + 1))
                try peer.send([1])
                try await loop.eventually("both have arrived") { simple.sizes == [1] }
                #expect(simple.errors.map(\.errno) == [.messageTooLong])
                #expect(simple.errors.first?.description.contains("implement datagramReceived(_:from:info:)") == true)
                transport.abort()
                try await loop.turns()
            }
        }

        /// A full or vanished receiver concerns only its own datagrams.
        @Test(arguments: LoopKind.allCases)
        func missingReceivers_areErrorsOfTheirDatagrams(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (mine, theirs, gone) = (SocketPath(), SocketPath(), SocketPath())
                let peer = try RawDatagrams(at: theirs.address)
                try RawDatagrams(at: gone.address).close()
                let (transport, told) = try await loop.createDatagramEndpoint(localAddress: mine.address) {
                    DatagramRecorder(loop)
                }
                transport.sendTo([1], try gone.address)
                transport.sendTo([2], try SocketAddress(unixPath: gone.path + "-never"))
                transport.sendTo([3], peer.address)
                #expect(try await peer.next(on: loop) == [3])
                #expect(told.errors.map(\.errno) == [.connectionRefused, .noSuchFileOrDirectory])
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        /// Descriptors that a peer sends with datagrams would fill the process' table.
        @Test(arguments: LoopKind.allCases)
        func descriptorsThatAreSentAlong_areNotReceived(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                let endpoint = try await loop.endpoint(socket)
                let before = Descriptor.openCount()
                try Self.send(1, carrying: STDERR_FILENO, on: peer.socket.fileDescriptor)
                try await endpoint.told.wait { endpoint.told.datagrams.map(\.bytes) == [[1]] }
                #expect(Descriptor.openCount() == before)
                try await endpoint.end()
            }
        }

        private static func send(_ byte: UInt8, carrying descriptor: Int32, on socket: Int32) throws {
            var byte = byte
            // A cmsghdr of 16 bytes, and a descriptor.
            var control: (Int, Int32, Int32, Int32, Int32) = (20, SOL_SOCKET, 1, descriptor, 0)
            try withUnsafeMutablePointer(to: &byte) { byte in
                var vector = iovec(iov_base: byte, iov_len: 1)
                try withUnsafeMutablePointer(to: &vector) { vector in
                    try withUnsafeMutablePointer(to: &control) { control in
                        var message = msghdr()
                        message.msg_iov = vector
                        message.msg_iovlen = 1
                        message.msg_control = UnsafeMutableRawPointer(control)
                        message.msg_controllen = 24
                        _ = try SystemCall.count { sendmsg(socket, &message, 0) }
                    }
                }
            }
        }
    }
}
