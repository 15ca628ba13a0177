import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// `forEachChunk` with a full writer, with a body that ends or pauses the connection, and on a broken connection.
    @Suite struct StreamChunkFlow {
        /// STREAM-016: an echo to a peer that does not read keeps no more than the high limit and one delivery.
        @Test(arguments: LoopKind.allCases)
        func reading_pauses_whileTheWriterIsFull(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, writer) = (link.loop, link.writer)
                try writer.transport.setWriteBufferLimits(high: 32 * 1024, low: 8 * 1024)
                let size = 16 << 20
                var most = 0
                let echoing = loop.createTask {
                    try await link.reader.forEachChunk { bytes in
                        writer.write(bytes)
                        most = max(most, writer.transport.writeBufferSize)
                    }
                }
                let sent = link.startPeer { peer in
                    try peer.send(Pattern.bytes(size))
                    try peer.finishSending()
                }
                // The peer's sends block once all buffers are full.
                _ = try await loop.settled { most }
                #expect(!writer.transport.isReading)
                #expect(writer.transport.writeBufferSize > 8 * 1024)
                #expect(most <= 32 * 1024 + 256 * 1024, "bytes were delivered to a full writer")
                let received = link.startPeer { try $0.receivePattern() }
                try await sent.value
                try await echoing.value
                writer.close()
                #expect(try await received.value == size)
                #expect(most <= 32 * 1024 + 256 * 1024)
            }
        }

        /// STREAM-016: bytes that wait in the reader are held back, too, while the writer is full.
        @Test(arguments: LoopKind.allCases)
        func waitingBytes_areHeld_whileTheWriterIsFull(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, writer) = (link.loop, link.writer)
                try await link.feed("waiting")
                writer.write(Pattern.bytes(4 << 20))
                var lent: [UInt8] = []
                let iterating = loop.createTask {
                    try await link.reader.forEachChunk { bytes in bytes.withUnsafeBytes { lent += $0 } }
                }
                try await loop.turns()
                #expect(lent.isEmpty)
                #expect(!writer.transport.isReading)
                let received = link.startPeer { try $0.receive(4 << 20) }
                try await loop.eventually("lent") { text(lent) == "waiting" }
                expectSame(try await received.value, Pattern.bytes(4 << 20))
                try link.peer.finishSending()
                try await iterating.value
            }
        }

        /// STREAM-019: the body closes the connection; the iteration ends without an error.
        @Test(arguments: LoopKind.allCases)
        func iteration_ends_whenTheBodyClosesOrAborts(_ kind: LoopKind) async throws {
            for aborts in [false, true] {
                try await withStreams(kind) { link in
                    let iterating = link.loop.createTask {
                        try await link.reader.forEachChunk { bytes in
                            link.writer.write(bytes)
                            if aborts { link.writer.transport.abort() } else { link.writer.close() }
                        }
                    }
                    try link.peer.send(Array("last".utf8))
                    try await iterating.value
                    let all = try await link.onPeer { (try? $0.receiveAll()) ?? [] }
                    if !aborts { #expect(text(all) == "last") }
                    try await link.writer.waitClosed()
                }
            }
        }

        /// STREAM-019: a body may pause reading; the iteration continues once reading resumes.
        @Test(arguments: LoopKind.allCases)
        func iteration_waits_whileTheBodyHasPausedReading(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, transport) = (link.loop, link.writer.transport)
                var lent: [UInt8] = []
                let iterating = loop.createTask {
                    try await link.reader.forEachChunk { bytes in
                        bytes.withUnsafeBytes { lent += $0 }
                        transport.pauseReading()
                    }
                }
                try await link.feed("a")
                #expect(text(lent) == "a")
                try await link.feed("b")
                #expect(text(lent) == "a")
                // The pause is the user's: a writer that fills and drains does not end it.
                transport.write(Pattern.bytes(2 << 20))
                _ = try await link.onPeer { try $0.receive(2 << 20) }
                try await loop.eventually("drained") { transport.writeBufferSize == 0 }
                #expect(text(lent) == "a")
                transport.resumeReading()
                try await loop.eventually("lent") { text(lent) == "ab" }
                transport.resumeReading()
                try link.peer.finishSending()
                try await iterating.value
            }
        }

        /// STREAM-017: a reset ends a waiting iteration with the error.
        @Test(arguments: LoopKind.allCases)
        func reset_isThrown(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let iterating = link.loop.createTask { try await link.reader.forEachChunk { _ in } }
                try await link.loop.turns()
                link.peer.reset()
                #expect(try await loopError { try await iterating.value }.errno == .connectionReset)
                #expect(try await loopError { try await link.reader.forEachChunk { _ in } }.errno == .connectionReset)
                #expect(try await loopError { try await link.reader.forEachLine { _ in } }.errno == .connectionReset)
            }
        }

        /// STREAM-017: what has arrived before a reset is lent, then the error is thrown; asyncio drops the bytes.
        @Test(arguments: LoopKind.allCases)
        func bytesBeforeAReset_areLentFirst(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                try await link.feed("before\nrest")
                link.peer.reset()
                try await link.loop.eventually("lost") { link.reader.exception != nil }
                var lent: [UInt8] = []
                let error = try await loopError {
                    try await link.reader.forEachChunk { bytes in
                        bytes.withUnsafeBytes { lent += $0 }
                        return lent.count < 100 ? .continue : .stop
                    }
                }
                #expect(error.errno == .connectionReset)
                #expect(text(lent) == "before\nrest")
            }
        }

        /// STREAM-004 STREAM-005 STREAM-006 STREAM-008: so do all other reads; asyncio drops the bytes.
        @Test(arguments: LoopKind.allCases)
        func bytesBeforeAReset_canBeRead(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                try await link.feed("a line\nexact;until|and 100 KB more")
                link.peer.reset()
                try await link.loop.eventually("lost") { reader.exception != nil }
                #expect(text(try await reader.readLine()) == "a line\n")
                #expect(text(try await reader.readExactly(6)) == "exact;")
                #expect(text(try await reader.readUntil(separator: [0x7C])) == "until|")
                for error in [
                    try await loopError { try await reader.readLine() },
                    try await loopError { try await reader.readExactly(100) },
                    try await loopError { try await reader.readUntil(separator: [0x7C]) },
                    try await loopError { try await reader.read() },
                ] {
                    #expect(error.errno == .connectionReset)
                }
                // The bytes that were too few for these reads are still there.
                #expect(text(try await reader.read(4)) == "and ")
                var chunks: [[UInt8]] = []
                await #expect(throws: EventLoopError.self) {
                    for try await chunk in reader.chunks { chunks.append(chunk) }
                }
                #expect(chunks.map { text($0) } == ["100 KB more"])
                #expect(try await loopError { try await reader.read(1) }.errno == .connectionReset)
            }
        }

        /// STREAM-017: a peer answers and closes with our request unread, so that its reset is found by our send, too:
        /// the answer can be read, then the error is thrown.
        ///
        /// The loop is busy meanwhile and finds everything at once.
        @Test(arguments: LoopKind.allCases)
        func answerOfAPeerThatReadsNothing_canBeRead(_ kind: LoopKind) async throws {
            for limit in [64 * 1024, 1000] {
                try await withStreams(kind, limit: limit) { link in
                    link.writer.write(Pattern.bytes(8 << 20))
                    try await link.loop.turns(3)
                    try link.peer.send(Pattern.bytes(100_000))
                    link.peer.close()
                    var lent = 0
                    let error = try await loopError {
                        while let count = try await link.reader.withNextBytes({ bytes in
                            #expect(bytes.withUnsafeBytes { Pattern.matches($0, at: lent) })
                            return bytes.byteCount
                        }) { lent += count }
                    }
                    #expect([.connectionReset, .brokenPipe].contains(error.errno))
                    #expect(lent == 100_000, "limit \(limit) \(error)")
                }
            }
        }

        /// LOOP-011: closing the loop ends an iteration.
        @Test(arguments: LoopKind.allCases)
        func iteration_isCancelled_whenTheLoopCloses(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                nonisolated(unsafe) var peer: RawPeer?
                defer { peer?.close() }
                nonisolated(unsafe) var ended: (any Error)?
                nonisolated(unsafe) weak var held: Witness?
                try loop.runUntilComplete {
                    let (socket, other) = try RawPeer.pair()
                    peer = other
                    let (reader, writer) = try await loop.openConnection(socket: socket)
                    let witness = Witness()
                    held = witness
                    _ = loop.createTask {
                        do {
                            try await reader.forEachChunk { bytes in
                                _ = witness
                                writer.write(bytes)
                            }
                        } catch { ended = error }
                    }
                    try await loop.turns()
                }
                #expect(held != nil)
                try loop.close()
                #expect(ended is CancellationError)
                #expect(held == nil, "the body was not released")
            }
        }
    }
}
