import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct StreamReaders {
        /// STREAM-004 STREAM-013.
        @Test(arguments: LoopKind.allCases)
        func read_returnsAvailableBytes_andWaitsForOne(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                let waiting = link.loop.createTask { try await reader.read(100) }
                try await link.loop.turns()
                #expect(!waiting.isDone)
                try link.peer.send(Array("hello".utf8))
                #expect(text(try await waiting.value) == "hello")
                try await link.feed("world")
                #expect(text(try await reader.read(2)) == "wo")
                #expect(try await reader.read(0) == [])
                #expect(text(try await reader.read(100)) == "rld")
                try await link.feed("tail")
                try link.peer.finishSending()
                try await link.loop.sleep(for: .milliseconds(10))
                #expect(!reader.atEOF, "at the end although bytes are left")
                #expect(text(try await reader.read(4)) == "tail")
                #expect(reader.atEOF)
                #expect(try await reader.read(1) == [])
                #expect(try await reader.read() == [])
                #expect(try await reader.read(0) == [])
            }
        }

        /// STREAM-004.
        ///
        /// More than twice the limit, so reading pauses and resumes.
        @Test(arguments: LoopKind.allCases)
        func read_returnsAllToTheEnd_withoutACount(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 1000) { link in
                let sent = link.startPeer { peer in
                    try peer.send(Pattern.bytes(5 << 20))
                    try peer.finishSending()
                }
                let all = try await link.reader.read()
                expectSame(all, Pattern.bytes(5 << 20))
                #expect(link.reader.atEOF)
                try await sent.value
            }
        }

        /// STREAM-005.
        @Test(arguments: LoopKind.allCases)
        func readExactly_returnsTheCount_orReportsWhatIsMissing(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 100) { link in
                let reader = link.reader
                #expect(try await reader.readExactly(0) == [])
                let negative = try await loopError { try await reader.readExactly(-1) }
                #expect(negative.code == .invalidArgument)
                #expect(negative.operation == "readExactly")
                // More than the reader buffers by itself: it must not stay paused.
                let sent = link.startPeer { peer in
                    try peer.send(Pattern.bytes(100_010))
                    try peer.finishSending()
                }
                let many = try await reader.readExactly(100_000)
                expectSame(many, Pattern.bytes(100_000))
                do {
                    _ = try await reader.readExactly(11)
                    Issue.record("readExactly returned with only ten bytes left")
                } catch let error as IncompleteReadError {
                    expectSame(error.partial, Pattern.bytes(10, at: 100_000))
                    #expect(error.expected == 11)
                    #expect("\(error)" == "10 bytes read on a total of 11 expected bytes")
                }
                #expect(reader.atEOF)
                try await sent.value
            }
        }

        /// STREAM-006 STREAM-021.
        @Test(arguments: LoopKind.allCases)
        func readLine_returnsThroughTheNewline_orTheRest(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                try await link.feed("one\ntwo\n\nfo")
                #expect(text(try await link.reader.readLine()) == "one\n")
                let chunkOne = try await link.reader.readLine()
                #expect(text(chunkOne) == "two\n")
                var lines: [String] = []
                let task = link.loop.createTask { for try await line in link.reader.lines { lines.append(text(line)) } }
                try await link.feed("ur\nfi")
                try await link.feed("ve")
                try link.peer.finishSending()
                try await task.value
                #expect(lines == ["\n", "four\n", "five"])
                #expect(try await link.reader.readLine() == [])
            }
        }

        /// STREAM-010.
        @Test(arguments: LoopKind.allCases)
        func readUntil_findsASeparator_thatArrivesInPieces(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                let separator = Array("--end--".utf8)
                let task = link.loop.createTask { try await reader.readUntil(separator: separator) }
                for piece in ["some--en", "-", "-", "e", "nd", "-- --", "end", "-", "-rest"] {
                    try await link.feed(piece)
                }
                #expect(text(try await task.value) == "some--en--end--")
                #expect(text(try await reader.readUntil(separator: separator)) == " --end--")
                #expect(text(try await reader.read(100)) == "rest")
                // Also across the boundaries of blocks and receive buffers.
                let sent = link.startPeer { peer in
                    for start in stride(from: 15_000, to: 18_000, by: 100) {
                        try peer.send(Array(repeating: 0x2D, count: start) + separator)
                    }
                }
                for start in stride(from: 15_000, to: 18_000, by: 100) {
                    #expect(try await reader.readUntil(separator: separator).count == start + separator.count)
                }
                try await sent.value
            }
        }

        /// STREAM-011.
        @Test(arguments: LoopKind.allCases)
        func read_isRefused_whileAnotherTaskWaits(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                let first = link.loop.createTask { try await reader.read(10) }
                try await link.loop.turns()
                for error in [
                    try await loopError { try await reader.read(1) },
                    try await loopError { try await reader.readLine() },
                    try await loopError { try await reader.readExactly(1) },
                ] {
                    #expect(error.code == .invalidState)
                    #expect(error.description.contains("Another task is already waiting"))
                }
                try await link.feed("x")
                #expect(text(try await first.value) == "x")
            }
        }

        /// STREAM-004.
        ///
        /// Bytes are lent without a copy, and sent on from the same memory.
        @Test(arguments: LoopKind.allCases)
        func withNextBytes_lendsAndConsumesReceivedBytes(_ kind: LoopKind) async throws {
            struct Enough: Error {}
            try await withStreams(kind) { link in
                try await link.feed(Pattern.bytes(5000))
                let reader = link.reader
                let first = try await reader.withNextBytes(atMost: 10) { $0.withUnsafeBytes { Array($0) } }
                expectSame(first ?? [], Pattern.bytes(10))
                await #expect(throws: Enough.self) {
                    try await reader.withNextBytes(atMost: 90) { _ in throw Enough() }
                }
                #expect(try await reader.read(100) == Pattern.bytes(100, at: 100), "lent bytes were not consumed")
                try link.peer.finishSending()
                var total = 200
                while let count = try await reader.withNextBytes({ bytes in
                    link.writer.write(bytes)
                    return bytes.byteCount
                }) { total += count }
                #expect(total == 5000)
                link.writer.writeEOF()
                let echo = try await link.onPeer { try $0.receiveAll() }
                expectSame(echo, Pattern.bytes(4800, at: 200))
            }
        }

        /// STREAM-017.
        ///
        /// Every later read throws the error that broke the connection.
        @Test(arguments: LoopKind.allCases)
        func reads_throwTheReset_onceTheConnectionIsBroken(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                let waiting = link.loop.createTask { try await reader.readLine() }
                try await link.loop.turns()
                link.peer.reset()
                for error in [
                    try await loopError { try await waiting.value }, try await loopError { try await reader.read(1) },
                    try await loopError { try await reader.readExactly(1) },
                    try await loopError { try await reader.read() },
                    try await loopError { try await reader.readUntil(separator: [1]) },
                    try await loopError { try await reader.withNextBytes { _ in } },
                ] {
                    #expect(error.errno == .connectionReset)
                }
                #expect((reader.exception as? EventLoopError)?.errno == .connectionReset)
            }
        }
    }
}
