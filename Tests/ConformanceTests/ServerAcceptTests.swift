import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// Failures between a connection and its server.
    @Suite struct ServerAccepting {
        /// SERVER-033.
        ///
        /// Runs in a process of its own: other tests would fail without descriptors.
        @Test(arguments: LoopKind.allCases)
        func accept_isReportedAndRecovers_whenTheProcessHasNoDescriptorLeft(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, exceptions in
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
                        visitors.make()
                    }
                    let limit = try DescriptorLimit.current().soft
                    try server.startServing()
                    let peer = try RawPeer.connect(server.port)
                    // The kernel reads the limit when the accept is submitted, which happens in the next turn.
                    try DescriptorLimit.setSoft(3)
                    try await loop.eventually("a report") { !exceptions.contexts.isEmpty }
                    try DescriptorLimit.setSoft(limit)
                    let context = exceptions.take()[0]
                    #expect(context.message == "accept: out of system resource")
                    #expect(context.socket == server.sockets[0].fileDescriptor)
                    let error = context.error as? EventLoopError
                    #expect(error?.code == .system)
                    #expect(error?.operation == "accept")
                    #expect(error?.errno == .tooManyOpenFiles)
                    #expect(error?.address == server.sockets[0].localAddress?.description)
                    #expect(error?.description.contains("raise its limit with `ulimit -n`") == true)
                    #expect(server.isServing)
                    try await loop.eventually("a visitor") { visitors.all.count == 1 }
                    peer.close()
                    server.close()
                    try await server.waitClosed()
                }
            }
        }

        /// SERVER-033: a connection that no protocol will serve is closed, on every driver.
        @Test(arguments: LoopKind.allCases)
        func connection_isClosed_whenTheListenersOwnerIsGone(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let socket = try Socket(family: .ipv4)
                try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
                try socket.listen(backlog: 1)
                let port = try #require(try socket.localAddress.port)
                let channel = loop.core.channels.makeListenerChannel(socket.detach(), owner: BriefOwner())
                channel.startAccepting()
                let peer = try RawPeer.connect(port)
                try loop.turn {
                    var byte: UInt8 = 0
                    return recv(peer.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
                }
                channel.close()
                peer.close()
            }
        }

        /// SERVER-033: each connection that ends lets a waiting one in, and the shortage is reported once.
        @Test(arguments: LoopKind.allCases)
        func connectionsBeyondTheLimit_areServed_asOthersEnd(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, exceptions in
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
                        visitors.make()
                    }
                    try server.startServing()
                    let peers = try (0..<20).map { _ in try RawPeer.connect(server.port) }
                    let limit = try DescriptorLimit.current().soft
                    let next = try Socket(family: .ipv4)
                    // Enough descriptors for three connections.
                    try DescriptorLimit.setSoft(UInt64(next.fileDescriptor) + 3)
                    next.close()
                    for (index, peer) in peers.enumerated() {
                        try await loop.eventually("a visitor") { visitors.all.count > index }
                        try peer.finishSending()
                        try await visitors.all[index].waitUntilLost()
                    }
                    #expect(visitors.all.count == 20)
                    #expect(exceptions.take().map(\.message) == ["accept: out of system resource"])
                    try DescriptorLimit.setSoft(limit)
                    for peer in peers { peer.close() }
                    server.close()
                    try await server.waitClosed()
                }
            }
        }

        #if DEBUG
            /// SERVER-034.
            @Test(arguments: LoopKind.allCases)
            func accept_continuesWithoutAReport_whenThePeerHasGivenUp(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, _ in
                    for errno in [Errno.connectionAborted, .interrupted, .resourceTemporarilyUnavailable] {
                        let faults = LoopFaults(loop)
                        defer { faults.remove() }
                        faults.inject(.refuse(errno), into: .accept, 1)
                        let visitors = Visitors(loop)
                        let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                        let peer = try RawPeer.connect(server.port)
                        try await loop.eventually("a visitor") { visitors.all.count == 1 }
                        #expect(faults.strikes == 1)
                        peer.close()
                        server.close()
                        try await server.waitClosed()
                    }
                }
            }

            /// SERVER-033 SERVER-036.
            ///
            /// In the second case asyncio closes the socket, whereas this library retries: see the notes.
            ///
            /// Four servers at a time, because each waits a second before it accepts again.
            @Test(arguments: LoopKind.allCases)
            func accept_reportsAndRetries_afterOtherErrors(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, exceptions in
                    let expected: [Errno: String] = [
                        .tooManyOpenFilesInSystem: "accept: out of system resource",
                        .noBufferSpace: "accept: out of system resource",
                        .noMemory: "accept: out of system resource",
                        .notPermitted: "Accept failed on a socket",
                    ]
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    for (index, errno) in expected.keys.enumerated() {
                        faults.inject(.refuse(errno), into: .accept, index + 1)
                    }
                    let visitors = Visitors(loop)
                    var servers: [Server] = []
                    var peers: [RawPeer] = []
                    for _ in expected {
                        let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                        servers.append(server)
                        peers.append(try RawPeer.connect(server.port))
                    }
                    try await loop.eventually("the visitors") { visitors.all.count == expected.count }
                    let reports = exceptions.take().map { ($0.message, ($0.error as? EventLoopError)?.errno) }
                    #expect(reports.count == expected.count)
                    for (message, errno) in reports { #expect(errno.flatMap { expected[$0] } == message) }
                    #expect(Set(reports.map(\.1)) == Set(expected.keys))
                    for peer in peers { peer.close() }
                    for server in servers {
                        server.close()
                        try await server.waitClosed()
                    }
                }
            }
        #endif

        /// SERVER-037.
        ///
        /// The harness counts descriptors.
        @Test(arguments: LoopKind.allCases)
        func close_leaksNoDescriptor_whenConnectionsArriveMeanwhile(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for turns in 0..<4 {
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    let peers = try (0..<10).map { _ in try RawPeer.connect(server.port) }
                    try await loop.turns(turns)
                    server.close()
                    for visitor in visitors.all { visitor.transport?.close() }
                    try await server.waitClosed()
                    // Whether it was accepted or not, each connection sees the end.
                    let ends = try await onThread { peers.map { (try? $0.receiveAll()) ?? [] } }
                    #expect(ends.allSatisfy { $0.isEmpty })
                }
            }
        }

        /// SERVER-038.
        @Test(arguments: LoopKind.allCases)
        func close_doesNotAffectOtherServersOfTheLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (left, right) = (Visitors(loop), Visitors(loop))
                let one = try await loop.createServer(host: "127.0.0.1", port: 0) { left.make() }
                let other = try await loop.createServer(host: "127.0.0.1", port: 0) { right.make() }
                try await loop.turns()
                one.close()
                try await loop.turns()
                let peer = try RawPeer.connect(other.port)
                try await loop.eventually("a visitor") { right.all.count == 1 }
                #expect(left.all.isEmpty)
                peer.close()
                other.close()
                try await other.waitClosed()
            }
        }

        /// Calls of a server that cannot throw report to the exception handler, as all others do.
        @Test(arguments: LoopKind.allCases)
        func close_isReported_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, exceptions in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let errors = try await onThread {
                    server.close()
                    server.closeClients()
                    server.abortClients()
                    return [Result { try server.startServing() }]
                }
                #expect(throws: EventLoopError.self) { try errors[0].get() }
                #expect(server.isServing)
                try await loop.eventually("reports") { exceptions.contexts.count == 3 }
                let reported = exceptions.take().compactMap { $0.error as? EventLoopError }
                #expect(reported.map(\.operation) == ["close", "closeClients", "abortClients"])
                #expect(
                    reported.allSatisfy { $0.code == .wrongThread && $0.description.contains("callSoonThreadsafe") })
                server.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func connection_isReportedAndClosed_whenItsProtocolHasNeitherKind(_ kind: LoopKind) async throws {
            final class Neither: ConnectionProtocol {}
            try await runLoop(kind) { loop, exceptions in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { Neither() }
                let peer = try RawPeer.connect(server.port)
                let answer = try await onThread { try peer.receiveAll() }
                #expect(answer == [])
                let contexts = exceptions.take()
                #expect(contexts.map(\.message) == ["Error on transport creation for incoming connection"])
                #expect((contexts.first?.error as? EventLoopError)?.code == .invalidArgument)
                #expect(server.connectionCount == 0)
                server.close()
            }
        }
    }
}

/// An owner that no one retains.
private final class BriefOwner: ListenerOwner {
    func accepted(_ descriptor: Int32) {
        Issue.record("a released owner was called")
    }

    func acceptFailed(_ errno: Errno) {
        Issue.record("a released owner was called")
    }
}
