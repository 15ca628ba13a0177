import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// A process whose standard input, output and error are closed.
    @Suite struct StandardDescriptors {
        @Test(arguments: LoopKind.allCases)
        func standardDescriptorsClosedAtTheStart_areNotReused(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                closeStandard()
                try await runLoop(kind) { loop, _ in
                    #expect(loop.core.driver.wakeDescriptor > 2)
                    try await connectBothWays(loop)
                    // Dispatch may open event and timer descriptors of its own with these numbers.
                    let wrong = standardFiles().filter { $0.hasPrefix("socket:") || $0.contains("io_uring") }
                    #expect(wrong == [])
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func standardDescriptorsClosedDuringARun_areNeverSockets(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    for _ in 0..<3 { try await connectBothWays(loop) { closeStandard() } }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func socketThatATaskAccepts_isNeverStandard(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let (listener, client) = (try Socket.listening(), try Socket(family: .ipv4))
                    let address = try listener.localAddress
                    let accepting = loop.createTask { try await loop.sockAccept(listener).0 }
                    try await loop.turns()
                    closeStandard()
                    try await loop.sockConnect(client, address)
                    #expect(try await accepting.value.fileDescriptor > 2)
                }
            }
        }

        /// An inetd-style server gets its socket as standard input: the library keeps the caller's number.
        @Test(arguments: LoopKind.allCases)
        func givenSocket_mayHaveAnyNumber(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let (one, other) = try Socket.pair()
                    #expect(dup2(one.fileDescriptor, 0) == 0)
                    one.close()
                    let (transport, _) = try await loop.createConnection(socket: Socket(takingOwnershipOf: 0)) {
                        StreamRecorder(loop)
                    }
                    #expect(transport.socket.fileDescriptor == 0)
                    transport.abort()
                    other.close()
                }
            }
        }
    }
}

private func closeStandard() {
    for fd in Int32(0)...2 { close(fd) }
}

/// The files of the open descriptors among 0 to 2.
private func standardFiles() -> [String] {
    (0...2).compactMap { fd in
        var path = [CChar](repeating: 0, count: 256)
        let length = readlink("/proc/self/fd/\(fd)", &path, path.count)
        return length < 0 ? nil : String(decoding: path.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Connects the loop to itself; `beforeAccept` runs when the server listens.
private func connectBothWays(_ loop: any AbstractEventLoop, beforeAccept: () -> Void = {}) async throws {
    let visitors = Visitors(loop)
    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
    #expect(server.sockets.allSatisfy { $0.fileDescriptor > 2 })
    beforeAccept()
    let (client, told) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
        StreamRecorder(loop)
    }
    #expect(client.socket.fileDescriptor > 2)
    try await loop.eventually("accepted") { visitors.all.first?.transport != nil }
    let visitor = try #require(visitors.all.first)
    #expect(try #require(visitor.transport).socket.fileDescriptor > 2)
    client.write([1, 2, 3])
    try await loop.eventually("received") { visitor.total == 3 }
    client.close()
    try await told.waitUntilLost()
    try await visitor.waitUntilLost()
    server.close()
    try await server.waitClosed()
}
