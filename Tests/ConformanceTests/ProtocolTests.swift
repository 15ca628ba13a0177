import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Protocols {
        /// PROTO-001 PROTO-002 PROTO-006.
        @Test(arguments: LoopKind.allCases)
        func upcalls_keepTheirOrder_forManyConnections(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = server.port
                try await onThread {
                    var dice = SeededRandom(7)
                    var peers: [RawPeer] = []
                    for number in 0..<50 {
                        let peer = try RawPeer.connect(port)
                        peers.append(peer)
                        if number % 5 != 0 { try peer.send(Pattern.bytes(Int.random(in: 1...40_000, using: &dice))) }
                        if number % 3 != 0 { try peer.finishSending() }
                        if number % 3 == 0, number % 2 == 0 { peer.reset() }
                        if Bool.random(using: &dice) { usleep(500) }
                    }
                }
                try await loop.eventually("all connections were made and lost", within: .seconds(10)) {
                    visitors.all.count == 50 && visitors.all.allSatisfy { $0.isLost }
                }
                for told in visitors.all {
                    #expect(told.count(.made) == 1 && told.count(.lost) == 1 && told.count(.eof) <= 1)
                    #expect(told.conversation.first == .made && told.conversation.last == .lost)
                    let rest = told.conversation.filter { $0 != .made && $0 != .lost }
                    #expect([[], [.data], [.eof], [.data, .eof]].contains(rest), "\(told.events)")
                    // A reset discards what was not delivered, so not every end of stream is reported.
                    if told.count(.eof) == 1 { #expect(told.loss == nil) }
                    expectSame(told.received, Pattern.bytes(told.total))
                }
                server.close()
            }
        }

        /// PROTO-003.
        @Test(arguments: LoopKind.allCases)
        func defaultImplementations_doNothing_andCloseAtEndOfStream(_ kind: LoopKind) async throws {
            final class Silent: StreamProtocol {
                func dataReceived(_ data: RawSpan) {}
            }
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { Silent() }
                let peer = try RawPeer.connect(server.port)
                try peer.send([1, 2, 3])
                try peer.finishSending()
                let all = try await onThread { try peer.receiveAll() }
                #expect(all == [])
                server.close()
                try await server.waitClosed()
            }
        }

        /// PROTO-004.
        @Test(arguments: LoopKind.allCases)
        func upcalls_runOnTheLoopsThread_oneAtATime(_ kind: LoopKind) async throws {
            final class Strict: ProtocolRecorder, StreamProtocol {
                private let thread = pthread_self()
                private var isInside = false

                private func enter(_ body: () -> Void) {
                    #expect(pthread_equal(pthread_self(), thread) != 0)
                    #expect(!isInside, "an upcall within another one")
                    isInside = true
                    body()
                    isInside = false
                }

                override func connectionMade(_ transport: any StreamTransport) {
                    enter { super.connectionMade(transport) }
                }

                func dataReceived(_ data: RawSpan) {
                    // Upcalls that a write causes must not be made inside this call.
                    data.withUnsafeBytes { bytes in
                        enter {
                            transport?.write(Array(bytes))
                            transport?.pauseReading()
                            transport?.resumeReading()
                            take(bytes)
                        }
                    }
                }

                override func eofReceived() -> EOFDisposition {
                    enter { _ = super.eofReceived() }
                    return .close
                }

                override func connectionLost(_ error: (any Error)?) {
                    enter { super.connectionLost(error) }
                }
            }
            try await withLink(kind, Strict.init) { link in
                let sent = link.startPeer { peer in
                    for number in 0..<200 { try peer.send(Pattern.bytes(500, at: number * 500)) }
                    try peer.finishSending()
                }
                let total = try await link.onPeer { try $0.receivePattern() }
                #expect(total == 100_000)
                try await sent.value
            }
        }

        /// PROTO-005.
        ///
        /// A copy belongs to the protocol; the compiler lets nothing keep the span itself.
        @Test(arguments: LoopKind.allCases)
        func copies_stayUnchanged_whenBuffersAreReused(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                var copies: [[UInt8]] = []
                link.told.when = { [unowned told = link.told] event in
                    guard event == .data else { return }
                    copies.append(Array(told.received.suffix(told.pieces.last ?? 0)))
                }
                for number in 0..<2000 {
                    try link.peer.send(Pattern.bytes(1000, at: number * 1000))
                    if number % 20 == 19 { try await link.told.wait { link.told.total == (number + 1) * 1000 } }
                }
                expectSame(copies.flatMap { $0 }, Pattern.bytes(2_000_000))
            }
        }

        /// PROTO-007.
        @Test(arguments: LoopKind.allCases)
        func oneProtocol_mayServeSeveralConnections(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let told = StreamRecorder(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { told }
                for number in 0..<3 {
                    let peer = try RawPeer.connect(server.port)
                    try peer.send([UInt8(number)])
                    peer.close()
                    try await told.wait { told.count(.lost) == number + 1 }
                }
                #expect(told.received == [0, 1, 2])
                server.close()
            }
        }

        /// TRANSPORT-053 TRANSPORT-058.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_takesEffect_fromTheNextEventOn(_ kind: LoopKind) async throws {
            final class Base: BaseProtocol {}
            try await withLink(kind) { link in
                try link.peer.send([1])
                try await link.told.wait { link.told.received == [1] }
                let second = StreamRecorder(link.loop)
                second.connectionMade(link.transport)
                try link.transport.setProtocol(second)
                #expect(link.transport.protocol === second)
                try link.peer.send([2])
                try await second.wait { second.received == [2] }
                let error = try await loopError { try link.transport.setProtocol(Base()) }
                #expect(error.code == .invalidArgument)
                #expect(error.operation == "setProtocol")
                #expect(link.transport.protocol === second)
                link.transport.write(Pattern.bytes(16 << 20))
                #expect(second.events.last == .pause)
                try link.transport.setProtocol(link.told)
                link.peer.close()
                try await link.told.waitUntilLost()
                #expect(!second.isLost)
                #expect(link.told.received == [1])
            }
        }

        /// TRANSPORT-050 TRANSPORT-052 TRANSPORT-063.
        @Test(arguments: LoopKind.allCases)
        func extraInfo_isFoundByNameAndType(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let transport = link.transport
                #expect(transport.extraInfo("peername") as? SocketAddress == transport.peerAddress)
                #expect(transport.extraInfo("sockname") as? SocketAddress == transport.localAddress)
                #expect(transport.extraInfo("socket") as? TransportSocket == transport.socket)
                #expect(transport.extraInfo("no such thing") == nil)
                #expect(transport.extraInfo("sslcontext") == nil)
                #expect(transport.socket.peerAddress == transport.peerAddress)
                #expect(transport.socket.localAddress == transport.localAddress)
                try transport.socket.setOption(SO_KEEPALIVE, level: SOL_SOCKET, to: 1)
                #expect(try transport.socket.option(SO_KEEPALIVE, level: SOL_SOCKET) == 1)
                #expect("\(transport)".contains("fd=\(transport.socket.fileDescriptor) open"))
                transport.write([1])
                transport.close()
                #expect("\(transport)".contains("flushing"))
                try await link.told.waitUntilLost()
                #expect("\(transport)".contains("lost"))
            }
        }

        /// TRANSPORT-021: calls on other threads are refused, reported, and have no effect.
        @Test(arguments: LoopKind.allCases)
        func transport_refusesCallsOfOtherThreads(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let transport = link.transport
                try await onThread {
                    transport.write([1])
                    transport.write([UInt8]().span.bytes)
                    transport.writeEOF()
                    transport.pauseReading()
                    transport.resumeReading()
                    transport.close()
                    transport.abort()
                }
                try await link.loop.turns()
                let errors = link.exceptions.take().compactMap { $0.error as? EventLoopError }
                #expect(
                    errors.map(\.operation) == [
                        "write", "write", "writeEOF", "pauseReading", "resumeReading", "close", "abort",
                    ])
                #expect(errors.allSatisfy { $0.code == .wrongThread })
                #expect(errors.allSatisfy { $0.description.contains("callSoonThreadsafe") })
                #expect(!transport.isClosing && transport.isReading)
                transport.write([2])
                transport.close()
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(all == [2])
            }
        }
    }
}
