import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension LoopKind: Codable {}

extension Conformance {
    /// Every error names the operation, the address, the cause and the remedy.
    @Suite struct ConnectionErrors {
        /// CONN-005.
        @Test(arguments: LoopKind.allCases)
        func createConnection_fails_whenNothingListens(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try RawListener.closedAddress()
                var made = 0
                let error = try await loopError {
                    try await loop.createConnection(host: "127.0.0.1", port: closed.port ?? 0) {
                        made += 1
                        return StreamRecorder(loop)
                    }
                }
                #expect(made == 0)
                #expect(error.code == .system)
                #expect(error.operation == "connect")
                #expect(error.errno == .connectionRefused)
                #expect(error.address == closed.description)
                #expect(error.description.contains("Nothing listens there"))
            }
        }

        /// The kernel answers with EINVAL, which says nothing about the missing interface.
        @Test(arguments: LoopKind.allCases)
        func linkLocalAddressWithoutItsInterface_fails_withTheRemedy(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let client = try await loopError {
                    try await loop.createConnection(host: "fe80::1", port: 9) { StreamRecorder(loop) }
                }
                let local = try await loopError {
                    try await loop.createConnection(host: "::1", port: 9, localAddress: (host: "fe80::1", port: 0)) {
                        StreamRecorder(loop)
                    }
                }
                let server = try await loopError {
                    try await loop.createServer(host: "fe80::1", port: 0) { StreamRecorder(loop) }
                }
                #expect([client, local, server].map(\.operation) == ["connect", "bind", "bind"])
                for error in [client, local, server] {
                    #expect(error.errno == .invalidArgument)
                    #expect(error.description.contains("append the interface, as in fe80::1%eth0"), "\(error)")
                }
            }
        }

        /// CONN-020.
        @Test(arguments: LoopKind.allCases)
        func createConnection_namesTheLocalAddress_whenItIsInUse(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (busy, listener) = (try RawListener(), try RawListener())
                let error = try await loopError {
                    try await loop.createConnection(
                        host: "127.0.0.1", port: listener.port, localAddress: (host: "127.0.0.1", port: busy.port)
                    ) { StreamRecorder(loop) }
                }
                #expect(error.code == .system)
                #expect(error.operation == "bind")
                #expect(error.errno == .addressInUse)
                #expect(error.address == busy.address.description)
                #expect(error.description.contains("choose another port"))
            }
        }

        /// CONN-022 SERVER-009.
        @Test(arguments: LoopKind.allCases)
        func lookup_fails_whenTheHostHasNoAddress(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                func check(_ error: EventLoopError, _ operation: String) {
                    #expect(error.code == .lookupFailed)
                    #expect(error.operation == operation)
                    #expect(error.address == "nowhere.invalid:80")
                    let reason = error.attempts.first as? LookupError
                    #expect(reason?.host == "nowhere.invalid")
                    // The error depends on whether a name server can be reached.
                    #expect(reason?.code == EAI_NONAME || reason?.code == EAI_AGAIN)
                    #expect(error.description.contains(reason?.name ?? "no reason"))
                    #expect(error.description.contains("Check the spelling"))
                }
                check(
                    try await loopError {
                        try await loop.createConnection(host: "nowhere.invalid", port: 80) { StreamRecorder(loop) }
                    }, "createConnection")
                check(
                    try await loopError {
                        try await loop.createConnection(
                            host: "127.0.0.1", port: 80, localAddress: (host: "nowhere.invalid", port: 80)
                        ) { StreamRecorder(loop) }
                    }, "createConnection")
                check(
                    try await loopError {
                        try await loop.createServer(host: "nowhere.invalid", port: 80) { StreamRecorder(loop) }
                    }, "createServer")
            }
        }

        /// CONN-006 SERVER-005.
        @Test(arguments: LoopKind.allCases)
        func portOutOfRange_isRefused(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for port in [-1, 65536, .max, .min] {
                    let client = try await loopError {
                        try await loop.createConnection(host: "127.0.0.1", port: port) { StreamRecorder(loop) }
                    }
                    let server = try await loopError {
                        try await loop.createServer(host: "127.0.0.1", port: port) { StreamRecorder(loop) }
                    }
                    #expect(client.code == .invalidArgument && server.code == .invalidArgument)
                    #expect(client.operation == "createConnection" && server.operation == "createServer")
                    #expect(client.description.contains("port must be 0...65535, not \(port)"))
                    #expect(server.description.contains("port must be 0...65535, not \(port)"))
                }
                let noHost = try await loopError {
                    try await loop.createServer(host: [], port: 0) { StreamRecorder(loop) }
                }
                #expect(noHost.code == .invalidArgument)
                #expect(noHost.description.contains("list of hosts is empty"))
            }
        }

        /// CONN-036.
        @Test(arguments: LoopKind.allCases)
        func createConnection_closesItsSocket_whenTheProtocolHasNeitherKind(_ kind: LoopKind) async throws {
            final class Neither: ConnectionProtocol {}
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                let error = try await loopError { try await loop.createConnection(socket: socket) { Neither() } }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("neither a StreamProtocol nor a BufferedProtocol"))
                #expect(try peer.receiveAll() == [])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func endpoints_areRefused_whenTheLoopIsClosed(_ kind: LoopKind) async throws {
            let loop = try kind.make()
            try loop.close()
            let (socket, peer) = try RawPeer.pair()
            defer { peer.close() }
            let errors = [
                try await loopError {
                    try await loop.createConnection(host: "127.0.0.1", port: 1) { StreamRecorder(loop) }
                },
                try await loopError { try await loop.createConnection(socket: socket) { StreamRecorder(loop) } },
                try await loopError {
                    try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                },
                try await loopError { try await loop.createServer(socket: socket) { StreamRecorder(loop) } },
                try await loopError { try await loop.openConnection(host: "127.0.0.1", port: 1) },
                try await loopError { try await loop.startServer(host: "127.0.0.1", port: 0) { _, _ in } },
            ]
            #expect(
                errors.allSatisfy { $0.code == .closed && $0.description.contains("Event loop is closed") }, "\(errors)"
            )
            #expect(
                errors.map(\.operation) == [
                    "createConnection", "createConnection", "createServer", "createServer", "createConnection",
                    "createServer",
                ])
            #expect(socket.fileDescriptor >= 0, "a refused socket was closed")
        }

        @Test(arguments: LoopKind.allCases)
        func endpoints_areRefused_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, _) = try RawPeer.pair()
                // A task of the global pool, which has threads of its own.
                let errors = try await Task.detached(executorPreference: globalConcurrentExecutor) {
                    [
                        try await loopError {
                            try await loop.createConnection(host: "127.0.0.1", port: 1) { StreamRecorder(loop) }
                        },
                        try await loopError {
                            try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                        },
                        try await loopError {
                            try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                        },
                    ]
                }.value
                #expect(errors.allSatisfy { $0.code == .wrongThread }, "\(errors)")
                #expect(errors.map(\.operation) == ["createConnection", "createConnection", "createServer"])
                #expect(errors.allSatisfy { $0.description.contains("hand it over with callSoonThreadsafe") })
                #expect(socket.fileDescriptor >= 0)
            }
        }

        /// Runs in a process of its own: other tests would fail without descriptors.
        @Test(arguments: LoopKind.allCases)
        func endpoints_nameTheLimit_whenNoDescriptorIsLeft(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let listener = try RawListener()
                    let limit = try DescriptorLimit.current().soft
                    try DescriptorLimit.setSoft(3)
                    let client = try await loopError {
                        try await loop.createConnection(host: "127.0.0.1", port: listener.port) { StreamRecorder(loop) }
                    }
                    let server = try await loopError {
                        try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                    }
                    try DescriptorLimit.setSoft(limit)
                    for error in [client, server] {
                        #expect(error.code == .system)
                        #expect(error.operation == "socket")
                        #expect(error.errno == .tooManyOpenFiles)
                        #expect(error.description.contains("raise its limit with `ulimit -n`"))
                    }
                    #expect(client.address == listener.address.description)
                    #expect(server.address == "127.0.0.1:0")
                    let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                        StreamRecorder(loop)
                    }
                    transport.close()
                    try await told.waitUntilLost()
                }
            }
        }
    }
}
