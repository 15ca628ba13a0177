import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct StreamWriters {
        /// STREAM-016.
        @Test(arguments: LoopKind.allCases)
        func drain_returnsAtOnce_belowTheLimit(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                try await link.writer.drain()
                link.writer.write(Pattern.bytes(65_536))
                try await link.writer.drain()
                #expect(link.writer.transport.writeBufferSize == 65_536, "the drain waited")
            }
        }

        /// STREAM-016.
        @Test(arguments: LoopKind.allCases)
        func drains_areReleasedTogether_whenThePeerHasRead(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let writer = link.writer
                writer.write(Pattern.bytes(16 << 20))
                let drains = (0..<10).map { _ in link.loop.createTask { try await writer.drain() } }
                try await link.loop.sleep(for: .milliseconds(30))
                #expect(drains.allSatisfy { !$0.isDone })
                let received = link.startPeer { try $0.receivePattern() }
                for task in drains { try await task.value }
                #expect(writer.transport.writeBufferSize <= 16_384)
                writer.close()
                let total = try await received.value
                #expect(total == 16 << 20)
            }
        }

        /// STREAM-017.
        @Test(arguments: LoopKind.allCases)
        func writingAndDraining_ends_whenThePeerCloses(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                link.peer.reset()
                let error = try await loopError {
                    for _ in 0..<100_000 {
                        link.writer.write(Pattern.bytes(1000))
                        try await link.writer.drain()
                    }
                }
                #expect(error.errno == .connectionReset || error.errno == .brokenPipe)
                let again = try await loopError { try await link.writer.drain() }
                #expect(again.errno == error.errno)
            }
        }

        /// STREAM-017.
        ///
        /// As in CPython, `drain()` yields while the transport closes, so that the loss can be delivered.
        @Test(arguments: LoopKind.allCases)
        func writingAndDraining_ends_whenTheWriterWasClosed(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                link.writer.close()
                let error = try await loopError {
                    for _ in 0..<100_000 {
                        link.writer.write([1])
                        try await link.writer.drain()
                    }
                }
                #expect(error.code == .closed)
                #expect(error.operation == "drain")
                #expect(error.description.contains("Connection is closed"))
            }
        }

        /// STREAM-018.
        @Test(arguments: LoopKind.allCases)
        func waitClosed_returns_evenIfBytesAreUnread(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 100) { link in
                try await link.feed(Pattern.bytes(10_000))
                link.writer.close()
                #expect(link.writer.isClosing)
                try await link.writer.waitClosed()
                let left = try await link.reader.read()
                expectSame(left, Pattern.bytes(left.count))
            }
        }

        /// STREAM-018.
        @Test(arguments: LoopKind.allCases)
        func waitClosed_throwsTheError_thatBrokeTheConnection(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let writer = link.writer
                let waiting = link.loop.createTask { try await writer.waitClosed() }
                try await link.loop.turns()
                link.peer.reset()
                for error in [
                    try await loopError { try await waiting.value },
                    try await loopError { try await writer.waitClosed() },
                ] {
                    #expect(error.errno == .connectionReset)
                }
            }
        }

        /// STREAM-019.
        @Test(arguments: LoopKind.allCases)
        func writer_forwardsToItsTransport(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let writer = link.writer
                #expect(writer.canWriteEOF)
                #expect(writer.extraInfo("peername") as? SocketAddress == writer.transport.peerAddress)
                #expect(writer.extraInfo("nothing") == nil)
                #expect(!writer.isClosing)
                writer.write("a")
                writer.write([0x62])
                writer.write(Array("c".utf8).span.bytes)
                writer.writeLines([[0x64], [0x65]])
                writer.writeEOF()
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(text(all) == "abcde")
                try await link.feed("still open")
                #expect(text(try await link.reader.read(100)) == "still open")
                writer.close()
                #expect(writer.isClosing && writer.transport.isClosing)
                try await writer.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func streams_refuseWaits_onAnotherThread(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (reader, writer) = (link.reader, link.writer)
                let errors = try await Task.detached(executorPreference: globalConcurrentExecutor) {
                    [
                        try await loopError { try await reader.read(1) },
                        try await loopError { try await reader.readLine() },
                        try await loopError { try await writer.drain() },
                        try await loopError { try await writer.waitClosed() },
                    ]
                }.value
                #expect(errors.allSatisfy { $0.code == .wrongThread && $0.description.contains("callSoonThreadsafe") })
            }
        }
    }
}
