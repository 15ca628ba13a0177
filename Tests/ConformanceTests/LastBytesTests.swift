import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// A peer answers and closes while our request is unread, so the kernel resets the connection.
    @Suite struct LastBytes {
        /// The size of the answer, which fits into the kernel's buffers.
        private static let size = 100_000

        /// Sends the request, and lets the peer answer it and close.
        private static func refuse<P: ProtocolRecorder>(_ link: Link<P>) async throws {
            link.transport.write("a request that is never read")
            // The request has to arrive before the peer closes.
            try await link.loop.eventually("the request is sent") { link.transport.writeBufferSize == 0 }
            try await link.onPeer { peer in
                try peer.send(Pattern.bytes(size))
                peer.close()
            }
        }

        /// PROTO-005 TRANSPORT-030: a pause delays the bytes and the error, but loses neither.
        @Test(arguments: LoopKind.allCases)
        func bytes_areDelivered_afterAPause(_ kind: LoopKind) async throws {
            try await withLink(kind) { try await Self.pauseAndResume($0) }
            try await withLink(kind, { BufferedRecorder($0, size: 4096) }, { try await Self.pauseAndResume($0) })
        }

        private static func pauseAndResume<P: ProtocolRecorder>(_ link: Link<P>) async throws {
            link.told.checksPattern = true
            link.transport.pauseReading()
            try await refuse(link)
            try await link.loop.turns(5)
            #expect(link.told.total == 0 && !link.told.isLost)
            link.transport.resumeReading()
            try await link.told.waitUntilLost()
            #expect(link.told.total == size && link.told.firstWrong == nil)
            #expect(link.told.errno == .connectionReset)
        }

        /// A send notices the reset: the protocol gets what has arrived before the loss, although it has paused.
        @Test(arguments: LoopKind.allCases)
        func bytes_areDelivered_beforeASendReportsTheReset(_ kind: LoopKind) async throws {
            try await withLink(kind) { try await Self.pauseAndWrite($0) }
            try await withLink(kind, { BufferedRecorder($0, size: 4096) }, { try await Self.pauseAndWrite($0) })
        }

        private static func pauseAndWrite<P: ProtocolRecorder>(_ link: Link<P>) async throws {
            link.told.checksPattern = true
            link.transport.pauseReading()
            try await refuse(link)
            try await link.loop.turns(5)
            link.transport.write("more")
            try await link.told.waitUntilLost()
            #expect(link.told.total == size && link.told.firstWrong == nil)
            #expect(link.told.errno == .connectionReset || link.told.errno == .brokenPipe, "\(link.told.errno as Any)")
            #expect(!link.told.hasEOF)
            #expect(link.transport.writeBufferSize == 0 && link.transport.isClosing)
        }

        /// The same with a full buffer, which is why an echo server pauses.
        @Test(arguments: LoopKind.allCases)
        func bytes_areDelivered_whenASendInFlightFails(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.told.checksPattern = true
                link.transport.pauseReading()
                link.transport.write(Pattern.bytes(8 << 20))
                _ = try await link.loop.settled { link.transport.writeBufferSize }
                try await link.onPeer { peer in
                    try peer.send(Pattern.bytes(Self.size))
                    peer.close()
                }
                try await link.told.waitUntilLost()
                #expect(link.told.total == Self.size && link.told.firstWrong == nil)
                #expect(link.told.count(.lost) == 1)
            }
        }

        /// The protocol object installs itself again before it reads the bytes.
        ///
        /// Regression test: on a ring, that delivered the next bytes first, inside the call.
        @Test(arguments: LoopKind.allCases)
        func bytes_stayInOrder_whenTheProtocolIsSetDuringTheLastDelivery(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.told.checksPattern = true
                link.transport.pauseReading()
                try await Self.refuse(link)
                try await link.loop.turns(5)
                link.told.look = { [unowned told = link.told] _ in
                    #expect(throws: Never.self) { try told.transport?.setProtocol(told) }
                }
                link.transport.write("more")
                try await link.told.waitUntilLost()
                #expect(link.told.pieces.count > 1, "the test needs several deliveries")
                expectSame(link.told.received, Pattern.bytes(Self.size))
                #expect(link.told.firstWrong == nil)
            }
        }

        /// A child that is forked in the last delivery must not take its parent's bytes.
        @Test(arguments: LoopKind.allCases, [false, true])
        func forkedChild_receivesNothing(_ kind: LoopKind, passesDescriptors: Bool) async {
            await #expect(processExitsWith: .success) { [kind, passesDescriptors] in
                let loop = try kind.make()
                nonisolated(unsafe) var child: Int32 = -1
                nonisolated(unsafe) var status: Int32 = -1
                nonisolated(unsafe) var total = 0
                do {
                    try loop.runUntilComplete {
                        let (socket, peer) = passesDescriptors ? try RawPeer.unixPair() : try RawPeer.pair()
                        let (transport, told) =
                            passesDescriptors
                            ? try await loop.createUnixConnection(socket: socket, passesDescriptors: true) {
                                StreamRecorder(loop)
                            } : try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                        transport.pauseReading()
                        let exceptions = ExceptionRecorder()
                        try await Self.refuse(
                            Link(loop: loop, told: told, transport: transport, peer: peer, exceptions: exceptions))
                        try await loop.turns(5)
                        told.look = { _ in
                            if child == 0 { _exit(3) }
                            guard child < 0 else { return }
                            child = forkProcess()
                            if child == 0 { alarm(20) } else { waitpid(child, &status, 0) }
                        }
                        transport.write("more")
                        try await told.waitUntilLost()
                        total = told.total
                    }
                    try loop.close()
                } catch let error as EventLoopError where child == 0 {
                    _exit(error.code == .forkedChild ? 0 : 1)
                }
                if child == 0 { _exit(2) }
                #expect(status == 0, "the child's end: signal \(status & 127), exit \(status >> 8)")
                #expect(total == Self.size)
            }
        }

        /// The protocol has seen enough.
        @Test(arguments: LoopKind.allCases)
        func abort_endsTheLastDelivery(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.pauseReading()
                try await Self.refuse(link)
                link.told.when = { [unowned told = link.told] in if $0 == .data { told.transport?.abort() } }
                link.transport.write("more")
                try await link.told.waitUntilLost()
                #expect(link.told.total < Self.size)
                link.told.when = { _ in }
            }
        }

        /// STREAM-004 STREAM-017: a reader returns what has arrived, and then throws; even if it was full.
        @Test(arguments: LoopKind.allCases, [64 * 1024, 1024])
        func reader_returnsTheBytes_andThenThrows(_ kind: LoopKind, limit: Int) async throws {
            try await withStreams(kind, limit: limit) { link in
                link.writer.write("a request that is never read")
                try await link.loop.eventually("it is sent") { link.writer.transport.writeBufferSize == 0 }
                try await link.onPeer { peer in
                    try peer.send(Pattern.bytes(Self.size))
                    peer.close()
                }
                try await link.loop.turns(5)
                link.writer.write("more")
                try await link.loop.turns(5)
                var received: [UInt8] = []
                let error = try await loopError {
                    while true {
                        let piece = try await link.reader.read(10_000)
                        if piece.isEmpty { return received.count }
                        received += piece
                    }
                }
                let isComplete = received == Pattern.bytes(Self.size)
                #expect(isComplete, "\(received.count) bytes")
                #expect(error.errno == .connectionReset || error.errno == .brokenPipe)
            }
        }
    }
}
