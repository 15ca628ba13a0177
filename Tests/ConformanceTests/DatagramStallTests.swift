import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// Receivers that do not read, and sockets that are ready but have nothing to receive.
    @Suite struct DatagramStalls {
        // MARK: Full receivers

        /// Runs code with an endpoint that is bound to a Unix path, and a socket whose queue others have filled.
        private func withFullReceiver(
            _ kind: LoopKind, patience: Int64, sourceLocation: SourceLocation = #_sourceLocation,
            _ body:
                @escaping @Sendable (
                    Endpoint<DatagramRecorder>, DatagramSocketTransport, RawDatagrams
                ) async throws -> Void
        ) async throws {
            try await runLoop(kind, sourceLocation: sourceLocation) { loop, _ in
                let (mine, theirs) = (SocketPath(), SocketPath())
                let full = try RawDatagrams(at: theirs.address)
                try Self.fill(full.address)
                let socket = try Socket(family: .unix, type: Socket.datagram)
                try socket.bind(to: mine.address)
                let endpoint = try await loop.endpoint(socket)
                let transport = try #require(endpoint.transport as? DatagramSocketTransport)
                transport.stall.patience = patience
                do { try await body(endpoint, transport, full) } catch {
                    transport.abort()
                    throw error
                }
                try await endpoint.end(sourceLocation: sourceLocation)
            }
        }

        /// Fills the queue of a Unix receiver, from several sockets: the buffer of one may be too small.
        private static func fill(_ address: SocketAddress) throws {
            var isFull = false
            while !isFull {
                let filler = try Socket(family: .unix, type: Socket.datagram)
                defer { filler.close() }
                isFull = !send(from: filler, to: address)
                while send(from: filler, to: address) {}
            }
        }

        private static func send(from socket: Socket, to address: SocketAddress) -> Bool {
            let bytes: [UInt8] = [0]
            let descriptor = socket.fileDescriptor
            return address.withSockAddr { sendto(descriptor, bytes, 1, Int32(MSG_DONTWAIT), $0, $1) } == 1
        }

        /// Each datagram for the full receiver is dropped, the first after a while.
        @Test(arguments: LoopKind.allCases)
        func fullReceiver_delaysOthersForAWhileOnly(_ kind: LoopKind) async throws {
            try await withFullReceiver(kind, patience: 20) { endpoint, transport, full in
                let path = SocketPath()
                let other = try RawDatagrams(at: path.address)
                for _ in 0..<5 { transport.sendTo([1], full.address) }
                transport.sendTo([2], other.address)
                transport.sendTo([1], full.address)
                transport.sendTo([3], other.address)
                #expect(try await other.next(on: endpoint.loop) == [2])
                #expect(try await other.next(on: endpoint.loop) == [3])
                let errors = endpoint.told.errors
                #expect(errors.map(\.errno) == Array(repeating: .resourceTemporarilyUnavailable, count: 6))
                #expect(errors.allSatisfy { $0.address == full.address.description })
                #expect(errors.allSatisfy { $0.description.contains("its receiver does not read") })
                #expect(transport.writeBufferSize == 0)
                while full.receive() != nil {}
                transport.sendTo([4], full.address)
                #expect(try await full.next(on: endpoint.loop) == [4])
                // The receiver is no longer known as full: the next datagram for it waits again.
                #expect(!transport.stall.hasFullReceivers)
                #expect(endpoint.told.errors.count == 6)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_ends_althoughAReceiverIsFull(_ kind: LoopKind) async throws {
            try await withFullReceiver(kind, patience: 20) { endpoint, transport, full in
                for _ in 0..<5 { transport.sendTo([1], full.address) }
                transport.close()
                try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                #expect(endpoint.told.count(.error) == 5 && endpoint.told.losses[0] == nil)
            }
        }

        /// Unread datagrams fill the buffer of the sending socket, so nothing can be sent to anyone.
        @Test(arguments: LoopKind.allCases)
        func close_ends_althoughTheSendBufferIsFull(_ kind: LoopKind) async throws {
            try await withFullReceiver(kind, patience: 10) { endpoint, transport, full in
                let path = SocketPath()
                let other = try RawDatagrams(at: path.address)
                try transport.socket.setOption(SO_SNDBUF, level: SOL_SOCKET, to: 4096)
                for _ in 0..<9 { transport.sendTo(Pattern.bytes(1500), other.address) }
                transport.close()
                try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                #expect(endpoint.told.errors.map(\.errno) == [.resourceTemporarilyUnavailable])
                #expect(other.receive() == Pattern.bytes(1500))
                #expect(full.receive() == [0])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func writes_duringAStall_startNoFurtherTimers(_ kind: LoopKind) async throws {
            try await withFullReceiver(kind, patience: 60_000) { endpoint, transport, full in
                transport.sendTo([1], full.address)
                try await endpoint.loop.eventually("the endpoint waits") { transport.stall.isWaiting }
                for _ in 0..<50 {
                    transport.sendTo([1], full.address)
                    try await endpoint.loop.turns(1)
                }
                #expect(transport.core.timers.count <= 1)
                #expect(endpoint.told.errors.isEmpty)
            }
        }

        // MARK: Ready without a datagram

        private static func expectSleep(
            _ loop: any AbstractEventLoop, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            try await loop.turns()
            let turns = loop.statistics.turns
            try await loop.sleep(for: .milliseconds(40))
            #expect(loop.statistics.turns - turns < 20, "the loop spins", sourceLocation: sourceLocation)
        }

        /// The receiving side is shut down by whoever shares the socket.
        @Test(arguments: LoopKind.allCases, [false, true])
        func shutDownSocket_doesNotSpin(_ kind: LoopKind, isUnix: Bool) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try isUnix ? RawDatagrams.pair() : Self.connectedPair()
                let endpoint = try await loop.endpoint(socket)
                try await loop.turns()
                #expect(shutdown(endpoint.transport.socket.fileDescriptor, Int32(SHUT_RD)) == 0)
                try await Self.expectSleep(loop)
                #expect(endpoint.told.events == [.made])
                endpoint.transport.sendTo([1])
                #expect(try await peer.next(on: loop) == [1])
                try await endpoint.end()
            }
        }

        private static func connectedPair() throws -> (Socket, RawDatagrams) {
            let (peer, socket) = (try RawDatagrams(), try Socket(family: .ipv4, type: Socket.datagram))
            try socket.connect(to: peer.address)
            return (socket, peer)
        }

        /// With `IP_RECVERR`, the kernel reports the socket as ready until its error queue is read.
        @Test(arguments: LoopKind.allCases, [false, true])
        func errorQueue_doesNotSpin(_ kind: LoopKind, isConnected: Bool) async throws {
            try await runLoop(kind) { loop, _ in
                let dead = try RawListener.closedAddress()
                let socket = try Socket(family: .ipv4, type: Socket.datagram)
                try socket.setOption(IP_RECVERR, level: Int32(IPPROTO_IP), to: 1)
                try socket.bind(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                if isConnected { try socket.connect(to: dead) }
                let endpoint = try await loop.endpoint(socket)
                for count in 1...3 {
                    endpoint.transport.sendTo([1], dead)
                    try await endpoint.told.wait { endpoint.told.errors.count >= count }
                }
                try await Self.expectSleep(loop)
                #expect(endpoint.told.errors.allSatisfy { $0.errno == .connectionRefused })
                try RawDatagrams(at: dead).send([2], to: endpoint.address)
                try await endpoint.told.wait { endpoint.told.datagrams.map(\.bytes) == [[2]] }
                try await endpoint.end()
            }
        }

        #if DEBUG
            /// An error that persists is reported a few times, and then ten times per second.
            @Test(arguments: LoopKind.allCases)
            func persistentError_doesNotSpin(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, _ in
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    faults.inject(.refuse(.noMemory), into: .receiveDatagrams)
                    let (peer, endpoint) = (try RawDatagrams(), try await loop.endpoint())
                    try peer.send([1], to: endpoint.address)
                    try await endpoint.told.wait { endpoint.told.errors.count >= ReceiveRetry.mostErrors }
                    try await Self.expectSleep(loop)
                    #expect(endpoint.transport.isReading && endpoint.told.datagrams.isEmpty)
                    faults.remove()
                    try await endpoint.told.wait { endpoint.told.datagrams.map(\.bytes) == [[1]] }
                    #expect(endpoint.told.errors.allSatisfy { $0.errno == .noMemory })
                    try await endpoint.end()
                }
            }

            /// The end of an endpoint whose receiving is delayed leaves no timer.
            @Test(arguments: LoopKind.allCases)
            func endpoint_isClosed_duringADelay(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, _ in
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    faults.inject(.refuse(.noMemory), into: .receiveDatagrams)
                    let (peer, endpoint) = (try RawDatagrams(), try await loop.endpoint())
                    try peer.send([1], to: endpoint.address)
                    try await endpoint.told.wait { endpoint.told.errors.count >= ReceiveRetry.mostErrors }
                    endpoint.transport.pauseReading()
                    endpoint.transport.resumeReading()
                    try await endpoint.end()
                    #expect((endpoint.transport as? DatagramSocketTransport)?.core.timers.count == 0)
                }
            }
        #endif
    }
}
